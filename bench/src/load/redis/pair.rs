//! A Redis server and its replica, as processes of ours on free ports of the loopback.
//!
//! Invariant: neither outlives the value that stands for them, and no file is touched beside their folder.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use multicast::id::GroupId;
use wire::message::membership::Role;

use super::{Connection, PROGRAM, RedisError, list};
use crate::{placement::Placement, resp::Answer};

/// How long a server may take to listen, and a replica to hold what its primary does.
const PATIENCE: Duration = Duration::from_secs(30);

/// Pause between two attempts.
const RETRY_PAUSE: Duration = Duration::from_millis(5);

/// Pause between two looks at a replica that is to follow; short beside what it takes.
const LOOK_PAUSE: Duration = Duration::from_millis(1);

/// Elements that one command pushes when a list is filled.
const FILL_BATCH: usize = 1000;

/// How often another port is tried: somebody may take the free one first.
const PORT_ATTEMPTS: u32 = 5;

/// One process; ended when dropped.
#[derive(Debug)]
struct Server {
    child: Child,
    address: SocketAddr,
}

impl Drop for Server {
    fn drop(&mut self) {
        // A process that is gone already is as wanted.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// See the module's documentation.
#[derive(Debug)]
pub struct RedisPair {
    primary: Server,
    replica: Server,
    groups: u16,
    // After the processes that work in it.
    _folder: tempfile::TempDir,
}

impl RedisPair {
    /// Starts both, on the cores where doors and backups are, and waits until the replica follows. `groups` is how
    /// many lists will be pushed to.
    ///
    /// # Errors
    /// `NotInstalled` where there is no such program; the others if it does not come up.
    pub async fn start(placement: Placement, groups: u16) -> Result<Self, RedisError> {
        let folder = tempfile::tempdir()?;
        let primary = Server::start(folder.path(), &[], placement.core_of(Role::Primary)).await?;
        let (host, port) = (
            primary.address.ip().to_string(),
            primary.address.port().to_string(),
        );
        let follow = ["--replicaof", &host, &port];
        let replica = Server::start(folder.path(), &follow, placement.core_of(Role::FusionServer)).await?;
        let pair = Self {
            primary,
            replica,
            groups,
            _folder: folder,
        };
        pair.wait_until_following().await?;
        Ok(pair)
    }

    /// Where pushes go.
    pub fn primary(&self) -> SocketAddr {
        self.primary.address
    }

    /// The version of the program.
    ///
    /// # Errors
    /// If it does not say.
    pub async fn version(&self) -> Result<String, RedisError> {
        let mut connection = Connection::open(self.primary.address).await?;
        info(&mut connection, "server", "redis_version").await
    }

    /// Elements in all lists, at the primary and at the replica.
    ///
    /// # Errors
    /// If one does not say.
    pub(in crate::load) async fn elements(&mut self) -> Result<(u64, u64), RedisError> {
        let mut counts = [0, 0];
        for (count, server) in counts.iter_mut().zip([&self.primary, &self.replica]) {
            let mut connection = Connection::open(server.address).await?;
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
    pub(in crate::load) async fn part(&self) -> Result<(), RedisError> {
        let mut replica = Connection::open(self.replica.address).await?;
        for command in [
            [b"REPLICAOF".as_slice(), b"NO", b"ONE"].as_slice(),
            &[b"FLUSHALL"],
        ] {
            expect_ok(command, replica.ask(command).await?)?;
        }
        Ok(())
    }

    /// Pushes so many elements to the group's list.
    ///
    /// # Errors
    /// If the primary does not take them.
    pub(in crate::load) async fn fill<const BYTES: usize>(
        &self,
        group: GroupId,
        elements: u64,
        element: impl Fn(u64) -> [u8; BYTES],
    ) -> Result<(), RedisError> {
        let mut primary = Connection::open(self.primary.address).await?;
        let list = list(group);
        for first in (0..elements).step_by(FILL_BATCH) {
            let last = elements.min(first + FILL_BATCH as u64);
            let values: Vec<[u8; BYTES]> = (first..last).map(&element).collect();
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
    pub(in crate::load) async fn follow_again(
        &self,
        group: GroupId,
        elements: u64,
    ) -> Result<Duration, RedisError> {
        let mut replica = Connection::open(self.replica.address).await?;
        let address = self.primary.address;
        let (host, port) = (address.ip().to_string(), address.port().to_string());
        let command = [b"REPLICAOF".as_slice(), host.as_bytes(), port.as_bytes()];
        let began = Instant::now();
        expect_ok(&command, replica.ask(&command).await?)?;
        self.wait_until_following().await?;
        let took = began.elapsed();
        let count = [b"LLEN".as_slice(), list(group).as_bytes()].map(<[u8]>::to_vec);
        let count: Vec<&[u8]> = count.iter().map(Vec::as_slice).collect();
        match replica.ask_number(&count).await? {
            held if held == elements => Ok(took),
            held => Err(super::connection::unexpected(&count, Answer::Integer(held))),
        }
    }

    async fn wait_until_following(&self) -> Result<(), RedisError> {
        let began = Instant::now();
        let mut connection = Connection::open(self.replica.address).await?;
        while info(&mut connection, "replication", "master_link_status").await? != "up" {
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

fn expect_ok(command: &[&[u8]], answer: Answer) -> Result<(), RedisError> {
    match answer {
        Answer::Status(_) => Ok(()),
        answer => Err(super::connection::unexpected(command, answer)),
    }
}

impl Server {
    /// Starts a server on a free port and waits until it answers.
    async fn start(folder: &Path, options: &[&str], core: Option<usize>) -> Result<Self, RedisError> {
        for _ in 0..PORT_ATTEMPTS {
            let mut server = Self::spawn(folder, options, core)?;
            if server.wait_until_listening().await? {
                return Ok(server);
            }
        }
        Err(io::Error::from(io::ErrorKind::AddrInUse).into())
    }

    fn spawn(folder: &Path, options: &[&str], core: Option<usize>) -> Result<Self, RedisError> {
        let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
        let spawned = Command::new(PROGRAM)
            .args(["--bind", "127.0.0.1", "--port", &address.port().to_string()])
            .args([
                "--save",
                "",
                "--appendonly",
                "no",
                "--repl-diskless-sync-delay",
                "0",
            ])
            .args(options)
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn();
        let child = spawned.map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => RedisError::NotInstalled,
            _ => RedisError::Io(error),
        })?;
        if let Some(core) = core {
            crate::placement::keep_process_on(child.id(), core);
        }
        Ok(Self { child, address })
    }

    /// False if it ended: somebody else listens there.
    async fn wait_until_listening(&mut self) -> Result<bool, RedisError> {
        let began = Instant::now();
        loop {
            if self.child.try_wait()?.is_some() {
                return Ok(false);
            }
            if let Ok(mut connection) = Connection::open(self.address).await
                && connection.ask(&[b"PING"]).await? == Answer::Status("PONG".to_owned())
            {
                return Ok(true);
            }
            if began.elapsed() > PATIENCE {
                let what = "does not listen";
                let waited_s = PATIENCE.as_secs();
                return Err(RedisError::Silent { what, waited_s });
            }
            tokio::time::sleep(RETRY_PAUSE).await;
        }
    }
}

/// One line of what a server tells of itself.
async fn info(connection: &mut Connection, section: &str, name: &str) -> Result<String, RedisError> {
    let command = [b"INFO".as_slice(), section.as_bytes()];
    let answer = connection.ask(&command).await?;
    let Answer::Text(text) = &answer else {
        return Err(super::connection::unexpected(&command, answer));
    };
    let mut lines = text.lines().filter_map(|line| line.split_once(':'));
    let found = lines
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value.to_owned());
    found.ok_or_else(|| super::connection::unexpected(&command, answer))
}
