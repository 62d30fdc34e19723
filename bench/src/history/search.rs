//! The search for an order of one object's operations.
//!
//! By J. Wing and C. Gong, *Testing and Verifying Concurrent Objects*, JPDC 17, 1993: of the operations that are not in
//! the order yet, one that was called before any other of them ended comes next; it is tried on the sequential
//! structure; where none fits, the last choice is taken back. With G. Lowe's memory, *Testing for Linearizability*,
//! Concurrency and Computation 29(4), 2017: a set of ordered operations together with the state that they led to is
//! explored once. Operations that may never have happened are candidates as any, but need not be in the order.
//!
//! What [`super::precedence`] knows narrows the spans of the steps and holds back those that cannot be next; where it knows
//! that there is no order nothing is searched. What it supposes beyond that comes first: a first search takes nothing else
//! into account, with a small share of the budget, and a second one tries what agrees with it before what does not. A step
//! that changes nothing and fits is taken without an alternative: whatever order there is with it later is one with it
//! now, too. The time that a search takes can still grow exponentially: a budget of steps ends it undecided.

mod remaining;
mod taken;

use std::collections::HashMap;

use self::{remaining::Remaining, taken::Taken};
use super::{
    model::State,
    object::{Object, Step},
    operation::Told,
    precedence::{Known, Span, precedence},
};

/// What a search found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// There is one.
    Order,
    /// There is none.
    None {
        /// What a step of interest should have been answered, in one order or another.
        due: Vec<Vec<Told>>,
    },
    /// The budget is used up.
    Undecided,
}

/// Answers that are kept to explain a failure.
const MAX_DUE: usize = 4;

/// Steps for each one of the object that the search among orders that agree with all suppositions is worth.
const STEPS_OF_SUPPOSED: u64 = 4;

/// Steps for each one of the object that an explanation is worth.
const STEPS_OF_DUE: u64 = 16;

/// Searches; every operation tried takes one from the budget.
pub(super) fn search(object: &Object, budget: &mut u64) -> Found {
    let Ok(mut conclusions) = precedence(object) else {
        return Found::None { due: Vec::new() };
    };
    let known = conclusions.known().clone();
    conclusions.suppose();
    let supposed = conclusions.known();
    // An order that agrees with all that is supposed is found at once, or is none: what fails then says nothing.
    let mut share = (STEPS_OF_SUPPOSED * object.steps.len() as u64).min(*budget);
    *budget -= share;
    let found = Search::guided(object, supposed, supposed).run(&mut share);
    *budget += share;
    if found == Found::Order {
        return found;
    }
    Search::guided(object, &known, supposed).run(budget)
}

/// What a step that fits nowhere should have been answered, as far as that is found out with few steps.
pub(super) fn due(object: &Object, culprit: usize, budget: u64) -> Vec<Vec<Told>> {
    let mut budget = budget.min(STEPS_OF_DUE * object.steps.len() as u64);
    let known = known_of_others(object, culprit);
    let mut search = Search::guided(object, &known, &known);
    search.interest = Some(culprit);
    match search.run(&mut budget) {
        Found::None { due } => due,
        Found::Order | Found::Undecided => Vec::new(),
    }
}

/// What is known of all; where that is a contradiction, what is known without the culprit's answer.
fn known_of_others(object: &Object, culprit: usize) -> Known {
    let mut others = object.clone();
    let first = precedence(object).or_else(|_| {
        others.steps[culprit].told = None;
        precedence(&others)
    });
    first.map_or_else(
        |_| Known::of(&object.steps),
        |conclusions| conclusions.known().clone(),
    )
}

/// One choice: what may come next, and from where.
struct Level {
    /// What has led here; none at the beginning.
    chosen: Option<usize>,
    /// What is still to be tried, the most likely last.
    candidates: Vec<usize>,
    states: Vec<State>,
    taken: Taken,
}

struct Search {
    object: Object,
    /// Of each step, some that come before it; and some that are supposed to.
    known: Vec<Vec<usize>>,
    supposed: Vec<Vec<usize>>,
    supposed_spans: Vec<Span>,
    remaining: Remaining,
    levels: Vec<Level>,
    /// The states that a set of steps has led to, most often one.
    seen: HashMap<Taken, Vec<Vec<State>>>,
    /// Certain steps in the order.
    certain: usize,
    interest: Option<usize>,
    due: Vec<Vec<Told>>,
}

