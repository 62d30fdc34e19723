//! The table of ratios: a kernel's speed over that of the plain xor.
//!
//! In each round the plain xor and every kernel take their turn, each for the same number of calls; a
//! round gives one ratio per kernel, and the table has their medians.

use std::time::Instant;

use erasure::kernel::{Instructions, Kernel};

use crate::cases::Case;

/// Rounds of a measurement.
const ROUNDS: usize = 101;
/// What a turn should read at least, so that the clock's own time does not count.
const TURN_BYTES: usize = 4 * 1024 * 1024;
/// Most calls of a turn; short ones take their time for other reasons than bytes.
const MAX_TURN_CALLS: usize = 4000;

/// Measures and prints all cases, one row each.
pub(crate) fn print(cases: impl Iterator<Item = Box<dyn Case>>, kernels: &[(Instructions, Kernel)]) {
    println!("\nSpeed over that of a plain xor of the same buffers: medians of {ROUNDS} rounds\n");
    print!("{:<30} {:>14}", "", "plain xor");
    for (instructions, _) in kernels {
        print!(" {:>9}", format!("{instructions:?}"));
    }
    println!("   the first should be");
    for mut case in cases {
        let (plain_gb_per_second, ratios) = measure(&mut *case, kernels);
        print!("{:<30} {plain_gb_per_second:>9.1} GB/s", case.name());
        for ratio in &ratios {
            print!(" {ratio:>9.2}");
        }
        println!("   {}", verdict(case.target_ratio(), &ratios));
    }
}

fn verdict(target: Option<f64>, ratios: &[f64]) -> String {
    match (target, ratios.first()) {
        (Some(target), Some(best)) if *best < target => format!("{target:.2} or more: MISSED"),
        (Some(target), _) => format!("{target:.2} or more"),
        (None, _) => String::new(),
    }
}

/// The plain xor's bytes per nanosecond, and the kernels' ratios to it.
fn measure(case: &mut dyn Case, kernels: &[(Instructions, Kernel)]) -> (f64, Vec<f64>) {
    let calls = (TURN_BYTES / case.source_bytes()).clamp(1, MAX_TURN_CALLS);
    let mut speeds = Vec::new();
    let mut ratios = vec![Vec::new(); kernels.len()];
    for _ in 0..ROUNDS {
        let plain = nanoseconds(calls, || case.plain());
        speeds.push((calls * case.source_bytes()) as f64 / plain);
        for ((_, kernel), ratios) in kernels.iter().zip(&mut ratios) {
            ratios.push(plain / nanoseconds(calls, || case.coded(*kernel)));
        }
    }
    (median(speeds), ratios.into_iter().map(median).collect())
}

fn nanoseconds(calls: usize, mut call: impl FnMut()) -> f64 {
    let start = Instant::now();
    for _ in 0..calls {
        call();
    }
    start.elapsed().as_nanos() as f64
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
