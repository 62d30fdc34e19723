//! Membership and epochs for both mechanisms; the clients' door to replicated groups.

pub mod coordinator;
pub mod limits;
pub mod recovery_log;
pub mod replication;
