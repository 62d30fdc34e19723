//! Which operations must come before which, as later answers show: what a search need not find out by trying.
//!
//! Where elements keep the order in which they came, a read of two of them, or two takings one after the other, show who
//! came first. Without this a search that took two overlapping pushes in the wrong order would learn it much later.
//! Only what holds in every order is said, so nothing is ever wrongly rejected for it.

use std::collections::{BTreeMap, btree_map::Entry};

use structures::{
    kind::StructureKind,
    op::{Op, Outcome},
    query::Found,
};

use super::{
    object::{Object, Step},
    operation::{Asked, Told},
};

/// An element: its place of the object, and its key, or its value where there are no keys.
type Name<'a> = (usize, &'a [u8]);

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
    for (earlier, later) in takings(object) {
        must_precede(earlier, later);
    }
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

/// Pairs of elements of queues, the one taken before the other's taking was called.
fn takings(object: &Object) -> Vec<(Name<'_>, Name<'_>)> {
    if object.structure.kind != StructureKind::Queue {
        return Vec::new();
    }
    let mut by_call = Vec::new();
    for step in &object.steps {
        for (place, _, told) in step.answered() {
            if let Told::Answer(answer) = told
                && let Some(value) = &answer.value
            {
                by_call.push((step.call, step.end, (place, value.as_slice())));
            }
        }
    }
    let mut by_end: Vec<_> = by_call.iter().map(|(_, end, name)| (*end, *name)).collect();
    by_end.sort_unstable();
    let mut ended = by_end.into_iter().peekable();
    let mut last = BTreeMap::new();
    let mut pairs = Vec::new();
    // The steps are in the order of their calls.
    for (call, _, name) in by_call {
        while let Some((_, earlier)) = ended.next_if(|(end, _)| *end < call) {
            last.insert(earlier.0, earlier);
        }
        if let Some(earlier) = last.get(&name.0) {
            pairs.push((*earlier, name));
        }
    }
    pairs
}
