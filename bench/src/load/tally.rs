//! What the requests of one slice took, and how many were answered in each second of it.
//!
//! Pure: times are offsets from the beginning of the slice. Invariants: a request belongs to the slice if its
//! intended start lies in the measured part, however late its answer is (or a service would look the better the
//! longer it stalls at the end); throughput counts the answers that came in the measured part.

use std::time::Duration;

use hdrhistogram::Histogram;

use crate::experiment::empty_histogram;

/// The parts of a slice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// What comes first and is discarded.
    pub warmup: Duration,
    /// What is measured.
    pub duration: Duration,
}

impl Span {
    /// When the last request may start.
    pub(super) fn end(self) -> Duration {
        self.warmup + self.duration
    }

    /// How far a moment is into the measured part.
    fn measured(self, moment: Duration) -> Option<Duration> {
        let into = moment.checked_sub(self.warmup)?;
        (into < self.duration).then_some(into)
    }
}

/// The moments of one answered request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Moments {
    pub(super) intended: Duration,
    pub(super) sent: Duration,
    pub(super) answered: Duration,
}

/// One second of a slice.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Second {
    /// Which one, from 0.
    pub(super) number: u64,
    /// A second, or what the slice has of its last one.
    pub(super) length: Duration,
    /// Requests answered in it.
    pub(super) requests: u64,
    /// Their response times, nanoseconds.
    pub(super) p50_ns: u64,
    pub(super) p99_ns: u64,
    pub(super) max_ns: u64,
}

/// The figures of one slice.
#[derive(Debug)]
pub(super) struct Tally {
    span: Span,
    /// From the intended start to the answer.
    pub(super) response_ns: Histogram<u64>,
    /// From the actual start to the answer.
    pub(super) service_ns: Histogram<u64>,
    /// Answered in the measured part.
    pub(super) requests: u64,
    /// To start in it, and not sent before its end.
    pub(super) not_sent: u64,
    seconds: Vec<Second>,
    /// Response times of the answers in the second under way.
    current_ns: Histogram<u64>,
}

impl Tally {
    pub(super) fn new(span: Span) -> Self {
        Self {
            span,
            response_ns: empty_histogram(),
            service_ns: empty_histogram(),
            requests: 0,
            not_sent: 0,
            seconds: Vec::new(),
            current_ns: empty_histogram(),
        }
    }

    /// An answer came; calls are in the order of the answers.
    pub(super) fn answered(&mut self, moments: Moments) {
        let Moments {
            intended,
            sent,
            answered,
        } = moments;
        let response_ns = nanos(answered.saturating_sub(intended));
        if self.span.measured(intended).is_some() {
            self.response_ns.saturating_record(response_ns);
            self.service_ns
                .saturating_record(nanos(answered.saturating_sub(sent)));
        }
        if let Some(into) = self.span.measured(answered) {
            self.turn_to(into.as_secs());
            self.requests += 1;
            self.current_ns.saturating_record(response_ns);
        }
    }

    /// A request that was to start then had not been sent at the end: it took at least until then.
    pub(super) fn never_sent(&mut self, intended: Duration) {
        if self.span.measured(intended).is_some() {
            self.not_sent += 1;
            self.response_ns
                .saturating_record(nanos(self.span.end() - intended));
        }
    }

    /// Answers a second.
    pub(super) fn per_second(&self) -> f64 {
        self.requests as f64 / self.span.duration.as_secs_f64()
    }

    /// Every second of the slice, also those without an answer.
    pub(super) fn seconds(&mut self) -> &[Second] {
        let whole = self.span.duration.as_secs();
        let is_whole = self.span.duration.subsec_nanos() == 0;
        self.turn_to(whole + u64::from(!is_whole));
        &self.seconds
    }

    /// Closes the seconds before this one.
    fn turn_to(&mut self, second: u64) {
        while (self.seconds.len() as u64) < second {
            let number = self.seconds.len() as u64;
            let left = self.span.duration.saturating_sub(Duration::from_secs(number));
            self.seconds.push(Second {
                number,
                length: left.min(Duration::from_secs(1)),
                requests: self.current_ns.len(),
                p50_ns: self.current_ns.value_at_quantile(0.5),
                p99_ns: self.current_ns.value_at_quantile(0.99),
                max_ns: self.current_ns.max(),
            });
            self.current_ns.reset();
        }
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPAN: Span = Span {
        warmup: Duration::from_secs(1),
        duration: Duration::from_millis(2500),
    };

    fn at(intended_ms: u64, sent_ms: u64, answered_ms: u64) -> Moments {
        let [intended, sent, answered] = [intended_ms, sent_ms, answered_ms].map(Duration::from_millis);
        Moments {
            intended,
            sent,
            answered,
        }
    }

    /// Milliseconds, to the next ten: a histogram has three digits.
    fn values_ms(histogram: &Histogram<u64>) -> Vec<u64> {
        let recorded = histogram.iter_recorded();
        recorded
            .flat_map(|value| {
                let ms = (value.value_iterated_to() as f64 / 1e7).round() as u64 * 10;
                std::iter::repeat_n(ms, value.count_since_last_iteration() as usize)
            })
            .collect()
    }

    #[test]
    fn a_request_counts_by_its_intended_start_and_an_answer_by_its_moment() {
        let mut tally = Tally::new(SPAN);
        // Begun in the warm-up, answered in the measured part; within; begun in it, answered after it; after it.
        for moments in [
            at(900, 900, 1100),
            at(1000, 1020, 1050),
            at(3400, 3500, 3600),
            at(3500, 3500, 3700),
        ] {
            tally.answered(moments);
        }
        assert_eq!(values_ms(&tally.response_ns), [50, 200]);
        assert_eq!(values_ms(&tally.service_ns), [30, 100]);
        assert_eq!((tally.requests, tally.per_second()), (2, 0.8));
    }

    #[test]
    fn what_was_never_sent_took_at_least_until_the_end() {
        let mut tally = Tally::new(SPAN);
        for intended_ms in [999, 1000, 3000] {
            tally.never_sent(Duration::from_millis(intended_ms));
        }
        assert_eq!(
            (values_ms(&tally.response_ns), tally.not_sent),
            (vec![500, 2500], 2)
        );
        assert_eq!((tally.service_ns.len(), tally.requests), (0, 0));
    }

    #[test]
    fn every_second_has_its_row_also_one_without_answers_and_the_last_half() {
        let mut tally = Tally::new(SPAN);
        for moments in [at(1000, 1000, 1010), at(1000, 1000, 1030), at(3000, 3000, 3020)] {
            tally.answered(moments);
        }
        let rows: Vec<_> = tally
            .seconds()
            .iter()
            .map(|second| {
                (
                    second.number,
                    second.length.as_millis(),
                    second.requests,
                    second.max_ns / 1_000_000,
                )
            })
            .collect();
        assert_eq!(rows, [(0, 1000, 2, 30), (1, 1000, 0, 0), (2, 500, 1, 20)]);
        assert_eq!(tally.seconds().len(), 3, "asking again adds nothing");
    }
}
