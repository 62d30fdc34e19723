//! The membership stores: one list of promises for all backends, and what each can suffer.
//!
//! etcd is the real server, started by the tests on free ports; where the program is absent, its tests say so and
//! pass.

#![allow(
    clippy::unwrap_used,
    reason = "a test, its helpers included, may fail by panicking"
)]

mod contract;
#[cfg(feature = "etcd")]
mod etcd;
#[cfg(feature = "etcd")]
mod etcd_server;
#[cfg(feature = "etcd")]
mod gateways;
#[cfg(feature = "etcd")]
mod managers;
