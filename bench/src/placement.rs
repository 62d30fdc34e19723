//! Which processor core each process of a run is kept on.
//!
//! The same ping-pong takes many times longer between two cores than on one, and left alone the system moves
//! processes as it likes, so that two measurements of one run can differ by an order of magnitude for no
//! other reason. Split in two, as on two machines, they can be compared: clients, managers and primaries (the
//! doors) on one core, data nodes, fused servers and the floor's receivers (what a door waits for) on another.

use std::{fmt, str::FromStr};

use serde::Serialize;
use wire::message::membership::Role;

/// How a run places its processes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Placement {
    /// Wherever the system likes.
    Free,
    /// Doors and clients on one core, what they wait for on another.
    Split {
        /// The core of clients, managers and primaries.
        doors: usize,
        /// The core of data nodes, fused servers and echo processes.
        backups: usize,
    },
}

impl Placement {
    /// Split over the first two cores that this process may use; free where there is only one, or where cores
    /// cannot be chosen.
    pub fn split() -> Self {
        match allowed_cores().as_slice() {
            [doors, backups, ..] => Self::Split {
                doors: *doors,
                backups: *backups,
            },
            _ => Self::Free,
        }
    }

    /// The core of a node, if it is to be kept on one.
    pub fn core_of(self, role: Role) -> Option<usize> {
        match (self, role) {
            (Self::Free, _) => None,
            (Self::Split { doors, .. }, Role::GroupManager | Role::Primary) => Some(doors),
            (Self::Split { backups, .. }, Role::DataNode | Role::FusionServer) => Some(backups),
        }
    }

    /// The core of the floor's receivers.
    pub fn core_of_receivers(self) -> Option<usize> {
        self.core_of(Role::FusionServer)
    }

    /// Keeps the calling thread, and what it starts from now on, where clients belong.
    pub fn take_client_core(self) {
        if let Self::Split { doors, .. } = self {
            keep_on(doors);
        }
    }
}

impl fmt::Display for Placement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Free => f.write_str("free"),
            Self::Split { doors, backups } => {
                write!(
                    f,
                    "split (doors and clients on core {doors}, backups on core {backups})"
                )
            }
        }
    }
}

impl FromStr for Placement {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "free" => Ok(Self::Free),
            "split" => Ok(Self::split()),
            _ => Err(format!("\"{text}\" is no placement; expected split or free")),
        }
    }
}

/// The cores that the calling thread may use, ascending.
#[cfg(target_os = "linux")]
fn allowed_cores() -> Vec<usize> {
    use nix::{
        sched::{CpuSet, sched_getaffinity},
        unistd::Pid,
    };
    let Ok(set) = sched_getaffinity(Pid::from_raw(0)) else {
        return Vec::new();
    };
    (0..CpuSet::count())
        .filter(|core| set.is_set(*core).unwrap_or(false))
        .collect()
}

#[cfg(not(target_os = "linux"))]
fn allowed_cores() -> Vec<usize> {
    Vec::new()
}

/// Keeps the calling thread, and the threads and processes it starts from now on, on one core.
pub fn keep_on(core: usize) {
    keep(0, core);
}

/// Keeps a process that was just started, and the threads that it will start, on one core.
pub fn keep_process_on(process: u32, core: usize) {
    // Linux's process ids are far below the sign bit.
    keep(process as i32, core);
}

/// Process 0 is the calling thread.
#[cfg(target_os = "linux")]
fn keep(process: i32, core: usize) {
    use nix::{
        sched::{CpuSet, sched_setaffinity},
        unistd::Pid,
    };
    let mut set = CpuSet::new();
    let kept = set
        .set(core)
        .and_then(|()| sched_setaffinity(Pid::from_raw(process), &set));
    if let Err(error) = kept {
        tracing::warn!(core, %error, "the process is not kept on its core; its times may jump");
    }
}

/// Cores cannot be chosen here.
#[cfg(not(target_os = "linux"))]
fn keep(_process: i32, _core: usize) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doors_and_what_they_wait_for_are_on_different_cores() {
        let split = Placement::Split { doors: 3, backups: 7 };
        let cores = [
            Role::GroupManager,
            Role::Primary,
            Role::DataNode,
            Role::FusionServer,
        ]
        .map(|role| split.core_of(role));
        assert_eq!(cores, [Some(3), Some(3), Some(7), Some(7)]);
        assert_eq!(split.core_of_receivers(), Some(7));
        assert_eq!(Placement::Free.core_of(Role::Primary), None);
    }

    #[test]
    fn placements_are_read_from_words() {
        assert_eq!("free".parse(), Ok(Placement::Free));
        assert_eq!("split".parse(), Ok(Placement::split()));
        let refused: Result<Placement, String> = "apart".parse();
        assert_eq!(
            refused,
            Err("\"apart\" is no placement; expected split or free".to_owned())
        );
    }
}
