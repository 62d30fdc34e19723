//! What structures weigh and cost: bytes an element by the allocator, time and delta bytes an operation.
//!
//! `cargo run --release -p structures --example weigh [elements] [value bytes] [kind]`
//!
//! Every structure gets elements of eight bytes, or as many as are asked for (and keys of eight, where it has
//! keys), first one after the other, then changed at random. Times are the processor's, of one run, and include
//! making the operations; they are read from Linux's `/proc`.

use std::alloc::System;
use std::time::Duration;

use cap::Cap;
use multicast::id::{ClientId, Seq};
use structures::Structure;
use structures::delta::{Delta, RegionId};
use structures::kind::{StructureKind, StructureSpec};
use structures::layout::StructureLimits;
use structures::op::{Op, Outcome, Write};

#[global_allocator]
static ALLOCATOR: Cap<System> = Cap::new(System, usize::MAX);

/// An odd number that spreads others: 2^64 over the golden ratio.
const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

struct Scales {
    structure: Structure,
    allocated_before: usize,
    seq: Seq,
    random: u64,
    value_bytes: usize,
}

/// What one operation cost, on average.
struct Cost {
    ns: f64,
    delta_bytes: f64,
    longest_delta: usize,
}

impl Scales {
    fn new(kind: StructureKind, value_bytes: usize) -> Self {
        let limits = StructureLimits {
            key_bytes: 8,
            element_bytes: 1024,
        };
        let allocated_before = ALLOCATOR.allocated();
        let mut scales = Self {
            structure: Structure::new(StructureSpec { kind, limits }),
            allocated_before,
            seq: Seq(0),
            random: GOLDEN,
            value_bytes,
        };
        scales.apply(Op::OpenSession);
        scales
    }

    fn apply(&mut self, op: Op) -> (Outcome, Delta) {
        self.seq = self.seq.next();
        let (answer, delta) = self.structure.apply(&Write {
            client: ClientId(1),
            seq: self.seq,
            op,
        });
        (answer.outcome, delta)
    }

    /// Marsaglia's xorshift.
    fn random(&mut self) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random
    }

    fn repeat(&mut self, times: u64, mut op: impl FnMut(&mut Self, u64) -> Op) -> Cost {
        let (mut bytes, mut longest_delta) = (0, 0);
        let start = processor_time();
        for n in 0..times {
            let op = op(self, n);
            let (_, delta) = self.apply(op);
            let changed = delta.ranges.iter().map(|range| range.xor.len()).sum::<usize>();
            bytes += changed;
            longest_delta = longest_delta.max(changed);
        }
        Cost {
            ns: (processor_time() - start).as_nanos() as f64 / times as f64,
            delta_bytes: bytes as f64 / times as f64,
            longest_delta,
        }
    }

    /// Bytes an element, by the allocator, and the records' region over its live bytes.
    fn weigh(&self) -> (f64, f64) {
        let elements = self.structure.len().max(1) as f64;
        let allocated = ALLOCATOR.allocated() - self.allocated_before;
        let key = if self.structure.kind().is_keyed() {
            8 + 1
        } else {
            0
        };
        let live = match self.structure.kind() {
            StructureKind::Set => 9,
            StructureKind::PriorityQueue => self.value_bytes + 9,
            _ => self.value_bytes + 1 + key,
        };
        let density = self.structure.image(RegionId::RECORDS).len() as f64 / (elements * live as f64);
        (allocated as f64 / elements, density)
    }

    fn value(&self, n: u64) -> Vec<u8> {
        n.to_le_bytes().repeat(self.value_bytes / 8)
    }

    fn adding(&self, n: u64) -> Op {
        let value = self.value(n);
        match self.structure.kind() {
            StructureKind::Set => Op::Insert {
                key: key(n),
                value: vec![],
            },
            StructureKind::PriorityQueue => Op::PushRanked {
                priority: n.wrapping_mul(GOLDEN),
                value,
            },
            kind if kind.is_keyed() => Op::Insert { key: key(n), value },
            _ => Op::PushBack { value },
        }
    }

    fn print(&self, what: &str, cost: &Cost) {
        let (bytes, density) = self.weigh();
        println!(
            "{:<15} {what:<22} {:>9} elements {bytes:>7.2} bytes each {density:>6.3} of live {:>8.0} ns {:>7.1} delta bytes, at most {}",
            self.structure.kind(),
            self.structure.len(),
            cost.ns,
            cost.delta_bytes,
            cost.longest_delta,
        );
    }

    fn rebuild(&self) {
        let images = RegionId::ALL.map(|region| self.structure.image(region).to_vec());
        let bytes: usize = images.iter().map(Vec::len).sum();
        let start = processor_time();
        let rebuilt = Structure::from_images(self.structure.spec(), images).expect("its own images");
        println!(
            "{:<15} from {bytes} bytes of images in {:?}",
            rebuilt.kind(),
            processor_time() - start
        );
    }
}

