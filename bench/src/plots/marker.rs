//! The shapes of points: a second way, beside colour, to tell series apart.

/// A point's shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Marker {
    /// ●
    Circle,
    /// ■
    Square,
    /// ▲
    Triangle,
    /// ◆
    Diamond,
    /// ▼
    DownTriangle,
    /// ⬟
    Pentagon,
    /// ★
    Star,
    /// Nothing: a line of many points.
    None,
}

impl Marker {
    /// All of them; series beyond the last begin again.
    pub(super) const ALL: [Self; 7] = [
        Self::Circle,
        Self::Square,
        Self::Triangle,
        Self::Diamond,
        Self::DownTriangle,
        Self::Pentagon,
        Self::Star,
    ];

    /// The corners around the centre, in pixels, for a shape of about this radius; none for the circle and for nothing.
    pub(super) fn corners(self, center: (i32, i32), radius: f64) -> Vec<(i32, i32)> {
        let up = -90.0;
        match self {
            Self::Circle | Self::None => Vec::new(),
            Self::Square => around(center, radius * 1.2, &[45.0, 135.0, 225.0, 315.0]),
            Self::Triangle => around(center, radius * 1.3, &[up, up + 120.0, up + 240.0]),
            Self::DownTriangle => around(center, radius * 1.3, &[90.0, 210.0, 330.0]),
            Self::Diamond => around(center, radius * 1.3, &[0.0, 90.0, 180.0, 270.0]),
            Self::Pentagon => around(
                center,
                radius * 1.2,
                &[up, up + 72.0, up + 144.0, up + 216.0, up + 288.0],
            ),
            Self::Star => star(center, radius * 1.6),
        }
    }
}

fn around(center: (i32, i32), radius: f64, degrees: &[f64]) -> Vec<(i32, i32)> {
    degrees
        .iter()
        .map(|degrees| at(center, radius, *degrees))
        .collect()
}

fn star(center: (i32, i32), radius: f64) -> Vec<(i32, i32)> {
    (0..10)
        .map(|k| {
            at(
                center,
                if k % 2 == 0 { radius } else { radius * 0.45 },
                f64::from(k) * 36.0 - 90.0,
            )
        })
        .collect()
}

fn at(center: (i32, i32), radius: f64, degrees: f64) -> (i32, i32) {
    let (sin, cos) = degrees.to_radians().sin_cos();
    (
        center.0 + (radius * cos).round() as i32,
        center.1 + (radius * sin).round() as i32,
    )
}
