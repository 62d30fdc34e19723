//! From a figure to SVG: title, legend, panels in a grid, definition; the height follows from what there is.

use plotters::style::RGBColor;
use plotters::style::text_anchor::HPos;

use super::PlotError;
use super::axis::{Axis, Scale, Steps};
use super::canvas::{Canvas, Drawn, Lettering, text_width_px};
use super::figure::{Figure, Source};
use super::legend::Legend;
use super::panel::{Place, draw_panel};

/// Of all words and of the frame's shade.
pub(super) const INK: RGBColor = RGBColor(34, 34, 34);
/// Of what is said by the way.
pub(super) const PALE_INK: RGBColor = RGBColor(95, 95, 95);
pub(super) const WIDTH_PX: i32 = 960;
pub(super) const MARGIN_PX: i32 = 24;
pub(super) const TEXT_PX: f64 = 13.0;

const TITLE_PX: f64 = 18.0;
const LEGEND_TOP_PX: i32 = 50;
const DEFINITION_LINE_PX: i32 = 18;
const MAX_COLUMNS: usize = 3;

/// The report's points stretch a linear axis at most this many times over ours; those beyond are marked at
/// the upper edge, or our lines would lie flat on the ground.
const MAX_STRETCH: f64 = 3.0;

/// An axis with such marks reaches this many times beyond its highest point, so that they cover nothing.
const ROOM_FOR_MARKS: f64 = 1.2;

/// The figure as an SVG document, a file of its own or a part of a page.
///
/// # Errors
/// [`PlotError::Draw`] if the backend fails, which it does only when memory runs out.
pub fn render(figure: &Figure) -> Result<String, PlotError> {
    let mut svg = String::new();
    draw(figure, &mut svg).map_err(|error| PlotError::Draw {
        figure: figure.file_name,
        reason: error.to_string(),
    })?;
    Ok(svg)
}

fn draw(figure: &Figure, svg: &mut String) -> Drawn {
    let legend = Legend::of(figure);
    let columns = figure.panels.len().clamp(1, MAX_COLUMNS) as i32;
    let rows = figure.panels.len().div_ceil(MAX_COLUMNS).max(1) as i32;
    let panel_width = (WIDTH_PX - 2 * MARGIN_PX) / columns;
    let panel_height = [420, 370, 300][columns as usize - 1];
    let panels_top = LEGEND_TOP_PX + legend.height_px + 10;
    let definition = wrapped(&figure.definition, WIDTH_PX - 2 * MARGIN_PX);
    let definition_top = panels_top + rows * panel_height + 18;
    let height = definition_top + definition.len() as i32 * DEFINITION_LINE_PX + 8;

    let canvas = Canvas::new(svg, (WIDTH_PX as u32, height as u32))?;
    let title = Lettering {
        size_px: TITLE_PX,
        color: INK,
        bold: true,
        anchor: HPos::Left,
    };
    canvas.text(&figure.title, (MARGIN_PX, 28), title)?;
    legend.draw(&canvas, LEGEND_TOP_PX)?;
    let (x, y) = (x_scale(figure, columns), y_scale(figure));
    for (number, panel) in figure.panels.iter().enumerate() {
        let (column, row) = (number as i32 % columns, number as i32 / columns);
        let corner = (MARGIN_PX + column * panel_width, panels_top + row * panel_height);
        draw_panel(
            &canvas,
            panel,
            &Place {
                corner,
                size: (panel_width, panel_height),
                x: &x,
                y: &y,
                figure,
            },
        )?;
    }
    let lettering = Lettering {
        size_px: TEXT_PX,
        color: PALE_INK,
        bold: false,
        anchor: HPos::Left,
    };
    for (number, line) in definition.iter().enumerate() {
        canvas.text(
            line,
            (MARGIN_PX, definition_top + number as i32 * DEFINITION_LINE_PX),
            lettering,
        )?;
    }
    canvas.finish()
}

fn x_scale(figure: &Figure, columns: i32) -> Scale {
    let (shown, _) = shown_and_beyond(figure, &figure.x, |(x, _)| x);
    // Narrow panels have room for few numbers.
    let wanted = if columns == 1 { 10 } else { 5 };
    figure.x.fit(shown.into_iter(), wanted)
}

fn y_scale(figure: &Figure) -> Scale {
    let (shown, marked_above) = shown_and_beyond(figure, &figure.y, |(_, y)| y);
    let (_, marked_aside) = shown_and_beyond(figure, &figure.x, |(x, _)| x);
    let room = if marked_above || marked_aside {
        ROOM_FOR_MARKS
    } else {
        1.0
    };
    let highest = shown.iter().copied().fold(0.0, f64::max);
    figure.y.fit(shown.into_iter().chain([highest * room]), 5)
}

/// The values along one axis that it has to show, and whether the report has points beyond them.
fn shown_and_beyond(figure: &Figure, axis: &Axis, along: fn((f64, f64)) -> f64) -> (Vec<f64>, bool) {
    let values = |source| {
        let series = figure.panels.iter().flat_map(|panel| &panel.series);
        let of_source = series.filter(move |series| series.source == source);
        of_source.flat_map(move |series| series.points.iter().map(move |point| along(*point)))
    };
    let ours = values(Source::Run).fold(0.0, f64::max);
    let limit = if axis.steps == Steps::Linear && ours > 0.0 {
        ours * MAX_STRETCH
    } else {
        f64::INFINITY
    };
    let (within, beyond): (Vec<f64>, Vec<f64>) = values(Source::Report).partition(|value| *value <= limit);
    let ours = values(Source::Run).chain(values(Source::Reference));
    (ours.chain(within).collect(), !beyond.is_empty())
}

/// The words in lines that are at most this wide.
fn wrapped(words: &str, width_px: i32) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in words.split_whitespace() {
        match lines.last_mut() {
            Some(line) if text_width_px(line, TEXT_PX) + text_width_px(word, TEXT_PX) < width_px => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}
