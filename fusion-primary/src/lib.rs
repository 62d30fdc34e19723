//! One primary of a fused cluster: holds one structure, and keeps the fused servers up to date with it.
//!
//! ```text
//! client --Write--> Primary: apply at once, Delta to every fused server --all applied--> Reply
//! a crash:          fused servers --Residual--> Primary (the replacement): decode, check, go on at the cut + 1
//! ```
//!
//! A primary can be a process of its own, or part of an application: [`FusedMap::host`](FusedMap) and its kin hold
//! the structure in the process that uses it.
//!
//! [`primary`] is the protocol, pure: events in, commands out. [`run()`] is the shell around it. Read first:
//! [`life`] (the structure and what waits for stability), then [`server_port`] and [`assembly`].
//!
//! What is absent: no reply leaves before its operation is applied at every active fused server, and nothing
//! outside the shell reads a clock.

pub mod assembly;
pub mod defect;
pub mod door;
mod fused;
mod host;
pub mod image_source;
pub mod life;
mod locals;
pub mod primary;
mod process;
pub mod read_proof;
mod residual_streams;
mod run;
mod server_links;
pub mod server_port;
pub mod settings;

pub use collections;
pub use fused::{
    Fused, FusedList, FusedMap, FusedOrderedMap, FusedPriorityQueue, FusedQueue, FusedSet, FusedStack,
};
pub use process::main;
pub use run::run;
pub use settings::Settings;
