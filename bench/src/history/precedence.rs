//! Which operations must come before which, as later answers show: what a search need not find out by trying.
//!
//! Where elements keep the order in which they came, a read of two of them, or two sightings of a queue's front one after
//! the other, show who came first. Without this a search that took two overlapping pushes in the wrong order would learn it much later.
//! Only what holds in every order is said, so nothing is ever wrongly rejected for it.

mod lives;

use std::collections::{BTreeMap, btree_map::Entry};

use structures::{
    kind::StructureKind,
    op::{Op, Outcome},
    query::{Found, Query},
};

use self::lives::spread;
use super::{
    object::{Object, Step},
    operation::{Asked, Told},
};

/// An element: its place of the object, and its key, or its value where there are no keys.
pub(super) type Name<'a> = (usize, &'a [u8]);

/// Predecessors of an element that are told; theirs are told with them.
const MOST_PREDECESSORS: usize = 4;

/// Of every step, those that come before it in any case, by number. Not all of them: only what is cheap to see.
pub(super) fn precedence(object: &Object) -> Vec<Vec<usize>> {
    let mut before = vec![Vec::new(); object.steps.len()];
    if !keeps_arrivals(object) {
        return before;
    }
    let bringers = bringers(object);
    let mut must_precede = |earlier: Name<'_>, later: Name<'_>| {
        if let (Some(Some(a)), Some(Some(b))) = (bringers.get(&earlier), bringers.get(&later))
            && a != b
        {
            before[*b].push(*a);
        }
    };
    for step in &object.steps {
        for (place, _, told) in step.answered() {
            let Told::Found(Found::Elements(elements)) = told else {
                continue;
            };
            for pair in elements.windows(2) {
                let [earlier, later] = [&pair[0], &pair[1]].map(|e| name_of(place, &e.key, &e.value));
                must_precede(earlier, later);
            }
        }
    }
    for (earlier, later) in successions(object) {
        must_precede(earlier, later);
    }
    spread(object, &bringers, &mut before);
    for earlier in &mut before {
        earlier.sort_unstable();
        earlier.dedup();
    }
    before
}

/// Whether all elements stand in the order in which they came.
fn keeps_arrivals(object: &Object) -> bool {
    let in_front = |(_, asked): &(usize, Asked)| {
        matches!(
            asked,
            Asked::Write(Op::PushFront { .. } | Op::InsertAt { .. } | Op::SetAt { .. })
        )
    };
    match object.structure.kind {
        StructureKind::LinkedList
        | StructureKind::KeyedList
        | StructureKind::Queue
        | StructureKind::Stack => true,
        StructureKind::List => !object.steps.iter().any(|step| step.parts.iter().any(in_front)),
        _ => false,
    }
}

fn name_of<'a>(place: usize, key: &'a [u8], value: &'a [u8]) -> Name<'a> {
    (place, if key.is_empty() { value } else { key })
}

/// The one step that can have brought an element; none if there are several.
pub(super) fn bringers(object: &Object) -> BTreeMap<Name<'_>, Option<usize>> {
    let mut bringers = BTreeMap::new();
    for (number, step) in object.steps.iter().enumerate() {
        for name in brought(step) {
            match bringers.entry(name) {
                Entry::Vacant(vacant) => {
                    vacant.insert(Some(number));
                }
                Entry::Occupied(mut occupied) => {
                    occupied.insert(None);
                }
            }
        }
    }
    bringers
}

fn brought(step: &Step) -> impl Iterator<Item = Name<'_>> {
    let parts = step.parts.iter().enumerate();
    parts.filter_map(|(number, (place, asked))| {
        let told = step.told.as_ref().map(|told| &told[number]);
        let may_insert = told.is_none_or(|told| *told == Outcome::Inserted.into());
        match asked {
            Asked::Write(Op::Insert { key, .. }) if may_insert => Some((*place, key.as_slice())),
            Asked::Write(Op::PushBack { value }) if may_insert => Some((*place, value.as_slice())),
            _ => None,
        }
    })
}

/// Who was seen at the front of a queue, taken out or not: the last call and the first end of its sightings. Whoever was
/// seen until before another was looked for came before it.
pub(super) fn seen_at_front(object: &Object) -> BTreeMap<Name<'_>, (u64, u64)> {
    let mut seen = BTreeMap::new();
    if object.structure.kind != StructureKind::Queue {
        return seen;
    }
    for step in &object.steps {
        for (place, asked, told) in step.answered() {
            for value in told.values().into_iter().filter(|_| is_of_front(asked)) {
                let (call, end) = seen.entry((place, value)).or_insert((step.call, step.end));
                (*call, *end) = (step.call.max(*call), step.end.min(*end));
            }
        }
    }
    seen
}

/// Whether the answer shows what is at the front of a queue.
fn is_of_front(asked: &Asked) -> bool {
    match asked {
        Asked::Write(op) => op.takes_out(),
        Asked::Read(query) => *query == Query::At { index: 0 },
    }
}

/// Pairs of elements of queues, the one seen at the front before the other: of each the last few before it.
fn successions(object: &Object) -> Vec<(Name<'_>, Name<'_>)> {
    let seen = seen_at_front(object);
    let mut by_end: Vec<_> = seen
        .iter()
        .map(|(name, (_, end))| (name.0, *end, *name))
        .collect();
    by_end.sort_unstable();
    let mut pairs = Vec::new();
    for (name, (call, _)) in &seen {
        let until = by_end.partition_point(|(place, end, _)| (*place, *end) < (name.0, *call));
        let earlier = by_end[..until]
            .iter()
            .rev()
            .filter(|(place, _, other)| *place == name.0 && other != name);
        pairs.extend(
            earlier
                .take(MOST_PREDECESSORS)
                .map(|(_, _, other)| (*other, *name)),
        );
    }
    pairs
}
