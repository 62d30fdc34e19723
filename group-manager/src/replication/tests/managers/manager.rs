//! A manager's process: its core, and what its shell does with the core's commands.

use std::collections::{BTreeSet, VecDeque};

use multicast::{
    id::{Epoch, GroupId, Incarnation, NodeId},
    skeen::message::ToMember,
};
use wire::message::{
    entry::{EnterReply, EntryRefused},
    membership::Owner,
    replication::ToNode,
};

use super::{super::super::Replication, claims::one_owner, fault::Fault, store::Swap, world::World};
use crate::coordinator::{Command, Coordinator, Event};

/// What waits before a manager's core, and the core, if the process runs.
pub(super) struct Manager {
    pub(super) own: Owner,
    pub(super) core: Option<Replication>,
    /// From outside of it, not taken yet; members' words wait in their links.
    pub(super) inbox: VecDeque<Event>,
    /// Calls that were not answered yet.
    pub(super) dials: VecDeque<(NodeId, Incarnation)>,
    pub(super) is_asleep: bool,
    /// The last epoch that the store's watch told of.
    pub(super) told: Epoch,
}

impl Manager {
    /// One that does not run yet.
    pub(super) fn configured(place: usize) -> Self {
        let own = Owner {
            node: NodeId(901 + place as u32),
            incarnation: Incarnation(0),
        };
        Self {
            own,
            core: None,
            inbox: VecDeque::new(),
            dials: VecDeque::new(),
            is_asleep: false,
            told: Epoch(0),
        }
    }

    /// Whether it takes anything in.
    pub(super) fn is_awake(&self) -> bool {
        self.core.is_some() && !self.is_asleep
    }

    pub(super) fn owns(&self) -> bool {
        let owner = self.core.as_ref().and_then(|core| core.membership().owner);
        owner == Some(self.own)
    }
}

impl World {
    pub(super) fn awake(&self) -> Vec<usize> {
        let places = 0..self.managers.len();
        places.filter(|place| self.managers[*place].is_awake()).collect()
    }

    pub(super) fn place_of(&self, life: Incarnation) -> Option<usize> {
        let mut managers = self.managers.iter();
        managers.position(|manager| manager.own.incarnation == life && manager.core.is_some())
    }

    /// A new life, over what the store holds.
    pub(super) fn start_manager(&mut self, place: usize) {
        let (now, incarnation) = (self.tick(), self.next_life());
        let (cluster, stored) = (self.cluster.clone(), self.store.stored.clone());
        let own = Owner {
            node: self.managers[place].own.node,
            incarnation,
        };
        self.managers[place] = Manager {
            told: stored.epoch,
            core: Some(Replication::new(cluster, stored, own, now)),
            own,
            ..Manager::configured(place)
        };
        self.note(|| format!("manager {place} starts as {incarnation}"));
    }

    /// Gives the core one event and lets its commands take their way.
    pub(super) fn feed(&mut self, place: usize, event: Event) {
        let now = self.tick();
        self.note(|| format!("manager {place} < {event:?}"));
        let manager = &mut self.managers[place];
        let owned = manager.owns();
        let Some(core) = manager.core.as_mut() else { return };
        let commands = core.handle(now, event);
        self.note_who_is_cut_off(&commands);
        for command in commands {
            self.carry_out(place, command);
        }
        if owned && !self.managers[place].owns() {
            self.note(|| format!("manager {place} is not the owner any more"));
            if self.variant.fault == Some(Fault::AnswersWhatItLost) {
                self.answer_everything(place);
            }
        }
    }

