//! One process of the cluster: started on a leash, killed, paused, started again.

use std::{fs::OpenOptions, net::SocketAddr, path::Path, process::Stdio, time::Duration};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, ChildStdout, Command},
    time::timeout,
};

/// How long a process may take until it says where it listens.
const START_PATIENCE: Duration = Duration::from_secs(20);

/// A running process; killed when dropped.
pub struct Process {
    child: Child,
    stdout: BufReader<ChildStdout>,
}

impl Process {
    /// Runs the bench in a node's role with these words; its errors are appended to the log.
    pub fn start(words: &[String], log: &Path) -> Self {
        let log = OpenOptions::new().create(true).append(true).open(log).unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_bench"))
            .arg("node")
            .args(words)
            .arg("--leash")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        Self { child, stdout }
    }

    /// The addresses in its first line: `listening on ADDRESS`, and of a data node ` (reads on ADDRESS)`.
    pub async fn listening_on(&mut self) -> Vec<SocketAddr> {
        let mut line = String::new();
        let said = timeout(START_PATIENCE, self.stdout.read_line(&mut line)).await;
        said.expect("it says where it listens").unwrap();
        let words = line.split([' ', '(', ')', '\n']);
        let addresses: Vec<SocketAddr> = words.filter_map(|word| word.parse().ok()).collect();
        assert!(!addresses.is_empty(), "it said {line:?}");
        addresses
    }

    pub fn signal(&self, signal: Signal) {
        let pid = self.child.id().expect("it runs");
        kill(Pid::from_raw(pid as i32), signal).unwrap();
    }

    /// SIGKILL, and waits for its end.
    pub async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }
}
