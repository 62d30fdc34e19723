//! A replicated cluster in memory: the manager's core, the real cores of the data nodes, a membership store, and
//! the links between them as queues.

mod asking;
mod links;
mod process;

use std::collections::{BTreeMap, VecDeque};

use multicast::{
    id::{GroupId, Incarnation, NodeId},
    skeen::{message::ToMember, sender::Sender, sequencer::OrderedBy},
};
use settings::Join;
use structures::kind::StructureSpec;
use wire::message::{
    client::ReplyBody,
    entry::Enter,
    membership::{Addresses, Membership, Owner, Role},
    replication::{Answers, Batch},
};

use self::process::Process;
use super::{
    super::{ReplicatedCluster, Replication},
    other_manager::OTHER,
};
use crate::coordinator::{Caller, Command, Coordinator, EntryTicket, Event, Micros};

/// Microseconds between two events.
const STEP_US: u64 = 10;

/// Suspicion time, in microseconds.
pub(super) const SUSPICION_US: u64 = 1_000_000;

/// Longest key and value.
pub(super) const LIMITS: StructureSpec = StructureSpec::linked_list(8, 16);

pub(super) struct World {
    pub(super) cluster: ReplicatedCluster,
    pub(super) core: Replication,
    /// The sender of the manager that is not under test.
    pub(super) other: Sender<Batch, Answers>,
    /// What it said and members have not heard.
    pub(super) others_words: VecDeque<(NodeId, ToMember<Batch>)>,
    pub(super) now: Micros,
    pub(super) processes: BTreeMap<NodeId, Process>,
    /// What the store holds.
    pub(super) stored: Membership,
    /// What it was asked to hold.
    pub(super) storing: Option<Membership>,
    /// Calls that were not answered yet.
    pub(super) dialled: VecDeque<(NodeId, Incarnation)>,
    pub(super) replies: Vec<(Caller, ReplyBody)>,
    pub(super) managers: u64,
    tickets: u64,
    requests: u64,
}

impl World {
    /// Groups 0.. with f + 1 nodes each: 1, 2, ... in the first group.
    pub(super) fn new(groups: u16, faults: u32, min_backups: usize) -> Self {
        Self::of(OrderedBy::Skeen, Join::Freeze, groups, faults, min_backups)
    }

    /// The same, where writes are ordered and nodes get in this way.
    pub(super) fn of(ordering: OrderedBy, join: Join, groups: u16, faults: u32, min_backups: usize) -> Self {
        let node = |group: u16, place: u32| {
            (
                NodeId(u32::from(group) * (faults + 1) + place + 1),
                GroupId(group),
            )
        };
        let nodes = (0..groups)
            .flat_map(|group| (0..=faults).map(move |place| node(group, place)))
            .collect();
        let cluster = ReplicatedCluster {
            managers: 1,
            ordering,
            spec: LIMITS,
            min_backups,
            join,
            suspicion_us: SUSPICION_US,
            nodes,
            groups: (0..groups)
                .map(|group| (GroupId(group), name_of(GroupId(group))))
                .collect(),
        };
        let core = Replication::new(cluster.clone(), Membership::default(), life(1), Micros(0));
        Self {
            cluster,
            stored: core.membership().clone(),
            core,
            other: Sender::new(OTHER.incarnation, ordering),
            others_words: VecDeque::new(),
            now: Micros(0),
            processes: BTreeMap::new(),
            storing: None,
            dialled: VecDeque::new(),
            replies: Vec::new(),
            managers: 1,
            tickets: 0,
            requests: 0,
        }
    }

    /// Gives the manager's core one event and lets its commands take their way.
    pub(super) fn feed(&mut self, event: Event) -> Vec<Command> {
        self.now.0 += STEP_US;
        let commands = self.core.handle(self.now, event);
        for command in &commands {
            self.carry_out(command.clone());
        }
        commands
    }

    fn carry_out(&mut self, command: Command) {
        match command {
            Command::Dial {
                node, incarnation, ..
            } => self.dialled.push_back((node, incarnation)),
            Command::Unlink(node) => self.cut(node),
            Command::Store { expected, next } => {
                assert!(self.storing.is_none(), "one swap at a time");
                assert_eq!(expected, self.stored.epoch);
                self.storing = Some(*next);
            }
            Command::Reply(caller, body) => self.replies.push((caller, body)),
            Command::ToNode(node, message) => {
                if let Some(process) = self.processes.get_mut(&node).filter(|process| process.linked) {
                    process.inbox.push_back(message);
                }
            }
            Command::Answer(..) | Command::AskToSeal(_) => {}
            Command::ToServer(..) | Command::ToPrimary(..) => panic!("nobody of fusion is here"),
        }
    }

