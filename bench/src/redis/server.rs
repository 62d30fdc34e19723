//! One Redis server, as a process of ours on a free port of the loopback.
//!
//! Invariant: it does not outlive the value that stands for it, and touches no file beside its folder.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use super::{Connection, PROGRAM, RedisError, resp::Answer};
use crate::placement::keep_process_on;

/// How long a server may take to listen, and a replica to hold what its primary does.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);

/// Pause between two attempts to connect.
const RETRY_PAUSE: Duration = Duration::from_millis(5);

/// How often another port is tried: somebody may take the free one first.
const PORT_ATTEMPTS: u32 = 5;

/// A process; ended when dropped.
#[derive(Debug)]
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        // A process that is gone already is as wanted.
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// See the module's documentation.
#[derive(Debug)]
pub(crate) struct Server {
    address: SocketAddr,
    process: Process,
    // After the process that works in it.
    _folder: tempfile::TempDir,
}

impl Server {
    /// Starts a server, kept on that core if one is given, and waits until it answers.
    ///
    /// # Errors
    /// `NotInstalled` where there is no such program; `Silent` or `Io` if it does not come up.
    pub(crate) async fn start(options: &[&str], core: Option<usize>) -> Result<Self, RedisError> {
        for _ in 0..PORT_ATTEMPTS {
            let mut server = Self::spawn(options)?;
            if let Some(core) = core {
                keep_process_on(server.process.0.id(), core);
            }
            if server.wait_until_listening().await? {
                return Ok(server);
            }
        }
        Err(io::Error::from(io::ErrorKind::AddrInUse).into())
    }

    fn spawn(options: &[&str]) -> Result<Self, RedisError> {
        let folder = tempfile::tempdir()?;
        let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
        let spawned = Command::new(PROGRAM)
            .args(["--bind", "127.0.0.1", "--port", &address.port().to_string()])
            .args(["--save", "", "--appendonly", "no"])
            .args(["--repl-diskless-sync-delay", "0"])
            .args(options)
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn();
        let child = spawned.map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => RedisError::NotInstalled,
            _ => RedisError::Io(error),
        })?;
        Ok(Self {
            address,
            process: Process(child),
            _folder: folder,
        })
    }

    /// False if it ended: somebody else listens there.
    async fn wait_until_listening(&mut self) -> Result<bool, RedisError> {
        let began = Instant::now();
        loop {
            if self.process.0.try_wait()?.is_some() {
                return Ok(false);
            }
            if let Ok(mut connection) = self.connect().await
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

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// One more connection to it.
    ///
    /// # Errors
    /// `Io`.
    pub(crate) async fn connect(&self) -> Result<Connection, RedisError> {
        Connection::open(self.address).await
    }
}
