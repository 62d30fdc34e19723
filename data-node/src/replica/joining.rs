//! A state's two ends: a donor lets it leave, a joiner waits for it, installs it and catches up.
//!
//! ```text
//! Join ------> votes and holds messages (a node that is frozen in instead holds nothing until the state is there)
//! AwaitState -> the donor's stream: images checked, snapshot installed, what was held applied -> CaughtUp
//! SendState --> an Outflow: the state as of now leaves in pieces, while the node goes on
//! ```

use multicast::{
    id::{Epoch, GroupId},
    skeen::{member::Member, message::ToMember, snapshot::InstallError},
};
use structures::Structure;
use wire::message::replication::{Answers, Batch, FromNode};

use super::{
    Arrived, Command, Held, Replica,
    outflow::{Outflow, Piece},
};
use crate::limits::OVERHEAD_BYTES;

impl Held {
    pub(super) fn joining(member: Member<Batch, Answers>) -> Self {
        Self {
            member,
            structure: None,
            has_joined: true,
            backlog: Default::default(),
            caught_up: None,
            outflow: None,
        }
    }
}

impl Replica {
    /// Begins with nothing, once: the word may come again to a founder that holds a state by now. A state of an epoch
    /// before that was discarded while this node was away.
    pub(super) fn found(&mut self, epoch: Epoch, group: GroupId) -> Vec<Command> {
        if self.held.is_some() && epoch <= self.latest_epoch() {
            return Vec::new();
        }
        tracing::info!(node = %self.node, "founding the group with an empty structure");
        self.entering_in = self.entering_in.max(epoch);
        self.group = Some(group);
        (self.awaited, self.early) = (None, None);
        self.held_bytes = 0;
        let member = Member::new(self.node);
        self.held = Some(Held::new(member, Structure::new(self.spec)));
        self.refuse_waiting("the node begins its group anew")
    }

    /// A voter without a state, for the view of this epoch.
    pub(super) fn join(&mut self, epoch: Epoch, group: GroupId) -> Vec<Command> {
        if epoch <= self.epoch() || epoch < self.entering_in {
            tracing::warn!(node = %self.node, %epoch, "an outdated word to join changes nothing");
            return Vec::new();
        }
        self.entering_in = epoch;
        self.group = Some(group);
        tracing::info!(node = %self.node, "joining the group");
        self.held_bytes = 0;
        (self.awaited, self.early) = (None, None);
        self.held = Some(Held::joining(Member::joining(self.node)));
        self.refuse_waiting("the node is joining its group again")
    }

    pub(super) fn handle_send_state(
        &mut self,
        epoch: Epoch,
        transfer: u64,
        to: std::net::SocketAddr,
    ) -> Vec<Command> {
        let own = self.epoch();
        let failed = |reason: String| {
            vec![Command::ToEveryManager(FromNode::TransferFailed {
                transfer,
                reason,
            })]
        };
        let Some(held) = &mut self.held else {
            return failed(format!("{} holds no state", self.node));
        };
        if epoch != own {
            return failed(format!("{} is in {own}, not in {epoch}", self.node));
        }
        let (Some(snapshot), Some(structure)) = (held.member.snapshot(), held.current()) else {
            return failed(format!("{} holds no state of its view", self.node));
        };
        let outflow = Outflow::begin(transfer, structure);
        let lengths = outflow.lengths();
        held.outflow = Some(outflow);
        vec![Command::SendState {
            transfer,
            to,
            snapshot,
            lengths,
        }]
    }

    /// The next piece of the state that this transfer moves; none at its end, or if another one took its place.
    pub fn next_piece(&mut self, transfer: u64) -> Option<Piece> {
        let held = self.held.as_mut()?;
        let outflow = held
            .outflow
            .as_mut()
            .filter(|outflow| outflow.transfer == transfer)?;
        let piece = outflow.next(held.structure.as_ref()?);
        if piece.is_none() {
            held.outflow = None;
        }
        piece
    }

    /// Nobody takes the pieces of this transfer any more.
    pub fn stop_pieces(&mut self, transfer: u64) {
        if let Some(held) = &mut self.held {
            held.outflow = held.outflow.take().filter(|outflow| outflow.transfer != transfer);
        }
    }

    pub(super) fn handle_await_state(&mut self, epoch: Epoch, group: GroupId, transfer: u64) -> Vec<Command> {
        let mut commands = Vec::new();
        if self.is_outdated(epoch) {
            tracing::warn!(node = %self.node, %epoch, "an outdated word to await a state changes nothing");
            return commands;
        }
        self.entering_in = epoch;
        self.group = Some(group);
        match &mut self.held {
            Some(held) if held.has_joined && held.structure.is_some() => {
                // The view changed while the state of the transfer before this one was being installed.
                held.caught_up = Some(caught_up(transfer, (0, 0)));
                return commands;
            }
            Some(held) if held.has_joined => {}
            _ => {
                self.held = None;
                commands = self.refuse_waiting("the node is joining its group again");
            }
        }
        self.awaited = Some(transfer);
        // Any other state that came before is of a transfer that was given up.
        if let Some(arrived) = self.early.take().filter(|arrived| arrived.transfer == transfer) {
            commands.extend(self.install(arrived));
        }
        commands
    }

