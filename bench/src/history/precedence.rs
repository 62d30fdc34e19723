//! Which operations must come before which, as later answers show: what a search need not find out by trying.
//!
//! Where elements keep the order in which they came, a read of two of them shows who came first, and of queues every answer
//! says something ([`Conclusions`]). Without this a search that took two overlapping pushes in the wrong order would learn it
//! much later. Only what holds in every order is said, so nothing is ever wrongly rejected for it.

mod conclusions;
mod counts;
mod known;
mod lives;
mod rules;

use std::collections::{BTreeMap, btree_map::Entry};

use structures::{
    kind::StructureKind,
    op::{Op, Outcome},
    query::{Found, Query},
};

pub(super) use self::{
    conclusions::Conclusions,
    known::{Known, Span},
};
use super::{
    object::{Object, Step},
    operation::{Asked, Told},
};

/// An element: its place of the object, and its key, or its value where there are no keys.
type Name<'a> = (usize, &'a [u8]);

/// All that is known of the order of the steps.
///
/// # Errors
/// If there is no order.
pub(super) fn precedence(object: &Object) -> Result<Conclusions, known::Contradiction> {
    Conclusions::draw(object, &shown(object))
}

/// Pairs of steps of which the first comes before the second in any case: not all of them, only what is cheap to see.
fn shown(object: &Object) -> Vec<(usize, usize)> {
    let mut pairs = Vec::new();
    if !keeps_arrivals(object) {
        return pairs;
    }
    let bringers = bringers(object);
    for step in &object.steps {
        for (place, _, told) in step.answered() {
            let Told::Found(Found::Elements(elements)) = told else {
                continue;
            };
            for pair in elements.windows(2) {
                let [earlier, later] = [&pair[0], &pair[1]].map(|e| name_of(place, &e.key, &e.value));
                if let (Some(Some(a)), Some(Some(b))) = (bringers.get(&earlier), bringers.get(&later))
                    && a != b
                {
                    pairs.push((*a, *b));
                }
            }
        }
    }
    pairs
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
fn bringers(object: &Object) -> BTreeMap<Name<'_>, Option<usize>> {
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

/// Whether the answer shows what is at the front of a queue.
fn is_of_front(asked: &Asked) -> bool {
    match asked {
        Asked::Write(op) => op.takes_out(),
        Asked::Read(query) => *query == Query::At { index: 0 },
    }
}
