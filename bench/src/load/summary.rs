//! The medians of a load over its slices, and the table of them.

use comfy_table::{CellAlignment, Table, presets::UTF8_FULL_CONDENSED};

use super::rows::SliceRow;
use crate::results::{median, ratio_text, time_us_text};

/// Stands in a cell that has no figure.
const NOTHING: &str = "–";

/// All slices of one contender.
pub(super) struct Figures {
    pub(super) contender: String,
    pub(super) slices: Vec<SliceRow>,
}

impl Figures {
    /// The median over the slices.
    fn median(&self, pick: impl Fn(&SliceRow) -> f64) -> f64 {
        let values: Vec<f64> = self.slices.iter().map(pick).collect();
        median(&values).unwrap_or_default()
    }

    fn median_of_some(&self, pick: impl Fn(&SliceRow) -> Option<f64>) -> Option<f64> {
        let values: Vec<f64> = self.slices.iter().filter_map(pick).collect();
        median(&values)
    }

    fn per_second(&self) -> f64 {
        self.median(|row| row.requests_per_s)
    }

    /// Of the batched floor, slice by slice: floors drift with the machine.
    fn of_floor(&self) -> Option<f64> {
        self.median_of_some(|row| Some(row.requests_per_s / row.batched_floor_per_s?))
    }

    /// How many times faster than another one that was driven in turns with it, turn by turn.
    fn over(&self, other: &Self) -> Option<f64> {
        let pairs = self.slices.iter().zip(&other.slices);
        let ratios: Vec<f64> = pairs
            .map(|(own, other)| own.requests_per_s / other.requests_per_s)
            .collect();
        median(&ratios)
    }
}

/// One line per contender; times are responses, except where the column says service.
pub(super) fn table(all: &[Figures]) -> String {
    let redis = all.iter().find(|figures| figures.contender == super::REDIS);
    let mut table = Table::new();
    table.load_preset(UTF8_FULL_CONDENSED);
    let mut header = vec![
        "loaded",
        "requests/s",
        "p50",
        "p90",
        "p99",
        "p99.9",
        "max",
        "service p50",
        "service p99",
        "floor p50",
        "batched floor/s",
        "of it",
    ];
    header.extend(redis.map(|_| "over Redis"));
    table.set_header(header);
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    for figures in all {
        let time = |pick: fn(&SliceRow) -> f64| time_us_text(figures.median(pick));
        let or_nothing = |text: Option<String>| text.unwrap_or_else(|| NOTHING.to_owned());
        let floor_us = figures.median_of_some(|row| row.floor_p50_us);
        let batched = figures.median_of_some(|row| row.batched_floor_per_s);
        let mut cells = vec![
            figures.contender.clone(),
            format!("{:.0}", figures.per_second()),
            time(|row| row.response_p50_us),
            time(|row| row.response_p90_us),
            time(|row| row.response_p99_us),
            time(|row| row.response_p999_us),
            time(|row| row.response_max_us),
            time(|row| row.service_p50_us),
            time(|row| row.service_p99_us),
            or_nothing(floor_us.map(time_us_text)),
            or_nothing(batched.map(|per_second| format!("{per_second:.0}"))),
            or_nothing(figures.of_floor().map(ratio_text)),
        ];
        cells.extend(redis.map(|redis| or_nothing(figures.over(redis).map(ratio_text))));
        table.add_row(cells);
    }
    table.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slice(requests_per_s: f64, floor_per_s: f64) -> SliceRow {
        SliceRow {
            slice: 1,
            duration_ms: 1000.0,
            requests: 1,
            requests_per_s,
            not_sent: 0,
            response_p50_us: 1.0,
            response_p90_us: 1.0,
            response_p99_us: 1.0,
            response_p999_us: 1.0,
            response_max_us: 1.0,
            service_p50_us: 1.0,
            service_p90_us: 1.0,
            service_p99_us: 1.0,
            service_p999_us: 1.0,
            service_max_us: 1.0,
            floor_p50_us: None,
            batched_floor_per_s: Some(floor_per_s),
            floor_window: 1,
        }
    }

    fn figures(slices: &[(f64, f64)]) -> Figures {
        let slices = slices.iter().map(|(own, floor)| slice(*own, *floor)).collect();
        let contender = "x".to_owned();
        Figures { contender, slices }
    }

    #[test]
    fn ratios_are_medians_of_the_turns_ratios_not_ratios_of_medians() {
        let own = figures(&[(100.0, 200.0), (10.0, 40.0), (30.0, 30.0)]);
        let other = figures(&[(100.0, 1.0), (5.0, 1.0), (10.0, 1.0)]);
        assert_eq!(
            (own.per_second(), own.of_floor(), own.over(&other)),
            (30.0, Some(0.5), Some(2.0))
        );
    }
}
