//! Whether a history can be the truth, object by object.
//!
//! What is not linearizable stays so however it goes on; so the shortest prefix that has no order is found by halving,
//! and the answer at its end is the one that nothing explains.

use super::{
    explain::Flaw,
    object::{Object, objects},
    operation::History,
    search::{Found, search},
};

/// Steps that the search for one object's order may take, unless told otherwise: seconds, and below a gigabyte or two.
pub const DEFAULT_BUDGET: u64 = 2_000_000;

/// What was found of a history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Operations that took effect, or may have.
    pub operations: usize,
    /// How many of them are uncertain.
    pub uncertain: usize,
    /// Objects that were checked one by one.
    pub objects: usize,
    /// What holds of all of them.
    pub verdict: Verdict,
}

/// Whether a history is linearizable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Every object has an order.
    Linearizable,
    /// At least these have none.
    Flawed(Vec<Flaw>),
    /// No object is known to have none, and of some the budget did not suffice to find one: their names.
    Undecided(Vec<String>),
}

/// Checks a history; the search of each object may take `budget` steps.
pub fn check(history: &History, budget: u64) -> Report {
    let objects = objects(history);
    let (mut flaws, mut undecided) = (Vec::new(), Vec::new());
    for object in &objects {
        match search(object, &mut budget.clone()) {
            Found::Order => {}
            Found::None { .. } => flaws.push(flaw(history, object, budget)),
            Found::Undecided => match flaw_within(object, budget) {
                Some(moment) => flaws.push(Flaw::of(history, &object.until(moment), budget)),
                None => undecided.push(object.name()),
            },
        }
    }
    let steps = objects.iter().flat_map(|object| &object.steps);
    let mut entries: Vec<_> = steps.map(|step| (step.entry, step.is_certain())).collect();
    entries.sort_unstable();
    entries.dedup();
    Report {
        operations: entries.len(),
        uncertain: entries.iter().filter(|(_, is_certain)| !is_certain).count(),
        objects: objects.len(),
        verdict: match (flaws.is_empty(), undecided.is_empty()) {
            (false, _) => Verdict::Flawed(flaws),
            (true, false) => Verdict::Undecided(undecided),
            (true, true) => Verdict::Linearizable,
        },
    }
}

/// The flaw of an object that has no order.
fn flaw(history: &History, object: &Object, budget: u64) -> Flaw {
    let ends = ends(object);
    // Prefixes up to `sound` have an order or are undecided; the one up to `flawed` has none.
    let (mut sound, mut flawed) = (0, ends.len());
    while flawed - sound > 1 {
        let middle = sound.midpoint(flawed);
        match is_flawed(object, ends[middle - 1], budget) {
            Some(true) => flawed = middle,
            Some(false) | None => sound = middle,
        }
    }
    let moment = ends.get(flawed - 1).copied().unwrap_or(u64::MAX);
    Flaw::of(history, &object.until(moment), budget)
}

/// The end of a prefix without order, if one is found although the whole is undecided: shorter ones take less. All of
/// them together may take what the whole may.
fn flaw_within(object: &Object, budget: u64) -> Option<u64> {
    let ends = ends(object);
    let mut count = ends.len();
    let share = budget / u64::from(count.max(2).ilog2());
    while count > 1 {
        count /= 2;
        match is_flawed(object, ends[count - 1], share) {
            Some(true) => return Some(ends[count - 1]),
            Some(false) => return None,
            None => {}
        }
    }
    None
}

fn is_flawed(object: &Object, moment: u64, budget: u64) -> Option<bool> {
    match search(&object.until(moment), &mut budget.clone()) {
        Found::Order => Some(false),
        Found::None { .. } => Some(true),
        Found::Undecided => None,
    }
}

/// When the certain steps ended, in that order.
fn ends(object: &Object) -> Vec<u64> {
    let certain = object.steps.iter().filter(|step| step.is_certain());
    let mut ends: Vec<u64> = certain.map(|step| step.end).collect();
    ends.sort_unstable();
    ends.dedup();
    ends
}
