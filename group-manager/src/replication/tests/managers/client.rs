//! Clients: each sends one write after the other, to whichever manager answers, and sends again what was not answered.

use multicast::id::{ClientId, GroupId, NodeId, Seq};
use structures::op::{Op, Write};
use wire::message::{
    client::{Refusal, ReplyBody, RequestBody, WriteTogether},
    membership::Role,
    roster::{Change, NewMember},
};

use super::{
    claims::{Claim, acknowledged},
    node::addresses,
    world::{GROUPS, World, name_of},
};
use crate::coordinator::{Caller, Event};

/// Of every operator's requests.
const OPERATOR: u64 = 1000;

pub(super) struct Client {
    id: ClientId,
    next: u64,
    /// The manager that it turns to.
    pub(super) at: usize,
    pub(super) asked: Option<Asked>,
}

/// A write that is not answered.
pub(super) struct Asked {
    pub(super) groups: Vec<GroupId>,
    /// The element that it appends; none, if it opens the client's sessions.
    name: Option<String>,
    body: RequestBody,
    /// To which manager, as which request; not at the moment, after a refusal or the end of a connection.
    pub(super) sent: Option<(usize, u64)>,
}

impl Client {
    pub(super) fn new(number: u32) -> Self {
        Self {
            id: ClientId(number.into()),
            next: 1,
            at: 0,
            asked: None,
        }
    }

    /// Its next write, which the client's first one to every group must precede.
    fn write(&mut self, groups: Vec<GroupId>) -> Asked {
        let seq = self.next;
        self.next += 1;
        let (groups, name, op) = match seq {
            1 => (GROUPS.to_vec(), None, Op::OpenSession),
            _ => {
                let name = format!("{}.{seq}", self.id.0);
                let value = name.clone().into_bytes();
                (groups, Some(name), Op::PushBack { value })
            }
        };
        let (client, seq) = (self.id, Seq(seq));
        let body = match groups[..] {
            [group] => RequestBody::Write {
                group,
                write: Write { client, seq, op },
            },
            _ => RequestBody::WriteTogether(WriteTogether {
                client,
                seq,
                parts: groups.iter().map(|group| (*group, vec![op.clone()])).collect(),
            }),
        };
        Asked {
            groups,
            name,
            body,
            sent: None,
        }
    }
}

impl World {
    /// The client sends what it has to send, if its manager listens.
    pub(super) fn client_acts(&mut self, client: usize) {
        if self.clients[client].asked.is_none() {
            let groups = match self.below(3) {
                2 => GROUPS.to_vec(),
                place => vec![GROUPS[place]],
            };
            let asked = self.clients[client].write(groups);
            if asked.groups.len() > 1 {
                self.together.extend(asked.name.clone());
            }
            self.clients[client].asked = Some(asked);
        }
        self.client_sends(client);
    }

    pub(super) fn client_sends(&mut self, client: usize) {
        let asked = self.clients[client].asked.as_ref();
        if asked.is_none_or(|asked| asked.sent.is_some()) {
            return;
        }
        let awake = self.awake();
        if !awake.contains(&self.clients[client].at) {
            let Some(other) = self.pick(&awake) else { return };
            self.clients[client].at = other;
        }
        let (at, request) = (self.clients[client].at, self.next_request());
        let Some(asked) = self.clients[client].asked.as_mut() else {
            return;
        };
        asked.sent = Some((at, request));
        let body = asked.body.clone();
        let connection = client as u64;
        self.feed(at, Event::Clients(vec![(Caller { connection, request }, body)]));
    }

    /// The client waits no longer for its manager, or was cut off.
    pub(super) fn client_turns_away(&mut self, client: usize) {
        let awake = self.awake();
        let other = self.pick(&awake);
        let client = &mut self.clients[client];
        client.at = other.unwrap_or(client.at);
        if let Some(asked) = &mut client.asked {
            asked.sent = None;
        }
    }

    /// Whoever refuses may name who does not.
    fn client_turns_to_the_owner(&mut self, client: usize, body: &ReplyBody) {
        let ReplyBody::Refused(Refusal::NotOwner { owner }) = body else {
            return;
        };
        let mut managers = self.managers.iter();
        let place = managers.position(|manager| manager.own.node == *owner && manager.is_awake());
        let client = &mut self.clients[client];
        client.at = place.unwrap_or(client.at);
    }

    pub(super) fn client_hears(&mut self, caller: Caller, body: &ReplyBody) {
        let number = caller.connection as usize;
        let Some(client) = self.clients.get_mut(number) else {
            return; // an operator
        };
        let is_awaited = |asked: &mut Asked| asked.sent.is_some_and(|(_, request)| request == caller.request);
        let Some(asked) = client.asked.take_if(is_awaited) else {
            return; // it asked again meanwhile
        };
        match (took_effect(body), &asked.name) {
            (None, _) => {
                client.asked = Some(asked);
                self.client_turns_away(number);
                self.client_turns_to_the_owner(number, body);
            }
            (Some(_), None) => {}
            (Some(true), Some(name)) => acknowledged::check(self, name, &asked.groups),
            (Some(false), Some(name)) => {
                self.breaks(Claim::Acknowledged, || format!("{name} had no effect: {body:?}"));
            }
        }
    }

    /// As if all that was asked of this manager had taken effect.
    pub(super) fn answer_everything(&mut self, place: usize) {
        for client in 0..self.clients.len() {
            let is_here = |asked: &mut Asked| asked.sent.is_some_and(|(at, _)| at == place);
            if let Some(Asked {
                name: Some(name),
                groups,
                ..
            }) = self.clients[client].asked.take_if(is_here)
            {
                acknowledged::check(self, &name, &groups);
            }
        }
    }

    /// An operator adds a node to the group, by way of this manager.
    pub(super) fn add_node(&mut self, place: usize, group: GroupId) {
        self.added += 1;
        let node = NodeId(100 + self.added);
        let new = NewMember {
            node,
            role: Role::DataNode,
            group: Some(name_of(group)),
            listens: vec![addresses(node).peers],
        };
        self.change(place, Change::Add(new));
    }

    pub(super) fn remove_node(&mut self, place: usize, node: NodeId) {
        let (discard, tolerating) = (false, None);
        let change = Change::Remove {
            node,
            discard,
            tolerating,
        };
        self.change(place, change);
    }

    fn change(&mut self, place: usize, change: Change) {
        let (connection, request) = (OPERATOR, self.next_request());
        let asked = (Caller { connection, request }, RequestBody::Change(change));
        self.feed(place, Event::Clients(vec![asked]));
    }
}

/// Whether all of a write took effect; none for a refusal.
fn took_effect(body: &ReplyBody) -> Option<bool> {
    match body {
        ReplyBody::Written(answer) => Some(answer.outcome.changed()),
        ReplyBody::WrittenTogether(parts) => {
            Some(parts.iter().flatten().all(|answer| answer.outcome.changed()))
        }
        _ => None,
    }
}
