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

/// An element's push, and when it was seen at the front: see [`seen_at_front`].
struct Push {
    step: usize,
    call: u64,
    end: u64,
    seen_call: u64,
    seen_end: u64,
}

/// For every step, one that it is guessed to come after, if there is any.
pub(super) fn guess(object: &Object) -> Vec<Option<usize>> {
    let mut after = vec![None; object.steps.len()];
    for pushes in pushes(object).into_values() {
        let order = order(pushes);
        for pair in order.windows(2) {
            after[pair[1]] = Some(pair[0]);
        }
    }
    after
}

/// The pushes of each queue, in the order of their calls. What may never have happened is left out, unless it was seen.
fn pushes(object: &Object) -> BTreeMap<usize, Vec<Push>> {
    let mut seen = seen_at_front(object);
    for (rank, name) in shown(object) {
        seen.entry(name).or_insert((rank, rank));
    }
    let mut pushes: BTreeMap<usize, Vec<Push>> = BTreeMap::new();
    let mut single: Vec<_> = bringers(object)
        .into_iter()
        .filter_map(|(name, step)| Some((step?, name)))
        .collect();
    single.sort_unstable();
    for (number, name) in single {
        let step = &object.steps[number];
        let sighting = seen.get(&name);
        if seen.is_empty() || (sighting.is_none() && !step.is_certain()) {
            continue;
        }
        let (seen_call, seen_end) = sighting.copied().unwrap_or((u64::MAX, u64::MAX));
        pushes.entry(name.0).or_default().push(Push {
            step: number,
            call: step.call,
            end: step.end,
            seen_call,
            seen_end,
        });
    }
    pushes
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

/// The steps in an order that agrees with both times, as far as there is one.
fn order(pushes: Vec<Push>) -> Vec<usize> {
    let mut ends: Vec<(u64, usize)> = pushes
        .iter()
        .enumerate()
        .map(|(place, push)| (push.end, place))
        .collect();
    let mut seen_ends: Vec<(u64, usize)> = pushes
        .iter()
        .enumerate()
        .map(|(place, push)| (push.seen_end, place))
        .collect();
    ends.sort_unstable_by(|a, b| b.cmp(a));
    seen_ends.sort_unstable_by(|a, b| b.cmp(a));
    let mut is_placed = vec![false; pushes.len()];
    let mut first = 0;
    let mut order = Vec::with_capacity(pushes.len());
    while order.len() < pushes.len() {
        let end = first_left(&mut ends, &is_placed);
        let seen_end = first_left(&mut seen_ends, &is_placed);
        while is_placed[first] {
            first += 1;
        }
        let left = (first..pushes.len()).filter(|place| !is_placed[*place]);
        let may_be_next = left.take_while(|place| pushes[*place].call <= end);
        // Those that may be next by both times before the others; among them the one that was seen first.
        let next =
            may_be_next.min_by_key(|place| (pushes[*place].seen_call > seen_end, pushes[*place].seen_end));
        let place = next.unwrap_or(first);
        is_placed[place] = true;
        order.push(pushes[place].step);
    }
    order
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