impl Search {
    /// For an order of steps that agrees with what is known, those first that agree with what is supposed, too.
    fn guided(object: &Object, known: &Known, supposed: &Known) -> Self {
        let mut by_call: Vec<usize> = (0..object.steps.len()).collect();
        by_call.sort_by_key(|step| (known.span(*step).call, known.span(*step).end));
        let mut numbers = vec![0; by_call.len()];
        for (number, step) in by_call.iter().enumerate() {
            numbers[*step] = number;
        }
        let narrowed = |step: &usize| {
            let Span { call, end } = known.span(*step);
            let step = object.steps[*step].clone();
            Step { call, end, ..step }
        };
        let renumbered = |steps: &[usize]| steps.iter().map(|step| numbers[*step]).collect();
        let object = Object {
            structure: object.structure,
            places: object.places.clone(),
            steps: by_call.iter().map(narrowed).collect(),
        };
        let (beginning, count) = (object.beginning(), object.steps.len());
        let mut search = Self {
            object,
            known: by_call
                .iter()
                .map(|step| renumbered(known.before(*step)))
                .collect(),
            supposed: by_call
                .iter()
                .map(|step| renumbered(supposed.before(*step)))
                .collect(),
            supposed_spans: by_call.iter().map(|step| supposed.span(*step)).collect(),
            remaining: Remaining::all(count),
            levels: Vec::new(),
            seen: HashMap::new(),
            certain: 0,
            interest: None,
            due: Vec::new(),
        };
        search.enter(None, beginning, Taken::none());
        search
    }

    fn run(mut self, budget: &mut u64) -> Found {
        let certain = self.object.steps.iter().filter(|step| step.is_certain()).count();
        while self.certain < certain {
            let Some(level) = self.levels.last_mut() else {
                return Found::None { due: self.due };
            };
            let Some(step) = level.candidates.pop() else {
                self.take_back();
                continue;
            };
            match budget.checked_sub(1) {
                None => return Found::Undecided,
                Some(left) => *budget = left,
            }
            // States that the same steps led to in other orders are as long to compare as a step is to try, or longer.
            *budget = budget.saturating_sub(self.attempt(step));
        }
        Found::Order
    }

    /// Tries the step after those that are in the order; how many states it was compared with.
    fn attempt(&mut self, number: usize) -> u64 {
        let Some(level) = self.levels.last() else {
            return 0;
        };
        let states = match self.applied(number, &level.states) {
            Ok(states) => states,
            Err(due) => {
                self.note_due(number, due);
                return 0;
            }
        };
        let taken = level.taken.with(number, &self.object.steps);
        let seen = self.seen.entry(taken.clone()).or_default();
        let compared = seen.len() as u64;
        if !seen.contains(&states) {
            seen.push(states.clone());
            self.remaining.unlink(number);
            self.certain += usize::from(self.object.steps[number].is_certain());
            self.enter(Some(number), states, taken);
        }
        compared
    }

    /// The states after the step.
    ///
    /// # Errors
    /// The answers that are due, if those that were given are not.
    fn applied(&self, number: usize, states: &[State]) -> Result<Vec<State>, Vec<Told>> {
        let step = &self.object.steps[number];
        let mut next = states.to_vec();
        let mut due = Vec::new();
        let mut fits = true;
        for (part, (place, asked)) in step.parts.iter().enumerate() {
            let told = step.told.as_ref().map(|told| &told[part]);
            match next[*place].step(self.object.structure, asked, told) {
                Ok(state) => {
                    next[*place] = state;
                    due.extend(told.cloned());
                }
                Err(answer) => {
                    fits = false;
                    due.push(answer);
                }
            }
        }
        if fits { Ok(next) } else { Err(due) }
    }

    fn note_due(&mut self, number: usize, due: Vec<Told>) {
        if self.interest == Some(number) && self.due.len() < MAX_DUE && !self.due.contains(&due) {
            self.due.push(due);
        }
    }

    fn enter(&mut self, chosen: Option<usize>, states: Vec<State>, taken: Taken) {
        let mut candidates = self.candidates();
        let fits = |number: &&usize| {
            self.object.steps[**number].is_neutral() && self.applied(**number, &states).is_ok()
        };
        if let Some(neutral) = candidates.iter().find(fits) {
            candidates = vec![*neutral];
        }
        self.levels.push(Level {
            chosen,
            candidates,
            states,
            taken,
        });
    }

    /// What may be next: called before anything that remains ended, the latest end first.
    fn candidates(&self) -> Vec<usize> {
        let steps = &self.object.steps;
        let mut first_end = u64::MAX;
        let mut candidates = Vec::new();
        for number in self.remaining.iter() {
            if steps[number].call > first_end {
                break;
            }
            first_end = first_end.min(steps[number].end);
            candidates.push(number);
        }
        let is_early = |number: &usize, before: &[Vec<usize>]| {
            let mut before = before[*number].iter();
            before.any(|earlier| self.remaining.has(*earlier))
        };
        candidates.retain(|number| !is_early(number, &self.known));
        candidates.sort_by_cached_key(|number| {
            let end = self.supposed_spans[*number].end;
            std::cmp::Reverse((is_early(number, &self.supposed), end, steps[*number].end, *number))
        });
        candidates
    }

    /// Nothing fits here: back to the choice before.
    fn take_back(&mut self) {
        if let Some(Level {
            chosen: Some(number), ..
        }) = self.levels.pop()
        {
            self.remaining.relink(number);
            self.certain -= usize::from(self.object.steps[number].is_certain());
        }
    }
}
