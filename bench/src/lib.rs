//! Launches clusters, loads them, crashes their nodes, measures, and writes CSV, plots and a report.

pub mod floor;
pub mod machine;
pub mod plots;
pub mod report;
pub mod results;
