//! What clients saw of a cluster, and whether that can be the truth.
//!
//! ```text
//! Recorder (clients of a run) -> file of JSON lines -> History -> objects -> search -> Report
//! ```
//!
//! A history says of every operation when it was called and answered, by one clock, and what the answer was. It is
//! *linearizable* if some order of the operations, in which whatever was answered before something else was called
//! comes first, gives exactly these answers in a sequential structure. Source: M. Herlihy and J. Wing,
//! *Linearizability: A Correctness Condition for Concurrent Objects*, TOPLAS 12(3), 1990.
//!
//! [`record`] writes, [`mod@read`] reads, [`mod@check`] decides. Read first: `search.rs`.

pub mod check;
mod explain;
mod line;
mod model;
mod object;
mod operation;
mod precedence;
pub mod read;
pub mod record;
mod recorded_pipeline;
mod search;

pub use check::{DEFAULT_BUDGET, Report, Verdict, check};
pub use explain::Flaw;
pub use operation::{Asked, Ending, Entry, History, Part, Told};
pub use read::{HistoryError, read};
pub use record::{ClientRecord, Recorder};
pub use recorded_pipeline::RecordedPipeline;

#[cfg(test)]
mod tests;
