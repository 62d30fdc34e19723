//! What one client's part of a group should hold: the slow, obvious reference that every answer and everything
//! that is read back is compared with.
//!
//! A step changes it at once, as if its request were answered; so nothing may be under way when it is compared.
//! Of structures with keys each client has its own, so that several clients, and several requests of one, do
//! not touch the same element: which ones are under way is remembered. Of the others one client writes, and
//! where places move, one request at a time.
//!
//! Invariant: the expected answers are right under every order in which the structure may take the requests
//! that are under way at once.

mod keyed;
mod ranked;
mod sequence;

use multicast::id::GroupId;
use structures::{
    kind::StructureKind,
    op::{Answer, Element, Op, Outcome},
    query::Query,
};
use wire::message::client::ReplyBody;

pub(super) use self::keyed::Keyed;
use self::{ranked::Ranked, sequence::Sequence};
use super::{
    draws::Draws,
    elements::{ElementSource, Version},
    workload::Step,
};

/// The reference for one client of one group.
#[derive(Debug)]
pub(crate) struct Contents {
    source: ElementSource,
    group: GroupId,
    shape: Shape,
    /// Places or elements that requests under way touch.
    busy: Vec<u32>,
    /// Of keys and values that are there.
    bytes: u64,
}

/// How elements are found.
#[derive(Debug)]
pub(super) enum Shape {
    /// By key.
    Keyed(Keyed),
    /// By place.
    Sequence(Sequence),
    /// The smallest priority first.
    Ranked(Ranked),
}

/// A request and the only right answer to it.
#[derive(Debug, PartialEq)]
pub(crate) struct Planned {
    /// Which step it takes.
    pub(crate) step: Step,
    /// The element it is about.
    pub(crate) number: u32,
    /// What to ask.
    pub(crate) request: Request,
    /// What must be answered.
    pub(crate) expected: ReplyBody,
    /// What it touches while it is under way.
    touches: Option<u32>,
}

/// A write or a question.
#[derive(Debug, PartialEq)]
pub(crate) enum Request {
    /// An operation.
    Write(Op),
    /// A query with a single answer.
    Ask(Query),
    /// Operations on several groups, at one place in the order of all of them.
    Together(Vec<(GroupId, Vec<Op>)>),
}

impl Contents {
    /// Nothing yet, for client `client` of `clients`.
    pub(crate) fn new(
        kind: StructureKind,
        source: ElementSource,
        group: GroupId,
        (client, clients): (u32, u32),
    ) -> Self {
        let shape = match kind {
            StructureKind::List | StructureKind::Queue | StructureKind::Stack => {
                Shape::Sequence(Sequence::new(kind))
            }
            StructureKind::PriorityQueue => Shape::Ranked(Ranked::default()),
            _ => Shape::Keyed(Keyed::new(client, clients)),
        };
        Self {
            source,
            group,
            shape,
            busy: Vec::new(),
            bytes: 0,
        }
    }

    /// The next request of that step; an insert where nothing is there that it could be about; none while all that
    /// is there is under way.
    pub(crate) fn plan(&mut self, step: Step, draws: &mut Draws) -> Option<Planned> {
        let step = if self.is_empty() { Step::Insert } else { step };
        match step {
            Step::Insert => Some(self.insert()),
            Step::Update => self.update(draws),
            Step::Delete => self.delete(draws),
            Step::Read => self.read(draws),
        }
    }

    /// The request is answered.
    pub(crate) fn settle(&mut self, planned: &Planned) {
        self.busy.retain(|busy| Some(*busy) != planned.touches);
    }

    /// Elements that are there.
    pub(crate) fn len(&self) -> usize {
        match &self.shape {
            Shape::Keyed(keyed) => keyed.len(),
            Shape::Sequence(sequence) => sequence.len(),
            Shape::Ranked(ranked) => ranked.len(),
        }
    }

    /// Whether nothing is there.
    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes of the keys and values that are there.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(super) fn shape(&self) -> &Shape {
        &self.shape
    }

    /// An element as a read shows it.
    pub(crate) fn element(&self, version: Version) -> Element {
        let key = match &self.shape {
            Shape::Keyed(_) => self.source.key(version.number),
            Shape::Sequence(_) => Vec::new(),
            Shape::Ranked(_) => {
                let priority = self.source.priority(self.group, version.number);
                priority.to_be_bytes().to_vec()
            }
        };
        Element {
            key,
            value: self.value(version),
        }
    }

    fn value(&self, version: Version) -> Vec<u8> {
        self.source.value(self.group, version)
    }

