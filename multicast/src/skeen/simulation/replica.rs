//! The owner of one member: applies what is delivered, each client's request once (rule 7).

use std::collections::BTreeMap;

use crate::{
    id::{ClientId, GroupId, Incarnation, MessageId, NodeId, Seq, Timestamp},
    skeen::{
        member::{Defect, Member, MemberCommand},
        message::{FromMember, ToMember},
        snapshot::Snapshot,
    },
};

/// What a client asks for; a retry has the same number in another message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Request {
    pub(super) client: ClientId,
    pub(super) seq: Seq,
}

/// What applying a request gave: its place among the applied ones, so that it tells the order.
pub(super) type Outcome = u64;

/// The outcome of a request older than the client's last one.
const OUTDATED: Outcome = u64::MAX;

/// What a member says, to one sender or to all.
pub(super) type Saying = (Option<Incarnation>, FromMember<Request, Outcome>);

/// One delivered message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) timestamp: Timestamp,
    pub(super) id: MessageId,
    pub(super) request: Request,
    pub(super) outcome: Outcome,
    pub(super) is_applied: bool,
}

/// The replicated state: what it is made of, and each client's last request with its outcome.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct State {
    /// Everything delivered, in the order of delivery.
    pub(super) log: Vec<Entry>,
    pub(super) windows: BTreeMap<ClientId, (Seq, Outcome)>,
    applied: u64,
}

impl State {
    fn apply(&mut self, timestamp: Timestamp, id: MessageId, request: Request) -> Outcome {
        let last = self.windows.get(&request.client).copied();
        let (outcome, is_applied) = match last {
            Some((seq, outcome)) if seq == request.seq => (outcome, false),
            Some((seq, _)) if seq > request.seq => (OUTDATED, false),
            _ => (self.applied + 1, true),
        };
        if is_applied {
            self.applied += 1;
            self.windows.insert(request.client, (request.seq, outcome));
        }
        self.log.push(Entry {
            timestamp,
            id,
            request,
            outcome,
            is_applied,
        });
        outcome
    }
}

/// One life of a data node.
#[derive(Debug)]
pub(super) struct Replica {
    pub(super) node: NodeId,
    pub(super) life: Incarnation,
    pub(super) group: GroupId,
    pub(super) member: Member<Request, Outcome>,
    pub(super) state: State,
    pub(super) is_alive: bool,
    /// Its life began without a state; it may lag behind what is complete, but holds it.
    pub(super) is_joiner: bool,
    /// A read waits here for everything up to this.
    pub(super) read_waits_for: Option<Timestamp>,
}

impl Replica {
    /// A founding member.
    pub(super) fn new(node: NodeId, life: Incarnation, group: GroupId, defect: Defect) -> Self {
        let member = Member::new(node).with_defect(defect);
        Self::with(node, life, group, member, State::default())
    }

    /// A node that enters without a state.
    pub(super) fn joining(node: NodeId, life: Incarnation, group: GroupId, defect: Defect) -> Self {
        let member = Member::joining(node).with_defect(defect);
        let mut replica = Self::with(node, life, group, member, State::default());
        replica.is_joiner = true;
        replica
    }

    fn with(
        node: NodeId,
        life: Incarnation,
        group: GroupId,
        member: Member<Request, Outcome>,
        state: State,
    ) -> Self {
        Self {
            node,
            life,
            group,
            member,
            state,
            is_alive: true,
            is_joiner: false,
            read_waits_for: None,
        }
    }

    /// The answers to one message, after applying what it lets deliver.
    pub(super) fn handle(&mut self, from: Incarnation, message: ToMember<Request>) -> Vec<Saying> {
        let commands = self.member.handle(from, message);
        self.carry_out_all(commands)
    }

    /// A donor's state is here, if the member takes it.
    pub(super) fn install(&mut self, snapshot: Snapshot<Request>, state: State) -> Option<Vec<Saying>> {
        let commands = self.member.install(snapshot).ok()?;
        self.state = state;
        Some(self.carry_out_all(commands))
    }

    /// The link of a manager is there again.
    pub(super) fn handle_linked(&mut self, manager: Incarnation) -> Vec<Saying> {
        let commands = self.member.handle_linked(manager);
        self.carry_out_all(commands)
    }

    fn carry_out_all(&mut self, commands: Vec<MemberCommand<Request, Outcome>>) -> Vec<Saying> {
        let sayings = commands
            .into_iter()
            .flat_map(|command| self.carry_out(command))
            .collect();
        if self
            .read_waits_for
            .is_some_and(|needed| needed <= self.member.stable())
        {
            self.read_waits_for = None;
        }
        sayings
    }

    fn carry_out(&mut self, command: MemberCommand<Request, Outcome>) -> Vec<Saying> {
        let (id, timestamp, payload) = match command {
            MemberCommand::Send { to, message } => return vec![(Some(to), message)],
            MemberCommand::Announce(message) => return vec![(None, message)],
            MemberCommand::Deliver {
                id,
                timestamp,
                payload,
            } => (id, timestamp, payload),
        };
        let outcome = self.state.apply(timestamp, id, payload);
        let answers = self.member.delivered_with(timestamp, outcome);
        answers
            .into_iter()
            .flat_map(|answer| self.carry_out(answer))
            .collect()
    }

    /// A read comes and looks at everything delivered here.
    pub(super) fn read(&mut self) -> Vec<Saying> {
        if self.member.delivered() <= self.member.stable() {
            return Vec::new();
        }
        self.read_waits_for = Some(self.member.delivered());
        let commands = self.member.want_stable();
        self.carry_out_all(commands)
    }

    /// The final timestamp at which the message is delivered here, or will be by a joiner that lags behind.
    pub(super) fn holds(&self, id: MessageId) -> Option<Timestamp> {
        let delivered = self.entry(id).map(|entry| entry.timestamp);
        let waits = || self.member.holds_final(id).filter(|_| self.is_joiner);
        delivered.or_else(waits)
    }

    /// The entry of a message, if it was delivered here.
    pub(super) fn entry(&self, id: MessageId) -> Option<&Entry> {
        self.state.log.iter().rev().find(|entry| entry.id == id)
    }
}