    /// The store takes what it was asked to hold.
    pub(super) fn store(&mut self) -> Vec<Command> {
        let next = self.storing.take().expect("a swap is under way");
        self.stored = next;
        self.feed(Event::Stored {
            epoch: self.stored.epoch,
        })
    }

    /// A process says `Enter`; another life than the last one starts empty.
    pub(super) fn enter(&mut self, node: NodeId, life: Incarnation) -> Vec<Command> {
        self.start(node, life);
        self.enter_as(node, life, Role::DataNode)
    }

    /// Only says so.
    pub(super) fn enter_as(&mut self, node: NodeId, life: Incarnation, role: Role) -> Vec<Command> {
        let addresses = Addresses {
            peers: address(node),
            clients: address(node),
        };
        self.tickets += 1;
        let enter = Enter {
            node,
            incarnation: life,
            role,
            addresses,
        };
        self.feed(Event::Entered {
            ticket: EntryTicket(self.tickets),
            enter,
        })
    }

    /// The manager takes one message of the node.
    pub(super) fn manager_takes(&mut self, node: NodeId) -> Vec<Command> {
        let message = self
            .processes
            .get_mut(&node)
            .and_then(|process| process.outbox.pop_front());
        message.map_or(vec![], |message| self.feed(Event::FromNode(node, message)))
    }

    /// The node takes all that waits for it now, and the manager all that it says to that.
    pub(super) fn run(&mut self, node: NodeId) -> Vec<Command> {
        let waiting = self
            .processes
            .get(&node)
            .map_or(0, |process| process.inbox.len() + process.streams.len());
        (0..waiting).for_each(|_| self.node_takes(node));
        while self.processes.get(&node).is_some_and(Process::is_busy) {
            self.node_takes(node);
        }
        let said = self
            .processes
            .get(&node)
            .map_or(0, |process| process.outbox.len());
        (0..said).flat_map(|_| self.manager_takes(node)).collect()
    }

    /// Calls are answered, the store stores, everyone takes everything, until nothing is left to do.
    pub(super) fn settle(&mut self) {
        for _ in 0..10_000 {
            if let Some((node, life)) = self.dialled.pop_front() {
                self.link(node, life);
            } else if self.storing.is_some() {
                self.store();
            } else if let Some(node) = self.busy() {
                self.run(node);
            } else {
                return;
            }
        }
        panic!("it never settles");
    }

    fn busy(&self) -> Option<NodeId> {
        let has_work =
            |p: &Process| !p.inbox.is_empty() || !p.outbox.is_empty() || !p.streams.is_empty() || p.is_busy();
        self.processes
            .iter()
            .find(|(_, process)| has_work(process))
            .map(|(node, _)| *node)
    }

    /// The manager starts anew from the store; links are gone.
    pub(super) fn restart(&mut self) {
        self.managers += 1;
        self.processes
            .keys()
            .copied()
            .collect::<Vec<_>>()
            .into_iter()
            .for_each(|node| self.cut(node));
        // What was on its way into the store got there or not; here it did not.
        self.storing = None;
        self.dialled.clear();
        self.core = Replication::new(
            self.cluster.clone(),
            self.stored.clone(),
            life(self.managers),
            self.now,
        );
        self.stored = self.core.membership().clone();
    }

    /// The store takes a view change that the manager's life before this one asked for when it died.
    pub(super) fn former_swaps(&mut self) -> Membership {
        self.storing = None;
        self.stored.epoch = self.stored.epoch.next();
        self.stored.owner = Some(life(self.managers - 1));
        self.stored.clone()
    }
}

/// The manager's lives: 9.100, 9.200, ...
pub(super) fn life(number: u64) -> Owner {
    Owner {
        node: NodeId(9),
        incarnation: Incarnation(100 * number),
    }
}

/// Where a node of the scripts listens.
fn address(node: NodeId) -> std::net::SocketAddr {
    std::net::SocketAddr::from(([127, 0, 0, 1], node.0 as u16))
}

/// What the scripts' groups are called.
fn name_of(group: GroupId) -> String {
    format!("g{}", group.0)
}
