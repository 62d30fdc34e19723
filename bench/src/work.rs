//! What clients do, in the experiment and under load: steps of a workload, each planned so that there is only one right
//! answer, and held against it.
//!
//! ```text
//! workload --draws--> step --contents--> planned request and its answer --worker--> line (a group's door, or Redis)
//!                                                  what came == what was planned? <--+
//! ```
//!
//! When a client starts its steps, and what is timed of them, is the business of whoever drives it. Invariants: a
//! client is its seed, group and number, so that two runs ask for the same; whatever is under way, its answer does not
//! depend on what else is.

mod beside;
mod comparison;
mod contents;
mod draws;
mod elements;
mod line;
mod worker;
mod workload;

pub(crate) use self::{
    beside::Together,
    comparison::{Comparison, ReadBack},
    contents::{Contents, Request},
    draws::Draws,
    elements::ElementSource,
    line::{Answer, Line},
    worker::{Work, Worker},
};
pub use self::{
    elements::{MAX_KEY_BYTES, MIN_KEY_BYTES},
    line::LineError,
    worker::WorkError,
    workload::{BadWorkload, MAX_SHARE, Step, Workload},
};
