//! The work that is measured: each case can do it plainly and with a kernel, on the same buffers.

use std::hint::black_box;

use erasure::{AlignedBytes, kernel::Kernel, kernel::Term};
use pulp::Arch;

use crate::plain_xor::{FIVE, xor, xor_five};

/// Neither 0 nor 1, which are special.
const COEFFICIENTS: [u8; FIVE] = [0x53, 0xCA, 0x02, 0x8E, 0xFF];

/// One piece of work, as it is done with and without coefficients.
pub(crate) trait Case {
    /// What the table calls it.
    fn name(&self) -> String;
    /// Bytes of all sources that one call reads.
    fn source_bytes(&self) -> usize;
    /// The least ratio to the plain xor that the best kernel should reach.
    fn target_ratio(&self) -> Option<f64>;
    /// Once, as a plain xor.
    fn plain(&mut self);
    /// Once, with coefficients.
    fn coded(&mut self, kernel: Kernel);
}

/// Adding one buffer to another.
pub(crate) struct Add {
    arch: Arch,
    source: AlignedBytes,
    target: AlignedBytes,
}

impl Add {
    pub(crate) fn new(size: usize) -> Self {
        Self {
            arch: Arch::new(),
            source: filled(size, 1),
            target: filled(size, 2),
        }
    }
}

impl Case for Add {
    fn name(&self) -> String {
        format!("add {}", in_words(self.source.len()))
    }

    fn source_bytes(&self) -> usize {
        self.source.len()
    }

    fn target_ratio(&self) -> Option<f64> {
        match self.source.len() {
            0..1024 => None,
            0x1_0000..=0x10_0000 => Some(0.9),
            _ => Some(0.75),
        }
    }

    fn plain(&mut self) {
        xor(self.arch, black_box(&self.source), black_box(&mut self.target));
    }

    fn coded(&mut self, kernel: Kernel) {
        kernel.multiply_add(
            black_box(COEFFICIENTS[0]),
            black_box(&self.source),
            black_box(&mut self.target),
        );
    }
}

/// Adding to slots of 4 KiB in 256 MiB, in disorder: a parity that is updated.
pub(crate) struct RandomSlots {
    arch: Arch,
    source: AlignedBytes,
    target: AlignedBytes,
    slot: usize,
}

impl RandomSlots {
    const SLOT_BYTES: usize = 4 * 1024;
    const SLOTS: usize = 64 * 1024;

    pub(crate) fn new() -> Self {
        Self {
            arch: Arch::new(),
            source: filled(Self::SLOT_BYTES, 1),
            target: filled(Self::SLOT_BYTES * Self::SLOTS, 2),
            slot: 0,
        }
    }

    /// The next slot of a sequence that comes to all of them in disorder: a generator modulo a power of two
    /// with the full period.
    fn next_slot(&mut self) -> (&[u8], &mut [u8]) {
        self.slot = (self.slot * 0x6255 + 0x3039) % Self::SLOTS;
        let start = self.slot * Self::SLOT_BYTES;
        (&self.source, &mut self.target[start..start + Self::SLOT_BYTES])
    }
}

impl Case for RandomSlots {
    fn name(&self) -> String {
        "add 4 KiB to slots of 256 MiB".to_owned()
    }

    fn source_bytes(&self) -> usize {
        Self::SLOT_BYTES
    }

    fn target_ratio(&self) -> Option<f64> {
        Some(0.6)
    }

    fn plain(&mut self) {
        let arch = self.arch;
        let (source, target) = self.next_slot();
        xor(arch, black_box(source), black_box(target));
    }

    fn coded(&mut self, kernel: Kernel) {
        let (source, target) = self.next_slot();
        kernel.multiply_add(black_box(COEFFICIENTS[0]), black_box(source), black_box(target));
    }
}

/// One lost buffer from five, in one pass.
pub(crate) struct Decode {
    arch: Arch,
    sources: [AlignedBytes; FIVE],
    target: AlignedBytes,
}

impl Decode {
    pub(crate) fn new(size: usize) -> Self {
        Self {
            arch: Arch::new(),
            sources: [1, 2, 3, 4, 5].map(|seed| filled(size, seed)),
            target: filled(size, 6),
        }
    }
}

impl Case for Decode {
    fn name(&self) -> String {
        format!("decode {} from five", in_words(self.target.len()))
    }

    fn source_bytes(&self) -> usize {
        FIVE * self.target.len()
    }

    /// None for what the first-level cache holds: from there, processors load twice as fast as they multiply.
    fn target_ratio(&self) -> Option<f64> {
        (self.target.len() >= 64 * 1024).then_some(0.8)
    }

    fn plain(&mut self) {
        let sources = self.sources.each_ref().map(|source| &**source);
        xor_five(self.arch, black_box(sources), black_box(&mut self.target));
    }

    fn coded(&mut self, kernel: Kernel) {
        let mut terms: [Term<'_>; FIVE] = COEFFICIENTS.map(|coefficient| (coefficient, &[][..]));
        for (term, source) in terms.iter_mut().zip(&self.sources) {
            term.1 = source;
        }
        kernel.multiply_sum(black_box(&terms), black_box(&mut self.target));
    }
}

fn filled(size: usize, seed: u8) -> AlignedBytes {
    let mut bytes = AlignedBytes::zeroed(size);
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = (at as u8).wrapping_mul(31) ^ seed;
    }
    bytes
}

fn in_words(size: usize) -> String {
    match size {
        0..1024 => format!("{size} B"),
        1024..0x10_0000 => format!("{} KiB", size / 1024),
        _ => format!("{} MiB", size / 0x10_0000),
    }
}
