//! The protocol core of a fused server: one event in, commands out.
//!
//! Source: DESIGN, "Fused server" and "Recovery without freezing writers". What it answers to whom:
//!
//! ```text
//! manager: Fence -> Fenced, Cut -> CutDone, Admit -> Admitted, Residual -> (portions to replacements)
//! primary: Open -> Opened, Delta -> Ack or Gap, Stable -> -, Image -> ImageApplied, ImageEnd -> Ack, Block -> -, Confirm -> Confirmed
//! client:  Scrub -> (WantSignatures to primaries, Signatures) -> Scrubbed
//! ```
//!
//! Invariants: nothing is acknowledged before it is applied; a life of a primary that was fenced changes
//! nothing any more; one operation is applied as a whole or not at all; repeating any of the manager's
//! orders is harmless.

mod event;
mod manager_orders;
mod primary_frames;
mod recovery;
mod scrub;

use std::collections::BTreeMap;

use erasure::ParityError;
use multicast::id::{Epoch, NodeId, Seq};
use structures::delta::RegionId;
use wire::message::fusion::{AckFrame, FromServer, Layout, ToServer};

pub use self::event::{Command, Event, Holding};
use crate::{
    coded::Coded,
    primary_copy::PrimaryCopy,
    residual::{Residual, ResidualOrder, longest},
    standing::Held,
};

/// A primary's connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Line {
    primary: NodeId,
    /// The epoch it was opened with, once it was.
    since: Option<Epoch>,
}

/// One fused backup of all primaries. See the module's documentation.
#[derive(Clone, Debug)]
pub struct FusedBackup {
    pub(crate) coded: Coded,
    copies: BTreeMap<NodeId, PrimaryCopy>,
    lines: BTreeMap<u64, Line>,
    /// The epoch of the last rebuild; zero before any.
    rebuild: Epoch,
    /// The largest epoch heard of.
    epoch: Epoch,
    /// The recovery whose cut was carried out last.
    cut_done: Option<u64>,
    /// The recovery whose residual was sent last, to its end.
    residual_sent: Option<u64>,
    /// The number of the next scrub.
    next_scrub: u64,
}

impl FusedBackup {
    /// The fused server of this row of the code, holding nothing.
    ///
    /// # Errors
    /// [`ParityError::OutOfRange`] if the code has no such row.
    pub fn new(row: u8, layout: Layout) -> Result<Self, ParityError> {
        Ok(Self {
            coded: Coded::new(row, layout)?,
            copies: BTreeMap::new(),
            lines: BTreeMap::new(),
            rebuild: Epoch(0),
            epoch: Epoch(0),
            cut_done: None,
            residual_sent: None,
            next_scrub: 1,
        })
    }

    /// Takes one event; the commands are to be carried out in order.
    pub fn handle(&mut self, event: Event) -> Vec<Command> {
        match event {
            Event::Manager(order) => self.handle_order(order),
            Event::Called { connection, primary } => {
                self.lines.insert(connection, Line { primary, since: None });
                Vec::new()
            }
            Event::Frame { connection, frame } => self.handle_frame(connection, frame),
            Event::Ended { connection } => self.drop_line(connection),
            Event::PortionSent { recovery, primary } => self.portion_sent(recovery, primary),
            Event::StreamFailed {
                recovery,
                primary,
                reason,
            } => self.stream_failed(recovery, primary, &reason),
            Event::Scrub { asker, window } => self.handle_scrub(asker, window),
            Event::ClientEnded { connection } => self.handle_client_ended(connection),
        }
    }

    /// What it holds.
    pub fn holding(&self) -> Holding {
        let residual = self.coded.residual.as_ref().map_or(0, Residual::bytes);
        let auxiliary: u64 = self.copies.values().map(PrimaryCopy::auxiliary_bytes).sum();
        Holding {
            epoch: self.epoch,
            parity_bytes: self.coded.bytes() as u64,
            auxiliary_bytes: auxiliary + residual as u64,
        }
    }

    /// The coded bytes of a region; none of a plain one.
    pub fn parity(&self, region: RegionId) -> &[u8] {
        self.coded.parity(region).as_slice()
    }

    /// The last operation applied of a primary, if that primary is wholly held.
    pub fn applied(&self, primary: NodeId) -> Option<Seq> {
        let copy = self.copies.get(&primary)?;
        (copy.held() == Held::Whole).then(|| copy.applied())
    }

    /// The plain copy of a primary's region, if that primary is wholly held.
    pub fn plain(&self, primary: NodeId, region: RegionId) -> Option<&[u8]> {
        let copy = self.copies.get(&primary)?;
        (copy.held() == Held::Whole).then(|| copy.plain(region))
    }

    fn handle_order(&mut self, order: ToServer) -> Vec<Command> {
        let mut commands = match order {
            ToServer::Heartbeat => return Vec::new(),
            _ => self.end_scrub("the manager changes who is a member"),
        };
        commands.extend(self.carry_out_order(order));
        commands
    }

    fn carry_out_order(&mut self, order: ToServer) -> Vec<Command> {
        match order {
            ToServer::Fence { epoch, primaries } => self.handle_fence(epoch, &primaries),
            ToServer::Cut { recovery, cuts } => self.handle_cut(recovery, &cuts),
            ToServer::Residual {
                recovery,
                losses,
                rows,
                live,
                with_auxiliary,
            } => {
                let order = ResidualOrder {
                    recovery,
                    losses,
                    rows,
                    with_auxiliary,
                };
                self.handle_residual(&order, &live)
            }
            ToServer::Abandon { recovery } => self.handle_abandon(recovery),
            ToServer::Admit { seat } => self.handle_admit(seat),
            ToServer::Rebuild {
                epoch,
                row,
                primaries,
            } => self.handle_rebuild(epoch, row, primaries),
            ToServer::Heartbeat => Vec::new(),
        }
    }

    /// Says a last word to a primary and forgets its connection.
    fn dismiss(&mut self, connection: u64, word: AckFrame) -> Vec<Command> {
        let mut commands = vec![
            Command::ToPrimary {
                connection,
                frame: word,
            },
            Command::Close { connection },
        ];
        commands.extend(self.drop_line(connection));
        commands
    }

    /// Forgets a connection; an image that came over it is broken off, and a scrub that waits for it ends.
    fn drop_line(&mut self, connection: u64) -> Vec<Command> {
        let Some(line) = self.lines.remove(&connection) else {
            return Vec::new();
        };
        let mut commands = self.end_scrub_without(line);
        if line.since.is_some() {
            self.ask_again(line.primary);
        }
        let copy = self.copies.get_mut(&line.primary);
        if line.since.is_some() && copy.is_some_and(PrimaryCopy::disconnect) {
            let reason = format!("the image of {} broke off", line.primary);
            commands.push(Command::ToManager(FromServer::RebuildBroken {
                epoch: self.rebuild,
                reason,
            }));
        }
        commands
    }

    /// The connection over which this primary sends, if there is one.
    fn open_line(&self, primary: NodeId) -> Option<u64> {
        let mut lines = self.lines.iter();
        lines
            .find(|(_, line)| line.primary == primary && line.since.is_some())
            .map(|(number, _)| *number)
    }

    /// Cuts the parities to the longest primary.
    fn fit(&mut self) {
        let lengths = self.copies.values().map(PrimaryCopy::coded_lengths);
        self.coded.fit(longest(lengths));
    }
}

#[cfg(test)]
mod tests;
