//! Membership and epochs for both mechanisms; the clients' door to replicated groups.
//!
//! ```text
//! clients, members --frames--> server (the shell) --Event--> Coordinator --Command--> server
//!                                                   |            replication | fusion
//!                                                   +--- store: compare-and-swap of the membership
//! ```
//!
//! [`coordinator`] is what the shell and the cores say to each other; [`replication`] and [`fusion`] are the two
//! cores, pure; [`detector`] tells a late member from a lost one; [`store`] keeps the membership. The shell is `server`,
//! which owns the core, with `clients` (their connections), `members` and `fellows` (links, heartbeats), `entries`
//! (processes at the door) and `storing` (writes of the store). Read first: [`coordinator`].
//!
//! What is absent: no decision about a member is made in the shell, no core reads a clock, and fusion's data
//! never passes here.

mod clients;
mod clock;
pub mod coordinator;
pub mod detector;
mod entries;
mod fellows;
pub mod fusion;
mod inbox;
pub mod limits;
mod members;
mod ownership;
mod process;
pub mod recovery_log;
pub mod replication;
mod roster;
mod run;
mod server;
pub mod settings;
pub mod store;
mod storing;

pub use process::main;
pub use run::{RunError, run};
pub use settings::Settings;
