//! What a primary knows of one fused server of its view: the channel to it, and how much it holds.
//!
//! ```text
//! Needed --link--> Sending --ImageEnd--> Ended --first acknowledgement, stable--> Whole   (being rebuilt)
//!    ^----link lost----'                                                          Whole   (active when first seen)
//! ```
//!
//! Invariant: from `Ended` on the sender requires the server, so every operation after its image is waited
//! for; `CaughtUp` is said when all before is stable too.

use multicast::id::Seq;
use wire::message::fusion::ServerSeat;

use crate::image_source::ImageSource;

/// How much of this primary the server holds, as far as we know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Copy {
    /// Nothing: the image is to be sent over the next link.
    Needed,
    /// Part of the image.
    Sending(ImageSource),
    /// The image's end was sent after operation `last`.
    Ended {
        /// The last operation before it.
        last: Seq,
        /// Whether the server said that it has it.
        confirmed: bool,
    },
    /// Everything it acknowledged.
    Whole,
}

/// The channel to the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// Being dialled.
    Down,
    /// `Open` was sent.
    Opening,
    /// `Opened` came.
    Open,
}

/// See the module's documentation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerPort {
    /// The server, by the last view.
    pub seat: ServerSeat,
    /// How much it holds.
    pub copy: Copy,
    /// The channel to it.
    pub channel: Channel,
    /// Attempts in a row that did not end in `Opened`: how long to wait before the next.
    pub attempt: u32,
    /// The last round that it answered.
    pub confirmed: u64,
}

impl ServerPort {
    /// A server seen for the first time in this life of ours, or in this life of its own.
    pub fn new(seat: ServerSeat) -> Self {
        let copy = if seat.active { Copy::Whole } else { Copy::Needed };
        Self {
            seat,
            copy,
            channel: Channel::Down,
            attempt: 0,
            confirmed: 0,
        }
    }

    /// Whether it is the same memory that the seat speaks of.
    pub fn is_same_memory(&self, seat: &ServerSeat) -> bool {
        let known = (self.seat.incarnation, self.seat.rebuild, self.seat.row);
        known == (seat.incarnation, seat.rebuild, seat.row)
    }

    /// Whether the server must be sent the image over the next link.
    pub fn needs_image(&self) -> bool {
        matches!(self.copy, Copy::Needed | Copy::Sending(_))
    }

    /// The number of bytes of operations sent in all from which on no further one may begin, so that the image gets on.
    pub fn budget(&self) -> Option<u64> {
        match &self.copy {
            Copy::Sending(source) => Some(source.budget()),
            _ => None,
        }
    }

    /// Notes that the link is gone: an image that was under way is lost with it.
    pub fn disconnect(&mut self) {
        self.channel = Channel::Down;
        if self.needs_image() {
            self.copy = Copy::Needed;
        }
    }

    /// Notes that the server holds the whole image: it acknowledged something after its end.
    pub fn confirm(&mut self) {
        if let Copy::Ended { confirmed, .. } = &mut self.copy {
            *confirmed = true;
        }
    }

    /// Notes that the manager counts the server as active: it has heard that it caught up.
    pub fn confirm_active(&mut self) {
        if matches!(self.copy, Copy::Ended { .. }) {
            self.copy = Copy::Whole;
        }
    }

    /// Whether the server has caught up now, which is to be said once.
    pub fn catches_up(&mut self, stable: Seq) -> bool {
        let caught_up = matches!(self.copy, Copy::Ended { last, confirmed: true } if stable >= last);
        if caught_up {
            self.copy = Copy::Whole;
        }
        caught_up
    }
}
