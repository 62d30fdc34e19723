//! What is to be found out of the elements of queues: of two, which came first; of a moment at which the queue was empty, whether
//! an element was gone by then or came later; of a length, which changes it contains. Only where their times leave it open; what lies apart is judged at once.

use std::collections::BTreeSet;

use super::{
    counts::Count,
    known::Contradiction,
    lives::{End, Gap, Life, gaps},
};
use crate::history::object::{Object, Step};

/// One of two things is so; which one is looked at again when more is known of the steps.
#[derive(Clone, Copy, Debug)]
pub(super) enum Rule {
    /// The left one of two lives came into the queue first, or the right one.
    Pair(usize, usize),
    /// A step saw the queue empty: this life was over, or had not begun.
    Gap(usize, usize),
    /// A step was told a length: this step that changes it came before, or after.
    Turn(usize, usize),
    /// So many of them came before; by the number of the count.
    Count(usize),
}

/// What is so.
#[derive(Clone, Copy, Debug)]
pub(super) enum Side {
    Left,
    Right,
}

impl Side {
    pub(super) fn other(self) -> Self {
        match self {
            Self::Left => Self::Right,
            Self::Right => Self::Left,
        }
    }
}

/// All rules of an object with these elements.
pub(super) fn rules(object: &Object, lives: &[Life], counts: &[Count]) -> Vec<Rule> {
    let pairs = overlapping(&object.steps, lives).into_iter();
    let pairs = pairs.map(|(one, other)| Rule::Pair(one, other));
    let turns = counts.iter().flat_map(|count| {
        let movers = count.movers.iter();
        movers.map(|(mover, _)| Rule::Turn(count.step, *mover))
    });
    let near = near(&object.steps, lives, gaps(object));
    let counted = (0..counts.len()).map(Rule::Count);
    pairs.chain(near).chain(turns).chain(counted).collect()
}

/// Pairs of one queue whose pushes or times at the front overlap, by number.
fn overlapping(steps: &[Step], lives: &[Life]) -> BTreeSet<(usize, usize)> {
    let pushed = |life: &Life| life.pushed(steps);
    let at_front = |life: &Life| life.at_front(steps);
    let mut pairs = BTreeSet::new();
    for times in [&pushed as &dyn Fn(&Life) -> (u64, u64), &at_front] {
        let timed = lives.iter().enumerate();
        let mut timed: Vec<_> = timed
            .map(|(number, life)| (life.place, times(life), number))
            .collect();
        timed.sort_unstable();
        for (nth, (place, (call, end), number)) in timed.iter().enumerate() {
            let later = timed[nth + 1..].iter();
            let later =
                later.take_while(|(other, (next, _), _)| other == place && next <= end && *call < u64::MAX);
            let says_something = |(.., later): &&(usize, (u64, u64), usize)| {
                !lives[*number].seen.is_empty() || !lives[*later].seen.is_empty()
            };
            let later = later.filter(says_something);
            pairs.extend(later.map(|(.., later)| (*number.min(later), *number.max(later))));
        }
    }
    pairs
}

/// Whether elements whose pushes lie apart were seen, or left behind, in that order.
///
/// # Errors
/// If not.
pub(super) fn judge_far_apart(steps: &[Step], lives: &[Life]) -> Result<(), Contradiction> {
    let mut by_call: Vec<&Life> = lives.iter().collect();
    by_call.sort_unstable_by_key(|life| (life.place, steps[life.push].call));
    let mut by_end: Vec<&Life> = lives.iter().collect();
    by_end.sort_unstable_by_key(|life| (life.place, steps[life.push].end));
    let mut earlier = by_end.into_iter().peekable();
    let mut place = None;
    // When an element that was pushed before the present one was seen at the front last; for ever, if nobody took it.
    let mut last_seen = 0;
    for life in by_call {
        if place != Some(life.place) {
            place = Some(life.place);
            last_seen = 0;
        }
        let call = (life.place, steps[life.push].call);
        while let Some(before) = earlier.next_if(|before| (before.place, steps[before.push].end) < call) {
            if before.place == life.place {
                let calls = before.seen.iter().map(|step| steps[*step].call);
                let is_kept = before.end == End::Kept;
                last_seen = calls.chain(is_kept.then_some(u64::MAX)).fold(last_seen, u64::max);
            }
        }
        let first_seen = life.seen.iter().map(|step| steps[*step].end).min();
        if first_seen.is_some_and(|end| end < last_seen) {
            return Err(Contradiction);
        }
    }
    Ok(())
}

/// Gaps that a life may be before or after.
fn near(steps: &[Step], lives: &[Life], mut gaps: Vec<Gap>) -> Vec<Rule> {
    gaps.sort_unstable_by_key(|gap| (gap.place, steps[gap.step].call));
    // The last end of all gaps up to each.
    let mut ends: Vec<(usize, u64)> = Vec::with_capacity(gaps.len());
    for gap in &gaps {
        let end = steps[gap.step].end;
        let before = ends.last().filter(|(place, _)| *place == gap.place);
        ends.push((gap.place, before.map_or(end, |(_, before)| end.max(*before))));
    }
    let mut rules = Vec::new();
    for (number, life) in lives.iter().enumerate() {
        let last = match life.end {
            End::Taken(take) => steps[take].end,
            End::Kept => u64::MAX,
            End::Open => continue,
        };
        let first = ends.partition_point(|end| *end < (life.place, steps[life.push].call));
        let near = gaps[first..].iter();
        let near = near.take_while(|gap| gap.place == life.place && steps[gap.step].call <= last);
        rules.extend(near.map(|gap| Rule::Gap(gap.step, number)));
    }
    rules
}

/// Of each step, the rules that concern it, by number.
pub(super) fn concerned(steps: usize, lives: &[Life], counts: &[Count], rules: &[Rule]) -> Vec<Vec<usize>> {
    let of_life = |life: usize| lives[life].seen.iter().copied().chain([lives[life].push]);
    let mut concerned = vec![Vec::new(); steps];
    for (number, rule) in rules.iter().enumerate() {
        let steps: BTreeSet<usize> = match *rule {
            Rule::Pair(one, other) => of_life(one).chain(of_life(other)).collect(),
            Rule::Gap(step, life) => of_life(life).chain([step]).collect(),
            Rule::Turn(step, mover) => [step, mover].into(),
            Rule::Count(count) => {
                let Count { step, movers, .. } = &counts[count];
                movers.iter().map(|(mover, _)| *mover).chain([*step]).collect()
            }
        };
        steps.into_iter().for_each(|step| concerned[step].push(number));
    }
    concerned
}
