//! Launches clusters, loads them, crashes their nodes, measures, and writes CSV, plots and a report.
//!
//! ```text
//! commands -> experiment -> cluster (real processes: this program in the nodes' roles)
//!                |
//!                +-> results (rows, as they come) -> summary, plots, report: computed from the rows alone
//! ```
//!
//! [`commands`] is the command line, [`cluster`] launches and kills, [`experiment`] is the report's chapter 4,
//! [`mechanism`] what differs between mechanisms, [`floor`] the rounds that none can beat, [`placement`] which
//! core a process is kept on, [`scrub`] compares a running cluster's parity with its primaries, [`lean`] weighs one plain
//! copy, [`load`] drives clusters without crashes, [`work`] is what clients do in [`experiment`] and [`load`], [`redis`]
//! starts what both are compared with, [`history`] records what clients see and checks it for linearizability. Read
//! first: [`experiment`].

pub mod cluster;
pub mod commands;
pub mod experiment;
pub mod floor;
pub mod history;
pub mod lean;
pub mod load;
pub mod machine;
pub mod mechanism;
pub mod placement;
pub mod plots;
pub mod redis;
pub mod report;
pub mod results;
pub mod scrub;
pub mod work;
