//! Scripts of the replication core.