    fn carry_out(&mut self, place: usize, command: Command) {
        self.note(|| format!("manager {place} > {command:?}"));
        match command {
            Command::Dial {
                node, incarnation, ..
            } => self.managers[place].dials.push_back((node, incarnation)),
            Command::Unlink(node) => {
                self.links.remove(&(place, node));
                self.node_loses(node, place);
            }
            Command::Store { expected, next } => {
                let (life, next) = (self.managers[place].own.incarnation, *next);
                self.store.asked.push_back(Swap { life, expected, next });
            }
            Command::Reply(caller, body) => self.client_hears(caller, &body),
            Command::ToNode(node, message) => {
                self.judge_seal(place, &message);
                if let Some(link) = self.links.get_mut(&(place, node)) {
                    link.to_node.push_back(message);
                }
            }
            Command::Answer(ticket, reply) => self.node_is_answered(NodeId(ticket.0 as u32), &reply),
            Command::AskToSeal(epoch) => {
                for fellow in self.fellows_of(place) {
                    self.managers[fellow].inbox.push_back(Event::ManagerStuck(epoch));
                }
            }
            Command::ToServer(..) | Command::ToPrimary(..) => panic!("nobody of fusion is here"),
        }
    }

    fn note_who_is_cut_off(&mut self, commands: &[Command]) {
        let hears_of_a_view = |command: &Command| match command {
            Command::ToNode(node, ToNode::Multicast(ToMember::View { .. })) => Some(*node),
            _ => None,
        };
        let nodes: Vec<NodeId> = commands.iter().filter_map(hears_of_a_view).collect();
        let group_of = |node: &NodeId| self.store.stored.members.get(node)?.group;
        let groups: BTreeSet<GroupId> = nodes.iter().filter_map(group_of).collect();
        let is_cut_off = |group: &GroupId| !groups.contains(group);
        self.was_group_cut_off |= !nodes.is_empty() && self.store.stored.founded.iter().any(is_cut_off);
    }

    fn judge_seal(&mut self, place: usize, message: &ToNode) {
        if let ToNode::Multicast(ToMember::Seal { epoch } | ToMember::View { epoch, .. }) = message {
            let life = self.managers[place].own.incarnation;
            one_owner::check(self, life, *epoch);
        }
    }

    fn node_is_answered(&mut self, node: NodeId, reply: &EnterReply) {
        let EnterReply::Refused(EntryRefused::Left { epoch, .. }) = reply else {
            return;
        };
        let is_latest = |node: &super::node::Node| *epoch >= node.replica.latest_epoch();
        if self.nodes.get(&node).is_some_and(is_latest) {
            self.stop_node(node);
        }
    }

    /// The manager takes what came from outside, or else something that a member says.
    pub(super) fn manager_takes(&mut self, place: usize) {
        if !self.managers[place].is_awake() {
            return;
        }
        let links = self.links.iter();
        let speaking = links.filter(|((at, _), link)| *at == place && !link.to_manager.is_empty());
        let speaking: Vec<NodeId> = speaking.map(|((_, node), _)| *node).collect();
        let waiting = usize::from(!self.managers[place].inbox.is_empty());
        if speaking.len() + waiting == 0 {
            return;
        }
        let choice = self.below(speaking.len() + waiting);
        let event = match speaking.get(choice) {
            Some(node) => self
                .links
                .get_mut(&(place, *node))
                .and_then(|link| link.to_manager.pop_front())
                .map(|message| Event::FromNode(*node, message)),
            None => self.managers[place].inbox.pop_front(),
        };
        if let Some(event) = event {
            self.feed(place, event);
        }
    }

    /// The managers that this one hears.
    pub(super) fn fellows_of(&self, place: usize) -> Vec<usize> {
        let pairs = self.fellows.iter();
        pairs
            .filter_map(|(one, other)| match place {
                _ if place == *one => Some(*other),
                _ if place == *other => Some(*one),
                _ => None,
            })
            .collect()
    }

    pub(super) fn fellows_meet(&mut self, one: usize, other: usize) {
        let both = self.managers[one].core.is_some() && self.managers[other].core.is_some();
        if both && self.fellows.insert((one.min(other), one.max(other))) {
            for (at, of) in [(one, other), (other, one)] {
                let event = Event::ManagerLinked(self.managers[of].own.incarnation);
                self.managers[at].inbox.push_back(event);
            }
        }
    }

    pub(super) fn fellows_part(&mut self, one: usize, other: usize) {
        if self.fellows.remove(&(one.min(other), one.max(other))) {
            for (at, of) in [(one, other), (other, one)] {
                let event = Event::ManagerLost(self.managers[of].own.incarnation);
                self.managers[at].inbox.push_back(event);
            }
        }
    }
}
