//! The manager's core for replication: who is a member, and the clients' door to the replicated groups.
//!
//! ```text
//!  one of several begins here
//!          v
//!      Following --(a takeover)--> Claiming
//!          |                           | Stored
//!          |                           v
//!          |                       Gathering  <- an only manager begins here
//!          | (a takeover,              | (all came back,
//!          | nobody is awaited)        | or time is up)
//!          +-------------+-------------+
//!                        v
//! Steady --(*)--> Storing --Stored--> Sealing --Installed--> Steady      (*) a crash, an entry, a return
//!
//! anywhere --(another manager stored a membership)--> Following
//! ```
//!
//! The upper half is `following`, the lower line `view`.
//!
//! Every change of membership goes this one way: compare-and-swap the next membership into the store, seal
//! its members, spread what they hold, go on ([`multicast::skeen`]). A further change while one is under way
//! makes the next round of the same way. DESIGN, section 3. Invariants: nothing is sent under an epoch that
//! is not stored; a group's last holder is never removed (its state would be gone), the group is closed
//! until that very process returns; at most one node enters a group at a time.

mod client;
mod cluster;
mod door;
mod entry;
mod following;
mod keepers;
mod presence;
mod reach;
mod roster;
mod standing;
mod view;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use multicast::{
    id::{Epoch, GroupId, Incarnation, MessageId, NodeId},
    skeen::{
        message::FromMember,
        sender::{Sender, SenderCommand},
    },
};
use wire::message::{
    client::{RecoveryReport, ReplyBody},
    membership::{Addresses, Membership, Owner},
    replication::{Answers, Batch, FromNode, ToNode},
};

pub use self::cluster::ReplicatedCluster;
use self::{
    client::{Reading, Round},
    door::{Door, together::TogetherDoor},
    entry::Entry,
    following::Gone,
    keepers::LostKeepers,
    standing::is_active_life,
    view::Stage,
};
use crate::{
    coordinator::{Caller, Command, Coordinator, Event, Micros},
    ownership::Ownership,
    recovery_log::RecoveryLog,
    roster::RosterDesk,
};

/// One group, beyond what the membership says of it.
#[derive(Debug, Default)]
struct Group {
    door: Door,
    /// The node that is entering.
    entry: Option<Entry>,
    /// Nodes that wait for their turn to enter.
    waiting_to_enter: VecDeque<NodeId>,
    /// In the last view of ours nobody who holds its state was here.
    is_closed: bool,
}

/// The core. See the module's words.
#[derive(Debug)]
pub struct Replication {
    cluster: ReplicatedCluster,
    ownership: Ownership,
    membership: Membership,
    stage: Stage,
    /// Nodes to remove in the next view, and nodes to admit into it.
    to_remove: BTreeSet<NodeId>,
    to_admit: BTreeSet<NodeId>,
    /// Nodes that are to vote in the next view without a state yet.
    to_join: BTreeSet<NodeId>,
    /// Changes of who belongs to the cluster.
    roster: RosterDesk,
    /// When the view change under way began to hold writers back.
    sealed_at: Micros,
    /// The next view is needed although nobody is removed or admitted: a holder left or came back.
    reseal: bool,
    /// Lives whose link is up.
    linked: BTreeMap<NodeId, Incarnation>,
    /// While following: members whose link ended, until it is up again.
    gone: BTreeMap<NodeId, Gone>,
    /// While following: groups with a voter that has been gone for the suspicion time, and that voter.
    out_of_reach: BTreeMap<GroupId, NodeId>,
    /// The last epoch of which the owner was asked to seal it anew.
    asked_to_seal: Option<Epoch>,
    /// While owning: senders that members miss.
    lost_keepers: LostKeepers,
    /// Lives that entered, or that are members, and are being called.
    dialled: BTreeMap<NodeId, (Incarnation, Addresses)>,
    sender: Sender<Batch, Answers>,
    /// Who waits for each message, and what it carries, should it have to go again.
    rounds: BTreeMap<MessageId, (Round, Batch)>,
    groups: BTreeMap<GroupId, Group>,
    /// Writes of several groups.
    together: TogetherDoor,
    reads: BTreeMap<u64, Reading>,
    next_token: u64,
    next_transfer: u64,
    log: RecoveryLog,
}

impl Replication {
    /// The core over what the store holds. `own` is this manager's life; `now` starts the grace in which
    /// members of a former run of the manager, or an owner that is to be followed, may come back. An only manager has
    /// nobody to follow.
    pub fn new(cluster: ReplicatedCluster, stored: Membership, own: Owner, now: Micros) -> Self {
        let mut ownership = Ownership::new(own, stored.owner, cluster.suspicion_us);
        let is_alone = cluster.managers == 1 && ownership.is_vacant(stored.owner);
        let mut sender = Sender::new(own.incarnation, cluster.ordering);
        let (membership, stage) = if is_alone {
            let membership = cluster.taken_up(stored);
            let deadline = Micros(now.0 + cluster.suspicion_us);
            let stage = Stage::at_start(&membership, deadline);
            (membership, stage)
        } else {
            ownership.begin(now, stored.owner);
            let membership = cluster.with_nodes(stored);
            // Nothing is under way yet that could be orphaned.
            drop(sender.follow(membership.epoch, following::view_of(&membership)));
            (membership, Stage::Following)
        };
        let of_members = membership.members.values().filter_map(|member| member.group);
        let groups = of_members.map(|group| (group, Group::default())).collect();
        Self {
            cluster,
            ownership,
            membership,
            stage,
            to_remove: BTreeSet::new(),
            to_admit: BTreeSet::new(),
            to_join: BTreeSet::new(),
            roster: RosterDesk::default(),
            sealed_at: now,
            reseal: false,
            linked: BTreeMap::new(),
            gone: BTreeMap::new(),
            out_of_reach: BTreeMap::new(),
            asked_to_seal: None,
            lost_keepers: LostKeepers::default(),
            dialled: BTreeMap::new(),
            sender,
            rounds: BTreeMap::new(),
            groups,
            together: TogetherDoor::default(),
            reads: BTreeMap::new(),
            next_token: 0,
            // A donor may still stream for a former manager: its numbers must not be given out again.
            next_transfer: own.incarnation.0,
            log: RecoveryLog::default(),
        }
    }

