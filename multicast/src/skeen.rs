//! Skeen's atomic multicast (ABCAST: Birman and Joseph, "Reliable Communication in the Presence of
//! Failures", TOCS 5(1), 1987), with epochs.
//!
//! ```text
//! sender   --Propose-->  members          every member offers a tick of its clock
//! sender  <--Proposal--  members          final timestamp = the largest offer
//! sender   --Final---->  members          each delivers while the head of its queue is final
//! sender  <--Delivered-  members          the message is complete when every active member delivered it
//!
//! sender   --Seal----->  members          a view change: nobody takes part in older epochs any more
//! sender  <--Sealed----  members          with everything that is not known to be stable
//! sender   --View, Restate (finals), Propose (the rest)-->  members
//! ```
//!
//! [`sender::Sender`] and [`member::Member`] are the two cores. Membership itself is decided elsewhere: the
//! owner of the sender calls [`sender::Sender::seal`] with the next view.

pub mod clock;
pub mod member;
pub mod message;
mod pending;
pub mod sender;
mod stable;
mod view_change;

#[cfg(test)]
mod simulation;
