//! What the answers of queues say of the order of all steps, and what may be supposed beyond that.
//!
//! Of two elements of one queue the one that was pushed first is at the front first: until it is taken, which is before the
//! other is seen there. Where a queue was seen empty, every element was taken before that or pushed after it, and where its
//! length was told, so many changes of it came before. Where two pushes
//! overlap, the front may tell; where that overlaps, the pushes may; and where a taking is a push of another queue, as in a
//! move, what is known there goes on from one queue to the next: conclusions are drawn until there is nothing new.
//!
//! Of two pushes that overlap, of elements that are taken by steps that overlap too, either may be the first, but not each
//! pair in either way: so one pair after the other is supposed, with all that follows, or its contrary if that is a
//! contradiction. Sources: T. Henzinger, A. Sezgin and V. Vafeiadis, *Aspect-Oriented Linearizability Proofs*, CONCUR 2013
//! (what a queue whose elements differ asks for); supposing and concluding are those of M. Davis, G. Logemann and
//! D. Loveland, *A Machine Program for Theorem-Proving*, CACM 5(7), 1962, without going back further than one pair.

use std::collections::BTreeSet;

use super::{
    counts::{Count, counts},
    known::{Contradiction, Known, Span},
    lives::{End, Life, lives},
    rules::{Rule, Side, concerned, judge_far_apart, rules},
};
use crate::history::object::Object;

/// See the module's documentation.
pub(in crate::history) struct Conclusions {
    known: Known,
    lives: Vec<Life>,
    counts: Vec<Count>,
    rules: Vec<Rule>,
    /// Of each step, the rules that concern it.
    concerned: Vec<Vec<usize>>,
    /// Rules of which nothing more is to be concluded.
    is_settled: Vec<bool>,
    settled: Vec<usize>,
}

impl Conclusions {
    /// All that follows from the answers and from these pairs, the first of each before the second.
    ///
    /// # Errors
    /// If there is no order.
    pub(super) fn draw(object: &Object, pairs: &[(usize, usize)]) -> Result<Self, Contradiction> {
        let lives = lives(object);
        judge_far_apart(&object.steps, &lives)?;
        let counts = counts(object);
        let rules = rules(object, &lives, &counts);
        let mut conclusions = Self {
            known: Known::of(&object.steps),
            concerned: concerned(object.steps.len(), &lives, &counts, &rules),
            is_settled: vec![false; rules.len()],
            settled: Vec::new(),
            lives,
            counts,
            rules,
        };
        for (earlier, later) in pairs {
            conclusions.put(*earlier, *later)?;
        }
        for life in 0..conclusions.lives.len() {
            conclusions.put_life(life)?;
        }
        for rule in 0..conclusions.rules.len() {
            conclusions.look(rule)?;
        }
        conclusions.conclude()?;
        Ok(conclusions)
    }

    /// What is known.
    pub(in crate::history) fn known(&self) -> &Known {
        &self.known
    }

    /// Supposes of everything that is open which side is so, as far as that is no contradiction.
    pub(in crate::history) fn suppose(&mut self) {
        let mut open: Vec<(u64, usize)> = (0..self.rules.len())
            .filter(|rule| !self.is_settled[*rule])
            .filter_map(|rule| Some((self.moment(rule)?, rule)))
            .collect();
        open.sort_unstable();
        for (_, rule) in open {
            let likely = self.likely(rule);
            let is_open = !self.is_settled[rule];
            if is_open && self.attempt(rule, likely).is_err() && self.attempt(rule, likely.other()).is_err() {
                // Something before was supposed wrongly; the search will find out.
                self.settle(rule);
            }
        }
    }

    /// When it is supposed: what comes first first. None for what has more than two sides.
    fn moment(&self, rule: usize) -> Option<u64> {
        let call = |step: usize| self.known.span(step).call;
        match self.rules[rule] {
            Rule::Pair(one, other) => Some(call(self.lives[one].push).max(call(self.lives[other].push))),
            Rule::Gap(step, _) | Rule::Turn(step, _) => Some(call(step)),
            Rule::Count(_) => None,
        }
    }

    /// The side that is likely to be so, by the spans.
    fn likely(&self, rule: usize) -> Side {
        let middle = |step: usize| {
            let Span { call, end } = self.known.span(step);
            u128::from(call) + u128::from(end)
        };
        let in_queue = |life: usize| {
            let Life { push, seen, .. } = &self.lives[life];
            let seen = seen.iter().map(|step| middle(*step)).min();
            (seen.unwrap_or(u128::MAX), middle(*push), life)
        };
        let is_left = match self.rules[rule] {
            Rule::Pair(one, other) => in_queue(one) < in_queue(other),
            Rule::Gap(step, life) => match self.lives[life].end {
                End::Taken(take) => middle(take) < middle(step),
                End::Kept | End::Open => false,
            },
            Rule::Turn(step, mover) => middle(mover) < middle(step),
            Rule::Count(_) => false,
        };
        if is_left { Side::Left } else { Side::Right }
    }

    /// Supposes that this side is so; nothing is changed if that is a contradiction.
    fn attempt(&mut self, rule: usize, side: Side) -> Result<(), Contradiction> {
        let (mark, settled) = (self.known.mark(), self.settled.len());
        self.settle(rule);
        let supposed = self.put_side(rule, side).and_then(|()| self.conclude());
        if supposed.is_err() {
            self.known.take_back(mark);
            for rule in self.settled.drain(settled..) {
                self.is_settled[rule] = false;
            }
        }
        supposed
    }