/// How long this thread has run so far.
fn processor_time() -> Duration {
    let statistics = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux has it");
    let ns = statistics.split(' ').next().and_then(|ns| ns.parse().ok());
    Duration::from_nanos(ns.expect("its first number"))
}

/// Keys that do not come in order.
fn key(n: u64) -> Vec<u8> {
    n.wrapping_mul(GOLDEN).to_be_bytes().to_vec()
}

fn weigh_keyed(scales: &mut Scales, elements: u64) {
    let cost = scales.repeat(elements / 4, |scales, n| Op::Update {
        key: key(scales.random() % elements),
        value: scales.value(n),
    });
    scales.print("update", &cost);
    let cost = scales.repeat(elements / 2, |scales, n| match n % 2 {
        0 => Op::Delete {
            key: key(scales.random() % elements),
        },
        _ => Op::Insert {
            key: key(scales.random() % elements),
            value: scales.value(n),
        },
    });
    scales.print("delete or insert", &cost);
    let lengths = [0, 1, 8, 20];
    let cost = scales.repeat(elements / 2, |scales, n| Op::Update {
        key: key(scales.random() % elements),
        value: vec![1; lengths[n as usize % 4]],
    });
    scales.print("update, mixed lengths", &cost);
    let cost = scales.repeat(elements / 2, |scales, _| Op::Delete {
        key: key(scales.random() % elements),
    });
    scales.print("delete", &cost);
}

fn weigh_list(scales: &mut Scales, elements: u64) {
    let cost = scales.repeat(elements / 2, |scales, n| Op::InsertAt {
        index: scales.random() % elements,
        value: scales.value(n),
    });
    scales.print("insert at random", &cost);
    let cost = scales.repeat(elements / 2, |scales, n| match n % 2 {
        0 => Op::RemoveAt {
            index: scales.random() % elements,
        },
        _ => Op::InsertAt {
            index: scales.random() % elements,
            value: scales.value(n),
        },
    });
    scales.print("remove or insert", &cost);
    let cost = scales.repeat(elements, |scales, _| Op::RemoveAt {
        index: scales.random() % (scales.structure.len() as u64).max(1),
    });
    scales.print("remove at random", &cost);
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let elements = arguments
        .next()
        .map_or(1_000_000, |text| text.parse().expect("a number"));
    let value_bytes = arguments
        .next()
        .map_or(8, |text| text.parse().expect("a multiple of eight"));
    let only: Option<StructureKind> = arguments
        .next()
        .map(|text| text.parse().expect("a kind of structure"));
    let kinds = StructureKind::ALL.into_iter();
    for kind in kinds.filter(|kind| only.is_none_or(|only| only == *kind)) {
        let mut scales = Scales::new(kind, value_bytes);
        let cost = scales.repeat(elements, |scales, n| scales.adding(n));
        scales.print("add", &cost);
        scales.rebuild();
        match kind {
            StructureKind::List => weigh_list(&mut scales, elements),
            StructureKind::Queue | StructureKind::PriorityQueue => {
                let cost = scales.repeat(elements / 2, |_, _| Op::PopFront);
                scales.print("pop front", &cost);
                let cost = scales.repeat(elements / 2, |scales, n| match n % 2 {
                    0 => Op::PopFront,
                    _ => {
                        let n = scales.random() >> 20;
                        scales.adding(n)
                    }
                });
                scales.print("pop or add", &cost);
            }
            StructureKind::Stack => {
                let cost = scales.repeat(elements / 2, |_, _| Op::PopBack);
                scales.print("pop back", &cost);
            }
            _ => weigh_keyed(&mut scales, elements),
        }
    }
}
