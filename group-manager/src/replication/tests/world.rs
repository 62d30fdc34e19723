//! A replicated cluster in memory: the manager's core, the real cores of the data nodes, a membership store, and
//! the links between them as queues.

use std::collections::{BTreeMap, VecDeque};

use data_node::replica::{self, Arrived, Replica};
use multicast::id::{ClientId, GroupId, Incarnation, NodeId, Seq};
use multicast::skeen::{message::ToMember, sender::Sender, sequencer::OrderedBy, snapshot::Snapshot};
use settings::Join;
use structures::{
    Structure,
    delta::REGIONS,
    kind::StructureSpec,
    op::{Op, Write},
};
use wire::message::{
    client::{ReplyBody, RequestBody, WriteTogether},
    entry::Enter,
    membership::{Addresses, Membership, Owner, Role},
    replication::{Answers, Batch, FromNode, ToNode},
    roster::{Change, NewMember},
};

use super::super::{ReplicatedCluster, Replication};
use super::other_manager::OTHER;
use crate::coordinator::{Caller, Command, Coordinator, EntryTicket, Event, Micros};

/// Microseconds between two events.
const STEP_US: u64 = 10;

/// Suspicion time, in microseconds.
pub(super) const SUSPICION_US: u64 = 1_000_000;

/// Longest key and value.
pub(super) const LIMITS: StructureSpec = StructureSpec::linked_list(8, 16);

/// One process of a data node.
pub(super) struct Process {
    pub(super) life: Incarnation,
    pub(super) replica: Replica,
    /// From the manager, not taken yet.
    pub(super) inbox: VecDeque<ToNode>,
    /// To the manager, not arrived yet.
    pub(super) outbox: VecDeque<FromNode>,
    /// A donor's stream that is complete.
    pub(super) streams: VecDeque<Arrived>,
    /// The stream of this donor that is not.
    pub(super) leaving: Option<Leaving>,
    /// Whether the manager's link is up.
    pub(super) linked: bool,
}

/// A state on its way to a joiner, piece by piece.
pub(super) struct Leaving {
    transfer: u64,
    to: NodeId,
    snapshot: Snapshot<Batch>,
    images: [Vec<u8>; REGIONS],
}

