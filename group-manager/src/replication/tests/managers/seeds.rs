//! How many worlds a test runs.

use std::ops::Range;

/// So many seeds; as many as the variable `SIMULATION_SEEDS` says, if it is set, or those from one to another one (`17..18`).
pub(super) fn seeds(ordinary: u64) -> Range<u64> {
    let Ok(wanted) = std::env::var("SIMULATION_SEEDS") else {
        return 0..ordinary;
    };
    let number = |text: &str| {
        text.parse()
            .expect("SIMULATION_SEEDS is a number, or two with .. between")
    };
    match wanted.split_once("..") {
        Some((first, end)) => number(first)..number(end),
        None => 0..number(&wanted),
    }
}
