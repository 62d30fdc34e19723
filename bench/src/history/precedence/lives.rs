//! The elements of queues: who pushed each, who saw it at the front, who took it; and when a queue was seen empty.

use std::collections::BTreeMap;

use structures::{
    kind::StructureKind,
    op::Outcome,
    query::{Found, Query},
};

use super::{Name, bringers, is_of_front};
use crate::history::{
    object::{Object, Step},
    operation::{Asked, Told},
};

/// An element whose push is known and took effect.
#[derive(Debug)]
pub(super) struct Life {
    pub(super) place: usize,
    pub(super) push: usize,
    /// Steps that saw it at the front, the one that took it among them.
    pub(super) seen: Vec<usize>,
    pub(super) end: End,
}

/// What became of an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// This step took it.
    Taken(usize),
    /// Nobody took it: every taking is known.
    Kept,
    /// Somebody who was not answered may have taken it.
    Open,
}

/// A step that saw a queue empty.
#[derive(Clone, Copy, Debug)]
pub(super) struct Gap {
    pub(super) place: usize,
    pub(super) step: usize,
}

/// All elements of which something is to be concluded; of other structures than queues none.
pub(super) fn lives(object: &Object) -> Vec<Life> {
    if object.structure.kind != StructureKind::Queue {
        return Vec::new();
    }
    let mut lives: BTreeMap<Name<'_>, Life> = BTreeMap::new();
    let bringers = bringers(object);
    for (name, push) in &bringers {
        if let Some(push) = push {
            let (place, push) = (name.0, *push);
            let (seen, end) = (Vec::new(), End::Open);
            lives.insert(
                *name,
                Life {
                    place,
                    push,
                    seen,
                    end,
                },
            );
        }
    }
    for (number, step) in object.steps.iter().enumerate() {
        for (place, asked, told) in step.answered().filter(|(_, asked, _)| is_of_front(asked)) {
            for value in told.values() {
                if let Some(life) = lives.get_mut(&(place, value)) {
                    life.seen.push(number);
                    if asked.is_write() {
                        life.end = End::Taken(number);
                    }
                }
            }
        }
    }
    let is_open: Vec<bool> = (0..object.places.len())
        .map(|place| may_be_taken_from(object, place))
        .collect();
    let mut lives: Vec<Life> = lives.into_values().collect();
    for life in &mut lives {
        if life.end == End::Open && !is_open[life.place] {
            life.end = End::Kept;
        }
    }
    lives.retain(|life| {
        !life.seen.is_empty() || life.end == End::Kept && object.steps[life.push].is_certain()
    });
    lives
}

/// Whether a taking that was not answered may have taken something from the place.
fn may_be_taken_from(object: &Object, place: usize) -> bool {
    let takes =
        |(of, asked): &(usize, Asked)| *of == place && matches!(asked, Asked::Write(op) if op.takes_out());
    let mut uncertain = object.steps.iter().filter(|step| !step.is_certain());
    uncertain.any(|step| step.parts.iter().any(takes))
}

/// All steps that saw a queue empty.
pub(super) fn gaps(object: &Object) -> Vec<Gap> {
    if object.structure.kind != StructureKind::Queue {
        return Vec::new();
    }
    let steps = object.steps.iter().enumerate();
    let gaps = steps.flat_map(|(step, answered)| {
        let empty = answered
            .answered()
            .filter(|(_, asked, told)| shows_nothing(asked, told));
        empty.map(move |(place, ..)| Gap { place, step })
    });
    gaps.collect()
}

fn shows_nothing(asked: &Asked, told: &Told) -> bool {
    match (asked, told) {
        (Asked::Write(op), Told::Answer(answer)) => op.takes_out() && answer.outcome == Outcome::AbsentPlace,
        (Asked::Read(Query::At { index: 0 } | Query::Last), Told::Found(Found::Element(None))) => true,
        (Asked::Read(Query::Len), Told::Found(Found::Len(0))) => true,
        (Asked::Read(Query::All), Told::Found(Found::Elements(elements))) => elements.is_empty(),
        _ => false,
    }
}

impl Life {
    /// The call and the end of its push, which was over when it was seen.
    pub(super) fn pushed(&self, steps: &[Step]) -> (u64, u64) {
        let seen = self.seen.iter().map(|step| steps[*step].end);
        (steps[self.push].call, seen.fold(steps[self.push].end, u64::min))
    }

    /// From the first call to the last end of those that saw it at the front; of nobody, the end of time.
    pub(super) fn at_front(&self, steps: &[Step]) -> (u64, u64) {
        let calls = self.seen.iter().map(|step| steps[*step].call);
        let ends = self.seen.iter().map(|step| steps[*step].end);
        (calls.min().unwrap_or(u64::MAX), ends.max().unwrap_or(u64::MAX))
    }
}
