//! One panel: grid, ticks, labels, and the series on them.

use plotters::style::RGBColor;
use plotters::style::text_anchor::HPos;

use super::axis::Scale;
use super::canvas::{Canvas, Direction, Drawn, Lettering, Pixel};
use super::figure::{Figure, Panel, Series, Source, Stroke};
use super::render::{INK, PALE_INK};

const GRID: RGBColor = RGBColor(228, 228, 228);
const FRAME: RGBColor = RGBColor(150, 150, 150);
const TICK_PX: f64 = 12.0;
/// Room around the coordinate system for numbers and labels.
const LEFT_PX: i32 = 58;
const RIGHT_PX: i32 = 18;
const TOP_PX: i32 = 46;
const BOTTOM_PX: i32 = 50;

/// Where a panel is drawn, and on which axes.
pub(super) struct Place<'a> {
    /// Upper left.
    pub(super) corner: Pixel,
    pub(super) size: (i32, i32),
    pub(super) x: &'a Scale,
    pub(super) y: &'a Scale,
    /// Whose panel it is, for values that are written out.
    pub(super) figure: &'a Figure,
}

impl Place<'_> {
    fn left(&self) -> i32 {
        self.corner.0 + LEFT_PX
    }

    fn right(&self) -> i32 {
        self.corner.0 + self.size.0 - RIGHT_PX
    }

    fn top(&self) -> i32 {
        self.corner.1 + TOP_PX
    }

    fn bottom(&self) -> i32 {
        self.corner.1 + self.size.1 - BOTTOM_PX
    }

    fn across(&self, position: f64) -> i32 {
        self.left() + (position * f64::from(self.right() - self.left())).round() as i32
    }

    fn up(&self, position: f64) -> i32 {
        self.bottom() - (position * f64::from(self.bottom() - self.top())).round() as i32
    }

    /// Whether a point lies above the upper edge.
    fn is_above(&self, (_, y): (f64, f64)) -> bool {
        self.y.position(y) > 1.0
    }

    /// Whether a point lies beyond the right edge.
    fn is_aside(&self, (x, _): (f64, f64)) -> bool {
        self.x.position(x) > 1.0
    }

    fn is_beyond(&self, point: (f64, f64)) -> bool {
        self.is_above(point) || self.is_aside(point)
    }
}

/// Draws the panel. Later series lie over earlier ones.
pub(super) fn draw_panel(canvas: &Canvas<'_>, panel: &Panel, place: &Place<'_>) -> Drawn {
    draw_axes(canvas, panel, place)?;
    for series in &panel.series {
        draw_series(canvas, series, place)?;
    }
    draw_marks(canvas, panel, place)?;
    let measured = panel
        .series
        .iter()
        .any(|series| series.source == Source::Run && !series.points.is_empty());
    if !measured {
        let middle = (
            (place.left() + place.right()) / 2,
            (place.top() + place.bottom()) / 2,
        );
        canvas.text(
            "not measured in this run",
            middle,
            lettering(HPos::Center, PALE_INK),
        )?;
    }
    Ok(())
}

fn draw_axes(canvas: &Canvas<'_>, panel: &Panel, place: &Place<'_>) -> Drawn {
    let (left, right, top, bottom) = (place.left(), place.right(), place.top(), place.bottom());
    for (position, text) in &place.y.ticks {
        let height = place.up(*position);
        canvas.line(&[(left, height), (right, height)], GRID, Stroke::Solid, 1)?;
        canvas.text(text, (left - 7, height), lettering(HPos::Right, INK))?;
    }
    for (position, text) in &place.x.ticks {
        let column = place.across(*position);
        canvas.line(&[(column, bottom), (column, bottom + 4)], FRAME, Stroke::Solid, 1)?;
        canvas.text(text, (column, bottom + 15), lettering(HPos::Center, INK))?;
    }
    canvas.frame([(left, top), (right, bottom)], FRAME)?;
    let title = Lettering {
        size_px: 14.0,
        bold: true,
        ..lettering(HPos::Left, INK)
    };
    canvas.text(&panel.title, (left, top - 30), title)?;
    canvas.text(&place.y.label, (left, top - 12), lettering(HPos::Left, PALE_INK))?;
    canvas.text(
        &place.x.label,
        ((left + right) / 2, bottom + 34),
        lettering(HPos::Center, PALE_INK),
    )
}

fn draw_series(canvas: &Canvas<'_>, series: &Series, place: &Place<'_>) -> Drawn {
    let inside = series
        .points
        .iter()
        .filter(|point| point.1.is_finite() && !place.is_beyond(**point));
    let pixel = |(x, y): &(f64, f64)| {
        (
            place.across(place.x.position(*x)),
            place.up(place.y.position(*y).max(0.0)),
        )
    };
    let pixels: Vec<Pixel> = inside.map(pixel).collect();
    canvas.line(&pixels, series.look.color, series.look.stroke, 2)?;
    pixels
        .iter()
        .try_for_each(|center| canvas.marker(*center, series.look))
}

/// An arrow and the value for each point above the upper edge or beyond the right one, below one another.
fn draw_marks(canvas: &Canvas<'_>, panel: &Panel, place: &Place<'_>) -> Drawn {
    let mut middle = place.top() + 10;
    for series in &panel.series {
        for point in series
            .points
            .iter()
            .copied()
            .filter(|point| place.is_beyond(*point))
        {
            draw_mark(canvas, series, point, middle, place)?;
            middle += 16;
        }
    }
    Ok(())
}

fn draw_mark(
    canvas: &Canvas<'_>,
    series: &Series,
    (x, y): (f64, f64),
    middle: i32,
    place: &Place<'_>,
) -> Drawn {
    let (axes, color) = (place.figure, series.look.color);
    let mut words = format!("{}, {}", series.label, axes.y.quantity.text(y));
    let mut across = place.across(place.x.position(x));
    if place.is_aside((x, y)) {
        across = place.right() - 8;
        words = format!("{words} at {}", axes.x.quantity.text(x));
        canvas.arrow((across, middle), Direction::Right, color)?;
    } else {
        canvas.arrow((across, middle), Direction::Up, color)?;
    }
    // Towards the wider side, so that the words stay inside.
    let on_the_right = across > (place.left() + place.right()) / 2;
    let (anchor, shift) = if on_the_right {
        (HPos::Right, -10)
    } else {
        (HPos::Left, 10)
    };
    canvas.text(&words, (across + shift, middle), lettering(anchor, color))
}

fn lettering(anchor: HPos, color: RGBColor) -> Lettering {
    Lettering {
        size_px: TICK_PX,
        color,
        bold: false,
        anchor,
    }
}
