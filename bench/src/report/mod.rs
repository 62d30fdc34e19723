//! The run as one page: `report.html`, self-contained, nothing fetched.
//!
//! A template beside this file holds all words and styles; this file only turns a run into what the template
//! shows, as text in units. All text is escaped by the template engine, the SVGs alone are not: they are ours.

mod page;

use std::fs;
use std::path::PathBuf;

use minijinja::Environment;
use thiserror::Error;

use crate::plots::PlotError;
use crate::results::Run;

use page::Page;

/// The page's name in a run's folder.
pub const REPORT: &str = "report.html";

const TEMPLATE: &str = include_str!("report.html");

/// The page could not be made.
#[derive(Debug, Error)]
pub enum ReportError {
    /// A plot failed.
    #[error(transparent)]
    Plot(#[from] PlotError),
    /// The template failed.
    #[error("cannot fill in the report: {0}")]
    Template(#[from] minijinja::Error),
    /// The file system refused.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What it said.
        source: std::io::Error,
    },
}

/// The page as text.
///
/// # Errors
/// [`ReportError::Plot`] or `Template` if a part of it fails.
pub fn page(run: &Run) -> Result<String, ReportError> {
    let mut environment = Environment::new();
    // The name's ending turns escaping on.
    environment.add_template(REPORT, TEMPLATE)?;
    Ok(environment.get_template(REPORT)?.render(Page::of(run)?)?)
}

/// Writes `report.html` into the run's folder, over an earlier one; gives the file.
///
/// # Errors
/// [`ReportError`] if the page cannot be made or written.
pub fn write(run: &Run) -> Result<PathBuf, ReportError> {
    let path = run.path.join(REPORT);
    let page = page(run)?;
    fs::write(&path, page).map_err(|source| ReportError::Io {
        path: path.clone(),
        source,
    })?;
    Ok(path)
}
