//! A Redis server and its replica: the same lists in both, once the replica follows.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use multicast::id::GroupId;
use wire::message::membership::Role;

use super::{RedisError, Server, connection::unexpected, list, resp::Answer, server::PATIENCE};
use crate::placement::Placement;

/// Pause between two looks at a replica that is to follow; short beside what it takes.
const LOOK_PAUSE: Duration = Duration::from_millis(1);

/// Elements that one command pushes when a list is filled.
const FILL_BATCH: usize = 1000;

/// See the module's documentation.
#[derive(Debug)]
pub struct RedisPair {
    primary: Server,
    replica: Server,
    groups: u16,
}

impl RedisPair {
    /// Starts both, on the cores where doors and backups are, and waits until the replica follows. `groups` is how
    /// many lists will be pushed to.
    ///
    /// # Errors
    /// `NotInstalled` where there is no such program; the others if it does not come up.
    pub async fn start(placement: Placement, groups: u16) -> Result<Self, RedisError> {
        let primary = Server::start(&[], placement.core_of(Role::Primary)).await?;
        let [host, port] = place(primary.address());
        let follow = ["--replicaof", &host, &port];
        let replica = Server::start(&follow, placement.core_of(Role::FusionServer)).await?;
        let pair = Self {
            primary,
            replica,
            groups,
        };
        pair.wait_until_following().await?;
        Ok(pair)
    }

    /// Where pushes go.
    pub fn primary(&self) -> SocketAddr {
        self.primary.address()
    }

    /// The version of the program.
    ///
    /// # Errors
    /// If it does not say.
    pub async fn version(&self) -> Result<String, RedisError> {
        self.primary
            .connect()
            .await?
            .info("server", "redis_version")
            .await
    }

    /// Elements in all lists, at the primary and at the replica.
    ///
    /// # Errors
    /// If one does not say.
    pub(crate) async fn elements(&mut self) -> Result<(u64, u64), RedisError> {
        let mut counts = [0, 0];
        for (count, server) in counts.iter_mut().zip([&self.primary, &self.replica]) {
            let mut connection = server.connect().await?;
            for group in (0..self.groups).map(GroupId) {
                *count += connection.ask_number(&[b"LLEN", list(group).as_bytes()]).await?;
            }
        }
        let [primary, replica] = counts;
        Ok((primary, replica))
    }

    /// The replica follows no longer, and holds nothing.
    ///
    /// # Errors
    /// If it does not heed.
    pub(crate) async fn part(&self) -> Result<(), RedisError> {
        let mut replica = self.replica.connect().await?;
        replica.order(&[b"REPLICAOF", b"NO", b"ONE"]).await?;
        replica.order(&[b"FLUSHALL"]).await
    }

    /// Pushes so many elements to the group's list.
    ///
    /// # Errors
    /// If the primary does not take them.
    pub(crate) async fn fill(
        &self,
        group: GroupId,
        elements: u64,
        element: impl Fn(u64) -> Vec<u8>,
    ) -> Result<(), RedisError> {
        let mut primary = self.primary.connect().await?;
        let list = list(group);
        for first in (0..elements).step_by(FILL_BATCH) {
            let last = elements.min(first + FILL_BATCH as u64);
            let values: Vec<Vec<u8>> = (first..last).map(&element).collect();
            let mut words = vec![b"RPUSH".as_slice(), list.as_bytes()];
            words.extend(values.iter().map(|value| value.as_slice()));
            primary.ask_number(&words).await?;
        }
        Ok(())
    }

    /// Lets the replica, which holds nothing, follow again; how long until it holds the group's list.
    ///
    /// # Errors
    /// `Silent` if it never does, `Unexpected` if it holds another number of elements then.
    pub(crate) async fn follow_again(&self, group: GroupId, elements: u64) -> Result<Duration, RedisError> {
        let mut replica = self.replica.connect().await?;
        let [host, port] = place(self.primary.address());
        let began = Instant::now();
        replica
            .order(&[b"REPLICAOF", host.as_bytes(), port.as_bytes()])
            .await?;
        self.wait_until_following().await?;
        let took = began.elapsed();
        let list = list(group);
        let count = [b"LLEN".as_slice(), list.as_bytes()];
        match replica.ask_number(&count).await? {
            held if held == elements => Ok(took),
            held => Err(unexpected(&count, Answer::Integer(held))),
        }
    }

    async fn wait_until_following(&self) -> Result<(), RedisError> {
        let began = Instant::now();
        let mut connection = self.replica.connect().await?;
        while connection.info("replication", "master_link_status").await? != "up" {
            if began.elapsed() > PATIENCE {
                let what = "the replica does not follow";
                let waited_s = PATIENCE.as_secs();
                return Err(RedisError::Silent { what, waited_s });
            }
            tokio::time::sleep(LOOK_PAUSE).await;
        }
        Ok(())
    }
}

/// Host and port, as commands and options have them.
fn place(address: SocketAddr) -> [String; 2] {
    [address.ip().to_string(), address.port().to_string()]
}
