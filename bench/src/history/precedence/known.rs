//! What is known of the order of steps: the span in which each took effect, and pairs of which one came first.
//!
//! Of two steps the first took effect no later than the second's span ends, and the second no sooner than the first's
//! begins. So what is known of a pair narrows spans, along all pairs that are known; and where two spans lie apart, their
//! order is known, too. Whatever is supposed can be taken back.
//!
//! Invariant: every order that agrees with what was told agrees with all that is known.

use crate::history::object::Step;

/// Steps looked at on the way from one to another: more stand in no other one's way.
const MOST_ON_THE_WAY: usize = 64;

/// No order agrees with what was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::history) struct Contradiction;

/// See the module's documentation. Steps go by their numbers.
#[derive(Clone, Debug)]
pub(in crate::history) struct Known {
    spans: Vec<Span>,
    before: Vec<Vec<usize>>,
    after: Vec<Vec<usize>>,
    /// Steps of whose order something is known that was not looked at yet.
    news: Vec<usize>,
    /// What was changed, in order.
    changes: Vec<Change>,
}

/// When a step took effect: at one moment of these, the first and the last included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::history) struct Span {
    pub(in crate::history) call: u64,
    pub(in crate::history) end: u64,
}

/// What can be taken back.
#[derive(Clone, Copy, Debug)]
enum Change {
    /// The span of a step, as it was.
    Span(usize, Span),
    /// The last pair of these two.
    Pair(usize, usize),
}

impl Known {
    /// What the times of the steps say.
    pub(in crate::history) fn of(steps: &[Step]) -> Self {
        let span = |step: &Step| Span {
            call: step.call,
            end: step.end,
        };
        Self {
            spans: steps.iter().map(span).collect(),
            before: vec![Vec::new(); steps.len()],
            after: vec![Vec::new(); steps.len()],
            news: Vec::new(),
            changes: Vec::new(),
        }
    }

    pub(in crate::history) fn span(&self, step: usize) -> Span {
        self.spans[step]
    }

    /// Steps that come before this one, not all of them: those that do not follow from others and from the spans.
    pub(in crate::history) fn before(&self, step: usize) -> &[usize] {
        &self.before[step]
    }

    /// Whether the one is known to come before the other.
    pub(super) fn has(&self, earlier: usize, later: usize) -> bool {
        let Span { call, end: last } = self.spans[later];
        if self.spans[earlier].end < call {
            return true;
        }
        let mut on_the_way = vec![earlier];
        let mut next = 0;
        while next < on_the_way.len() && on_the_way.len() < MOST_ON_THE_WAY {
            for step in &self.after[on_the_way[next]] {
                if *step == later {
                    return true;
                }
                if self.spans[*step].call <= last && !on_the_way.contains(step) {
                    on_the_way.push(*step);
                }
            }
            next += 1;
        }
        false
    }

    /// The one comes before the other.
    ///
    /// # Errors
    /// If the other is known to come before the one, or no moment is left for one of them.
    pub(super) fn add(&mut self, earlier: usize, later: usize) -> Result<(), Contradiction> {
        if earlier == later || self.has(later, earlier) {
            return Err(Contradiction);
        }
        if self.has(earlier, later) {
            return Ok(());
        }
        self.after[earlier].push(later);
        self.before[later].push(earlier);
        self.changes.push(Change::Pair(earlier, later));
        self.news.extend([earlier, later]);
        self.news.extend(&self.before[earlier]);
        self.news.extend(&self.after[later]);
        self.begin_later(later, self.spans[earlier].call)?;
        self.end_sooner(earlier, self.spans[later].end)
    }

    /// The step, and all that come after it, took effect at that moment or later.
    fn begin_later(&mut self, step: usize, moment: u64) -> Result<(), Contradiction> {
        let mut steps = vec![step];
        while let Some(step) = steps.pop() {
            let span = self.spans[step];
            if span.call < moment {
                self.narrow(step, Span { call: moment, ..span })?;
                steps.extend(&self.after[step]);
            }
        }
        Ok(())
    }

