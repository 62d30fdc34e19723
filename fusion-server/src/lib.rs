//! One fused backup of all primaries: parity of what the layout codes, plain copies of the rest, if there is any.
//!
//! ```text
//! primaries --Delta--> FusedBackup: parity += c * delta, plain regions as they are --Ack--> primaries
//! a primary crashed:   FusedBackup: undo to the cut, residual = parity - live primaries --> its replacement
//! a scrub:             FusedBackup: signatures of parity and primaries, summed --> whoever asked
//! ```
//!
//! [`backup`] is the protocol, pure: events in, commands out. [`run()`] is the shell around it. Read first:
//! [`primary_copy`] (what is held per primary), [`window`] (what recovery computes), [`residual`] and [`outflow`] (what it
//! sends), then [`backup`]; [`scrub`] compares what is held with the primaries.
//!
//! What is absent: nothing here reads a clock outside the shell, or parses what the bytes of a structure mean.

mod acks;
pub mod backup;
pub mod coded;
pub mod defect;
pub mod fault;
pub mod held_regions;
pub mod image_cursor;
pub mod outflow;
pub mod pace;
pub mod primary_copy;
mod process;
pub mod residual;
mod run;
pub mod scrub;
pub mod settings;
pub mod standing;
mod streams;
pub mod undo_ring;
pub mod window;

pub use process::main;
pub use run::{RunError, run};
pub use settings::Settings;
