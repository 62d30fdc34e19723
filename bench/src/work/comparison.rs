//! What is read back of a group, compared with what it should hold, element by element as it comes.

use std::collections::VecDeque;

use multicast::id::GroupId;
use structures::{kind::StructureKind, op::Element};

use super::{
    contents::{Contents, Keyed, Shape},
    elements::{ElementSource, Version},
};

/// What came of reading groups back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ReadBack {
    /// Acknowledged elements that were not there.
    pub(crate) lost: u64,
    /// Elements with another value, out of order, repeated, or never inserted.
    pub(crate) wrong: u64,
    /// The first few of them, in words.
    pub(crate) which: Vec<String>,
}

/// How many lost or wrong elements are named.
const NAMED: usize = 5;

/// How far an element may lie ahead of its place for those before it to count as lost, and not as changed.
const LOOK_AHEAD: usize = 64;

impl ReadBack {
    /// Adds another comparison to this one.
    pub(crate) fn add(&mut self, other: Self) {
        self.lost += other.lost;
        self.wrong += other.wrong;
        self.which.extend(other.which);
        self.which.truncate(NAMED);
    }

    /// Whether everything was there and right.
    pub(crate) fn is_sound(&self) -> bool {
        self.lost == 0 && self.wrong == 0
    }

    fn lose(&mut self, words: impl FnOnce() -> String) {
        self.lost += 1;
        self.note(words);
    }

    fn fault(&mut self, words: impl FnOnce() -> String) {
        self.wrong += 1;
        self.note(words);
    }

    fn note(&mut self, words: impl FnOnce() -> String) {
        if self.which.len() < NAMED {
            self.which.push(words());
        }
    }
}

/// A comparison under way, of one group with what its clients put there.
pub(crate) struct Comparison<'a> {
    group: GroupId,
    result: ReadBack,
    way: Way<'a>,
}

/// How elements are found in what should be there.
enum Way<'a> {
    ByKey(ByKey<'a>),
    InOrder {
        contents: &'a Contents,
        awaited: VecDeque<Version>,
    },
}

struct ByKey<'a> {
    source: ElementSource,
    clients: Vec<(&'a Contents, &'a Keyed)>,
    order: Order,
    /// By number, whether it was read.
    seen: Vec<bool>,
}

/// What is known of the order of a structure with keys.
enum Order {
    /// Each client's elements in the order of their inserts; nothing is known between clients.
    OfInserts { last_of_client: Vec<Option<u32>> },
    /// By key.
    OfKeys { last: Vec<u8> },
    /// Nothing.
    None,
}

impl<'a> Comparison<'a> {
    /// With what the clients of the group put there.
    pub(crate) fn new(
        kind: StructureKind,
        group: GroupId,
        source: ElementSource,
        clients: &[&'a Contents],
    ) -> Self {
        let in_order = |contents: &'a Contents, awaited| Way::InOrder { contents, awaited };
        let first = clients.first();
        let way = match first.map(|contents| (*contents, contents.shape())) {
            Some((contents, Shape::Sequence(sequence))) => in_order(contents, sequence.versions().collect()),
            Some((contents, Shape::Ranked(ranked))) => in_order(contents, ranked.versions().collect()),
            _ => Way::ByKey(ByKey::new(kind, source, clients)),
        };
        Self {
            group,
            result: ReadBack::default(),
            way,
        }
    }

    /// The next element that was read.
    pub(crate) fn see(&mut self, element: &Element) {
        let (group, result) = (self.group, &mut self.result);
        match &mut self.way {
            Way::ByKey(by_key) => by_key.see(group, result, element),
            Way::InOrder { contents, awaited } => {
                let is_it = |version: &Version| contents.element(*version) == *element;
                match awaited.iter().take(LOOK_AHEAD).position(is_it) {
                    Some(ahead) => {
                        for missing in awaited.drain(..=ahead).take(ahead) {
                            result.lose(|| format!("{group}: element {} is missing", missing.number));
                        }
                    }
                    None => {
                        let stood_for = awaited.pop_front();
                        result.fault(|| match stood_for {
                            Some(Version { number, .. }) => {
                                format!("{group}: another one stands in the place of element {number}")
                            }
                            None => format!("{group}: there are more elements than were inserted"),
                        });
                    }
                }
            }
        }
    }

    /// Everything was read.
    pub(crate) fn finish(mut self) -> ReadBack {
        let missing: Vec<u32> = match &self.way {
            Way::InOrder { awaited, .. } => awaited.iter().map(|version| version.number).collect(),
            Way::ByKey(by_key) => by_key.unseen().collect(),
        };
        let group = self.group;
        for number in missing {
            self.result
                .lose(|| format!("{group}: element {number} is missing"));
        }
        self.result
    }
}

impl<'a> ByKey<'a> {
    fn new(kind: StructureKind, source: ElementSource, contents: &[&'a Contents]) -> Self {
        let keyed = |contents: &&'a Contents| match contents.shape() {
            Shape::Keyed(keyed) => Some((*contents, keyed)),
            _ => None,
        };
        let clients: Vec<_> = contents.iter().filter_map(keyed).collect();
        let order = match kind {
            StructureKind::LinkedList | StructureKind::KeyedList => Order::OfInserts {
                last_of_client: vec![None; clients.len()],
            },
            StructureKind::OrderedMap => Order::OfKeys { last: Vec::new() },
            _ => Order::None,
        };
        Self {
            source,
            clients,
            order,
            seen: Vec::new(),
        }
    }

    fn see(&mut self, group: GroupId, result: &mut ReadBack, element: &Element) {
        let Some(number) = self.source.number(&element.key) else {
            return result.fault(|| format!("{group}: key {:02x?} was never inserted", element.key));
        };
        let client = number as usize % self.clients.len().max(1);
        let found = self.clients.get(client);
        let found = found.and_then(|(contents, keyed)| Some((contents, keyed.version(number)?)));
        let Some((contents, version)) = found else {
            return result.fault(|| format!("{group}: element {number} should not be there"));
        };
        let place = number as usize;
        if self.seen.len() <= place {
            self.seen.resize(place + 1, false);
        }
        let repeated = std::mem::replace(&mut self.seen[place], true);
        let in_order = self.order.follows(client, number, &element.key);
        if repeated || !in_order || contents.element(version) != *element {
            result.fault(|| format!("{group}: element {number} is not as it was written"));
        }
    }

    fn unseen(&self) -> impl Iterator<Item = u32> {
        let all = self.clients.iter().flat_map(|(_, keyed)| keyed.versions());
        let seen = |number: u32| self.seen.get(number as usize).copied().unwrap_or(false);
        all.map(|version| version.number)
            .filter(move |number| !seen(*number))
    }
}

impl Order {
    /// Whether the element may come after all that came before.
    fn follows(&mut self, client: usize, number: u32, key: &[u8]) -> bool {
        match self {
            Self::OfInserts { last_of_client } => {
                let before = last_of_client[client].replace(number);
                before.is_none_or(|before| before < number)
            }
            Self::OfKeys { last } => {
                let rises = last.as_slice() < key;
                *last = key.to_vec();
                rises
            }
            Self::None => true,
        }
    }
}

#[cfg(test)]
mod tests;
