//! The slow, obvious keyed list: a vector of elements, and every outcome ever given.

use std::collections::BTreeMap;

use multicast::id::{ClientId, Seq};

use crate::layout::StructureLimits;
use crate::op::{Element, Op, Outcome, Write};
use crate::session::WINDOW;

struct Session {
    opened: Seq,
    last: Seq,
    outcomes: BTreeMap<Seq, Outcome>,
}

/// Does not evict: the scripts have few clients.
pub(super) struct Reference {
    limits: StructureLimits,
    elements: Vec<Element>,
    sessions: BTreeMap<ClientId, Session>,
}

impl Reference {
    pub(super) fn new(limits: StructureLimits) -> Self {
        Self {
            limits,
            elements: Vec::new(),
            sessions: BTreeMap::new(),
        }
    }

    pub(super) fn elements(&self) -> &Vec<Element> {
        &self.elements
    }

    pub(super) fn get(&self, key: &[u8]) -> Option<Vec<u8>> {
        self.elements
            .iter()
            .find(|element| element.key == key)
            .map(|element| element.value.clone())
    }

    pub(super) fn apply(&mut self, write: &Write) -> Outcome {
        let Write { client, seq, op } = write;
        if *op == Op::OpenSession {
            return self.open(*client, *seq);
        }
        let Some(session) = self.sessions.get(client) else {
            return Outcome::NoSession;
        };
        if *seq < session.opened || seq.0 + WINDOW <= session.last.0 {
            return Outcome::Forgotten;
        }
        if let Some(outcome) = session.outcomes.get(seq) {
            return *outcome;
        }
        let outcome = self.change(op);
        let session = self.sessions.get_mut(client).unwrap();
        session.outcomes.insert(*seq, outcome);
        session.last = session.last.max(*seq);
        outcome
    }

    fn open(&mut self, client: ClientId, seq: Seq) -> Outcome {
        let opened = Session {
            opened: seq,
            last: seq,
            outcomes: BTreeMap::from([(seq, Outcome::SessionOpened)]),
        };
        let is_open = self.sessions.contains_key(&client);
        if seq == Seq(0) && !is_open {
            return Outcome::Forgotten;
        }
        self.sessions.entry(client).or_insert(opened);
        Outcome::SessionOpened
    }

    fn change(&mut self, op: &Op) -> Outcome {
        let (key, value) = match op {
            Op::Insert { key, value } | Op::Update { key, value } => (key, &value[..]),
            Op::Delete { key } => (key, &[][..]),
            Op::OpenSession => unreachable!("opened above"),
            _ => return Outcome::Unsupported,
        };
        if key.is_empty() || key.len() > self.limits.key_bytes.into() {
            return Outcome::BadKeyLength;
        }
        if value.len() > self.limits.element_bytes.into() {
            return Outcome::ValueTooLong;
        }
        let place = self.elements.iter().position(|element| element.key == *key);
        match (op, place) {
            (Op::Delete { .. }, Some(place)) => {
                self.elements.remove(place);
                Outcome::Deleted
            }
            (_, Some(place)) => {
                self.elements[place].value = value.to_vec();
                Outcome::Updated
            }
            (Op::Insert { .. }, None) => {
                self.elements.push(Element {
                    key: key.clone(),
                    value: value.to_vec(),
                });
                Outcome::Inserted
            }
            (_, None) => Outcome::AbsentKey,
        }
    }
}
