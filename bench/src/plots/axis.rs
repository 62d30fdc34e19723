//! Axes: what is measured, linear or logarithmic, where the ticks are and what they say.

use crate::results::{bytes_text, ratio_text, time_us_text};

/// What an axis measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantity {
    /// Microseconds, shown in the unit that fits.
    TimeUs,
    /// Bytes, shown in the decimal unit that fits.
    Bytes,
    /// Whole things.
    Count,
    /// One thing over another.
    Ratio,
}

/// How values become positions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Steps {
    /// Equal differences are equal distances; begins at zero.
    Linear,
    /// Equal differences are equal distances, from the least value to the greatest, which may be below zero.
    Span,
    /// Equal ratios are equal distances.
    Log,
    /// Every whole number from the first to the last has its tick, and room on both sides.
    Whole,
}

/// An axis before its values are known.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// What it shows, without the unit.
    pub label: String,
    /// What it measures.
    pub quantity: Quantity,
    /// Its scale.
    pub steps: Steps,
}

/// An axis fitted to values: its range and ticks.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Scale {
    /// What it shows, with the unit.
    pub(super) label: String,
    /// Position (0 to 1) and text of each tick.
    pub(super) ticks: Vec<(f64, String)>,
    log: bool,
    low: f64,
    high: f64,
}

impl Axis {
    /// Fits the axis to the values; about `wanted` ticks.
    pub(super) fn fit(&self, values: impl Iterator<Item = f64>, wanted: usize) -> Scale {
        let values: Vec<f64> = values.filter(|value| value.is_finite()).collect();
        let low = values.iter().copied().reduce(f64::min);
        let high = values.iter().copied().reduce(f64::max);
        match self.steps {
            Steps::Linear => self.linear(high.filter(|high| *high > 0.0).unwrap_or(1.0), wanted),
            Steps::Span => self.span(low.unwrap_or(0.0), high.unwrap_or(1.0), wanted),
            Steps::Whole => self.whole(low.unwrap_or(1.0).round(), high.unwrap_or(1.0).round()),
            Steps::Log => {
                let positive = values.iter().copied().filter(|value| *value > 0.0);
                let low = positive.reduce(f64::min).unwrap_or(1.0);
                self.log(low, high.unwrap_or(low).max(low), wanted)
            }
        }
    }

    fn linear(&self, highest: f64, wanted: usize) -> Scale {
        let step = step_above(highest / wanted as f64);
        self.even(step, 0.0, highest * 1.06)
    }

    fn span(&self, lowest: f64, highest: f64, wanted: usize) -> Scale {
        let high = if highest > lowest { highest } else { lowest + 1.0 };
        self.even(step_above((high - lowest) / wanted as f64), lowest, high)
    }

    /// Ticks at the multiples of a step, in a unit that keeps their numbers short.
    fn even(&self, step: f64, low: f64, high: f64) -> Scale {
        let (unit, size) = self.quantity.unit(high.max(-low));
        let decimals = (-(step / size).log10().floor()).max(0.0) as usize;
        let text = |tick: f64| match self.quantity {
            Quantity::Count => thousands(tick),
            _ => format!("{:.decimals$}", tick / size),
        };
        let (first, last) = ((low / step).ceil() as i64, (high / step).floor() as i64);
        let ticks = (first..=last)
            .map(|k| k as f64 * step)
            .map(|tick| ((tick - low) / (high - low), text(tick)))
            .collect();
        Scale {
            label: self.label_with(unit),
            ticks,
            log: false,
            low,
            high,
        }
    }

    fn whole(&self, first: f64, last: f64) -> Scale {
        let (low, high) = (first - 0.5, last + 0.5);
        // At most about ten numbers are written out.
        let step = (((last - first) / 10.0).ceil() as usize).max(1);
        let ticks = (first as u64..=last as u64).step_by(step);
        let ticks = ticks
            .map(|tick| ((tick as f64 - low) / (high - low), tick.to_string()))
            .collect();
        Scale {
            label: self.label.clone(),
            ticks,
            log: false,
            low,
            high,
        }
    }

