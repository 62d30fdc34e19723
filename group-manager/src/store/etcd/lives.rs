//! Which managers live: a key per manager that ends with its lease, for suspicion only.
//!
//! ```text
//! announce: keepalive(lease of this life)   gone? grant(lease, ttl)
//!           range(key)                      gone, or another life's? put(key, life, lease)
//! ```
//!
//! The lease's number is the life's, so that nothing has to be remembered between calls. etcd counts in whole seconds,
//! and takes none for less than about two. Invariant: nothing about who is a member follows from these keys.

use std::{collections::BTreeMap, time::Duration};

use multicast::id::{Incarnation, NodeId};

use super::EtcdStore;
use crate::store::StoreError;

impl EtcdStore {
    fn lives_prefix(&self) -> String {
        format!("{}managers/", self.cluster_prefix)
    }

    pub(super) fn announce_life(
        &self,
        manager: NodeId,
        life: Incarnation,
        ttl: Duration,
    ) -> Result<(), StoreError> {
        let (lease, seconds) = (lease_of(life), ttl.as_secs().max(1));
        if !self.gateway.keep_lease(lease)? {
            self.gateway.grant_lease(lease, seconds)?;
        }
        let (key, value) = (
            format!("{}{}", self.lives_prefix(), manager.0),
            life.0.to_string(),
        );
        let (stored, _) = self.gateway.range(&key)?;
        match stored.kvs.first() {
            Some(stored) if stored.value == value.as_bytes() => Ok(()),
            _ => self.gateway.put_leased(&key, &value, lease),
        }
    }

    pub(super) fn announced_lives(&self) -> Result<BTreeMap<NodeId, Incarnation>, StoreError> {
        let prefix = self.lives_prefix();
        let stored = self.gateway.range_of(&prefix)?.kvs;
        let read = |key: &[u8], value: &[u8]| {
            let number = std::str::from_utf8(key).ok()?.strip_prefix(&prefix)?;
            let life = std::str::from_utf8(value).ok()?;
            Some((NodeId(number.parse().ok()?), Incarnation(life.parse().ok()?)))
        };
        // What somebody else wrote there raises no suspicion.
        Ok(stored
            .iter()
            .filter_map(|stored| read(&stored.key, &stored.value))
            .collect())
    }
}

/// Positive, as leases' numbers are.
fn lease_of(life: Incarnation) -> i64 {
    ((life.0 >> 1) as i64).max(1)
}
