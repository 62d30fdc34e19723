//! Membership and epochs for both mechanisms; the clients' door to replicated groups.

pub mod coordinator;
mod entries;
pub mod fusion;
mod inbox;
pub mod limits;
mod members;
mod process;
pub mod recovery_log;
pub mod replication;
mod run;
mod server;
pub mod settings;
pub mod store;

pub use process::main;
pub use run::run;
pub use settings::Settings;
