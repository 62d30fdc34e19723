//! A donor's state on its way out, as it was at one moment, while the structure goes on changing.
//!
//! ```text
//! bytes at the moment = bytes now xor everything that was written since (what the structure's deltas say)
//! ```
//!
//! Nothing is copied at the moment itself, whatever the structure's size: the image leaves piece by piece, and for
//! each page that is still to leave, the changes since are added up in a page of their own. DESIGN section 3, rule 6.
//!
//! Invariant: what leaves is byte for byte what the regions held at the moment; at most one page is kept for each
//! page that changed and has not left.

use std::collections::BTreeMap;

use bytes::Bytes;
use structures::{
    Structure,
    delta::{Delta, REGIONS, RegionId},
};
use wire::limits::CHUNK_BYTES;

/// Bytes of one page; pieces are whole pages.
const PAGE_BYTES: usize = 4 * 1024;

/// A piece of the image: the next bytes of a region.
pub type Piece = (RegionId, Bytes);

/// One transfer at its donor.
#[derive(Debug)]
pub(super) struct Outflow {
    pub(super) transfer: u64,
    /// Bytes of each region at the moment.
    lengths: [u64; REGIONS],
    /// The region that leaves, by its place, and how much of it has left.
    region: usize,
    left: usize,
    /// What was written since to pages that have not left, by region and page.
    written: BTreeMap<(usize, usize), Box<[u8]>>,
}

impl Outflow {
    /// The structure as it is now shall leave.
    pub(super) fn begin(transfer: u64, structure: &Structure) -> Self {
        Self {
            transfer,
            lengths: structure.arena().lengths(),
            region: 0,
            left: 0,
            written: BTreeMap::new(),
        }
    }

    pub(super) fn lengths(&self) -> [u64; REGIONS] {
        self.lengths
    }

    /// An operation changed the structure.
    pub(super) fn note(&mut self, delta: &Delta) {
        for range in &delta.ranges {
            let region = usize::from(range.region.0);
            // Behind the end at the moment nothing is to leave.
            let end = self.lengths.get(region).copied().unwrap_or_default() as usize;
            let start = range.offset as usize;
            let within = end.saturating_sub(start).min(range.xor.len());
            self.add(region, start, &range.xor[..within]);
        }
    }

    fn add(&mut self, region: usize, mut offset: usize, mut xor: &[u8]) {
        while !xor.is_empty() {
            let (page, at) = (offset / PAGE_BYTES, offset % PAGE_BYTES);
            let (here, rest) = xor.split_at(xor.len().min(PAGE_BYTES - at));
            if (region, page * PAGE_BYTES) >= (self.region, self.left) {
                let written = self.written.entry((region, page));
                let written = written.or_insert_with(|| vec![0; PAGE_BYTES].into());
                add_up(&mut written[at..], here);
            }
            (offset, xor) = (offset + here.len(), rest);
        }
    }

    /// The next piece, about [`CHUNK_BYTES`] long; none when all have left.
    pub(super) fn next(&mut self, structure: &Structure) -> Option<Piece> {
        while self
            .lengths
            .get(self.region)
            .is_some_and(|length| self.left >= *length as usize)
        {
            self.region += 1;
            self.left = 0;
        }
        let length = *self.lengths.get(self.region)? as usize;
        let region = RegionId::ALL[self.region];
        let end = (self.left + CHUNK_BYTES).min(length);
        // What was cut off since was zero by then.
        let mut piece = vec![0; end - self.left];
        let now = structure.image(region);
        let now = &now[self.left.min(now.len())..end.min(now.len())];
        piece[..now.len()].copy_from_slice(now);
        for (place, page) in piece.chunks_mut(PAGE_BYTES).enumerate() {
            let page_number = self.left / PAGE_BYTES + place;
            if let Some(written) = self.written.remove(&(self.region, page_number)) {
                add_up(page, &written);
            }
        }
        self.left = end;
        Some((region, piece.into()))
    }
}

/// Adds (xor) the bytes of `more` to those of `bytes`, as far as both go.
fn add_up(bytes: &mut [u8], more: &[u8]) {
    for (byte, more) in bytes.iter_mut().zip(more) {
        *byte ^= more;
    }
}

#[cfg(test)]
mod tests {
    use multicast::id::{ClientId, Seq};
    use proptest::prelude::*;
    use structures::{
        kind::{StructureKind, StructureLimits, StructureSpec},
        op::{Op, Write},
    };

    use super::*;

    fn spec(kind: StructureKind) -> StructureSpec {
        let limits = StructureLimits {
            key_bytes: 8,
            element_bytes: 4000,
        };
        StructureSpec { kind, limits }
    }

    fn op(kind: StructureKind, choice: u8, length: u16) -> Op {
        let value = vec![choice; usize::from(length)];
        let key = vec![b'k', choice % 64];
        match (kind, choice % 4) {
            (StructureKind::Queue, 0) => Op::PopFront,
            (StructureKind::Queue, _) => Op::PushBack { value },
            (_, 0) => Op::Delete { key },
            _ => Op::Insert { key, value },
        }
    }

    /// Applies the operation, and tells the outflow of it.
    fn apply(structure: &mut Structure, seq: u64, op: Op, outflow: Option<&mut Outflow>) {
        let (client, seq) = (ClientId(1), Seq(seq));
        let (_, delta) = structure.apply(&Write { client, seq, op });
        if let Some(outflow) = outflow {
            outflow.note(&delta);
        }
    }

    fn add(images: &mut [Vec<u8>; REGIONS], (region, bytes): Piece) {
        images[usize::from(region.0)].extend_from_slice(&bytes);
    }

    proptest! {
        #[test]
        fn what_leaves_is_what_was_there_at_the_moment_whatever_is_written_meanwhile(
            kind in prop_oneof![Just(StructureKind::LinkedList), Just(StructureKind::Map), Just(StructureKind::Queue)],
            before in prop::collection::vec((any::<u8>(), 0..4000u16), 0..80),
            after in prop::collection::vec((any::<u8>(), 0..4000u16, any::<bool>()), 0..80),
        ) {
            let mut structure = Structure::new(spec(kind));
            apply(&mut structure, 1, Op::OpenSession, None);
            let mut seq = 1;
            for (choice, length) in before {
                seq += 1;
                apply(&mut structure, seq, op(kind, choice, length), None);
            }
            let expected = RegionId::ALL.map(|region| structure.image(region).to_vec());
            let mut outflow = Outflow::begin(7, &structure);
            let mut images: [Vec<u8>; REGIONS] = Default::default();
            for (choice, length, leaves) in after {
                seq += 1;
                apply(&mut structure, seq, op(kind, choice, length), Some(&mut outflow));
                if leaves && let Some(piece) = outflow.next(&structure) {
                    add(&mut images, piece);
                }
            }
            while let Some(piece) = outflow.next(&structure) {
                add(&mut images, piece);
            }
            prop_assert!(images == expected, "the images differ");
            prop_assert!(outflow.written.is_empty(), "pages that left are not kept");
        }
    }

    #[test]
    fn a_page_that_left_is_not_kept_when_it_changes_again() {
        let kind = StructureKind::LinkedList;
        let mut structure = Structure::new(spec(kind));
        apply(&mut structure, 1, Op::OpenSession, None);
        apply(&mut structure, 2, op(kind, 1, 10), None);
        let mut outflow = Outflow::begin(7, &structure);
        while outflow.next(&structure).is_some() {}
        apply(&mut structure, 3, op(kind, 1, 11), Some(&mut outflow));
        assert_eq!(outflow.written.len(), 0);
    }
}
