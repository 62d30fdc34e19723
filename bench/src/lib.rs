//! Launches clusters, loads them, crashes their nodes, measures, and writes CSV, plots and a report.