    fn log(&self, lowest: f64, highest: f64, wanted: usize) -> Scale {
        // A little room, then out to the next step of 1, 2, 5, so that no point lies on the frame.
        let (low, high) = (step_below(lowest / 1.15), step_above(highest * 1.15));
        let along = |tick: f64| (tick / low).ln() / (high / low).ln();
        let ticks = log_ticks(low, high, wanted)
            .into_iter()
            .map(|tick| (along(tick), self.quantity.text(tick)))
            .collect();
        Scale {
            label: format!("{}, log scale", self.label),
            ticks,
            log: true,
            low,
            high,
        }
    }

    fn label_with(&self, unit: &str) -> String {
        if unit.is_empty() {
            self.label.clone()
        } else {
            format!("{} ({unit})", self.label)
        }
    }
}

impl Scale {
    /// Where the value lies: 0 at the low end, 1 at the high end, outside of that beyond them.
    pub(super) fn position(&self, value: f64) -> f64 {
        if self.log {
            (value.max(f64::MIN_POSITIVE) / self.low).ln() / (self.high / self.low).ln()
        } else {
            (value - self.low) / (self.high - self.low)
        }
    }
}

impl Quantity {
    /// The unit that keeps numbers up to `highest` short, and its size.
    fn unit(self, highest: f64) -> (&'static str, f64) {
        let units: &[(&str, f64)] = match self {
            Self::TimeUs => &[("µs", 1.0), ("ms", 1e3), ("s", 1e6)],
            Self::Bytes => &[("B", 1.0), ("kB", 1e3), ("MB", 1e6), ("GB", 1e9)],
            Self::Count | Self::Ratio => &[("", 1.0)],
        };
        let fitting = units.iter().rev().find(|(_, size)| highest >= *size);
        *fitting.unwrap_or(&units[0])
    }

    /// A value with its unit, as short as it can be: `1 ms`, `3.4 s`, `730 kB`.
    pub(super) fn text(self, value: f64) -> String {
        let text = match self {
            Self::TimeUs => time_us_text(value),
            Self::Bytes => bytes_text(value),
            Self::Count => return thousands(value),
            Self::Ratio => return ratio_text(value),
        };
        let (number, unit) = text.split_once(' ').unwrap_or((&text, ""));
        let number = match number.contains('.') {
            true => number.trim_end_matches('0').trim_end_matches('.'),
            false => number,
        };
        format!("{number} {unit}")
    }
}

/// The longer the axis, the fewer ticks a decade has; a few more than wanted still fit.
fn log_ticks(low: f64, high: f64, wanted: usize) -> Vec<f64> {
    let ticks = |digits: &[f64]| -> Vec<f64> {
        let decades = low.log10().floor() as i32..=high.log10().ceil() as i32;
        let all = decades.flat_map(|decade| digits.iter().map(move |digit| digit * 10_f64.powi(decade)));
        all.filter(|tick| (low * 0.999..=high * 1.001).contains(tick))
            .collect()
    };
    match high / low {
        ratio if ratio > 2000.0 => ticks(&[1.0]),
        ratio if ratio > 8.0 => {
            let some = ticks(&[1.0, 2.0, 5.0]);
            if some.len() > wanted + 3 {
                ticks(&[1.0])
            } else {
                some
            }
        }
        _ => ticks(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0]),
    }
}

/// The smallest of 1, 2 or 5 times a power of ten that is at least `value`.
fn step_above(value: f64) -> f64 {
    let decade = 10_f64.powf(value.log10().floor());
    let steps = [1.0, 2.0, 5.0, 10.0].map(|step| step * decade);
    steps
        .into_iter()
        .find(|step| *step >= value * (1.0 - 1e-9))
        .unwrap_or(10.0 * decade)
}

