//! The slow, obvious structures: the standard library's, and every answer ever given.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap, VecDeque};

use multicast::id::{ClientId, Seq};

use crate::kind::{StructureKind, StructureSpec};
use crate::op::{Answer, Element, Op, Outcome, Write};
use crate::session::WINDOW;

type Bytes = Vec<u8>;

/// The elements of one kind.
enum Contents {
    KeyedList(Vec<(Bytes, Bytes)>),
    List(Vec<Bytes>),
    Map(HashMap<Bytes, Bytes>),
    OrderedMap(BTreeMap<Bytes, Bytes>),
    Set(BTreeSet<Bytes>),
    Queue(VecDeque<Bytes>),
    Stack(Vec<Bytes>),
    PriorityQueue {
        heap: BinaryHeap<Reverse<(u64, u64, Bytes)>>,
        arrivals: u64,
    },
}

struct Session {
    opened: Seq,
    last: Seq,
    answers: BTreeMap<Seq, Answer>,
}

/// Does not evict: the scripts have few clients.
pub(super) struct Model {
    spec: StructureSpec,
    contents: Contents,
    sessions: BTreeMap<ClientId, Session>,
}

impl Model {
    pub(super) fn new(spec: StructureSpec) -> Self {
        let contents = match spec.kind {
            StructureKind::LinkedList => unreachable!("not packed"),
            StructureKind::KeyedList => Contents::KeyedList(Vec::new()),
            StructureKind::List => Contents::List(Vec::new()),
            StructureKind::Map => Contents::Map(HashMap::new()),
            StructureKind::OrderedMap => Contents::OrderedMap(BTreeMap::new()),
            StructureKind::Set => Contents::Set(BTreeSet::new()),
            StructureKind::Queue => Contents::Queue(VecDeque::new()),
            StructureKind::Stack => Contents::Stack(Vec::new()),
            StructureKind::PriorityQueue => Contents::PriorityQueue {
                heap: BinaryHeap::new(),
                arrivals: 0,
            },
        };
        Self {
            spec,
            contents,
            sessions: BTreeMap::new(),
        }
    }

    pub(super) fn apply(&mut self, write: &Write) -> Answer {
        let Write { client, seq, op } = write;
        if *op == Op::OpenSession {
            return self.open(*client, *seq).into();
        }
        let Some(session) = self.sessions.get(client) else {
            return Outcome::NoSession.into();
        };
        if *seq < session.opened || seq.0 + WINDOW <= session.last.0 {
            return Outcome::Forgotten.into();
        }
        if let Some(answer) = session.answers.get(seq) {
            return answer.clone();
        }
        let answer = match self.refusal(op) {
            Some(refusal) => refusal.into(),
            None => self.contents.change(op),
        };
        let session = self.sessions.get_mut(client).unwrap();
        session.answers.insert(*seq, answer.clone());
        session.last = session.last.max(*seq);
        answer
    }

    fn open(&mut self, client: ClientId, seq: Seq) -> Outcome {
        if seq == Seq(0) && !self.sessions.contains_key(&client) {
            return Outcome::Forgotten;
        }
        self.sessions.entry(client).or_insert(Session {
            opened: seq,
            last: seq,
            answers: BTreeMap::from([(seq, Outcome::SessionOpened.into())]),
        });
        Outcome::SessionOpened
    }

    fn refusal(&self, op: &Op) -> Option<Outcome> {
        let limits = self.spec.limits;
        let longest = match self.spec.kind {
            StructureKind::Set => 0,
            _ => usize::from(limits.element_bytes),
        };
        if !self.spec.kind.has(op) {
            return Some(Outcome::Unsupported);
        }
        if op
            .key()
            .is_some_and(|key| key.is_empty() || key.len() > limits.key_bytes.into())
        {
            return Some(Outcome::BadKeyLength);
        }
        (op.value()?.len() > longest).then_some(Outcome::ValueTooLong)
    }

    /// The elements in the structure's order; of maps and sets, in that of their keys.
    pub(super) fn elements(&self) -> Vec<Element> {
        self.contents.elements()
    }

    /// The values that sessions may still be asked for, with their numbers.
    pub(super) fn answered_values(&self) -> usize {
        let in_window = |session: &Session| {
            let answers = session.answers.iter();
            let kept =
                answers.filter(|(seq, answer)| seq.0 + WINDOW > session.last.0 && answer.value.is_some());
            kept.count()
        };
        self.sessions.values().map(in_window).sum()
    }
}

