//! Skeen's atomic multicast (ABCAST: Birman and Joseph, "Reliable Communication in the Presence of
//! Failures", TOCS 5(1), 1987), with epochs.
//!
//! ```text
//! sender   --Propose-->  members          every member offers a tick of its clock
//! sender  <--Proposal--  members          final timestamp = the largest offer
//! sender   --Final---->  members          each delivers while the head of its queue is final
//! sender  <--Delivered-  members          the message is complete when every active member delivered it
//!
//! owner    --Seal----->  members          a view change: nobody takes part in older epochs any more
//! owner   <--Sealed----  members          with everything that is not known to be stable
//! owner    --Restate-->  members          everything whose final timestamp anybody knows
//! owner    --View----->  members          the new epoch begins
//! senders <--InView----  members          other senders may propose, too
//! owner    --Propose-->  members          what was tentative
//! ```
//!
//! Under a [`sequencer::OrderedBy::Sequencer`] the owner numbers every message itself, and nobody else sends. One round
//! instead of two; everything else is the same, so that the two can be compared:
//!
//! ```text
//! owner    --Order---->  members          with its final timestamp: each delivers at once
//! owner   <--Delivered-  members          the message is complete when every active member delivered it
//! ```
//!
//! [`sender::Sender`] and [`member::Member`] are the two cores. Any number of senders multicast at once; one of
//! them owns the view. Membership itself is decided elsewhere: whoever runs the owner calls [`sender::Sender::seal`]
//! with the next view, whoever runs another sender [`sender::Sender::follow`].

pub mod clock;
pub mod member;
pub mod message;
mod pending;
pub mod sender;
pub mod sequencer;
pub mod snapshot;
mod stable;
pub mod view;
mod view_change;

#[cfg(test)]
mod model;
#[cfg(test)]
mod simulation;
