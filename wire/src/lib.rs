//! Frames, codec, handshake, limits and connections: how the processes of a cluster talk.
//!
//! ```text
//! TcpStream -> handshake (31 fixed bytes) -> frames (u32 length, bincode) -> typed messages
//! ```
//!
//! The only crate that knows sockets' bytes. What the messages *mean* is decided elsewhere: this crate only
//! says what they look like ([`message`]). Invariants: a limit is checked before memory is taken; a bad
//! peer ends its own connection with a typed [`WireError`], never the process; `bincode` is used in
//! [`codec`] alone.

pub mod client;
pub mod codec;
pub mod door_meter;
pub mod error;
pub mod frame;
pub mod handshake;
pub mod limits;
pub mod link;
pub mod member;
pub mod message;
pub mod process;
pub mod role;
pub mod traffic;

pub use error::WireError;
pub use handshake::{Hello, Identity, Peer, Purpose};
pub use link::{Link, LinkEvent};
pub use traffic::{Traffic, received_bytes};
