//! Scripts of the replica.
