//! How a process of the cluster ended, and what it said last.

use std::{fmt, os::unix::process::ExitStatusExt, process::ExitStatus};

use nix::sys::signal::Signal;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::ChildStderr,
    task::JoinHandle,
};

use super::Seat;

/// The end of a process that nobody asked to stop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeEnd {
    /// What it was.
    pub seat: Seat,
    /// Its process id, of old.
    pub pid: u32,
    /// Exit code or signal; none if the system does not tell.
    pub status: Option<ExitStatus>,
    /// Its last line on standard error; empty if it said nothing, or to a log.
    pub last_words: String,
}

impl fmt::Display for NodeEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seat, pid, .. } = self;
        write!(f, "{} {} (process {pid}) ended", seat.role, seat.section)?;
        if let Some(status) = self.status {
            match (status.code(), status.signal().map(Signal::try_from)) {
                (Some(code), _) => write!(f, " with exit code {code}")?,
                (None, Some(Ok(signal))) => write!(f, " by {signal}")?,
                (None, _) => write!(f, " by a signal")?,
            }
        }
        match self.last_words.as_str() {
            "" => write!(f, "; it said nothing"),
            words => write!(f, "; it last said: {words}"),
        }
    }
}

/// Passes on to our standard error what a process says on its own; gives the last line, once it has ended.
pub(super) fn pass_on(stderr: ChildStderr) -> JoinHandle<String> {
    tokio::spawn(async move {
        let mut lines = BufReader::new(stderr).split(b'\n');
        let mut last = String::new();
        // What cannot be read was said by nobody.
        while let Ok(Some(line)) = lines.next_segment().await {
            let line = String::from_utf8_lossy(&line);
            eprintln!("{line}");
            if !line.trim().is_empty() {
                last = line.trim().to_owned();
            }
        }
        last
    })
}

#[cfg(test)]
mod tests {
    use multicast::id::NodeId;
    use wire::message::membership::Role;

    use super::*;

    fn said(raw_status: i32, last_words: &str) -> String {
        let seat = Seat {
            node: NodeId(2),
            role: Role::DataNode,
            section: 2,
        };
        let end = NodeEnd {
            seat,
            pid: 77,
            status: Some(ExitStatus::from_raw(raw_status)),
            last_words: last_words.to_owned(),
        };
        end.to_string()
    }

    #[test]
    fn an_end_tells_who_it_was_how_it_came_and_the_last_words() {
        assert_eq!(
            said(9, ""),
            "data-node 2 (process 77) ended by SIGKILL; it said nothing"
        );
        assert_eq!(
            said(1 << 8, "error: no"),
            "data-node 2 (process 77) ended with exit code 1; it last said: error: no"
        );
    }
}
