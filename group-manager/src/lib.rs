//! Membership and epochs for both mechanisms; the clients' door to replicated groups.

pub mod coordinator;
pub mod fusion;
mod entries;
mod inbox;
pub mod limits;
mod members;
pub mod recovery_log;
pub mod replication;
mod process;
mod run;
mod server;
pub mod settings;
pub mod store;

pub use process::main;
pub use run::run;
pub use settings::Settings;
