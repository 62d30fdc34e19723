//! What the shells of all member processes do alike: open the door, enter, stay in touch with the manager.
//!
//! ```text
//! TcpListener -> Doorstep -> (Peer, TcpStream) -> by purpose:  Manager -> ManagerPort
//!                                                              Client, Delta, ... -> Connections
//! ```
//!
//! A member dials a manager only to say "here I am" ([`Entry`]); the manager dials back, and that kept
//! connection is the [`ManagerPort`]. Nothing here decides anything about membership: a role's core does, by
//! what comes out of these.

mod connections;
mod doorstep;
mod end;
mod entry;
mod manager_port;
mod settings;

pub use connections::{Arrival, Connections};
pub use doorstep::{Doorstep, MAX_HANDSHAKES};
pub use end::MemberEnd;
pub use entry::{Entry, EntryError, redial_pause};
pub use manager_port::{Callers, ManagerEvent, ManagerPort, Timing};
pub use settings::{Advertised, MemberSettings};

#[cfg(test)]
mod tests;
