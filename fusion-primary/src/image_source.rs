//! The sending end of an image: the bytes of a structure, chunk by chunk, while it goes on changing.
//!
//! The receiving end says why that is sound: what changes below the cursor goes as a delta, what changes
//! above it is in the chunks still to come. A region that shrank below the cursor is done.
//!
//! A structure may grow while it is sent, and with few or no active servers nothing else holds its writers back. So
//! operations have a budget: each chunk that the server applied lets [`OPERATION_BYTES_PER_CHUNK`] bytes of them
//! follow. The image is sent at several times the rate at which it can grow, and comes to an end.
//!
//! Invariants: at most [`IMAGE_CHUNKS_AHEAD`] chunks are under way, so that an operation waits behind no more; while the
//! image is not ended, some are.

use bytes::Bytes;
use structures::{
    arena::Arena,
    delta::{REGIONS, RegionId},
};
use wire::{
    limits::CHUNK_BYTES,
    message::fusion::{DeltaFrame, IMAGE_CHUNKS_AHEAD},
};

/// Bytes of operations that may follow for each chunk that the server applied.
pub const OPERATION_BYTES_PER_CHUNK: u64 = CHUNK_BYTES as u64 / 4;

/// Bytes of operations that may follow at once: the budget of as many chunks as may be under way.
const MOST_OPERATION_BYTES: u64 = OPERATION_BYTES_PER_CHUNK * IMAGE_CHUNKS_AHEAD as u64;

/// Where an image that is being sent stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImageSource {
    /// Index of the region; [`REGIONS`] when all are sent.
    region: usize,
    offset: usize,
    /// Chunks that are not reported as applied yet.
    ahead: usize,
    /// No operation begins at or above this many bytes of operations sent.
    budget: u64,
}

impl ImageSource {
    /// An image to be begun when `operation_bytes` bytes of operations were sent in all.
    pub fn new(operation_bytes: u64) -> Self {
        Self {
            region: 0,
            offset: 0,
            ahead: 0,
            budget: operation_bytes + MOST_OPERATION_BYTES,
        }
    }

    /// Notes that the server applied a chunk, when `operation_bytes` bytes of operations were sent in all.
    pub fn chunk_applied(&mut self, operation_bytes: u64) {
        self.ahead = self.ahead.saturating_sub(1);
        let most = operation_bytes + MOST_OPERATION_BYTES;
        self.budget = most.min(self.budget + OPERATION_BYTES_PER_CHUNK);
    }

    /// The number of bytes of operations sent in all from which on no further one may begin yet.
    pub fn budget(&self) -> u64 {
        self.budget
    }

    /// The chunks that may be sent now; after the last one comes the image's end.
    pub fn next_frames(&mut self, arena: &Arena) -> Vec<DeltaFrame> {
        let mut frames = Vec::new();
        while self.ahead < IMAGE_CHUNKS_AHEAD && self.region < REGIONS {
            frames.extend(self.next_chunk(arena));
        }
        if self.region == REGIONS {
            frames.push(DeltaFrame::ImageEnd {
                lengths: arena.lengths(),
            });
        }
        frames
    }

    /// Whether the end was sent.
    pub fn is_ended(&self) -> bool {
        self.region == REGIONS
    }

    /// The next chunk of the region at hand, or on to the next region.
    fn next_chunk(&mut self, arena: &Arena) -> Option<DeltaFrame> {
        let region = RegionId::ALL[self.region];
        let image = arena.image(region);
        let end = image.len().min(self.offset + CHUNK_BYTES);
        if self.offset >= end {
            self.region += 1;
            self.offset = 0;
            return None;
        }
        let bytes = Bytes::copy_from_slice(&image[self.offset..end]);
        let offset = std::mem::replace(&mut self.offset, end) as u64;
        self.ahead += 1;
        Some(DeltaFrame::Image {
            region,
            offset,
            bytes,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunk(region: RegionId, offset: usize, bytes: &[u8]) -> DeltaFrame {
        DeltaFrame::Image {
            region,
            offset: offset as u64,
            bytes: Bytes::copy_from_slice(bytes),
        }
    }

    #[test]
    fn an_empty_structure_is_an_end_alone() {
        let mut source = ImageSource::new(0);
        assert_eq!(
            source.next_frames(&Arena::new()),
            [DeltaFrame::ImageEnd {
                lengths: [0; REGIONS]
            }]
        );
        assert!(source.is_ended());
    }

    #[test]
    fn regions_come_in_order_in_chunks_and_an_empty_one_is_left_out() {
        let values = vec![1; CHUNK_BYTES + 1];
        let arena = Arena::from_images([values.clone(), vec![], vec![3; 2]]).expect("short");
        let mut source = ImageSource::new(0);
        let expected = [
            chunk(RegionId::VALUES, 0, &values[..CHUNK_BYTES]),
            chunk(RegionId::VALUES, CHUNK_BYTES, &[1]),
            chunk(RegionId::SESSIONS, 0, &[3; 2]),
            DeltaFrame::ImageEnd {
                lengths: [CHUNK_BYTES as u64 + 1, 0, 2],
            },
        ];
        assert_eq!(source.next_frames(&arena), expected);
    }

    #[test]
    fn so_many_chunks_are_under_way_and_not_one_more() {
        let values = vec![1; (IMAGE_CHUNKS_AHEAD + 2) * CHUNK_BYTES];
        let arena = Arena::from_images([values, vec![], vec![]]).expect("short");
        let mut source = ImageSource::new(0);
        assert_eq!(source.next_frames(&arena).len(), IMAGE_CHUNKS_AHEAD);
        assert_eq!(source.next_frames(&arena), []);
        source.chunk_applied(0);
        assert_eq!(source.next_frames(&arena).len(), 1);
        assert!(!source.is_ended());
        source.chunk_applied(0);
        assert_eq!(source.next_frames(&arena).len(), 1);
        source.chunk_applied(0);
        assert_eq!(source.next_frames(&arena).len(), 1, "the end");
        assert!(source.is_ended());
    }

    #[test]
    fn operations_follow_a_quarter_as_fast_as_the_image_and_never_more_than_four_chunks_of_it_at_once() {
        let mut source = ImageSource::new(1000);
        assert_eq!(source.budget(), 1000 + MOST_OPERATION_BYTES);
        source.chunk_applied(1000);
        assert_eq!(source.budget(), 1000 + MOST_OPERATION_BYTES, "nothing was used");
        let used = 1000 + MOST_OPERATION_BYTES + 5;
        source.chunk_applied(used);
        assert_eq!(
            source.budget(),
            1000 + MOST_OPERATION_BYTES + OPERATION_BYTES_PER_CHUNK,
            "what the last operation took too much is paid back"
        );
    }
}