/// The largest of them that is at most `value`.
fn step_below(value: f64) -> f64 {
    let decade = 10_f64.powf(value.log10().floor());
    let steps = [5.0, 2.0, 1.0].map(|step| step * decade);
    steps
        .into_iter()
        .find(|step| *step <= value * (1.0 + 1e-9))
        .unwrap_or(decade)
}

/// A whole number with a comma before every third digit from the right.
fn thousands(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{Axis, Quantity, Scale, Steps};

    fn fit(quantity: Quantity, steps: Steps, values: &[f64]) -> Scale {
        Axis {
            label: "what".to_owned(),
            quantity,
            steps,
        }
        .fit(values.iter().copied(), 5)
    }

    fn tick_texts(scale: &Scale) -> Vec<&str> {
        scale.ticks.iter().map(|(_, text)| text.as_str()).collect()
    }

    #[test]
    fn a_linear_axis_begins_at_zero_and_names_the_unit_once() {
        let scale = fit(Quantity::TimeUs, Steps::Linear, &[700.0, 2_300.0]);
        assert_eq!(tick_texts(&scale), ["0.0", "0.5", "1.0", "1.5", "2.0"]);
        assert_eq!(scale.label, "what (ms)");
        assert_eq!(scale.position(0.0), 0.0);
    }

    #[test]
    fn a_log_axis_has_fewer_ticks_a_decade_the_longer_it_is() {
        let short = fit(Quantity::TimeUs, Steps::Log, &[250.0, 400.0]);
        assert_eq!(tick_texts(&short), ["200 µs", "300 µs", "400 µs", "500 µs"]);
        let middle = fit(Quantity::TimeUs, Steps::Log, &[60.0, 400.0]);
        assert_eq!(tick_texts(&middle), ["50 µs", "100 µs", "200 µs", "500 µs"]);
        let long = fit(Quantity::TimeUs, Steps::Log, &[60.0, 3.4e6]);
        assert_eq!(tick_texts(&long), ["100 µs", "1 ms", "10 ms", "100 ms", "1 s"]);
        assert!(long.position(60.0) > 0.0 && long.position(3.4e6) < 1.0);
        let narrow = fit(Quantity::Count, Steps::Log, &[100.0, 10_000.0]);
        assert_eq!(tick_texts(&narrow), ["100", "1,000", "10,000"]);
    }

    #[test]
    fn one_value_none_or_zero_still_make_an_axis() {
        for steps in [Steps::Linear, Steps::Span, Steps::Log, Steps::Whole] {
            for values in [&[][..], &[0.0], &[5.0], &[f64::NAN]] {
                let scale = fit(Quantity::Bytes, steps, values);
                assert!(!scale.ticks.is_empty(), "{steps:?} {values:?}");
                assert!(
                    scale
                        .ticks
                        .iter()
                        .all(|(position, _)| (0.0..=1.001).contains(position)),
                    "{scale:?}"
                );
            }
        }
    }

    #[test]
    fn a_span_goes_from_the_least_value_to_the_greatest() {
        let scale = fit(Quantity::TimeUs, Steps::Span, &[-500_000.0, 1_200_000.0]);
        assert_eq!(tick_texts(&scale), ["-0.5", "0.0", "0.5", "1.0"]);
        assert_eq!(scale.label, "what (s)");
        assert_eq!(
            (scale.position(-500_000.0), scale.position(1_200_000.0)),
            (0.0, 1.0)
        );
    }

    #[test]
    fn ratios_have_no_unit() {
        let scale = fit(Quantity::Ratio, Steps::Linear, &[0.2, 1.0]);
        assert_eq!(tick_texts(&scale), ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        assert_eq!(scale.label, "what");
    }

    #[test]
    fn counts_have_thousands_separators_and_group_axes_every_number() {
        assert_eq!(
            tick_texts(&fit(Quantity::Count, Steps::Linear, &[10_000.0])),
            ["0", "2,000", "4,000", "6,000", "8,000", "10,000"]
        );
        assert_eq!(
            tick_texts(&fit(Quantity::Count, Steps::Whole, &[1.0, 5.0])),
            ["1", "2", "3", "4", "5"]
        );
    }
}
