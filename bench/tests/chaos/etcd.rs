//! A real etcd of one member, on free ports, with its state in a folder.

use std::{
    io::{BufRead, BufReader},
    net::TcpListener,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use settings::{Endpoint, EtcdSettings, StoreSettings};

/// What etcd logs once clients are served.
const SERVES: &str = "serving client traffic";

/// How often other ports are tried, in case somebody takes them between choosing and listening.
const ATTEMPTS: usize = 5;

/// Runs until dropped.
pub struct Etcd {
    child: Child,
    port: u16,
}

impl Etcd {
    /// Nothing where the program is absent.
    pub fn start(folder: &Path) -> Option<Self> {
        if Command::new("etcd").arg("--version").output().is_err() {
            println!("skipped: there is no program `etcd` (Debian: etcd-server)");
            return None;
        }
        let mut attempts =
            (0..ATTEMPTS).map(|attempt| Self::attempt(&folder.join(format!("etcd-{attempt}"))));
        Some(attempts.find_map(|started| started).expect("etcd starts"))
    }

    /// The way here, with a timeout that a busy machine keeps.
    pub fn settings(&self) -> StoreSettings {
        StoreSettings::Etcd(EtcdSettings {
            endpoints: vec![Endpoint::from(("127.0.0.1", self.port))],
            prefix: "/chaos/".to_owned(),
            timeout: Duration::from_secs(10),
        })
    }

    fn attempt(folder: &Path) -> Option<Self> {
        let (port, peers) = (free_port(), free_port());
        let [clients, peers] = [port, peers].map(|port| format!("http://127.0.0.1:{port}"));
        let options = [
            ("listen-client-urls", &clients),
            ("advertise-client-urls", &clients),
            ("listen-peer-urls", &peers),
            ("initial-advertise-peer-urls", &peers),
            ("initial-cluster", &format!("default={peers}")),
            ("logger", &"zap".to_owned()),
            ("log-outputs", &"stderr".to_owned()),
        ];
        let mut child = Command::new("etcd")
            .arg("--data-dir")
            .arg(folder)
            .args(options.map(|(name, value)| format!("--{name}={value}")))
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap()).lines();
        let etcd = Self { child, port };
        let serves = log.by_ref().any(|line| line.unwrap().contains(SERVES));
        // Whoever does not read on stops it when the pipe is full.
        thread::spawn(move || log.for_each(drop));
        serves.then_some(etcd)
    }
}

impl Drop for Etcd {
    fn drop(&mut self) {
        // One that has ended needs no more.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}
