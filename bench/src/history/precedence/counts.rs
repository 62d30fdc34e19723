//! What the length of a queue says: so many pushes and takings come before the question, whichever they are.

use structures::{
    kind::StructureKind,
    op::{Op, Outcome},
    query::{Found, Query},
};

use crate::history::{
    object::{Object, Step},
    operation::{Asked, Told},
};

/// A step that was told a length.
#[derive(Debug)]
pub(super) struct Count {
    pub(super) step: usize,
    pub(super) told: i64,
    /// What the steps that are over by then made of the length.
    pub(super) base: i64,
    /// Steps that may come before it or after it, each with what it adds to the length.
    pub(super) movers: Vec<(usize, i64)>,
}

/// A step that changes the length of a queue.
#[derive(Clone, Copy, Debug)]
struct Mover {
    step: usize,
    adds: i64,
    call: u64,
    end: u64,
    /// The last end of all up to this one, in the order of calls.
    last_end: u64,
}

/// The lengths that were told of queues all of whose changes are known.
pub(super) fn counts(object: &Object) -> Vec<Count> {
    match object.structure.kind {
        StructureKind::Queue => (0..object.places.len())
            .filter_map(|place| Some((place, movers(object, place)?)))
            .flat_map(|(place, movers)| counts_of(object, place, &movers))
            .collect(),
        _ => Vec::new(),
    }
}

fn counts_of(object: &Object, place: usize, by_call: &[Mover]) -> Vec<Count> {
    let mut by_end: Vec<(u64, i64)> = by_call.iter().map(|mover| (mover.end, mover.adds)).collect();
    by_end.sort_unstable();
    let mut sum = 0;
    for (_, adds) in &mut by_end {
        sum += *adds;
        *adds = sum;
    }
    let count = |(step, told): (usize, i64)| {
        let Step { call, end, .. } = object.steps[step];
        let over = by_end.partition_point(|(over, _)| *over < call);
        let first = by_call.partition_point(|mover| mover.last_end < call);
        let near = by_call[first..].iter().take_while(|mover| mover.call <= end);
        let near = near.filter(|mover| mover.end >= call && mover.step != step);
        Count {
            step,
            told,
            base: over.checked_sub(1).map_or(0, |last| by_end[last].1),
            movers: near.map(|mover| (mover.step, mover.adds)).collect(),
        }
    };
    let steps = object.steps.iter().enumerate();
    let lengths = steps.filter_map(|(number, step)| Some((number, length(step, place)?)));
    lengths.map(count).collect()
}

/// The length that a step was told, if it asked nothing else.
fn length(step: &Step, place: usize) -> Option<i64> {
    let mut answered = step.answered();
    match (answered.next(), answered.next()) {
        (Some((of, Asked::Read(Query::Len), Told::Found(Found::Len(len)))), None) if of == place => {
            i64::try_from(*len).ok()
        }
        _ => None,
    }
}

/// The steps that change the length, in the order of their calls; none if there is one of which that is not known.
fn movers(object: &Object, place: usize) -> Option<Vec<Mover>> {
    let mut movers = Vec::new();
    let mut last_end = 0;
    for (number, step) in object.steps.iter().enumerate() {
        let is_write = |(of, asked): &(usize, Asked)| *of == place && asked.is_write();
        if !step.is_certain() && step.parts.iter().any(is_write) {
            return None;
        }
        let parts = step.answered().filter(|(of, ..)| *of == place);
        let adds = parts.map(|(_, asked, told)| adds(asked, told)).sum();
        if adds != 0 {
            last_end = step.end.max(last_end);
            movers.push(Mover {
                step: number,
                adds,
                call: step.call,
                end: step.end,
                last_end,
            });
        }
    }
    Some(movers)
}

fn adds(asked: &Asked, told: &Told) -> i64 {
    match (asked, told) {
        (Asked::Write(Op::PushBack { .. }), Told::Answer(answer)) if answer.outcome == Outcome::Inserted => 1,
        (Asked::Write(op), Told::Answer(answer)) if op.takes_out() && answer.outcome == Outcome::Removed => {
            -1
        }
        _ => 0,
    }
}