    /// Whether a word on how the node gets in is of a manager that does not know the view: one who takes part in a
    /// view is frozen into a later one, and streams are for the view in which a joiner votes.
    fn is_outdated(&self, epoch: Epoch) -> bool {
        let takes_part = self.held.as_ref().is_some_and(|held| !held.has_joined);
        let first = if takes_part {
            self.epoch().next()
        } else {
            self.epoch()
        };
        epoch < first.max(self.entering_in)
    }

    /// Counts a payload that a node without a state, or one that has not caught up with it, has to hold; whether all that
    /// it holds then are past its limit.
    pub(super) fn count_held(&mut self, message: &ToMember<Batch>) -> bool {
        let (id, payload) = match message {
            ToMember::Propose { id, payload, .. }
            | ToMember::Restate { id, payload, .. }
            | ToMember::Order { id, payload, .. } => (*id, payload),
            ToMember::Final { .. }
            | ToMember::Stable { .. }
            | ToMember::Seal { .. }
            | ToMember::View { .. } => return false,
        };
        let has_to_hold = |held: &Held| held.has_joined && held.current().is_none();
        let is_more = |held: &&Held| has_to_hold(held) && !held.member.has_queued(id);
        if self.held.as_ref().filter(is_more).is_none() {
            return false;
        }
        self.held_bytes += bytes_of(payload);
        self.held_bytes > self.held_limit
    }

    /// Counts anew what is still to be held: some of it is part of the state that came.
    fn recount_held(&mut self) {
        let Some(held) = &self.held else { return };
        let backlog = held.backlog.iter().map(|(_, payload)| payload);
        self.held_bytes = backlog.chain(held.member.queued_payloads()).map(bytes_of).sum();
    }

    /// Lets go of everything, and of the managers: the one that owns the view makes one without this node, and lets it
    /// join again.
    pub(super) fn give_join_up(&mut self) -> Vec<Command> {
        tracing::error!(node = %self.node, limit = self.held_limit, "too much to hold; the join is given up");
        (self.held, self.awaited, self.early) = (None, None, None);
        self.in_touch = false;
        vec![Command::EnterAnew]
    }

    /// A donor's state is complete.
    pub fn handle_arrived(&mut self, arrived: Arrived) -> Vec<Command> {
        if self.awaited == Some(arrived.transfer) {
            return self.install(arrived);
        }
        let has_joined_with = |held: &Held| held.has_joined && held.structure.is_some();
        if self.awaited.is_none() && self.held.as_ref().is_some_and(has_joined_with) {
            // Of a transfer that was not needed any more: the one before it brought the state.
            return Vec::new();
        }
        self.early = Some(arrived);
        Vec::new()
    }

    /// A donor's stream broke off or made no state. Before its first frame it is taken for the one awaited.
    pub fn handle_broken(&mut self, transfer: Option<u64>, reason: String) -> Vec<Command> {
        let transfer = transfer.or(self.awaited);
        let failed = |transfer| Command::ToEveryManager(FromNode::TransferFailed { transfer, reason });
        transfer.map(failed).into_iter().collect()
    }

    fn install(&mut self, arrived: Arrived) -> Vec<Command> {
        let Arrived {
            transfer,
            snapshot,
            structure,
            transfer_us,
            install_us,
        } = arrived;
        (self.awaited, self.early) = (None, None);
        let failed = |reason: String| {
            vec![Command::ToEveryManager(FromNode::TransferFailed {
                transfer,
                reason,
            })]
        };
        let structure = match structure {
            Ok(structure) => structure,
            Err(error) => return failed(error.to_string()),
        };
        let caught_up = caught_up(transfer, (transfer_us, install_us));
        let Some(held) = self.held.as_mut().filter(|held| held.has_joined) else {
            let member = Member::restored(self.node, snapshot.watermark, snapshot.clock);
            self.held = Some(Held::new(member, structure));
            return vec![Command::ToEveryManager(caught_up)];
        };
        match held.member.install(snapshot) {
            Ok(commands) => {
                held.structure = Some(structure);
                held.caught_up = Some(caught_up);
                let said = held.put_off(commands);
                self.recount_held();
                said
            }
            // The view changed on the way; its owner sends another donor's.
            Err(InstallError::OtherEpoch { .. }) => Vec::new(),
            Err(error) => failed(error.to_string()),
        }
    }
}

/// What a message that waits here is counted for.
pub(super) fn bytes_of(payload: &Batch) -> u64 {
    payload.len() as u64 + OVERHEAD_BYTES
}

fn caught_up(transfer: u64, (transfer_us, install_us): (u64, u64)) -> FromNode {
    FromNode::CaughtUp {
        transfer,
        transfer_us,
        install_us,
    }
}
