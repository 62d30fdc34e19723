//! What the order of pushes says of what is seen at the front of a queue, and the other way round.
//!
//! Of two elements of one queue the one that was pushed first is at the front first: until it is taken, which is before the
//! other is seen there. Where two pushes overlap, the front may tell; where that overlaps, the pushes may; and where a taking
//! is a push of another queue, as in a move, what is known there goes on from one queue to the next. So it is spread until
//! nothing new is found.

use std::collections::{BTreeMap, BTreeSet};

use structures::kind::StructureKind;

use super::{Name, is_of_front};
use crate::history::object::{Object, Step};

/// Rounds of spreading: from queue to queue and from neighbour to neighbour, further than orders matter.
const MOST_ROUNDS: usize = 16;

/// An element whose push is known.
struct Life {
    place: usize,
    push: usize,
    /// Steps that saw it at the front.
    seen: Vec<usize>,
    /// The step that took it out, if it is known; one of those that saw it.
    take: Option<usize>,
}

/// Adds to `before` what follows from it and from the times of all that is known of elements.
pub(super) fn spread(
    object: &Object,
    bringers: &BTreeMap<Name<'_>, Option<usize>>,
    before: &mut [Vec<usize>],
) {
    if object.structure.kind != StructureKind::Queue {
        return;
    }
    let lives = lives(object, bringers);
    let pairs = overlapping(&object.steps, &lives);
    let mut known = Known {
        steps: &object.steps,
        before,
    };
    lives.iter().for_each(|life| known.add_life(life));
    for _ in 0..MOST_ROUNDS {
        let mut is_new = false;
        for (one, other) in &pairs {
            let (one, other) = (&lives[*one], &lives[*other]);
            is_new |= known.add_pair(one, other) || known.add_pair(other, one);
        }
        if !is_new {
            return;
        }
    }
}

fn lives(object: &Object, bringers: &BTreeMap<Name<'_>, Option<usize>>) -> Vec<Life> {
    let mut lives: BTreeMap<Name<'_>, Life> = BTreeMap::new();
    for (number, step) in object.steps.iter().enumerate() {
        for (place, asked, told) in step.answered().filter(|(_, asked, _)| is_of_front(asked)) {
            for name in told.values().into_iter().map(|value| (place, value)) {
                let Some(Some(push)) = bringers.get(&name) else {
                    continue;
                };
                let life = lives.entry(name).or_insert_with(|| Life {
                    place,
                    push: *push,
                    seen: Vec::new(),
                    take: None,
                });
                life.seen.push(number);
                if asked.is_write() {
                    life.take = Some(number);
                }
            }
        }
    }
    lives.into_values().collect()
}

/// Pairs of one queue whose pushes or times at the front overlap, by number: of all others everything is known.
fn overlapping(steps: &[Step], lives: &[Life]) -> BTreeSet<(usize, usize)> {
    let pushed = |life: &Life| (steps[life.push].call, steps[life.push].end);
    let at_front = |life: &Life| {
        let calls = life.seen.iter().map(|step| steps[*step].call);
        let ends = life.seen.iter().map(|step| steps[*step].end);
        (calls.min().unwrap_or(u64::MAX), ends.max().unwrap_or(u64::MAX))
    };
    let mut pairs = BTreeSet::new();
    for times in [&pushed as &dyn Fn(&Life) -> (u64, u64), &at_front] {
        let timed = lives.iter().enumerate();
        let mut timed: Vec<_> = timed
            .map(|(number, life)| (life.place, times(life), number))
            .collect();
        timed.sort_unstable();
        for (nth, (place, (_, end), number)) in timed.iter().enumerate() {
            let later = timed[nth + 1..].iter();
            let later = later.take_while(|(other, (call, _), _)| other == place && call <= end);
            pairs.extend(later.map(|(.., later)| (*number.min(later), *number.max(later))));
        }
    }
    pairs
}

/// What is known of the order of steps, by their times or as it was added.
struct Known<'k> {
    steps: &'k [Step],
    before: &'k mut [Vec<usize>],
}

impl Known<'_> {
    fn add_life(&mut self, life: &Life) {
        for seen in &life.seen {
            self.add(life.push, *seen);
            if let Some(take) = life.take {
                self.add(*seen, take);
            }
        }
    }

    /// What follows if the first is known to come before the second; whether anything of it is new.
    fn add_pair(&mut self, first: &Life, second: &Life) -> bool {
        let is_before = self.has(first.push, second.push)
            || (first.seen.iter()).any(|a| second.seen.iter().any(|b| self.has(*a, *b)));
        if !is_before {
            return false;
        }
        let mut is_new = self.add(first.push, second.push);
        for seen in &second.seen {
            for earlier in &first.seen {
                is_new |= self.add(*earlier, *seen);
            }
        }
        is_new
    }

    fn has(&self, earlier: usize, later: usize) -> bool {
        self.steps[earlier].end < self.steps[later].call || self.before[later].contains(&earlier)
    }

    /// Whether that is new.
    fn add(&mut self, earlier: usize, later: usize) -> bool {
        let is_new = earlier != later && !self.has(earlier, later);
        if is_new {
            self.before[later].push(earlier);
        }
        is_new
    }
}