    /// Bytes of its key and value.
    fn bytes_of(&self, version: Version) -> u64 {
        let key = match &self.shape {
            Shape::Keyed(_) => self.source.key_bytes,
            Shape::Sequence(_) => 0,
            Shape::Ranked(_) => 8,
        };
        (key + self.source.value_len(self.group, version)) as u64
    }

    fn insert(&mut self) -> Planned {
        let (version, touches) = match &mut self.shape {
            Shape::Keyed(keyed) => {
                let version = keyed.insert();
                (version, Some(version.number))
            }
            Shape::Sequence(sequence) => (sequence.push(), None),
            Shape::Ranked(ranked) => {
                let (source, group) = (self.source, self.group);
                (ranked.push(|number| source.priority(group, number)), None)
            }
        };
        self.bytes += self.bytes_of(version);
        self.busy.extend(touches);
        let (number, value) = (version.number, self.value(version));
        let op = match &self.shape {
            Shape::Keyed(_) => Op::Insert {
                key: self.source.key(number),
                value,
            },
            Shape::Sequence(_) => Op::PushBack { value },
            Shape::Ranked(_) => Op::PushRanked {
                priority: self.source.priority(self.group, number),
                value,
            },
        };
        written(Step::Insert, number, op, Outcome::Inserted.into(), touches)
    }

    fn update(&mut self, draws: &mut Draws) -> Option<Planned> {
        let busy = &self.busy;
        let (version, touches) = match &mut self.shape {
            Shape::Keyed(keyed) => {
                let version = keyed.update(keyed.pick(draws, busy)?);
                (version, version.number)
            }
            Shape::Sequence(sequence) => {
                let place = sequence.pick(draws, busy)?;
                (sequence.set(place), place)
            }
            Shape::Ranked(_) => return None,
        };
        let before = Version {
            changes: version.changes - 1,
            ..version
        };
        self.bytes = self.bytes + self.bytes_of(version) - self.bytes_of(before);
        self.busy.push(touches);
        let (number, value) = (version.number, self.value(version));
        let op = match &self.shape {
            Shape::Keyed(_) => Op::Update {
                key: self.source.key(number),
                value,
            },
            _ => Op::SetAt {
                index: u64::from(touches),
                value,
            },
        };
        let answer = Outcome::Updated.into();
        Some(written(Step::Update, number, op, answer, Some(touches)))
    }

    fn delete(&mut self, draws: &mut Draws) -> Option<Planned> {
        let busy = &self.busy;
        let (version, op, touches) = match &mut self.shape {
            Shape::Keyed(keyed) => {
                let version = keyed.remove(keyed.pick(draws, busy)?);
                let key = self.source.key(version.number);
                (version, Op::Delete { key }, Some(version.number))
            }
            Shape::Sequence(sequence) => {
                let (version, op) = sequence.take(draws)?;
                (version, op, None)
            }
            Shape::Ranked(ranked) => (ranked.pop()?, Op::PopFront, None),
        };
        self.bytes -= self.bytes_of(version);
        self.busy.extend(touches);
        let answer = match &self.shape {
            Shape::Keyed(_) => Outcome::Deleted.into(),
            _ => Answer::removed(self.value(version)),
        };
        Some(written(Step::Delete, version.number, op, answer, touches))
    }

    fn read(&mut self, draws: &mut Draws) -> Option<Planned> {
        let (version, query) = match &self.shape {
            Shape::Keyed(keyed) => {
                let version = keyed.version(keyed.pick(draws, &self.busy)?)?;
                let key = self.source.key(version.number);
                (version, Query::Get { key })
            }
            Shape::Sequence(sequence) => sequence.look(draws)?,
            Shape::Ranked(ranked) => (ranked.first()?, Query::At { index: 0 }),
        };
        let (expected, touches) = match &self.shape {
            Shape::Keyed(_) => {
                let value = self.value(version);
                (ReplyBody::Value(Some(value.into())), Some(version.number))
            }
            _ => (ReplyBody::Element(Some(self.element(version))), None),
        };
        self.busy.extend(touches);
        Some(Planned {
            step: Step::Read,
            number: version.number,
            request: Request::Ask(query),
            expected,
            touches,
        })
    }
}

fn written(step: Step, number: u32, op: Op, answer: Answer, touches: Option<u32>) -> Planned {
    Planned {
        step,
        number,
        request: Request::Write(op),
        expected: ReplyBody::Written(answer),
        touches,
    }
}

#[cfg(test)]
mod tests;
