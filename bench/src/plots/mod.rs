//! The plots of a run: the report's Table 2 and Figures 7 to 12, with its own figures drawn beside ours, and what
//! it did not ask: space and recovery by size, and what the other groups see of a crash.
//!
//! A figure is a value ([`Figure`]: panels of series on two axes) made from the rows by one file per question;
//! one renderer turns any of them into SVG. Colours tell mechanisms apart for colour-blind readers too, and
//! so do the markers.
//!
//! Invariant: no mechanism is named when a figure is made; whatever the rows hold is drawn.

mod axis;
mod backup_ratio;
mod backup_space;
mod canvas;
mod contender;
mod figure;
mod legend;
mod marker;
mod palette;
mod panel;
mod recovery;
mod recovery_by_bytes;
mod render;
mod report_figures;
mod side_by_side;
mod through_recovery;
mod update_time;

use std::fs;
use std::path::PathBuf;

use thiserror::Error;

pub use axis::{Axis, Quantity, Steps};
pub use figure::{Figure, Look, Panel, Series, Source, Stroke};
pub use marker::Marker;
pub use render::render;
pub use report_figures::{ReportFigures, Table2Row};

use crate::results::Run;

/// The folder of the plots inside a run's folder.
pub const PLOTS: &str = "plots";

/// A plot could not be made.
#[derive(Debug, Error)]
pub enum PlotError {
    /// The renderer failed.
    #[error("cannot draw {figure}: {reason}")]
    Draw {
        /// The figure's file name.
        figure: &'static str,
        /// What the backend said.
        reason: String,
    },
    /// The file system refused.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What it said.
        source: std::io::Error,
    },
}

/// All figures of a run: the report's in its order, then our own. Of a run with values of several lengths the report's figures show
/// those of the first: it had one.
pub fn figures(run: &Run) -> Vec<Figure> {
    let report = ReportFigures::embedded();
    let least = &run.of_least_values();
    vec![
        update_time::table_2(least, &report),
        backup_space::figure_7(least, &report),
        recovery::figure_8(least, &report),
        recovery::figure_9(least, &report),
        recovery::figure_10(least, &report),
        side_by_side::figure_11(least, &report),
        side_by_side::figure_12(least, &report),
        backup_ratio::backup_ratio(run),
        recovery_by_bytes::recovery_by_bytes(run),
        through_recovery::throughput(run),
        through_recovery::longest_updates(run),
    ]
}

/// Draws all figures into `plots/` of the run's folder, over earlier ones; gives the files in order.
///
/// # Errors
/// [`PlotError`] if one cannot be drawn or written.
pub fn write_all(run: &Run) -> Result<Vec<PathBuf>, PlotError> {
    let folder = run.path.join(PLOTS);
    fs::create_dir_all(&folder).map_err(|source| PlotError::Io {
        path: folder.clone(),
        source,
    })?;
    let mut files = Vec::new();
    for figure in figures(run) {
        let path = folder.join(figure.file_name);
        fs::write(&path, render(&figure)?).map_err(|source| PlotError::Io {
            path: path.clone(),
            source,
        })?;
        files.push(path);
    }
    Ok(files)
}
