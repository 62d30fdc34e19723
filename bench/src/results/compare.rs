//! Two runs side by side: `bench compare A B`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::table::{or_nothing, plain_table, structure_text};
use super::{Configuration, FolderError, Run, SummaryRow, bytes_text, ratio_text, time_us_text};

const HEADER: [&str; 13] = [
    "groups",
    "f",
    "structure",
    "mechanism",
    "update p50 A",
    "B",
    "B/A",
    "backup A",
    "B",
    "B/A",
    "recovery p50 A",
    "B",
    "B/A",
];

/// A table of what two folders measured and of the ratios B over A, one line per run that is in either.
///
/// # Errors
/// As [`Run::open`], for either folder.
pub fn compare(a: &Path, b: &Path) -> Result<String, FolderError> {
    let (a, b) = (by_configuration(&Run::open(a)?), by_configuration(&Run::open(b)?));
    let mut table = plain_table(&HEADER, 4);
    for run in a.keys().chain(b.keys()).collect::<BTreeSet<_>>() {
        table.add_row(cells(run, a.get(run), b.get(run)));
    }
    Ok(table.to_string())
}

fn by_configuration(run: &Run) -> BTreeMap<Configuration, SummaryRow> {
    run.summary()
        .into_iter()
        .map(|row| (row.configuration.clone(), row))
        .collect()
}

fn cells(run: &Configuration, a: Option<&SummaryRow>, b: Option<&SummaryRow>) -> Vec<String> {
    let mut cells = vec![
        run.groups.to_string(),
        run.faults.to_string(),
        structure_text(run),
        run.mechanism.clone(),
    ];
    let mut add = |value: fn(&SummaryRow) -> Option<f64>, text: fn(f64) -> String| {
        let (a, b) = (a.and_then(value), b.and_then(value));
        let ratio = a.zip(b).filter(|(a, _)| *a > 0.0).map(|(a, b)| b / a);
        cells.extend([
            or_nothing(a, text),
            or_nothing(b, text),
            or_nothing(ratio, ratio_text),
        ]);
    };
    add(|row| row.update_p50_us, time_us_text);
    add(|row| row.backup_bytes.map(|bytes| bytes as f64), bytes_text);
    add(|row| row.recovery_p50_us, time_us_text);
    cells
}