    /// The step, and all that come before it, took effect at that moment or sooner.
    fn end_sooner(&mut self, step: usize, moment: u64) -> Result<(), Contradiction> {
        let mut steps = vec![step];
        while let Some(step) = steps.pop() {
            let span = self.spans[step];
            if span.end > moment {
                self.narrow(step, Span { end: moment, ..span })?;
                steps.extend(&self.before[step]);
            }
        }
        Ok(())
    }

    fn narrow(&mut self, step: usize, span: Span) -> Result<(), Contradiction> {
        let before = std::mem::replace(&mut self.spans[step], span);
        self.changes.push(Change::Span(step, before));
        self.news.push(step);
        match span.call <= span.end {
            true => Ok(()),
            false => Err(Contradiction),
        }
    }

    /// Steps of whose order something new is known; they are told once.
    pub(super) fn take_news(&mut self) -> Vec<usize> {
        std::mem::take(&mut self.news)
    }

    /// Where to take back to.
    pub(super) fn mark(&self) -> usize {
        self.changes.len()
    }

    /// Takes back whatever was added since then.
    pub(super) fn take_back(&mut self, mark: usize) {
        for change in self.changes.drain(mark..).rev() {
            match change {
                Change::Span(step, span) => self.spans[step] = span,
                Change::Pair(earlier, later) => {
                    self.after[earlier].pop();
                    self.before[later].pop();
                }
            }
        }
        self.news.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(spans: &[(u64, u64)]) -> Known {
        let step = |(call, end): &(u64, u64)| Step {
            entry: 0,
            call: *call,
            end: *end,
            parts: Vec::new(),
            told: None,
        };
        Known::of(&spans.iter().map(step).collect::<Vec<_>>())
    }

    #[test]
    fn spans_that_lie_apart_have_an_order_and_those_that_touch_have_none() {
        let known = known(&[(0, 5), (5, 9), (6, 9)]);
        assert!(known.has(0, 2) && !known.has(2, 0));
        assert!(!known.has(0, 1) && !known.has(1, 0));
    }

    #[test]
    fn a_pair_narrows_the_spans_of_both_and_of_all_that_are_before_and_after() {
        let mut known = known(&[(0, 90), (30, 40), (0, 90), (35, 38)]);
        assert_eq!(known.add(1, 2), Ok(()));
        assert_eq!(known.span(2), Span { call: 30, end: 90 });
        assert_eq!(known.add(0, 1), Ok(()));
        assert_eq!(known.span(0), Span { call: 0, end: 40 });
        assert!(known.has(0, 2), "by way of the one between");
        assert_eq!(known.add(2, 3), Ok(()));
        assert_eq!(known.span(0), Span { call: 0, end: 38 });
    }

    #[test]
    fn what_goes_round_is_a_contradiction() {
        let mut known = known(&[(0, 9), (0, 9), (0, 9)]);
        assert_eq!([known.add(0, 1), known.add(1, 2)], [Ok(()), Ok(())]);
        assert_eq!([known.add(2, 0), known.add(1, 1)], [Err(Contradiction); 2]);
    }

    #[test]
    fn what_leaves_no_moment_is_a_contradiction_and_can_be_taken_back() {
        let mut known = known(&[(0, 90), (30, 40), (0, 50), (45, 60)]);
        assert_eq!(known.add(3, 2), Ok(()));
        let mark = known.mark();
        assert_eq!(known.add(2, 0), Ok(()));
        assert_eq!(known.add(0, 1), Err(Contradiction), "0 is not before 45");
        known.take_back(mark);
        assert_eq!(
            (known.span(0), known.span(2)),
            (Span { call: 0, end: 90 }, Span { call: 45, end: 50 })
        );
        assert!(known.has(3, 2) && !known.has(2, 0));
        assert_eq!(known.add(0, 1), Ok(()));
    }
}
