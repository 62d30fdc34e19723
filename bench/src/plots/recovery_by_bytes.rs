//! Recovery time by the bytes of a group, one panel per number of groups: what grows with the data, and what is
//! there for nothing at all.

use std::collections::BTreeSet;

use super::axis::{Axis, Quantity, Steps};
use super::contender::{contenders, groups_text};
use super::figure::{Figure, Look, Panel, Series, Source, Stroke};
use super::recovery::{medians, recovery_axis};
use crate::results::{Circumstance, RecoveryRow, Run, ValueBytes};

pub(super) fn recovery_by_bytes(run: &Run) -> Figure {
    let rows = || run.recoveries.iter().filter(|row| is_shown(row));
    let groups: BTreeSet<u32> = rows().map(|row| row.configuration.groups).collect();
    let lengths: BTreeSet<ValueBytes> = rows().map(|row| row.configuration.value_bytes).collect();
    let mut panels: Vec<Panel> = groups
        .into_iter()
        .map(|groups| panel(run, groups, &lengths))
        .collect();
    if panels.is_empty() {
        panels.push(Panel {
            title: String::new(),
            series: Vec::new(),
        });
    }
    Figure {
        file_name: "recovery-by-bytes.svg",
        title: "Recovery time by bytes of the structure".to_owned(),
        definition: "Median over the crashes of single data nodes or primaries: from the new epoch to the node's being \
                     active (fence, transfer, decode, install), without detection and restart. Bytes: keys and \
                     values of one group."
            .to_owned(),
        x: Axis {
            label: "keys and values of a group".to_owned(),
            quantity: Quantity::Bytes,
            steps: Steps::Log,
        },
        y: recovery_axis(Steps::Log),
        panels,
    }
}

fn is_shown(row: &RecoveryRow) -> bool {
    row.role.holds_a_group() && row.circumstance == Circumstance::Alone
}

fn panel(run: &Run, groups: u32, lengths: &BTreeSet<ValueBytes>) -> Panel {
    let rows = || {
        run.recoveries
            .iter()
            .filter(move |row| is_shown(row) && row.configuration.groups == groups)
    };
    let mut series = Vec::new();
    for contender in contenders(run) {
        for (place, value_bytes) in lengths.iter().enumerate() {
            let of_it = rows().filter(|row| {
                contender.ran(&row.configuration) && row.configuration.value_bytes == *value_bytes
            });
            let label = match lengths.len() {
                1 => contender.label.clone(),
                _ => format!("{}, {value_bytes} B values", contender.label),
            };
            series.push(Series {
                label,
                source: Source::Run,
                look: varied(contender.look, place),
                points: medians(of_it, |row| row.contents_bytes),
            });
        }
    }
    Panel {
        title: groups_text(groups),
        series,
    }
}

/// The same colour in another stroke.
fn varied(look: Look, place: usize) -> Look {
    let strokes = [Stroke::Solid, Stroke::Dashed, Stroke::Dotted];
    Look {
        stroke: strokes[place % strokes.len()],
        hollow: place % 2 == 1,
        ..look
    }
}
