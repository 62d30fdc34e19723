//! The manager's end: its core, what it commands, who knocks and whom it calls, and the store.

use std::collections::{BTreeMap, VecDeque};

use group_manager::{
    coordinator::{Caller, Command, Coordinator, EntryTicket, Event},
    fusion::FusionCoordinator,
};
use multicast::id::{GroupId, Incarnation, NodeId};
use structures::query::Query;
use wire::message::{
    client::{ReplyBody, RequestBody},
    entry::{Enter, EnterReply},
    fusion::{ToPrimary, ToServer},
    membership::{Addresses, Membership, Role},
};

use super::{World, lines::ToMember};
use crate::{claims::Claim, fault};

/// A call that is being made.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dial {
    node: NodeId,
    incarnation: Incarnation,
    addresses: Addresses,
}

/// A life of the manager.
pub(super) struct Office {
    pub(super) life: u64,
    core: FusionCoordinator,
    pub(super) dials: Vec<Dial>,
    /// The line to each member, as this end sees it.
    pub(super) lines: BTreeMap<NodeId, u64>,
    /// It was held up: the core is to hear that first.
    pub(super) held_up: bool,
    replies: Vec<ReplyBody>,
}

impl Office {
    pub(super) fn new(life: u64, core: FusionCoordinator) -> Self {
        Self {
            life,
            core,
            dials: Vec::new(),
            lines: BTreeMap::new(),
            held_up: false,
            replies: Vec::new(),
        }
    }

    pub(super) fn membership(&self) -> &Membership {
        self.core.membership()
    }
}

impl World {
    /// One event reaches the manager's core; what it commands is judged and carried out.
    pub(super) fn tell(&mut self, event: Event) {
        let Some(office) = &mut self.office else {
            return;
        };
        let mut events = VecDeque::from([event]);
        if std::mem::take(&mut office.held_up) {
            events.push_front(Event::HeldUp);
        }
        while let Some(event) = events.pop_front() {
            let Some(office) = &mut self.office else {
                return;
            };
            for command in office.core.handle(self.now, event) {
                self.judge_command(&command);
                self.obey(command);
            }
        }
    }

    fn obey(&mut self, command: Command) {
        let Some(office) = &mut self.office else {
            return;
        };
        match command {
            Command::AskToSeal(_) => panic!("no multicast runs in a fused cluster"),
            Command::Answer(ticket, EnterReply::Refused(refused)) => {
                let node = NodeId(ticket.0 as u32);
                self.note("is refused", node, node, 0);
                self.refuse_entry(node, refused);
            }
            Command::Answer(_, EnterReply::Accepted) => {}
            Command::Dial {
                node,
                incarnation,
                addresses,
            } => office.dials.push(Dial {
                node,
                incarnation,
                addresses,
            }),
            Command::Unlink(node) => self.drop_line(node),
            Command::Store { next, .. } => {
                self.note("swap", NodeId(0), NodeId(0), next.epoch.0);
                self.swap = Some(*next);
            }
            Command::Reply(_, body) => office.replies.push(body),
            Command::ToServer(node, message) => {
                self.note(order_to_server(&message), NodeId(0), node, 0);
                self.call_for_strike(&message);
                self.order(node, ToMember::Server(message));
            }
            Command::ToPrimary(node, message) => {
                self.note(order_to_primary(&message), NodeId(0), node, 0);
                self.order(node, ToMember::Primary(message));
            }
            Command::ToNode(..) => unreachable!("a fused cluster has no data nodes"),
        }
    }

    fn refuse_entry(&mut self, node: NodeId, refused: wire::message::entry::EntryRefused) {
        self.judge_refusal(node, &refused);
        // Once it is in touch with a manager, an older refusal says nothing.
        if self.life(node).is_some_and(|life| life.line.is_none()) && self.shape.is_primary(node) {
            self.primary_event(node, fusion_primary::primary::Event::Refused(refused));
        }
    }

    /// A process without a line knocks.
    pub(super) fn enter(&mut self, node: NodeId) {
        let Some(life) = self.life(node) else { return };
        let role = match self.shape.is_primary(node) {
            true => Role::Primary,
            false => Role::FusionServer,
        };
        let addresses = Addresses {
            peers: life.address,
            clients: life.address,
        };
        let enter = Enter {
            node,
            incarnation: life.incarnation,
            role,
            addresses,
        };
        self.note("enters", node, node, enter.incarnation.0);
        self.tell(Event::Entered {
            ticket: EntryTicket(u64::from(node.0)),
            enter,
        });
    }

