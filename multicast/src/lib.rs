//! Ordered delivery: Skeen's atomic multicast and the FIFO multicast that carries fusion's deltas.
//!
//! Pure: no socket, clock, randomness or task. Events in, commands out.

pub mod fifo;
pub mod id;
pub mod planted;
pub mod skeen;
