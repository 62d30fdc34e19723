//! Structures without keys.

use std::sync::Arc;

use imbl::{OrdMap, Vector};
use structures::op::{Answer, Op, Outcome};

use super::Bytes;

/// Lists, queues and stacks; that the kind has the operation was checked.
pub(super) fn write(line: &Vector<Bytes>, op: &Op) -> (Answer, Vector<Bytes>) {
    let mut next = line.clone();
    let place = |index: &u64, end: usize| usize::try_from(*index).ok().filter(|index| *index < end);
    let answer = match op {
        Op::PushFront { value } => inserted(&mut next, Some(0), value),
        Op::PushBack { value } => inserted(&mut next, Some(line.len()), value),
        Op::InsertAt { index, value } => inserted(&mut next, place(index, line.len() + 1), value),
        Op::SetAt { index, value } => match place(index, line.len()) {
            Some(index) => {
                next.set(index, Arc::from(value.as_slice()));
                Outcome::Updated.into()
            }
            None => Outcome::AbsentPlace.into(),
        },
        Op::PopFront => removed(&mut next, (!line.is_empty()).then_some(0)),
        Op::PopBack => removed(&mut next, line.len().checked_sub(1)),
        Op::RemoveAt { index } => removed(&mut next, place(index, line.len())),
        _ => Outcome::Unsupported.into(),
    };
    (answer, next)
}

fn inserted(line: &mut Vector<Bytes>, index: Option<usize>, value: &[u8]) -> Answer {
    let Some(index) = index else {
        return Outcome::AbsentPlace.into();
    };
    line.insert(index, Arc::from(value));
    Outcome::Inserted.into()
}

fn removed(line: &mut Vector<Bytes>, index: Option<usize>) -> Answer {
    match index {
        Some(index) => Answer::removed(line.remove(index).to_vec()),
        None => Outcome::AbsentPlace.into(),
    }
}

/// Priority queues. An arrival's number is one more than the last among equals: so states that hold the same are the
/// same, unless all of a priority were taken out in between.
pub(super) fn write_ranked(
    ranked: &OrdMap<(u64, u64), Bytes>,
    op: &Op,
) -> (Answer, OrdMap<(u64, u64), Bytes>) {
    let mut next = ranked.clone();
    let answer = match op {
        Op::PushRanked { priority, value } => {
            let last = ranked.range((*priority, 0)..=(*priority, u64::MAX)).next_back();
            let arrival = last.map_or(0, |((_, arrival), _)| arrival + 1);
            next.insert((*priority, arrival), Arc::from(value.as_slice()));
            Outcome::Inserted.into()
        }
        Op::PopFront => match ranked.get_min() {
            Some((rank, value)) => {
                next.remove(rank);
                Answer::removed(value.to_vec())
            }
            None => Outcome::AbsentPlace.into(),
        },
        _ => Outcome::Unsupported.into(),
    };
    (answer, next)
}
