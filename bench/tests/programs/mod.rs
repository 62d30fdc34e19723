//! A program of ours as a user at a terminal has it: its lines, its errors, signals to it, its exit code.
#![allow(dead_code, unreachable_pub, reason = "each test binary uses a part of it")]

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, BufReader, Lines},
    process::{Child, ChildStdout, Command},
    sync::watch,
    task::JoinHandle,
    time::timeout,
};

/// How long anything may take.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// A started program; killed when dropped.
pub struct Program {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    /// What it wrote to standard error so far, and whoever reads on.
    said: watch::Receiver<String>,
    errors: JoinHandle<()>,
}

/// How a program ended.
#[derive(Debug, PartialEq, Eq)]
pub struct Ended {
    /// Its exit code; none if a signal ended it.
    pub code: Option<i32>,
    /// What it wrote to standard error, all of it.
    pub errors: String,
}

/// The bench.
pub fn bench() -> PathBuf {
    env!("CARGO_BIN_EXE_bench").into()
}

/// A path as an argument.
pub fn shown(path: &Path) -> String {
    path.display().to_string()
}

impl Program {
    pub fn start(program: &Path, arguments: &[&str]) -> Self {
        let mut child = Command::new(program)
            .args(arguments)
            // Standard error is what the program says to its user; the nodes' warnings are for a log.
            .env("RUST_LOG", "off")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut stderr = child.stderr.take().unwrap();
        let (tell, said) = watch::channel(String::new());
        let errors = tokio::spawn(async move {
            let mut bytes = Vec::new();
            while stderr.read_buf(&mut bytes).await.unwrap() > 0 {
                let text = String::from_utf8_lossy(&bytes).into_owned();
                tell.send_replace(text);
            }
        });
        Self {
            child,
            lines,
            said,
            errors,
        }
    }

    /// Waits until it has written this to standard error, among other things.
    pub async fn says(&mut self, words: &str) {
        let said = self.said.wait_for(|said| said.contains(words));
        timeout(PATIENCE, said).await.expect("it says so").unwrap();
    }

    /// Its next line on standard output, if it does not end before.
    pub async fn line(&mut self) -> Option<String> {
        let line = timeout(PATIENCE, self.lines.next_line()).await;
        line.expect("it says something or ends").unwrap()
    }

    /// Its lines up to this one, which must come.
    pub async fn lines_until(&mut self, last: &str) -> Vec<String> {
        let mut lines = Vec::new();
        while let Some(line) = self.line().await {
            if line == last {
                return lines;
            }
            lines.push(line);
        }
        panic!("it ended without saying {last:?}, after {lines:?}");
    }

    pub fn pid(&self) -> u32 {
        self.child.id().unwrap()
    }

    pub fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.pid() as i32), signal).unwrap();
    }

    /// The processes that it started and that still run.
    pub fn children(&self) -> Vec<u32> {
        let pid = self.pid();
        let text = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
        text.split_whitespace()
            .map(|child| child.parse().unwrap())
            .collect()
    }

    /// Waits for its end.
    pub async fn ended(mut self) -> Ended {
        while self.line().await.is_some() {}
        let status = timeout(PATIENCE, self.child.wait()).await;
        self.errors.await.unwrap();
        let errors = self.said.borrow().clone();
        Ended {
            code: status.expect("it ends").unwrap().code(),
            errors,
        }
    }
}

/// Whether the process is there and not only waits to be noticed as ended.
pub fn is_running(pid: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ")
        .is_some_and(|(_, rest)| !rest.starts_with('Z'))
}

/// Looks until it is so.
pub async fn until<T>(what: &str, mut found: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = found() {
            return found;
        }
        assert!(began.elapsed() < PATIENCE, "in vain: {what}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// Waits until none of these processes runs.
pub async fn until_none_runs(pids: &[u32]) {
    until("processes are left", || {
        (!pids.iter().any(|pid| is_running(*pid))).then_some(())
    })
    .await;
}

/// A cluster file with this port in the named section, such as `[node 1]`, instead of a free one.
pub fn with_port(ini: &str, section: &str, key: &str, port: u16) -> String {
    let mut inside = false;
    let mut replaced = 0;
    let mut text = String::new();
    for line in ini.lines() {
        if line.starts_with('[') {
            inside = line == section;
        }
        if inside && line == format!("{key} = 0") {
            text += &format!("{key} = {port}\n");
            replaced += 1;
        } else {
            text += line;
            text.push('\n');
        }
    }
    assert_eq!(replaced, 1, "{section} has one {key}");
    text
}
