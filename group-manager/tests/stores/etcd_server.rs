//! A real etcd of one member, on free ports, with its state in a folder of its own.

use std::{
    io::{BufRead, BufReader},
    net::TcpListener,
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex, Weak},
    thread,
    time::Duration,
};

use settings::{Endpoint, EtcdSettings};
use tempfile::TempDir;

/// What etcd logs once clients are served.
const SERVES: &str = "serving client traffic";

/// How often other ports are tried, in case somebody takes them between choosing and listening.
const ATTEMPTS: usize = 5;

/// Runs until dropped.
pub(crate) struct EtcdServer {
    child: Option<Child>,
    folder: TempDir,
    clients: u16,
    peers: u16,
}

/// A port that was free a moment ago.
pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

pub(crate) fn settings(ports: &[u16], timeout: Duration) -> EtcdSettings {
    let endpoint = |port: &u16| Endpoint::from(("127.0.0.1", *port));
    EtcdSettings {
        endpoints: ports.iter().map(endpoint).collect(),
        prefix: "/tests/".to_owned(),
        timeout,
    }
}

impl EtcdServer {
    /// A new one; nothing where the program is absent.
    pub(crate) fn start() -> Option<Self> {
        if Command::new("etcd").arg("--version").output().is_err() {
            println!("skipped: there is no program `etcd` (Debian: etcd-server)");
            return None;
        }
        let try_ports = |_| {
            let mut server = Self {
                child: None,
                folder: tempfile::tempdir().unwrap(),
                clients: free_port(),
                peers: free_port(),
            };
            server.restart().then_some(server)
        };
        Some((0..ATTEMPTS).find_map(try_ports).expect("etcd starts"))
    }

    /// One for all tests that run at the same time.
    pub(crate) fn shared() -> Option<Arc<Self>> {
        static SHARED: Mutex<Weak<EtcdServer>> = Mutex::new(Weak::new());
        let mut shared = SHARED.lock().unwrap();
        if let Some(running) = shared.upgrade() {
            return Some(running);
        }
        let started = Arc::new(Self::start()?);
        *shared = Arc::downgrade(&started);
        Some(started)
    }

    pub(crate) fn port(&self) -> u16 {
        self.clients
    }

    /// How to reach it, with a timeout that a busy machine keeps.
    pub(crate) fn settings(&self) -> EtcdSettings {
        settings(&[self.clients], Duration::from_secs(20))
    }

    /// Kills it, as a crash does.
    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// Starts it on its ports over its folder; whether it serves.
    pub(crate) fn restart(&mut self) -> bool {
        let url = |port: u16| format!("http://127.0.0.1:{port}");
        let (clients, peers) = (url(self.clients), url(self.peers));
        let mut child = Command::new("etcd")
            .arg("--data-dir")
            .arg(self.folder.path().join("state"))
            .args(["--logger", "zap", "--log-outputs", "stderr"])
            .args([
                "--listen-client-urls",
                &clients,
                "--advertise-client-urls",
                &clients,
            ])
            .args([
                "--listen-peer-urls",
                &peers,
                "--initial-advertise-peer-urls",
                &peers,
            ])
            .args(["--initial-cluster", &format!("default={peers}")])
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap()).lines();
        let serves = log.by_ref().any(|line| line.unwrap().contains(SERVES));
        // Whoever does not read on stops it when the pipe is full.
        thread::spawn(move || log.for_each(drop));
        self.child = Some(child);
        if !serves {
            self.kill();
        }
        serves
    }
}

impl Drop for EtcdServer {
    fn drop(&mut self) {
        self.kill();
    }
}
