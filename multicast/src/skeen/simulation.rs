//! A seeded simulation of senders and members.