    /// Looks at whatever more is known of, until nothing is new.
    fn conclude(&mut self) -> Result<(), Contradiction> {
        loop {
            let news: BTreeSet<usize> = self.known.take_news().into_iter().collect();
            if news.is_empty() {
                return Ok(());
            }
            let concerned = news.iter().flat_map(|step| &self.concerned[*step]);
            let rules: BTreeSet<usize> = concerned.copied().collect();
            for rule in rules {
                self.look(rule)?;
            }
        }
    }

    fn look(&mut self, rule: usize) -> Result<(), Contradiction> {
        if let Rule::Count(count) = self.rules[rule] {
            return self.look_at_count(count);
        }
        let sides = [Side::Left, Side::Right];
        let is_open = !self.is_settled[rule];
        match sides.into_iter().find(|side| is_open && self.is_so(rule, *side)) {
            Some(side) => {
                self.settle(rule);
                self.put_side(rule, side)
            }
            None => Ok(()),
        }
    }

    /// Whether that side is known to be so.
    fn is_so(&self, rule: usize, side: Side) -> bool {
        match (self.rules[rule], side) {
            (Rule::Pair(one, other), Side::Left) => self.is_first(one, other),
            (Rule::Pair(one, other), Side::Right) => self.is_first(other, one),
            (Rule::Gap(step, life), Side::Left) => self.known.has(self.lives[life].push, step),
            (Rule::Gap(step, life), Side::Right) => match self.lives[life].end {
                End::Taken(take) => self.known.has(step, take),
                End::Kept => true,
                End::Open => false,
            },
            (Rule::Turn(step, mover), Side::Left) => self.known.has(mover, step),
            (Rule::Turn(step, mover), Side::Right) => self.known.has(step, mover),
            (Rule::Count(_), _) => false,
        }
    }

    fn put_side(&mut self, rule: usize, side: Side) -> Result<(), Contradiction> {
        match (self.rules[rule], side) {
            (Rule::Pair(one, other), Side::Left) => self.put_first(one, other),
            (Rule::Pair(one, other), Side::Right) => self.put_first(other, one),
            (Rule::Gap(step, life), Side::Right) => self.put(step, self.lives[life].push),
            (Rule::Gap(step, life), Side::Left) => match self.lives[life].end {
                End::Taken(take) => self.put(take, step),
                End::Kept => Err(Contradiction),
                End::Open => Ok(()),
            },
            (Rule::Turn(step, mover), Side::Left) => self.put(mover, step),
            (Rule::Turn(step, mover), Side::Right) => self.put(step, mover),
            (Rule::Count(_), _) => Ok(()),
        }
    }

    fn settle(&mut self, rule: usize) {
        self.is_settled[rule] = true;
        self.settled.push(rule);
    }

    /// Whether the one is known to come before the other in their queue.
    fn is_first(&self, first: usize, second: usize) -> bool {
        let (first, second) = (&self.lives[first], &self.lives[second]);
        let is_kept_behind = matches!((first.end, second.end), (End::Taken(_), End::Kept));
        let were_seen = || {
            let mut pairs = first
                .seen
                .iter()
                .flat_map(|a| second.seen.iter().map(move |b| (a, b)));
            pairs.any(|(a, b)| self.known.has(*a, *b))
        };
        is_kept_behind || self.known.has(first.push, second.push) || were_seen()
    }

    fn put_first(&mut self, first: usize, second: usize) -> Result<(), Contradiction> {
        let (pushes, seen) = {
            let (first, second) = (&self.lives[first], &self.lives[second]);
            if first.end == End::Kept && !second.seen.is_empty() {
                return Err(Contradiction);
            }
            (
                (first.push, second.push),
                (first.seen.clone(), second.seen.clone()),
            )
        };
        self.put(pushes.0, pushes.1)?;
        for earlier in &seen.0 {
            for later in &seen.1 {
                self.put(*earlier, *later)?;
            }
        }
        Ok(())
    }

    /// It was pushed before it was seen, and seen before it was taken.
    fn put_life(&mut self, life: usize) -> Result<(), Contradiction> {
        let Life { push, seen, end, .. } = &self.lives[life];
        let (push, seen, end) = (*push, seen.clone(), *end);
        for seen in seen {
            self.put(push, seen)?;
            if let End::Taken(take) = end {
                self.put(seen, take)?;
            }
        }
        Ok(())
    }

    /// Whatever has to come before the question, or after it, for the length to be what was told.
    fn look_at_count(&mut self, count: usize) -> Result<(), Contradiction> {
        let Count { step, told, base, .. } = self.counts[count];
        let (mut least, mut most, mut open) = (base, base, Vec::new());
        for (mover, adds) in &self.counts[count].movers {
            if self.known.has(*mover, step) {
                (least, most) = (least + adds, most + adds);
            } else if !self.known.has(step, *mover) {
                (least, most) = (least + adds.min(&0), most + adds.max(&0));
                open.push((*mover, *adds));
            }
        }
        if told < least || told > most {
            return Err(Contradiction);
        }
        for (mover, adds) in open {
            let is_needed = most - adds.abs() < told;
            let is_too_much = least + adds.abs() > told;
            if is_needed && adds > 0 || is_too_much && adds < 0 {
                self.put(mover, step)?;
            } else if is_needed || is_too_much {
                self.put(step, mover)?;
            }
        }
        Ok(())
    }

    /// What one step does is in its own order, of which nothing is said here.
    fn put(&mut self, earlier: usize, later: usize) -> Result<(), Contradiction> {
        match earlier == later {
            true => Ok(()),
            false => self.known.add(earlier, later),
        }
    }
}
