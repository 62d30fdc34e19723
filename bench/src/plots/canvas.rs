//! Strokes, shapes and words on an SVG, in pixels from the upper left corner.

use std::io;

use plotters::backend::SVGBackend;
use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, DrawingAreaErrorKind, IntoDrawingArea};
use plotters::element::{Circle, DashedPathElement, PathElement, Polygon, Rectangle, Text};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontDesc, FontFamily, FontStyle, RGBColor, TextStyle, WHITE};

use super::figure::{Look, Stroke};
use super::marker::Marker;

/// What drawing gives: nothing, or the backend's complaint.
pub(super) type Drawn = Result<(), DrawingAreaErrorKind<io::Error>>;

/// A point in pixels.
pub(super) type Pixel = (i32, i32);

/// The SVG backend divides font sizes by this, to make them points of a line's height.
const FONT_SCALE: f64 = 1.24;

const MARKER_RADIUS: i32 = 4;

/// Where an arrow points.
#[derive(Clone, Copy, Debug)]
pub(super) enum Direction {
    Up,
    Right,
}

/// How words are written.
#[derive(Clone, Copy)]
pub(super) struct Lettering {
    pub(super) size_px: f64,
    pub(super) color: RGBColor,
    pub(super) bold: bool,
    /// Which of its horizontal ends stands at the given point; vertically its middle does.
    pub(super) anchor: HPos,
}

/// A picture under work.
pub(super) struct Canvas<'a> {
    area: DrawingArea<SVGBackend<'a>, Shift>,
}

impl<'a> Canvas<'a> {
    /// A white picture of this size, written to `svg`.
    pub(super) fn new(
        svg: &'a mut String,
        size: (u32, u32),
    ) -> Result<Self, DrawingAreaErrorKind<io::Error>> {
        let area = SVGBackend::with_string(svg, size).into_drawing_area();
        area.fill(&WHITE)?;
        Ok(Self { area })
    }

    /// Ends the picture.
    pub(super) fn finish(self) -> Drawn {
        self.area.present()
    }

    /// A line through the points.
    pub(super) fn line(&self, points: &[Pixel], color: RGBColor, stroke: Stroke, width_px: u32) -> Drawn {
        let style = color.stroke_width(width_px);
        let dashes = |length, gap| DashedPathElement::new(points.to_vec(), length, gap, style);
        match stroke {
            _ if points.len() < 2 => Ok(()),
            Stroke::Solid => self.area.draw(&PathElement::new(points.to_vec(), style)),
            Stroke::Dashed => self.area.draw(&dashes(7, 4)),
            Stroke::Dotted => self.area.draw(&dashes(2, 4)),
        }
    }

    /// A point of a series.
    pub(super) fn marker(&self, center: Pixel, look: Look) -> Drawn {
        if look.marker == Marker::None {
            return Ok(());
        }
        let fill = if look.hollow { WHITE } else { look.color };
        if look.marker == Marker::Circle {
            self.area
                .draw(&Circle::new(center, MARKER_RADIUS, fill.filled()))?;
            return self
                .area
                .draw(&Circle::new(center, MARKER_RADIUS, look.color.stroke_width(2)));
        }
        let mut outline = look.marker.corners(center, f64::from(MARKER_RADIUS));
        self.area.draw(&Polygon::new(outline.clone(), fill.filled()))?;
        // The second corner again closes the outline with a joint instead of a notch.
        outline.extend_from_within(..2);
        self.area
            .draw(&PathElement::new(outline, look.color.stroke_width(2)))
    }

    /// A filled triangle around the point: what it stands for lies further that way.
    pub(super) fn arrow(&self, (x, y): Pixel, direction: Direction, color: RGBColor) -> Drawn {
        let corners = match direction {
            Direction::Up => vec![(x, y - 5), (x - 5, y + 4), (x + 5, y + 4)],
            Direction::Right => vec![(x + 5, y), (x - 4, y - 5), (x - 4, y + 5)],
        };
        self.area.draw(&Polygon::new(corners, color.filled()))
    }

    /// The outline of a box.
    pub(super) fn frame(&self, corners: [Pixel; 2], color: RGBColor) -> Drawn {
        self.area.draw(&Rectangle::new(corners, color.stroke_width(1)))
    }

    /// Words at a point.
    pub(super) fn text(&self, words: &str, at: Pixel, lettering: Lettering) -> Drawn {
        let weight = if lettering.bold {
            FontStyle::Bold
        } else {
            FontStyle::Normal
        };
        let font = FontDesc::new(FontFamily::SansSerif, lettering.size_px * FONT_SCALE, weight);
        let style = TextStyle::from(font)
            .color(&lettering.color)
            .pos(Pos::new(lettering.anchor, VPos::Center));
        self.area.draw(&Text::new(words.to_owned(), at, style))
    }
}

/// About how wide the words are: sans-serif letters are a little over half as wide as high.
pub(super) fn text_width_px(words: &str, size_px: f64) -> i32 {
    (words.chars().count() as f64 * size_px * 0.56).ceil() as i32
}
