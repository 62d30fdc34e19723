//! One state of a small cluster, and what each step does to it.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
};

use crate::{
    id::{Epoch, GroupId, Incarnation, MessageId, NodeId, Timestamp},
    skeen::{
        member::{Defect, Member, MemberCommand},
        message::{FromMember, ToMember},
        sender::{Sender, SenderCommand, View},
        snapshot::Snapshot,
    },
};

/// The groups of a message stand for its payload; its place in the log is the result of delivering it.
pub(super) type Payload = Vec<GroupId>;

/// One end of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum End {
    Manager(usize),
    Node(NodeId),
}

/// A message under way.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Packet {
    ToMember(ToMember<Payload>),
    FromMember(FromMember<Payload, usize>),
}

/// A delivered message.
pub(super) type Entry = (Timestamp, MessageId);

/// A node: its member, and what it delivered.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Node {
    pub(super) group: GroupId,
    pub(super) member: Member<Payload, usize>,
    pub(super) log: Vec<Entry>,
    pub(super) is_joiner: bool,
}

impl Node {
    pub(super) fn new(group: GroupId, member: Member<Payload, usize>, is_joiner: bool) -> Self {
        Self {
            group,
            member,
            log: Vec::new(),
            is_joiner,
        }
    }
}

/// The life of the manager at this place.
pub(super) fn life(manager: usize) -> Incarnation {
    Incarnation(manager as u64 + 1)
}

/// The membership store.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Stored {
    pub(super) epoch: Epoch,
    /// The place of the owner among the managers.
    pub(super) owner: usize,
    pub(super) voters: BTreeMap<GroupId, BTreeSet<NodeId>>,
    pub(super) joining: BTreeSet<NodeId>,
}

/// Everything at one moment. States share what the step between them leaves as it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct State {
    pub(super) senders: Vec<Arc<Sender<Payload, usize>>>,
    /// The last epoch that each manager has seen in the store.
    pub(super) seen: Vec<Epoch>,
    pub(super) nodes: BTreeMap<NodeId, Arc<Node>>,
    /// Links that carry something.
    pub(super) links: BTreeMap<(End, End), VecDeque<Arc<Packet>>>,
    /// How many of its messages each manager has begun.
    pub(super) begun: Vec<usize>,
    pub(super) taken_over: usize,
    pub(super) store: Stored,
    /// What each manager's clients wait for.
    pub(super) owed: BTreeMap<MessageId, Payload>,
    pub(super) destinations: BTreeMap<MessageId, Payload>,
    pub(super) completed: BTreeMap<MessageId, BTreeMap<GroupId, usize>>,
    /// A state on its way to the joiner.
    pub(super) copies: Option<(Snapshot<Payload>, Vec<Entry>)>,
    /// A sender said that results differ, or that it lost a group.
    pub(super) is_broken: bool,
}

impl State {
    /// Active members of a group, by the store.
    pub(super) fn active(&self, group: GroupId) -> impl Iterator<Item = (&NodeId, &Arc<Node>)> {
        let voters =
            move |(id, node): &(&NodeId, &Arc<Node>)| node.group == group && !self.store.joining.contains(id);
        self.nodes.iter().filter(voters)
    }

    fn sender_mut(&mut self, manager: usize) -> &mut Sender<Payload, usize> {
        Arc::make_mut(&mut self.senders[manager])
    }

    fn node_mut(&mut self, node: NodeId) -> Option<&mut Node> {
        self.nodes.get_mut(&node).map(Arc::make_mut)
    }

    fn send(&mut self, from: End, to: End, packet: Packet) {
        self.links
            .entry((from, to))
            .or_default()
            .push_back(Arc::new(packet));
    }

    /// The oldest message of the link arrives.
    pub(super) fn arrive(&mut self, from: End, to: End) {
        let Some(link) = self.links.get_mut(&(from, to)) else {
            return;
        };
        let packet = link.pop_front();
        if link.is_empty() {
            self.links.remove(&(from, to));
        }
        match (from, to, packet.map(Arc::unwrap_or_clone)) {
            (End::Manager(manager), End::Node(node), Some(Packet::ToMember(message))) => {
                let receiver = self.node_mut(node);
                let commands = receiver.map(|receiver| receiver.member.handle(life(manager), message));
                self.carry_out_member(node, commands.unwrap_or_default());
            }
            (End::Node(node), End::Manager(manager), Some(Packet::FromMember(message))) => {
                let commands = self.sender_mut(manager).handle(node, message);
                self.carry_out_sender(manager, commands);
            }
            _ => {}
        }
    }