    fn handle_from_node(&mut self, now: Micros, node: NodeId, message: FromNode) -> Vec<Command> {
        match message {
            FromNode::Multicast(message) => self.handle_multicast(now, node, message),
            FromNode::ReadReply { token, reply } => self.handle_read_reply(node, token, reply),
            FromNode::CaughtUp {
                transfer,
                transfer_us,
                install_us,
            } => self.handle_caught_up(now, node, transfer, transfer_us, install_us),
            FromNode::TransferFailed { transfer, reason } => {
                self.handle_transfer_failed(now, node, transfer, &reason)
            }
            FromNode::KeeperLost { epoch, keeper } => {
                self.note_keeper(epoch, |lost| lost.note(now, node, keeper));
                Vec::new()
            }
            FromNode::KeeperBack { epoch, keeper } => {
                self.note_keeper(epoch, |lost| lost.strike(node, keeper));
                Vec::new()
            }
            FromNode::Heartbeat => Vec::new(),
        }
    }

    fn handle_multicast(
        &mut self,
        now: Micros,
        node: NodeId,
        message: FromMember<Batch, Answers>,
    ) -> Vec<Command> {
        let commands = self.sender.handle(node, message);
        self.carry_out(now, commands)
    }

    /// Turns the sender's commands into ours.
    fn carry_out(&mut self, now: Micros, commands: Vec<SenderCommand<Batch, Answers>>) -> Vec<Command> {
        let mut out = Vec::with_capacity(commands.len());
        for command in commands {
            match command {
                SenderCommand::Send { to, message } => {
                    out.push(Command::ToNode(to, ToNode::Multicast(message)));
                }
                SenderCommand::Completed { id, results } => {
                    out.extend(self.handle_completed(id, results));
                    out.extend(self.start_drained_transfers(now));
                }
                SenderCommand::Abandoned { id } => out.extend(self.handle_abandoned(id)),
                SenderCommand::Orphaned { id } => out.extend(self.handle_orphaned(now, id)),
                SenderCommand::Installed { .. } => out.extend(self.handle_installed(now)),
                SenderCommand::Diverged { id, node } => {
                    tracing::error!(%id, %node, "replicas of one group disagree on a result");
                }
                SenderCommand::Superseded { epoch } => out.extend(self.handle_superseded(now, epoch)),
            }
        }
        out
    }

    /// Has a place for every group that the membership names a member of; one that was closed keeps its own.
    fn know_groups(&mut self) {
        for group in self.membership.members.values().filter_map(|member| member.group) {
            self.groups.entry(group).or_default();
        }
    }
}

impl Coordinator for Replication {
    fn handle(&mut self, now: Micros, event: Event) -> Vec<Command> {
        match event {
            Event::Entered { ticket, enter } => self.handle_entered(now, ticket, enter),
            Event::Linked { node, incarnation } => self.handle_linked(now, node, incarnation),
            Event::Lost {
                node,
                incarnation,
                reason,
            } => self.handle_lost(now, node, incarnation, &reason),
            Event::Stored { epoch } => self.handle_stored(now, epoch),
            Event::StoreConflict { current } => self.handle_store_conflict(now, current),
            Event::MembershipSeen(seen) => self.handle_membership_seen(now, seen),
            Event::ManagerLinked(life) => {
                self.ownership.linked(life);
                Vec::new()
            }
            Event::ManagerLost(life) => self.handle_manager_lost(now, life),
            Event::ManagerStuck(epoch) => self.handle_manager_stuck(epoch),
            Event::Clients(asked) => self.handle_clients(asked),
            Event::FromNode(node, message) => self.handle_from_node(now, node, message),
            Event::Tick => self.on_tick(now),
            // A node that hung up meanwhile enters again; the last holder of a group is never removed.
            Event::HeldUp => {
                self.ownership.held_up(now);
                Vec::new()
            }
            Event::FromServer(node, _) | Event::FromPrimary(node, _) => {
                tracing::warn!(%node, "a message of fusion in a replicated cluster is ignored");
                Vec::new()
            }
        }
    }

    fn membership(&self) -> &Membership {
        &self.membership
    }

    fn recoveries(&self) -> &[RecoveryReport] {
        self.log.reports()
    }
}

fn refused(caller: Caller, refusal: wire::message::client::Refusal) -> Command {
    Command::Reply(caller, ReplyBody::Refused(refusal))
}

#[cfg(test)]
mod tests;
