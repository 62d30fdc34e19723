//! FIFO multicast: one sender's numbered messages, in order and without gaps, at every receiver.
//!
//! ```text
//! sender   -> receiver   message seq, and the sender's `stable`
//! receiver -> sender     Ack{applied}  |  Gap{expected}          after a reconnect: Opened{applied}
//! ```
//!
//! Fusion's deltas travel this way. Addition commutes, so no order is needed across senders (DESIGN, "Fusion:
//! deltas in, residuals out"); within one sender the numbers give it. Source of the output rule that `stable`
//! serves: the primary-backup lecture.
//!
//! [`FifoSender`] numbers messages and keeps those that are not yet *stable* (applied at every required
//! receiver); [`FifoReceiver`] takes exactly the next number. Both are values: no socket, clock or task.
//!
//! Invariants: `stable` never falls; everything above it is kept and can be sent again; a receiver's numbers
//! are applied once each, in order, with none left out.

mod receiver;
mod sender;

pub use receiver::{FifoReceiver, Reception};
pub use sender::{FifoError, FifoOutput, FifoSender, MAX_UNSTABLE, MAX_UNSTABLE_BYTES};

#[cfg(test)]
mod tests;
