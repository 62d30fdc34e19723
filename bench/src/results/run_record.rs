//! What a run was: command, settings, machine, times, floor. The content of `run.json`.
//!
//! It is first written when the folder is made, with `interrupted` true and no end, and again when the run
//! ends. So a run that dies in any way leaves a folder that says so.

use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use super::rfc3339_utc;
use crate::floor::Floor;
use crate::machine::{Build, Machine};

/// The record of one run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunRecord {
    /// The command and its arguments.
    pub command_line: Vec<String>,
    /// The seeds, one per trial.
    pub seeds: Vec<u64>,
    /// Inserts per group that were asked for.
    pub ops: u64,
    /// All settings of the run, as its command read them.
    pub settings: serde_json::Value,
    /// The source and the compiler.
    #[serde(flatten)]
    pub build: Build,
    /// Where it ran.
    #[serde(flatten)]
    pub machine: Machine,
    /// When it began, RFC 3339, UTC.
    pub start: String,
    /// When it ended; `None` if it never did.
    pub end: Option<String>,
    /// Whether it stopped before its last step.
    pub interrupted: bool,
    /// The loopback rounds measured at its start.
    pub floor: Option<Floor>,
}

impl RunRecord {
    /// The record of a run that begins now, on this machine; not ended, hence interrupted, no floor yet.
    pub fn begin(command_line: Vec<String>, seeds: Vec<u64>, ops: u64, settings: serde_json::Value) -> Self {
        Self {
            command_line,
            seeds,
            ops,
            settings,
            build: Build::detect(),
            machine: Machine::detect(),
            start: rfc3339_utc(SystemTime::now()),
            end: None,
            interrupted: true,
            floor: None,
        }
    }
}