impl Contents {
    fn change(&mut self, op: &Op) -> Answer {
        match (self, op) {
            (Self::KeyedList(elements), op) => change_keyed_list(elements, op),
            (Self::Map(map), Op::Insert { key, value }) => inserted(map.insert(key.clone(), value.clone())),
            (Self::Map(map), Op::Update { key, value }) => updated(map.get_mut(key), value),
            (Self::Map(map), Op::Delete { key }) => deleted(map.remove(key)),
            (Self::Map(map), Op::Remove { key }) => removed(map.remove(key), Outcome::AbsentKey),
            (Self::OrderedMap(map), Op::Insert { key, value }) => {
                inserted(map.insert(key.clone(), value.clone()))
            }
            (Self::OrderedMap(map), Op::Update { key, value }) => updated(map.get_mut(key), value),
            (Self::OrderedMap(map), Op::Delete { key }) => deleted(map.remove(key)),
            (Self::OrderedMap(map), Op::Remove { key }) => removed(map.remove(key), Outcome::AbsentKey),
            (Self::Set(set), Op::Insert { key, .. }) => match set.insert(key.clone()) {
                true => Outcome::Inserted.into(),
                false => Outcome::Updated.into(),
            },
            (Self::Set(set), Op::Delete { key }) => deleted(set.take(key)),
            (Self::Set(set), Op::Remove { key }) => {
                removed(set.take(key).map(|_| Vec::new()), Outcome::AbsentKey)
            }
            (Self::Queue(queue), Op::PushBack { value }) => {
                queue.push_back(value.clone());
                Outcome::Inserted.into()
            }
            (Self::Queue(queue), Op::PopFront) => removed(queue.pop_front(), Outcome::AbsentPlace),
            (Self::List(values) | Self::Stack(values), op) => change_list(values, op),
            (Self::PriorityQueue { heap, arrivals }, Op::PushRanked { priority, value }) => {
                *arrivals += 1;
                heap.push(Reverse((*priority, *arrivals, value.clone())));
                Outcome::Inserted.into()
            }
            (Self::PriorityQueue { heap, .. }, Op::PopFront) => removed(
                heap.pop().map(|Reverse((_, _, value))| value),
                Outcome::AbsentPlace,
            ),
            (_, op) => unreachable!("refused before: {op:?}"),
        }
    }

    fn elements(&self) -> Vec<Element> {
        let element = |(key, value): (&[u8], &Bytes)| Element {
            key: key.to_vec(),
            value: value.clone(),
        };
        let values = |value| element((&[], value));
        match self {
            Self::KeyedList(pairs) => pairs.iter().map(|(key, value)| element((key, value))).collect(),
            Self::List(list) | Self::Stack(list) => list.iter().map(values).collect(),
            Self::Queue(queue) => queue.iter().map(values).collect(),
            Self::Map(map) => {
                let ordered: BTreeMap<_, _> = map.iter().collect();
                ordered
                    .into_iter()
                    .map(|(key, value)| element((key, value)))
                    .collect()
            }
            Self::OrderedMap(map) => map.iter().map(|(key, value)| element((key, value))).collect(),
            Self::Set(set) => set.iter().map(|key| element((key, &Vec::new()))).collect(),
            Self::PriorityQueue { heap, .. } => {
                let mut entries: Vec<_> = heap.iter().map(|Reverse(entry)| entry).collect();
                entries.sort();
                let entries = entries.into_iter();
                entries
                    .map(|(priority, _, value)| element((&priority.to_be_bytes(), value)))
                    .collect()
            }
        }
    }
}

fn inserted(before: Option<Bytes>) -> Answer {
    match before {
        Some(_) => Outcome::Updated.into(),
        None => Outcome::Inserted.into(),
    }
}

fn updated(place: Option<&mut Bytes>, value: &Bytes) -> Answer {
    match place {
        Some(place) => {
            *place = value.clone();
            Outcome::Updated.into()
        }
        None => Outcome::AbsentKey.into(),
    }
}

fn deleted(before: Option<Bytes>) -> Answer {
    match before {
        Some(_) => Outcome::Deleted.into(),
        None => Outcome::AbsentKey.into(),
    }
}

fn removed(value: Option<Bytes>, absent: Outcome) -> Answer {
    value.map_or(absent.into(), Answer::removed)
}

fn change_keyed_list(elements: &mut Vec<(Bytes, Bytes)>, op: &Op) -> Answer {
    let key = op.key().unwrap();
    let place = elements.iter().position(|(other, _)| other == key);
    match (op, place) {
        (Op::Insert { value, .. } | Op::Update { value, .. }, Some(place)) => {
            elements[place].1 = value.clone();
            Outcome::Updated.into()
        }
        (Op::Insert { value, .. }, None) => {
            elements.push((key.to_vec(), value.clone()));
            Outcome::Inserted.into()
        }
        (Op::Delete { .. }, place) => deleted(place.map(|place| elements.remove(place).1)),
        (Op::Remove { .. }, place) => {
            removed(place.map(|place| elements.remove(place).1), Outcome::AbsentKey)
        }
        _ => Outcome::AbsentKey.into(),
    }
}

fn change_list(values: &mut Vec<Bytes>, op: &Op) -> Answer {
    let within = |index: u64, end: usize| usize::try_from(index).ok().filter(|index| *index < end);
    match op {
        Op::PushFront { value } => {
            values.insert(0, value.clone());
            Outcome::Inserted.into()
        }
        Op::PushBack { value } => {
            values.push(value.clone());
            Outcome::Inserted.into()
        }
        Op::InsertAt { index, value } => match within(*index, values.len() + 1) {
            Some(index) => {
                values.insert(index, value.clone());
                Outcome::Inserted.into()
            }
            None => Outcome::AbsentPlace.into(),
        },
        Op::SetAt { index, value } => match within(*index, values.len()) {
            Some(index) => updated(values.get_mut(index), value),
            None => Outcome::AbsentPlace.into(),
        },
        Op::PopFront => removed(
            (!values.is_empty()).then(|| values.remove(0)),
            Outcome::AbsentPlace,
        ),
        Op::PopBack => removed(values.pop(), Outcome::AbsentPlace),
        Op::RemoveAt { index } => {
            let index = within(*index, values.len());
            removed(index.map(|index| values.remove(index)), Outcome::AbsentPlace)
        }
        op => unreachable!("refused before: {op:?}"),
    }
}
