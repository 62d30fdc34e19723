//! One node's process.

use std::{io, net::SocketAddr, path::Path, process::Stdio, time::Duration};

use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, ChildStdin, ChildStdout, Command},
    task::JoinHandle,
    time::timeout,
};

use super::{
    ClusterError, Launcher, Seat,
    end::{NodeEnd, pass_on},
};

/// How long a process may take to heed the end of its leash.
const STOP_PATIENCE: Duration = Duration::from_secs(2);

/// How long a process may take until it says where it listens.
const START_PATIENCE: Duration = Duration::from_secs(10);

/// A started process; killed when dropped.
#[derive(Debug)]
pub struct NodeProcess {
    seat: Seat,
    child: Child,
    /// Its standard input: it stops when this is gone. Not left to `child`, which lets go of it when waited for.
    leash: Option<ChildStdin>,
    /// While it ran, and since.
    pid: u32,
    stdout: BufReader<ChildStdout>,
    /// Gives its last words; none if it speaks to a log.
    speech: Option<JoinHandle<String>>,
    /// Its end was told.
    is_over: bool,
}

impl NodeProcess {
    /// Runs the launcher's program as that node, told of these managers.
    pub(super) fn start(
        launcher: &Launcher,
        seat: Seat,
        file: &Path,
        managers: &[(String, u16)],
    ) -> Result<Self, ClusterError> {
        let failed = |source| ClusterError::Start {
            role: seat.role,
            section: seat.section,
            source,
        };
        let mut command = Command::new(&launcher.program);
        command.arg("node");
        if let Some(core) = launcher.placement.core_of(seat.role) {
            command.arg("--core").arg(core.to_string());
        }
        command
            .arg(seat.role.to_string())
            .arg(file)
            .arg(seat.section.to_string());
        command.arg("--leash");
        for (host, port) in managers {
            let host = if host.contains(':') {
                format!("[{host}]")
            } else {
                host.clone()
            };
            command.arg("--manager").arg(format!("{host}:{port}"));
        }
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(stderr(launcher.log.as_deref()))
            .kill_on_drop(true);
        // Ctrl-C at the terminal is for the launcher, which then stops its nodes in order.
        command.process_group(0);
        let mut child = command.spawn().map_err(failed)?;
        let Some(stdout) = child.stdout.take() else {
            return Err(failed(io::Error::other("it has no standard output")));
        };
        Ok(Self {
            seat,
            leash: child.stdin.take(),
            pid: child.id().unwrap_or_default(),
            speech: child.stderr.take().map(pass_on),
            child,
            stdout: BufReader::new(stdout),
            is_over: false,
        })
    }

    /// The address in the first line that the process prints: `listening on ADDRESS ...`.
    pub(super) async fn listening_on(&mut self) -> Result<SocketAddr, ClusterError> {
        let mut line = String::new();
        // An error or a silence leaves the line as it is, and the words below say so.
        drop(timeout(START_PATIENCE, self.stdout.read_line(&mut line)).await);
        let address = line
            .strip_prefix("listening on ")
            .and_then(|rest| rest.split_whitespace().next());
        if let Some(address) = address.and_then(|address| address.parse().ok()) {
            return Ok(address);
        }
        self.hear_out().await;
        Err(ClusterError::NoAddress {
            role: self.seat.role,
            section: self.seat.section,
            said: line.trim_end().to_owned(),
        })
    }

    /// Waits for its end, which is told once. Dropped half way, it may be called again.
    pub(super) async fn end(&mut self) -> NodeEnd {
        let status = self.child.wait().await.ok();
        let last_words = self.hear_out().await;
        self.is_over = true;
        NodeEnd {
            seat: self.seat,
            pid: self.pid,
            status,
            last_words,
        }
    }

    /// Whether its end was told.
    pub(super) fn is_over(&self) -> bool {
        self.is_over
    }

    /// The last words of one that has ended; all it said is passed on then.
    async fn hear_out(&mut self) -> String {
        let Some(speech) = &mut self.speech else {
            return String::new();
        };
        let last = timeout(STOP_PATIENCE, &mut *speech).await;
        if last.is_ok() {
            self.speech = None;
        }
        last.ok().and_then(Result::ok).unwrap_or_default()
    }

    /// Its process id, while it runs.
    pub fn pid(&self) -> Option<u32> {
        self.child.id()
    }

    /// What it was started as.
    pub(super) fn seat(&self) -> Seat {
        self.seat
    }

    /// SIGKILL.
    pub(super) fn start_kill(&mut self) -> io::Result<()> {
        self.child.start_kill()
    }

    /// Waits for its end; whether it ended in order.
    pub(super) async fn ended(&mut self) -> io::Result<bool> {
        Ok(self.child.wait().await?.success())
    }

    /// SIGKILL, and waits for the end.
    pub(super) async fn kill(&mut self) -> io::Result<()> {
        self.child.kill().await
    }

    /// Ends its leash: it is to stop.
    pub(super) fn release(&mut self) {
        drop(self.leash.take());
    }

    /// Ends its leash and waits; kills it if it does not heed.
    pub(super) async fn stop(mut self) {
        self.release();
        if timeout(STOP_PATIENCE, self.child.wait()).await.is_err() {
            tracing::warn!(role = %self.seat.role, section = self.seat.section, "killed: it did not stop");
            drop(self.child.kill().await);
        }
        self.hear_out().await;
    }
}

/// The processes' standard error: appended to the log, or heard by us.
fn stderr(log: Option<&Path>) -> Stdio {
    let Some(path) = log else { return Stdio::piped() };
    match std::fs::OpenOptions::new().create(true).append(true).open(path) {
        Ok(file) => file.into(),
        Err(error) => {
            tracing::warn!(path = %path.display(), %error, "the nodes' log cannot be written");
            Stdio::null()
        }
    }
}
