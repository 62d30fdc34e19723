//! What the other groups' writers saw of the crashes with the most data, in one line per configuration and role.

use std::collections::BTreeMap;

use super::{Configuration, OthersRow, Period, RecoveryRow, Role, median};

/// Medians over the crashes of one role with the most data.
#[derive(Clone, Debug, PartialEq)]
pub struct OthersSummary {
    /// The run.
    pub configuration: Configuration,
    /// What the node is that crashed, or the first of those that did.
    pub role: Role,
    /// Elements in every group.
    pub elements_per_group: u64,
    /// How many crashes.
    pub crashes: usize,
    /// Updates per second before the kill.
    pub before_per_s: f64,
    /// The same during the recovery, over before.
    pub recovery_over_before: f64,
    /// 99.9th percentile before the kill.
    pub before_p999_us: f64,
    /// The same during the recovery.
    pub recovery_p999_us: f64,
    /// The longest update that was under way while the node was gone, of all crashes.
    pub outage_max_us: f64,
    /// The longest update that was under way during a recovery, of all crashes.
    pub recovery_max_us: f64,
}

/// One crash as the others saw it.
struct Seen<'a> {
    elements_per_group: u64,
    periods: BTreeMap<Period, &'a OthersRow>,
}

/// One line per configuration and role that any crash was recorded of.
pub fn others_summary(recoveries: &[RecoveryRow], others: &[OthersRow]) -> Vec<OthersSummary> {
    let mut first_of_crash: BTreeMap<(&Configuration, u32, u32), &RecoveryRow> = BTreeMap::new();
    for row in recoveries {
        first_of_crash
            .entry((&row.configuration, row.trial, row.crash))
            .or_insert(row);
    }
    let mut periods: BTreeMap<(&Configuration, u32, u32), BTreeMap<Period, &OthersRow>> = BTreeMap::new();
    for row in others {
        let crash = (&row.configuration, row.trial, row.crash);
        periods.entry(crash).or_default().insert(row.period, row);
    }
    let mut by_role: BTreeMap<(&Configuration, Role), Vec<Seen<'_>>> = BTreeMap::new();
    for (crash, periods) in periods {
        if let Some(first) = first_of_crash.get(&crash) {
            by_role.entry((crash.0, first.role)).or_default().push(Seen {
                elements_per_group: first.elements_per_group,
                periods,
            });
        }
    }
    by_role
        .into_iter()
        .map(|((configuration, role), seen)| summary(configuration, role, &seen))
        .collect()
}

fn summary(configuration: &Configuration, role: Role, seen: &[Seen<'_>]) -> OthersSummary {
    let elements_per_group = seen.iter().map(|seen| seen.elements_per_group).max().unwrap_or(0);
    let last: Vec<&Seen<'_>> = seen
        .iter()
        .filter(|seen| seen.elements_per_group == elements_per_group)
        .collect();
    let all = |period, value: fn(&OthersRow) -> f64| -> Vec<f64> {
        let rows = last.iter().filter_map(|seen| seen.periods.get(&period));
        rows.map(|row| value(row)).collect()
    };
    let middle = |period, value| median(&all(period, value)).unwrap_or(0.0);
    let longest = |period| all(period, |row| row.max_us).into_iter().fold(0.0, f64::max);
    let ratios: Vec<f64> = last
        .iter()
        .filter_map(|seen| recovery_over_before(seen))
        .collect();
    OthersSummary {
        configuration: configuration.clone(),
        role,
        elements_per_group,
        crashes: last.len(),
        before_per_s: middle(Period::Before, |row| row.updates_per_s),
        recovery_over_before: median(&ratios).unwrap_or(0.0),
        before_p999_us: middle(Period::Before, |row| row.p999_us),
        recovery_p999_us: middle(Period::Recovery, |row| row.p999_us),
        outage_max_us: longest(Period::Outage),
        recovery_max_us: longest(Period::Recovery),
    }
}

fn recovery_over_before(seen: &Seen<'_>) -> Option<f64> {
    let per_s = |period| seen.periods.get(&period).map(|row| row.updates_per_s);
    let (recovery, before) = (per_s(Period::Recovery)?, per_s(Period::Before)?);
    (before > 0.0).then(|| recovery / before)
}
