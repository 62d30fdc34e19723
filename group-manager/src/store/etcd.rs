//! The store for managers on several machines: one key of an etcd cluster.
//!
//! ```text
//! load:  range(key)                                             -> value, its revision
//! swap:  range(key), epoch as expected?  txn(if the key's revision is still that one, put; else range)
//! watch: range(key), later than known?   watch(key, from the next revision on)
//! ```
//!
//! The key's revision is the fencing token: etcd raises it with each write, so a transaction that compares it wins
//! at most once, however often and however late a copy of it arrives. Reads are etcd's linearizable ones.
//!
//! It speaks etcd's JSON gateway over HTTP, which etcd serves beside gRPC from 3.4 on: three calls need no generated
//! code. Without encryption, as everything between the processes of a cluster.
//!
//! Invariants: an answer that etcd would not give is an error, never an empty membership; a swap whose answer was
//! lost is looked for before it is called a failure.

mod answers;
mod gateway;
mod lives;

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use multicast::id::{Epoch, Incarnation, NodeId};
use settings::EtcdSettings;
use wire::message::membership::Membership;

use super::{MembershipStore, StoreError, envelope};
use answers::{KeyValue, Range, Swap};
use gateway::{Gateway, Stream};

/// A membership under a key of etcd.
#[derive(Debug)]
pub struct EtcdStore {
    gateway: Gateway,
    /// What the names of all keys of this cluster begin with.
    cluster_prefix: String,
    key: String,
}

/// What is stored, and what a transaction compares to be sure that it still is.
struct Found {
    membership: Membership,
    /// 0 if there is no such key.
    key_revision: i64,
    /// Of the whole of etcd, when it was read.
    revision: i64,
}

impl EtcdStore {
    /// The store of the cluster with this name. Nothing is called yet.
    pub fn new(settings: &EtcdSettings, cluster_name: &str) -> Self {
        let cluster_prefix = format!("{}{cluster_name}/", settings.prefix);
        Self {
            gateway: Gateway::new(settings),
            key: format!("{cluster_prefix}membership"),
            cluster_prefix,
        }
    }

    /// The key of the membership.
    pub fn key(&self) -> &str {
        &self.key
    }

    fn opened(&self, stored: &KeyValue) -> Result<Membership, StoreError> {
        envelope::opened(&self.key, &stored.value)
    }

    fn found(&self, range: &Range) -> Result<Found, StoreError> {
        let stored = range.kvs.first();
        Ok(Found {
            membership: stored
                .map(|stored| self.opened(stored))
                .transpose()?
                .unwrap_or_default(),
            key_revision: stored.map_or(0, |stored| stored.mod_revision),
            revision: range.header.revision,
        })
    }

    fn read(&self) -> Result<Found, StoreError> {
        let (range, _) = self.gateway.range(&self.key)?;
        self.found(&range)
    }

    /// The outcome of a swap that nobody told.
    fn look_for(&self, expected: Epoch, next: &Membership, lost: StoreError) -> Result<(), StoreError> {
        match self.read() {
            Ok(found) if found.membership == *next => Ok(()),
            Ok(found) if found.membership.epoch != expected => Err(conflict(expected, found.membership)),
            // It may still arrive; whoever tries again compares the same revision.
            Ok(_) | Err(_) => Err(lost),
        }
    }

    /// Reads a watch's answers until one holds something later than `known`.
    fn follow(&self, stream: Stream, known: Epoch) -> Result<Membership, StoreError> {
        for events in stream {
            for stored in events? {
                let membership = self.opened(&stored)?;
                if membership.epoch > known {
                    return Ok(membership);
                }
            }
        }
        let failures = vec!["the watch ended".to_owned()];
        Err(StoreError::Unreachable { failures })
    }
}

impl MembershipStore for EtcdStore {
    fn load(&self) -> Result<Membership, StoreError> {
        Ok(self.read()?.membership)
    }

    fn compare_and_swap(&self, expected: Epoch, next: &Membership) -> Result<(), StoreError> {
        if next.epoch <= expected {
            return Err(StoreError::EpochNotRising {
                expected,
                next: next.epoch,
            });
        }
        let found = self.read()?;
        if found.membership.epoch != expected {
            return Err(conflict(expected, found.membership));
        }
        let value = envelope::sealed(&self.key, next)?;
        match self.gateway.swap(&self.key, found.key_revision, &value) {
            Ok((Swap::Done, _)) => Ok(()),
            Ok((Swap::Refused(range), attempts)) => {
                let current = self.found(&range)?.membership;
                // An attempt before this one did reach etcd, and only its answer was lost.
                if attempts > 1 && current == *next {
                    return Ok(());
                }
                Err(conflict(expected, current))
            }
            Err(lost) => self.look_for(expected, next, lost),
        }
    }

    fn watch(&self, known: Epoch, patience: Duration) -> Result<Option<Membership>, StoreError> {
        let began = Instant::now();
        let found = self.read()?;
        if found.membership.epoch > known {
            return Ok(Some(found.membership));
        }
        let left = patience.saturating_sub(began.elapsed());
        if left.is_zero() {
            return Ok(None);
        }
        let followed = self
            .gateway
            .watch(&self.key, found.revision + 1, left)
            .and_then(|stream| self.follow(stream, known));
        match followed {
            // Its end by the clock looks like any other end of the connection.
            Err(StoreError::Unreachable { .. }) if began.elapsed() >= patience => Ok(None),
            followed => followed.map(Some),
        }
    }

    fn announce(&self, manager: NodeId, life: Incarnation, ttl: Duration) -> Result<bool, StoreError> {
        self.announce_life(manager, life, ttl).map(|()| true)
    }

    fn announced(&self) -> Result<BTreeMap<NodeId, Incarnation>, StoreError> {
        self.announced_lives()
    }
}

fn conflict(expected: Epoch, current: Membership) -> StoreError {
    StoreError::Conflict {
        expected,
        current: Box::new(current),
    }
}
