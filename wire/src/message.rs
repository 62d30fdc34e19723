//! What crosses the connections, by [`Purpose`](crate::Purpose).

pub mod admission;
pub mod client;
pub mod entry;
pub mod fellow;
pub mod fusion;
pub mod membership;
pub mod replication;
pub mod roster;
pub mod scrub;

#[cfg(test)]
mod tests;
