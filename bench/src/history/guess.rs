//! A guess at the order in which the elements of queues came, for a search to try first.
//!
//! Two pushes that overlap, of elements that are taken by operations that overlap too, may have happened in either order,
//! but not each pair in any: the order that this finds agrees with the times of all pushes and of all sightings at
//! the front. For queues whose elements differ that is all that their pushes and takings ask for (T. Henzinger, A. Sezgin
//! and V. Vafeiadis, *Aspect-Oriented Linearizability Proofs*, CONCUR 2013); reads may ask for more, so it stays a guess.

use std::collections::BTreeMap;

use structures::{op::Element, query::Found};

use super::{
    object::{Object, Step},
    operation::Told,
    precedence::{Name, bringers, seen_at_front},
};

/// A step that pushes, to one queue or to several.
struct Push {
    step: usize,
    call: u64,
    end: u64,
    /// When what it pushed was seen at the front, in each queue.
    seen: Vec<Sighting>,
}

/// See [`seen_at_front`]; of what was never seen, the end of time.
struct Sighting {
    place: usize,
    call: u64,
    end: u64,
}

impl Push {
    fn first_seen_end(&self) -> u64 {
        self.seen
            .iter()
            .map(|sighting| sighting.end)
            .min()
            .unwrap_or(u64::MAX)
    }
}

/// For every step, those that it is guessed to come after, beside those that it must.
pub(super) fn guess(object: &Object, before: &[Vec<usize>]) -> Vec<Vec<usize>> {
    let mut after = vec![Vec::new(); object.steps.len()];
    let mut last: BTreeMap<usize, usize> = BTreeMap::new();
    for push in order(pushes(object), before) {
        for sighting in &push.seen {
            after[push.step].extend(last.insert(sighting.place, push.step));
        }
    }
    after
}

/// The pushes, in the order of their calls. What may never have happened is left out, unless it was seen.
fn pushes(object: &Object) -> Vec<Push> {
    let mut seen = seen_at_front(object);
    for (rank, name) in shown(object) {
        seen.entry(name).or_insert((rank, rank));
    }
    if seen.is_empty() {
        return Vec::new();
    }
    let mut names: BTreeMap<usize, Vec<Name<'_>>> = BTreeMap::new();
    for (name, step) in bringers(object) {
        if let Some(step) = step {
            names.entry(step).or_default().push(name);
        }
    }
    let push = |(number, names): (usize, Vec<Name<'_>>)| {
        let step = &object.steps[number];
        let happened = step.is_certain() || names.iter().any(|name| seen.contains_key(name));
        let sighting = |name: &Name<'_>| {
            let (call, end) = seen.get(name).copied().unwrap_or((u64::MAX, u64::MAX));
            let place = name.0;
            Sighting { place, call, end }
        };
        happened.then(|| Push {
            step: number,
            call: step.call,
            end: step.end,
            seen: names.iter().map(sighting).collect(),
        })
    };
    names.into_iter().filter_map(push).collect()
}

/// What reads of several elements show, with ranks for moments, which are later than any sighting at the front.
fn shown(object: &Object) -> impl Iterator<Item = (u64, Name<'_>)> {
    let answered = object.steps.iter().flat_map(Step::answered);
    answered.flat_map(|(place, _, told)| {
        let elements: &[Element] = match told {
            Told::Found(Found::Elements(elements)) => elements,
            _ => &[],
        };
        let ranks = u64::MAX - 1 - elements.len() as u64..;
        ranks
            .zip(elements)
            .map(move |(rank, element)| (rank, (place, element.value.as_slice())))
    })
}

/// The pushes in an order that agrees with all times and with what is known, as far as there is one.
fn order(pushes: Vec<Push>, before: &[Vec<usize>]) -> Vec<Push> {
    let mut left = Left::all(&pushes);
    let mut order = Vec::with_capacity(pushes.len());
    while let Some(next) = left.next(&pushes, before) {
        order.push(next);
    }
    let mut pushes: Vec<Option<Push>> = pushes.into_iter().map(Some).collect();
    order
        .into_iter()
        .filter_map(|place| pushes[place].take())
        .collect()
}

/// The pushes that are not in the order yet, by their places in the list.
struct Left {
    is_placed: Vec<bool>,
    /// Pushes by their steps.
    by_step: BTreeMap<usize, usize>,
    /// All before it are placed.
    first: usize,
    /// Ends, and those of sightings in each queue; the smallest last.
    ends: Vec<(u64, usize)>,
    seen_ends: BTreeMap<usize, Vec<(u64, usize)>>,
}

impl Left {
    fn all(pushes: &[Push]) -> Self {
        let mut seen_ends: BTreeMap<usize, Vec<(u64, usize)>> = BTreeMap::new();
        for (number, push) in pushes.iter().enumerate() {
            for sighting in &push.seen {
                let of_place = seen_ends.entry(sighting.place).or_default();
                of_place.push((sighting.end, number));
            }
        }
        let numbered = pushes.iter().enumerate();
        let mut ends: Vec<_> = numbered
            .clone()
            .map(|(number, push)| (push.end, number))
            .collect();
        for moments in seen_ends.values_mut().chain([&mut ends]) {
            moments.sort_unstable_by(|a, b| b.cmp(a));
        }
        Self {
            is_placed: vec![false; pushes.len()],
            by_step: numbered.map(|(number, push)| (push.step, number)).collect(),
            first: 0,
            ends,
            seen_ends,
        }
    }

    /// Places one more: of those that may be next by their own times one that may be by all else too, if there is any,
    /// and the one that was seen first.
    fn next(&mut self, pushes: &[Push], before: &[Vec<usize>]) -> Option<usize> {
        while *self.is_placed.get(self.first)? {
            self.first += 1;
        }
        let end = first_left(&mut self.ends, &self.is_placed);
        let seen_ends: BTreeMap<usize, u64> = self
            .seen_ends
            .iter_mut()
            .map(|(place, ends)| (*place, first_left(ends, &self.is_placed)))
            .collect();
        let is_early = |push: &Push| {
            let waits = |step: &usize| {
                self.by_step
                    .get(step)
                    .is_some_and(|number| !self.is_placed[*number])
            };
            let is_seen_late = |sighting: &Sighting| {
                let earliest = seen_ends.get(&sighting.place);
                earliest.is_some_and(|earliest| sighting.call > *earliest)
            };
            push.seen.iter().any(is_seen_late) || before[push.step].iter().any(waits)
        };
        let left = (self.first..pushes.len()).filter(|number| !self.is_placed[*number]);
        let may_be_next = left.take_while(|number| pushes[*number].call <= end);
        let next = may_be_next.min_by_key(|number| {
            let push = &pushes[*number];
            (is_early(push), push.first_seen_end())
        });
        let number = next.unwrap_or(self.first);
        self.is_placed[number] = true;
        Some(number)
    }
}

/// The smallest moment of those that are not placed; the last of the list.
fn first_left(moments: &mut Vec<(u64, usize)>, is_placed: &[bool]) -> u64 {
    while let Some((moment, place)) = moments.last() {
        if !is_placed[*place] {
            return *moment;
        }
        moments.pop();
    }
    u64::MAX
}
