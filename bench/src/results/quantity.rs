//! Times, sizes and ratios as a reader wants them: three significant digits and a unit.

/// A time in microseconds: 12.3 becomes `12.3 µs`, 3,400,000 becomes `3.40 s`.
pub fn time_us_text(us: f64) -> String {
    match us {
        0.0 => "0 µs".to_owned(),
        us if us < 1e3 => format!("{} µs", three_digits(us)),
        us if us < 1e6 => format!("{} ms", three_digits(us / 1e3)),
        us => format!("{} s", three_digits(us / 1e6)),
    }
}

/// A size in bytes, in decimal units: 730,000 becomes `730 kB`.
pub fn bytes_text(bytes: f64) -> String {
    match bytes {
        bytes if bytes < 1e3 => format!("{bytes:.0} B"),
        bytes if bytes < 1e6 => format!("{} kB", three_digits(bytes / 1e3)),
        bytes if bytes < 1e9 => format!("{} MB", three_digits(bytes / 1e6)),
        bytes => format!("{} GB", three_digits(bytes / 1e9)),
    }
}

/// A ratio: `0.83`, `1.75`, `919`.
pub fn ratio_text(ratio: f64) -> String {
    match ratio.abs() {
        size if size < 10.0 => format!("{ratio:.2}"),
        size if size < 100.0 => format!("{ratio:.1}"),
        _ => format!("{ratio:.0}"),
    }
}

fn three_digits(value: f64) -> String {
    match value.abs() {
        size if size < 9.995 => format!("{value:.2}"),
        size if size < 99.95 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}

#[cfg(test)]
mod tests {
    use super::{bytes_text, ratio_text, time_us_text};

    #[test]
    fn times_take_the_unit_that_keeps_them_short() {
        assert_eq!(
            [
                0.0,
                9.99,
                9.999,
                99.9,
                940.0,
                1000.0,
                3_700.0,
                780_000.0,
                3_400_000.0
            ]
            .map(time_us_text),
            [
                "0 µs", "9.99 µs", "10.0 µs", "99.9 µs", "940 µs", "1.00 ms", "3.70 ms", "780 ms", "3.40 s"
            ]
        );
    }

    #[test]
    fn sizes_take_decimal_units() {
        assert_eq!(
            [0.0, 999.0, 1000.0, 730_000.0, 2_500_000.0, 7e9].map(bytes_text),
            ["0 B", "999 B", "1.00 kB", "730 kB", "2.50 MB", "7.00 GB"]
        );
    }

    #[test]
    fn ratios_keep_two_decimals_below_ten() {
        assert_eq!(
            [0.834, 5.0, 12.34, 919.0].map(ratio_text),
            ["0.83", "5.00", "12.3", "919"]
        );
    }
}
