//! The legend: in rows above the panels, where it covers nothing.

use plotters::style::text_anchor::HPos;

use super::canvas::{Canvas, Drawn, Lettering, text_width_px};
use super::figure::{Figure, Look, Series};
use super::render::{INK, MARGIN_PX, TEXT_PX, WIDTH_PX};

const ROW_PX: i32 = 22;
const SAMPLE_PX: i32 = 34;
const GAP_PX: i32 = 26;

/// The entries of a figure, placed.
pub(super) struct Legend {
    entries: Vec<Entry>,
    /// Height of all rows.
    pub(super) height_px: i32,
}

struct Entry {
    label: String,
    look: Look,
    left: i32,
    row: i32,
}

impl Legend {
    /// One entry per label, ours first, in the order they are drawn; as many per row as fit.
    pub(super) fn of(figure: &Figure) -> Self {
        let (mut entries, mut left, mut row): (Vec<Entry>, i32, i32) = (Vec::new(), MARGIN_PX, 0);
        for series in ours_first(figure) {
            if series.points.is_empty() || entries.iter().any(|entry| entry.label == series.label) {
                continue;
            }
            let width = SAMPLE_PX + 8 + text_width_px(&series.label, TEXT_PX);
            if left > MARGIN_PX && left + width > WIDTH_PX - MARGIN_PX {
                (left, row) = (MARGIN_PX, row + 1);
            }
            entries.push(Entry {
                label: series.label.clone(),
                look: series.look,
                left,
                row,
            });
            left += width + GAP_PX;
        }
        Self {
            entries,
            height_px: (row + 1) * ROW_PX,
        }
    }

    /// Draws it with its upper edge at `top`.
    pub(super) fn draw(&self, canvas: &Canvas<'_>, top: i32) -> Drawn {
        let lettering = Lettering {
            size_px: TEXT_PX,
            color: INK,
            bold: false,
            anchor: HPos::Left,
        };
        for Entry {
            label,
            look,
            left,
            row,
        } in &self.entries
        {
            let middle = top + row * ROW_PX + ROW_PX / 2;
            canvas.line(
                &[(*left, middle), (left + SAMPLE_PX, middle)],
                look.color,
                look.stroke,
                2,
            )?;
            canvas.marker((left + SAMPLE_PX / 2, middle), *look)?;
            canvas.text(label, (left + SAMPLE_PX + 8, middle), lettering)?;
        }
        Ok(())
    }
}

fn ours_first(figure: &Figure) -> Vec<&Series> {
    let mut all: Vec<_> = figure.panels.iter().flat_map(|panel| &panel.series).collect();
    all.sort_by_key(|series| series.source);
    all
}
