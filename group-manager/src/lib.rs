//! Membership and epochs for both mechanisms; the clients' door to replicated groups.

pub mod coordinator;
