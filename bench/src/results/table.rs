//! The result table on stdout.

use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{CellAlignment, Table};

use super::{Configuration, SummaryRow, bytes_text, ratio_text, time_us_text};

/// Stands in a cell where nothing was measured.
const NOTHING: &str = "–";

const HEADER: [&str; 13] = [
    "groups",
    "f",
    "structure",
    "mechanism",
    "update mean",
    "update p50",
    "over floor",
    "backup",
    "over repl.",
    "recovery p50",
    "over repl.",
    "lost",
    "wrong",
];

/// The summary as a table, one line per run; numbers to the right.
pub fn result_table(summary: &[SummaryRow]) -> String {
    let mut table = plain_table(&HEADER, 4);
    for row in summary {
        table.add_row(result_cells(row));
    }
    table.to_string()
}

/// An empty table whose first `text_columns` are words and the rest numbers.
pub(super) fn plain_table(header: &[&str], text_columns: usize) -> Table {
    let mut table = Table::new();
    table.load_preset(UTF8_FULL_CONDENSED).set_header(header);
    for column in table.column_iter_mut().skip(text_columns) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

/// The cells of one run's line, as text with units.
pub fn result_cells(row: &SummaryRow) -> [String; 13] {
    let run = &row.configuration;
    [
        run.groups.to_string(),
        run.faults.to_string(),
        structure_text(run),
        run.mechanism.clone(),
        or_nothing(row.update_mean_us, time_us_text),
        or_nothing(row.update_p50_us, time_us_text),
        or_nothing(row.update_p50_over_floor, ratio_text),
        or_nothing(row.backup_bytes.map(|bytes| bytes as f64), bytes_text),
        or_nothing(row.backup_over_replication, ratio_text),
        or_nothing(row.recovery_p50_us, time_us_text),
        or_nothing(row.recovery_over_replication, ratio_text),
        row.lost.to_string(),
        row.wrong.to_string(),
    ]
}

/// What is protected, and how long its values are.
pub fn structure_text(run: &Configuration) -> String {
    format!("{}, {} B", run.structure, run.value_bytes)
}

/// The value as text, or the mark of an empty cell.
pub(super) fn or_nothing(value: Option<f64>, text: fn(f64) -> String) -> String {
    value.map_or_else(|| NOTHING.to_owned(), text)
}