impl Process {
    /// Whether it has something to do by itself.
    fn is_busy(&self) -> bool {
        self.leaving.is_some() || self.replica.is_catching_up()
    }
}

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
                self.storing = Some(next);
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

    /// An operator asks the manager: `add node group`, `remove node` or `discard node`.
    pub(super) fn change(&mut self, word: &str, numbers: &[u64]) -> Vec<Command> {
        let node = NodeId(numbers[0] as u32);
        let discard = word == "discard";
        let change = match numbers.get(1) {
            Some(group) => {
                let group = GroupId(*group as u16);
                self.cluster.nodes.insert(node, group);
                Change::Add(NewMember {
                    node,
                    role: Role::DataNode,
                    group: Some(name_of(group)),
                    listens: vec![address(node)],
                })
            }
            None => Change::Remove {
                node,
                discard,
                tolerating: None,
            },
        };
        self.ask(RequestBody::Change(change))
    }

    /// Starts a process, unless that very one runs.
    pub(super) fn start(&mut self, node: NodeId, life: Incarnation) {
        if self
            .processes
            .get(&node)
            .is_some_and(|process| process.life == life)
        {
            return;
        }
        let replica = Replica::new(node, LIMITS);
        let (inbox, outbox, streams) = Default::default();
        self.processes.insert(
            node,
            Process {
                life,
                replica,
                inbox,
                outbox,
                streams,
                leaving: None,
                linked: false,
            },
        );
    }

    /// The manager's call is answered.
    pub(super) fn link(&mut self, node: NodeId, life: Incarnation) -> Vec<Command> {
        let own = Incarnation(100 * self.managers);
        self.dialled.retain(|dialled| *dialled != (node, life));
        match self
            .processes
            .get_mut(&node)
            .filter(|process| process.life == life)
        {
            Some(process) => {
                process.linked = true;
                let said = process.replica.handle_manager_called(own);
                process.outbox.extend(said.into_iter().filter_map(to_manager));
            }
            None => return self.lose(node, life),
        }
        self.feed(Event::Linked {
            node,
            incarnation: life,
        })
    }

    /// The link ends, and with it what was on its way.
    pub(super) fn lose(&mut self, node: NodeId, life: Incarnation) -> Vec<Command> {
        if self
            .processes
            .get(&node)
            .is_some_and(|process| process.life == life)
        {
            self.cut(node);
        }
        self.feed(Event::Lost {
            node,
            incarnation: life,
            reason: "gone".to_owned(),
        })
    }

    pub(super) fn cut(&mut self, node: NodeId) {
        let Some(process) = self.processes.get_mut(&node) else {
            return;
        };
        process.linked = false;
        process.inbox.clear();
        process.outbox.clear();
        process.replica.handle_manager_lost();
    }

    /// The node takes one message of the manager, or else a stream that arrived.
    pub(super) fn node_takes(&mut self, node: NodeId) {
        let Some(process) = self.processes.get_mut(&node) else {
            return;
        };
        let manager = life(self.managers).incarnation;
        let commands = match process.inbox.pop_front() {
            Some(message) => process.replica.handle_manager(manager, message),
            None => match process.streams.pop_front() {
                Some(stream) => process.replica.handle_arrived(stream),
                None if process.replica.is_catching_up() => process.replica.catch_up(),
                None => return self.piece_leaves(node),
            },
        };
        let own = manager;
        for command in commands {
            match command {
                // To a manager of before, or another one.
                replica::Command::ToManager { to, .. } if to != own => {}
                replica::Command::ToManager { message, .. } | replica::Command::ToEveryManager(message) => {
                    if let Some(process) = self.processes.get_mut(&node).filter(|process| process.linked) {
                        process.outbox.push_back(message);
                    }
                }
                replica::Command::Reply { .. } => panic!("no client is at a read port"),
                replica::Command::EnterAnew => panic!("nobody holds so much"),
                replica::Command::SendState {
                    transfer,
                    to,
                    snapshot,
                    ..
                } => {
                    let to = NodeId(to.port().into());
                    let images = Default::default();
                    if let Some(process) = self.processes.get_mut(&node) {
                        process.leaving = Some(Leaving {
                            transfer,
                            to,
                            snapshot,
                            images,
                        });
                    }
                }
            }
        }
    }

    /// One more piece of the donor's state leaves; the last one ends the stream.
    fn piece_leaves(&mut self, donor: NodeId) {
        let Some(process) = self.processes.get_mut(&donor) else {
            return;
        };
        let Some(mut leaving) = process.leaving.take() else {
            return;
        };
        if let Some((region, bytes)) = process.replica.next_piece(leaving.transfer) {
            leaving.images[usize::from(region.0)].extend_from_slice(&bytes);
            process.leaving = Some(leaving);
            return;
        }
        let Leaving {
            transfer,
            to,
            snapshot,
            images,
        } = leaving;
        let (transfer_us, install_us) = (5, 3);
        let structure = Structure::from_images(LIMITS, images);
        if let Some(joiner) = self.processes.get_mut(&to) {
            joiner.streams.push_back(Arrived {
                transfer,
                snapshot,
                structure,
                transfer_us,
                install_us,
            });
        }
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

    /// A client's request; one client, numbered by request.
    pub(super) fn ask(&mut self, body: RequestBody) -> Vec<Command> {
        self.ask_together([body])
    }

    /// The same for requests that arrive together.
    pub(super) fn ask_together(&mut self, bodies: impl IntoIterator<Item = RequestBody>) -> Vec<Command> {
        let mut asked = Vec::new();
        for body in bodies {
            self.requests += 1;
            let caller = Caller {
                connection: 1,
                request: self.requests,
            };
            asked.push((caller, body));
        }
        self.feed(Event::Clients(asked))
    }

    /// A write of client 1, whose sequence number is that of the request.
    pub(super) fn write(&mut self, group: GroupId, op: Op) -> Vec<Command> {
        let write = Write {
            client: ClientId(1),
            seq: Seq(self.requests + 1),
            op,
        };
        self.ask(RequestBody::Write { group, write })
    }

    /// A write of client 1 to several groups.
    pub(super) fn write_together(&mut self, parts: Vec<(GroupId, Vec<Op>)>) -> Vec<Command> {
        let write = WriteTogether {
            client: ClientId(1),
            seq: Seq(self.requests + 1),
            parts,
        };
        self.ask(RequestBody::WriteTogether(write))
    }

    /// The number of the last request.
    pub(super) fn last_request(&self) -> u64 {
        self.requests
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

    /// The keys that a node holds, in the structure's order.
    pub(super) fn keys(&self, node: NodeId) -> Option<Vec<String>> {
        let structure = self.processes.get(&node)?.replica.structure()?;
        Some(
            structure
                .elements()
                .iter()
                .map(|element| String::from_utf8_lossy(&element.key).into_owned())
                .collect(),
        )
    }
}

fn to_manager(command: replica::Command) -> Option<FromNode> {
    match command {
        replica::Command::ToManager { message, .. } => Some(message),
        _ => None,
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
