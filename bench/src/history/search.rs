//! The search for an order of one object's operations.
//!
//! By J. Wing and C. Gong, *Testing and Verifying Concurrent Objects*, JPDC 17, 1993: of the operations that are not in
//! the order yet, one that was called before any other of them ended comes next; it is tried on the sequential
//! structure; where none fits, the last choice is taken back. With G. Lowe's memory, *Testing for Linearizability*,
//! Concurrency and Computation 29(4), 2017: a set of ordered operations together with the state that they led to is
//! explored once. Operations that may never have happened are candidates as any, but need not be in the order.
//!
//! Candidates are tried in the order of their ends, the uncertain ones last; [`super::precedence`] holds back those
//! that cannot be next. One that changes nothing and fits is taken without an alternative: whatever order there is with it
//! later is one with it now, too. A first search tries a [`super::guess`] alone, with a share of the budget; an order
//! that it finds is as good as any, and if it finds none that says nothing. The time that a search takes can grow
//! exponentially: a budget of steps ends it undecided. Histories of a minute with real processes are decided in seconds, of maps
//! and of queues, but for long ones of queues that are written together while many operations are under way.

mod remaining;
mod taken;

use std::collections::HashMap;

use self::{remaining::Remaining, taken::Taken};
use super::{guess::guess, model::State, object::Object, operation::Told, precedence::precedence};

/// What a search found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// The steps in such an order, by number.
    Order(Vec<usize>),
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

/// The share of the budget that a guess is worth: one part of so many, but every step once.
const GUESS_SHARE: u64 = 2;

/// Searches; every operation tried takes one from the budget. `interest` is the step whose due answers are to be told.
pub(super) fn search(object: &Object, interest: Option<usize>, budget: &mut u64) -> Found {
    let known = precedence(object);
    let guess = guess(object, &known);
    if guess.iter().any(|after| !after.is_empty()) {
        let mut guessed = known.clone();
        for (earlier, guess) in guessed.iter_mut().zip(guess) {
            earlier.extend(guess);
        }
        let once = object.steps.len() as u64;
        let mut share = (*budget / GUESS_SHARE).max(once).min(*budget);
        *budget -= share;
        let found = Search::new(object, guessed, None).run(&mut share);
        *budget += share;
        if let Found::Order(order) = found {
            return Found::Order(order);
        }
    }
    Search::new(object, known, interest).run(budget)
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

struct Search<'o> {
    object: &'o Object,
    precedence: Vec<Vec<usize>>,
    remaining: Remaining,
    levels: Vec<Level>,
    /// The states that a set of steps has led to, most often one.
    seen: HashMap<Taken, Vec<Vec<State>>>,
    /// Certain steps in the order.
    certain: usize,
    interest: Option<usize>,
    due: Vec<Vec<Told>>,
}

impl<'o> Search<'o> {
    fn new(object: &'o Object, precedence: Vec<Vec<usize>>, interest: Option<usize>) -> Self {
        let mut search = Self {
            object,
            precedence,
            remaining: Remaining::all(object.steps.len()),
            levels: Vec::new(),
            seen: HashMap::new(),
            certain: 0,
            interest,
            due: Vec::new(),
        };
        search.enter(None, object.beginning(), Taken::none());
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
            self.attempt(step);
        }
        Found::Order(self.order())
    }

    /// Tries the step after those that are in the order.
    fn attempt(&mut self, number: usize) {
        let Some(level) = self.levels.last() else {
            return;
        };
        let states = match self.applied(number, &level.states) {
            Ok(states) => states,
            Err(due) => {
                self.note_due(number, due);
                return;
            }
        };
        let taken = level.taken.with(number, &self.object.steps);
        let seen = self.seen.entry(taken.clone()).or_default();
        if !seen.contains(&states) {
            seen.push(states.clone());
            self.remaining.unlink(number);
            self.certain += usize::from(self.object.steps[number].is_certain());
            self.enter(Some(number), states, taken);
        }
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
        let may_be_next = |number: &usize| {
            !self.precedence[*number]
                .iter()
                .any(|earlier| self.remaining.has(*earlier))
        };
        candidates.retain(may_be_next);
        candidates.sort_by_key(|number| std::cmp::Reverse((steps[*number].end, *number)));
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

    fn order(&self) -> Vec<usize> {
        self.levels.iter().filter_map(|level| level.chosen).collect()
    }
}
