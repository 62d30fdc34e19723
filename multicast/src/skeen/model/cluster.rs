//! A cluster and its plan: what stateright explores.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use stateright::{Model, Property};

use super::{
    properties,
    state::{End, Node, State, Stored, life},
};
use crate::{
    id::{Epoch, GroupId, NodeId},
    skeen::{
        member::{Defect, Member},
        sender::Sender,
        sequencer::OrderedBy,
    },
};

/// Where a message begins: the place of a manager, and the groups it is sent to.
pub(super) type Planned = (usize, &'static [u16]);

/// A small cluster, with everything that is going to be done in it, in any order that is possible.
#[derive(Clone, Debug)]
pub(super) struct Cluster {
    /// The nodes of each group.
    pub(super) groups: &'static [(u16, &'static [u32])],
    pub(super) managers: usize,
    /// Each manager sends its own in this order.
    pub(super) messages: &'static [Planned],
    /// Which managers take over, in this order; the first manager owns the first view.
    pub(super) takeovers: &'static [usize],
    /// A node that joins a group.
    pub(super) joiner: Option<(u16, u32)>,
    pub(super) ordering: OrderedBy,
    pub(super) defect: Defect,
    /// Whether steps that need no turn of their own are taken at once.
    pub(super) is_reduced: bool,
}

/// One step.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Action {
    /// The oldest message of this link arrives.
    Arrive(End, End),
    /// The manager at this place sends its next message.
    Multicast(usize),
    /// It swaps the membership and seals it.
    TakeOver(usize),
    /// It looks into the membership store.
    Look(usize),
    /// The owner seals a view with the joiner.
    Admit,
    /// This node copies its state for the joiner.
    Copy(NodeId),
    /// The copy arrives.
    Install,
    /// The owner seals a view in which the joiner is active.
    Promote,
}

impl Cluster {
    fn founded(&self) -> State {
        let mut nodes = BTreeMap::new();
        let mut voters = BTreeMap::new();
        for (group, members) in self.groups {
            let ids: BTreeSet<NodeId> = members.iter().copied().map(NodeId).collect();
            for node in &ids {
                let member = Member::new(*node).with_defect(self.defect);
                nodes.insert(*node, Arc::new(Node::new(GroupId(*group), member, false)));
            }
            voters.insert(GroupId(*group), ids);
        }
        let lives = (0..self.managers).map(life);
        let sender = |life| Arc::new(Sender::new(life, self.ordering).with_defect(self.defect));
        State {
            senders: lives.map(sender).collect(),
            seen: vec![Epoch(0); self.managers],
            nodes,
            links: BTreeMap::new(),
            begun: vec![0; self.managers],
            taken_over: 0,
            store: Stored {
                epoch: Epoch(0),
                owner: 0,
                voters,
                joining: BTreeSet::new(),
            },
            owed: BTreeMap::new(),
            destinations: BTreeMap::new(),
            completed: BTreeMap::new(),
            copies: None,
            is_broken: false,
        }
    }

    /// The messages of this manager.
    pub(super) fn messages_of(&self, manager: usize) -> impl Iterator<Item = &'static [u16]> {
        let own = self.messages.iter().filter(move |(sender, _)| *sender == manager);
        own.map(|(_, groups)| *groups)
    }

    fn join_actions(&self, state: &State, actions: &mut Vec<Action>) {
        let Some((group, node)) = self.joiner else { return };
        let node = NodeId(node);
        let Some(joiner) = state.nodes.get(&node) else {
            actions.push(Action::Admit);
            return;
        };
        if state.copies.is_some() {
            actions.push(Action::Install);
        } else if !joiner.member.is_installed() {
            let donors = state.active(GroupId(group));
            actions.extend(
                donors
                    .filter(|(_, d)| d.member.snapshot().is_some())
                    .map(|(id, _)| Action::Copy(*id)),
            );
        } else if state.store.joining.contains(&node) {
            actions.push(Action::Promote);
        }
    }
}

impl Model for Cluster {
    type State = State;
    type Action = Action;

    /// The first view is in force, and all managers know it.
    fn init_states(&self) -> Vec<State> {
        let mut state = self.founded();
        state.change_view(0, |_| {});
        state.settle();
        for manager in 1..self.managers {
            state.look(manager);
        }
        state.settle();
        if self.is_reduced {
            state.reduce(self);
        }
        vec![state]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        actions.extend(state.links.keys().map(|(from, to)| Action::Arrive(*from, *to)));
        for manager in 0..self.managers {
            if self.messages_of(manager).nth(state.begun[manager]).is_some() {
                actions.push(Action::Multicast(manager));
            }
            if state.seen[manager] < state.store.epoch {
                actions.push(Action::Look(manager));
            }
        }
        let next = self.takeovers.get(state.taken_over);
        actions.extend(next.map(|manager| Action::TakeOver(*manager)));
        self.join_actions(state, actions);
    }

    fn next_state(&self, state: &State, action: Action) -> Option<State> {
        let mut next = state.clone();
        match action {
            Action::Arrive(from, to) => next.arrive(from, to),
            Action::Multicast(manager) => {
                let groups = self.messages_of(manager).nth(next.begun[manager])?;
                next.begun[manager] += 1;
                next.multicast(manager, groups.iter().copied().map(GroupId).collect());
            }
            Action::TakeOver(manager) => {
                next.look(manager);
                next.taken_over += 1;
                next.change_view(manager, |_| {});
            }
            Action::Look(manager) => next.look(manager),
            Action::Admit => {
                let (group, node) = self.joiner?;
                next.admit(GroupId(group), NodeId(node), self.defect);
            }
            Action::Copy(donor) => next.copy(donor),
            Action::Install => next.install(NodeId(self.joiner?.1)),
            Action::Promote => {
                let node = NodeId(self.joiner?.1);
                let owner = next.store.owner;
                next.change_view(owner, |store| {
                    store.joining.remove(&node);
                });
            }
        }
        if self.is_reduced {
            next.reduce(self);
        }
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        properties::all()
    }
}
