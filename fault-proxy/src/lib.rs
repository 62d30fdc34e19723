//! A TCP proxy between two processes that misbehaves on demand, per direction and per caller, while it runs.
//!
//! ```text
//! caller -- forth --> proxy -- forth --> served        each direction of each connection is a lane
//! caller <-- back --- proxy <-- back --- served
//! ```
//!
//! [`fault`] says what can go wrong, [`lane`] decides what happens to the next bytes (pure: time is an argument),
//! [`proxy`] has the sockets. Needs no privileges, unlike the kernel's own means, and knows nothing of what it carries
//! but for a caller's first bytes, if it is told how to tell callers apart by them.
//!
//! Invariant: what comes out of a lane is a prefix of what went in. A lane that has swallowed anything never
//! passes a byte again.

pub mod fault;
pub mod lane;
pub mod proxy;

mod jitter;

pub use fault::{Conduct, Faults, Flow};
pub use proxy::{Caller, Handle, Proxy, Recognise};
