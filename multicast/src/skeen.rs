//! Skeen's atomic multicast (ABCAST: Birman and Joseph, "Reliable Communication in the Presence of
//! Failures", TOCS 5(1), 1987), with epochs.

pub mod message;
