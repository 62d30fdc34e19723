//! Colours. Mechanisms: those of Okabe and Ito, which colour-blind readers tell apart too. Ordered series
//! (numbers of groups, of elements): dark to light along viridis, so that the order shows in grey as well.

use plotters::style::RGBColor;

use super::figure::{Look, Stroke};
use super::marker::Marker;

const OKABE_ITO: [RGBColor; 7] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(230, 159, 0),
    RGBColor(86, 180, 233),
    RGBColor(0, 0, 0),
];

/// Viridis up to where it is still dark enough on white.
const VIRIDIS: [RGBColor; 4] = [
    RGBColor(68, 1, 84),
    RGBColor(49, 104, 142),
    RGBColor(38, 150, 125),
    RGBColor(122, 180, 50),
];

/// For figures of the report that no series of ours shares a colour with.
pub(super) const REPORT_GREY: RGBColor = RGBColor(90, 90, 90);

/// These keep their colour from run to run, whichever others were run; all others follow in their order.
const FIRST: [&str; 4] = [
    "replication",
    "fusion-linked",
    "fusion-arena",
    "replication-sequencer",
];

/// The look of a mechanism among all those of the run, sorted.
pub(super) fn mechanism_look(mechanism: &str, all: &[String]) -> Look {
    let place = FIRST
        .iter()
        .position(|first| *first == mechanism)
        .unwrap_or_else(|| {
            let others = all.iter().filter(|other| !FIRST.contains(&other.as_str()));
            FIRST.len() + others.take_while(|other| *other != mechanism).count()
        });
    solid(OKABE_ITO[place % OKABE_ITO.len()], place)
}

/// The look of the `place`-th of `count` ordered series.
pub(super) fn ordered_look(place: usize, count: usize) -> Look {
    let along = if count > 1 {
        place as f64 / (count - 1) as f64
    } else {
        0.0
    };
    let segment = along * (VIRIDIS.len() - 1) as f64;
    let from = (segment as usize).min(VIRIDIS.len() - 2);
    solid(
        mixed(VIRIDIS[from], VIRIDIS[from + 1], segment - from as f64),
        place,
    )
}

/// The report's figures of a mechanism: the colour and marker of ours, dotted and hollow.
pub(super) fn report_look(look: Look) -> Look {
    Look {
        stroke: Stroke::Dotted,
        hollow: true,
        ..look
    }
}

/// The report's single figures among ordered series.
pub(super) fn report_star() -> Look {
    Look {
        color: REPORT_GREY,
        marker: Marker::Star,
        stroke: Stroke::Dotted,
        hollow: true,
    }
}

fn solid(color: RGBColor, place: usize) -> Look {
    Look {
        color,
        marker: Marker::ALL[place % Marker::ALL.len()],
        stroke: Stroke::Solid,
        hollow: false,
    }
}

fn mixed(from: RGBColor, to: RGBColor, share: f64) -> RGBColor {
    let mix = |from: u8, to: u8| (f64::from(from) + (f64::from(to) - f64::from(from)) * share).round() as u8;
    RGBColor(mix(from.0, to.0), mix(from.1, to.1), mix(from.2, to.2))
}