    /// A call is answered, or fails.
    pub(super) fn finish_dial(&mut self) -> bool {
        let Some(office) = &mut self.office else {
            return false;
        };
        if office.dials.is_empty() {
            return false;
        }
        let last = office.dials.len() - 1;
        let place = self.pick(&Vec::from_iter(0..=last)).expect("one at least");
        let Dial {
            node,
            incarnation,
            addresses,
        } = self.office.as_mut().expect("just seen").dials.swap_remove(place);
        let answers = self.life(node).is_some_and(|life| {
            (life.incarnation, life.address, life.cut_off) == (incarnation, addresses.peers, false)
        });
        self.note(
            if answers { "is called" } else { "is not reached" },
            node,
            node,
            incarnation.0,
        );
        if answers {
            self.open_line(node);
            self.tell(Event::Linked { node, incarnation });
        } else {
            let reason = "nobody answers".to_owned();
            self.tell(Event::Lost {
                node,
                incarnation,
                reason,
            });
        }
        true
    }

    /// The store holds what it was asked to hold.
    pub(super) fn finish_swap(&mut self) -> bool {
        let Some(next) = self.swap.take() else {
            return false;
        };
        let epoch = next.epoch;
        self.note("stored", NodeId(0), NodeId(0), epoch.0);
        self.hold(next);
        self.tell(Event::Stored { epoch });
        true
    }

    pub(super) fn hold(&mut self, next: Membership) {
        self.judge_membership(&next);
        self.stored = next;
        self.judge_answered_everywhere();
    }

    /// The manager is gone, its last swap stored or not.
    pub(crate) fn dismiss_manager(&mut self, is_swap_stored: bool) {
        self.note("manager is gone", NodeId(0), NodeId(0), self.managers);
        self.office = None;
        self.leave_lines();
        if let Some(next) = self.swap.take().filter(|_| is_swap_stored) {
            self.hold(next);
        }
    }

    /// Another manager begins from the store.
    pub(super) fn appoint_manager(&mut self) {
        self.managers += 1;
        self.note("manager begins", NodeId(0), NodeId(0), self.managers);
        match FusionCoordinator::new(self.shape.cluster(), self.stored.clone(), self.now) {
            Ok(core) => {
                let core = fault::manager(core, self.fault);
                self.office = Some(Office::new(self.managers, core));
            }
            Err(foreign) => self.demand(Claim::Founding, false, || foreign.to_string()),
        }
    }

    /// What a client hears at the manager about a group.
    pub(crate) fn ask_manager(&mut self, group: GroupId) -> Option<ReplyBody> {
        let caller = Caller {
            connection: 0,
            request: 0,
        };
        let query = Query::Len;
        self.tell(Event::Clients(vec![(caller, RequestBody::Read { group, query })]));
        self.office.as_mut()?.replies.pop()
    }

    /// Time passes; but not so much, while the manager waits for a process that lives and can come back, that
    /// it would give that one up: that would be one crash more.
    pub(super) fn tick(&mut self) {
        let awaited = self.stored.members.iter().any(|(node, member)| {
            let lives = self
                .life(*node)
                .is_some_and(|life| life.incarnation == member.incarnation && !life.cut_off);
            let is_known = self
                .office
                .as_ref()
                .is_some_and(|office| office.lines.contains_key(node));
            super::is_active(member) && !self.shape.is_primary(*node) && lives && !is_known
        });
        let passed = match awaited {
            true => 1,
            false => rand::Rng::random_range(&mut self.dice, 1..100_000),
        };
        self.now.0 += passed;
        self.tell(Event::Tick);
    }
}

fn order_to_server(message: &ToServer) -> &'static str {
    match message {
        ToServer::Fence { .. } => "fence",
        ToServer::Cut { .. } => "cut",
        ToServer::Residual { .. } => "residual",
        ToServer::Abandon { .. } => "abandon",
        ToServer::Admit { .. } => "admit",
        ToServer::Rebuild { .. } => "rebuild",
        ToServer::Heartbeat => "beat",
    }
}

fn order_to_primary(message: &ToPrimary) -> &'static str {
    match message {
        ToPrimary::View { .. } => "view",
        ToPrimary::Found { .. } => "found",
        ToPrimary::Recover { .. } => "recover",
        ToPrimary::Abandon { .. } => "abandon",
        ToPrimary::Resume { .. } => "resume",
        ToPrimary::Leave { .. } => "leave",
        ToPrimary::Lease { .. } => "lease",
        ToPrimary::Heartbeat => "beat",
    }
}