    /// Everything arrives, in the order of the links.
    pub(super) fn settle(&mut self) {
        while let Some((from, to)) = self.links.keys().next().copied() {
            self.arrive(from, to);
        }
    }

    fn carry_out_member(&mut self, id: NodeId, commands: Vec<MemberCommand<Payload, usize>>) {
        for command in commands {
            match command {
                MemberCommand::Send { to, message } => {
                    let to = End::Manager(to.0 as usize - 1);
                    self.send(End::Node(id), to, Packet::FromMember(message));
                }
                MemberCommand::Announce(message) => {
                    for manager in 0..self.senders.len() {
                        let packet = Packet::FromMember(message.clone());
                        self.send(End::Node(id), End::Manager(manager), packet);
                    }
                }
                MemberCommand::Deliver {
                    id: message,
                    timestamp,
                    ..
                } => {
                    let Some(node) = self.node_mut(id) else {
                        return;
                    };
                    node.log.push((timestamp, message));
                    let answers = node.member.delivered_with(timestamp, node.log.len());
                    self.carry_out_member(id, answers);
                }
            }
        }
    }

    fn carry_out_sender(&mut self, manager: usize, commands: Vec<SenderCommand<Payload, usize>>) {
        for command in commands {
            match command {
                SenderCommand::Send { to, message } => {
                    self.send(End::Manager(manager), End::Node(to), Packet::ToMember(message));
                }
                SenderCommand::Completed { id, results } => {
                    // Another manager's client hears of it by its own message.
                    if id.sender == life(manager) {
                        self.owed.remove(&id);
                    }
                    self.completed.entry(id).or_default().extend(results);
                }
                SenderCommand::Orphaned { id } => {
                    let groups = self.owed.remove(&id).unwrap_or_default();
                    self.multicast(manager, groups);
                }
                SenderCommand::Superseded { .. } => self.look(manager),
                SenderCommand::Installed { .. } => {}
                SenderCommand::Abandoned { .. } | SenderCommand::Diverged { .. } => self.is_broken = true,
            }
        }
    }

    /// One that may not send refuses; its client gives up.
    pub(super) fn multicast(&mut self, manager: usize, groups: Payload) {
        if !self.senders[manager].may_send() {
            return;
        }
        let (id, commands) = self.sender_mut(manager).multicast(groups.clone(), groups.clone());
        self.owed.insert(id, groups.clone());
        self.destinations.insert(id, groups);
        self.carry_out_sender(manager, commands);
    }

    /// The manager learns of the stored view, and follows it.
    pub(super) fn look(&mut self, manager: usize) {
        if self.seen[manager] == self.store.epoch {
            return;
        }
        self.seen[manager] = self.store.epoch;
        let view = self.view();
        let epoch = self.store.epoch;
        let commands = self.sender_mut(manager).follow(epoch, view);
        self.carry_out_sender(manager, commands);
    }

    fn view(&self) -> View {
        View::new(self.store.voters.clone(), self.store.joining.clone())
    }

    /// The manager, which has seen the last one, stores the next view and seals it.
    pub(super) fn change_view(&mut self, manager: usize, change: impl FnOnce(&mut Stored)) {
        change(&mut self.store);
        self.store.epoch = self.store.epoch.next();
        self.store.owner = manager;
        self.seen[manager] = self.store.epoch;
        let view = self.view();
        let epoch = self.store.epoch;
        let commands = self.sender_mut(manager).seal(epoch, view);
        self.carry_out_sender(manager, commands);
    }

    pub(super) fn admit(&mut self, group: GroupId, node: NodeId, defect: Defect) {
        let member = Member::joining(node).with_defect(defect);
        self.nodes.insert(node, Arc::new(Node::new(group, member, true)));
        let owner = self.store.owner;
        self.change_view(owner, |store| {
            store.voters.entry(group).or_default().insert(node);
            store.joining.insert(node);
        });
    }

    pub(super) fn copy(&mut self, donor: NodeId) {
        let Some(donor) = self.nodes.get(&donor) else {
            return;
        };
        let snapshot = donor.member.snapshot();
        self.copies = snapshot.map(|snapshot| (snapshot, donor.log.clone()));
    }

    /// A copy of another epoch is refused; it is gone either way.
    pub(super) fn install(&mut self, node: NodeId) {
        let (Some((snapshot, log)), Some(joiner)) = (self.copies.take(), self.node_mut(node)) else {
            return;
        };
        let Ok(commands) = joiner.member.install(snapshot) else {
            return;
        };
        joiner.log = log;
        self.carry_out_member(node, commands);
    }
}
