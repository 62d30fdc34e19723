//! A figure before it is drawn: a value that can be compared and tested.

use plotters::style::RGBColor;

use super::axis::Axis;
use super::marker::Marker;

/// One file under `plots/`.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// The file's name.
    pub file_name: &'static str,
    /// Above everything.
    pub title: String,
    /// What exactly is drawn; under everything.
    pub definition: String,
    /// Shared by all panels.
    pub x: Axis,
    /// Shared by all panels, so that they can be compared.
    pub y: Axis,
    /// At least one.
    pub panels: Vec<Panel>,
}

/// One coordinate system of a figure.
#[derive(Clone, Debug, PartialEq)]
pub struct Panel {
    /// What tells it from its neighbours; may be empty in a figure of one panel.
    pub title: String,
    /// Later ones are drawn over earlier ones.
    pub series: Vec<Series>,
}

/// Points that belong together. Equal labels are one entry of the legend.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// Its name in the legend.
    pub label: String,
    /// Whose figures they are.
    pub source: Source,
    /// How it is drawn.
    pub look: Look,
    /// (x, y), x rising.
    pub points: Vec<(f64, f64)>,
}

/// Who measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// This run.
    Run,
    /// Nobody: a line to compare with, or a moment.
    Reference,
    /// The report that this project starts from.
    Report,
}

/// How a series is drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Look {
    /// Of line and markers.
    pub color: RGBColor,
    /// At every point.
    pub marker: Marker,
    /// Between the points.
    pub stroke: Stroke,
    /// Whether only the marker's outline is drawn.
    pub hollow: bool,
}

/// The line between points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stroke {
    /// ———
    Solid,
    /// – – –
    Dashed,
    /// · · ·
    Dotted,
}
