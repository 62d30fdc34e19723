//! The same structures as ours, in a Redis server that is started for it.

use super::{Weighed, element};
use crate::redis::{Connection, RedisError, Server, resp::Answer, unexpected};

/// Elements of one command.
const BATCH: u64 = 1000;

/// A server to weigh in; stopped when dropped.
#[derive(Debug)]
pub struct RedisScales {
    connection: Connection,
    _server: Server,
}

/// What a structure takes there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RedisBytes {
    /// By how much the server's used memory grew.
    pub used: u64,
    /// What it says of the key.
    pub of_key: u64,
}

impl RedisScales {
    /// Starts a server.
    ///
    /// # Errors
    /// `NotInstalled` where there is no such program; the others if it does not come up.
    pub async fn start() -> Result<Self, RedisError> {
        let server = Server::start(&[], None).await?;
        Ok(Self {
            connection: server.connect().await?,
            _server: server,
        })
    }

    /// The server's version.
    ///
    /// # Errors
    /// If it does not answer as it should.
    pub async fn version(&mut self) -> Result<String, RedisError> {
        self.connection.info("server", "redis_version").await
    }

    /// Fills a key of its own with so many elements, the same as [`super::weigh_ours`], and weighs it.
    ///
    /// # Errors
    /// If the server does not answer as it should.
    pub async fn weigh(&mut self, weighed: Weighed, elements: u64) -> Result<RedisBytes, RedisError> {
        let before = self.used_memory().await?;
        let (name, command): (&[u8], &[u8]) = match weighed {
            Weighed::List => (b"list", b"RPUSH"),
            Weighed::Map => (b"map", b"HSET"),
        };
        for first in (0..elements).step_by(BATCH as usize) {
            let batch: Vec<_> = (first..elements.min(first + BATCH)).map(element).collect();
            let mut words = vec![command, name];
            for (key, value) in &batch {
                if weighed == Weighed::Map {
                    words.push(key);
                }
                words.push(value);
            }
            self.connection.ask_number(&words).await?;
        }
        let usage = [b"MEMORY".as_slice(), b"USAGE", name, b"SAMPLES", b"0"];
        let of_key = self.connection.ask_number(&usage).await?;
        let used = self.used_memory().await?.saturating_sub(before);
        Ok(RedisBytes { used, of_key })
    }

    async fn used_memory(&mut self) -> Result<u64, RedisError> {
        let text = self.connection.info("memory", "used_memory").await?;
        let number = text.parse();
        number.map_err(|_| unexpected(&[b"INFO", b"memory"], Answer::Text(text)))
    }
}
