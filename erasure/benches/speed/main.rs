//! How fast the arithmetic is, and how that compares with a plain xor of the same buffers.
//!
//! ```text
//! cargo bench -p erasure
//! ```
//!
//! Criterion measures each case by itself, with the best kernel; at the end a table has the ratios of all
//! kernels, from measurements that take turns ([`ratio`]), so that whatever else the machine does hits all alike.

mod cases;
mod plain_xor;
mod ratio;

use std::time::Duration;

use cases::{Add, Case, Decode, RandomSlots};
use criterion::{Criterion, Throughput};
use erasure::kernel::{Instructions, Kernel};

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;
/// A delta, pages, a block of a recovery, and what no cache holds.
const ADD_SIZES: [usize; 6] = [64, KIB, 4 * KIB, 64 * KIB, MIB, 16 * MIB];
const DECODE_SIZES: [usize; 4] = [4 * KIB, 64 * KIB, MIB, 16 * MIB];

/// Every case in order, one at a time: some hold much memory.
fn cases() -> impl Iterator<Item = Box<dyn Case>> {
    let adds = ADD_SIZES
        .into_iter()
        .map(|size| Box::new(Add::new(size)) as Box<dyn Case>);
    let slots = std::iter::once_with(|| Box::new(RandomSlots::new()) as Box<dyn Case>);
    let decodes = DECODE_SIZES
        .into_iter()
        .map(|size| Box::new(Decode::new(size)) as Box<dyn Case>);
    adds.chain(slots).chain(decodes)
}

/// The kernels that this processor has, the fastest first.
fn kernels() -> Vec<(Instructions, Kernel)> {
    let with = |instructions| Some((instructions, Kernel::with(instructions)?));
    Instructions::ALL.into_iter().filter_map(with).collect()
}

fn measure(criterion: &mut Criterion, case: &mut dyn Case) {
    let mut group = criterion.benchmark_group(case.name());
    group.throughput(Throughput::Bytes(case.source_bytes() as u64));
    group.bench_function("plain xor", |bencher| bencher.iter(|| case.plain()));
    group.bench_function("coded", |bencher| bencher.iter(|| case.coded(Kernel::best())));
    group.finish();
}

fn main() {
    let short = Criterion::default()
        .sample_size(10)
        .nresamples(1000)
        .warm_up_time(Duration::from_millis(100))
        .measurement_time(Duration::from_millis(300));
    let mut criterion = short.configure_from_args();
    for mut case in cases() {
        measure(&mut criterion, &mut *case);
    }
    criterion.final_summary();
    // Without it, the question is only whether everything runs.
    if std::env::args().any(|argument| argument == "--bench") {
        ratio::print(cases(), &kernels());
    }
}
