//! Launches clusters, loads them, crashes their nodes, measures, and writes CSV, plots and a report.

pub mod cluster;
pub mod commands;
pub mod experiment;
pub mod floor;
pub mod machine;
pub mod mechanism;
pub mod placement;
pub mod plots;
pub mod report;
pub mod results;
