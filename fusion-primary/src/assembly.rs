//! A lost primary's structure, put together again from residuals, block by block.
//!
//! ```text
//! row j's stream:  Begin, (Auxiliary*,) Block 0, Block 1, ..., End
//! all rows have block b  ->  our bytes of b = sum over rows of inverse[our column][row] * block
//! ```
//!
//! Source: DESIGN, "Recovery without freezing writers", step 4. Nothing that comes is trusted: rows must agree
//! on cut and lengths, frames must come in order and fit, and what decodes behind our length must be zero,
//! which it is only if the rows are of one cut. The structure's own checks follow.
//!
//! Cost: one pass; a row that is ahead of the others is kept in memory until they have its blocks.

mod error;
mod row;

use bytes::Bytes;
use erasure::Decoder;
use multicast::id::{NodeId, Seq};
use structures::delta::{REGIONS, RegionId};
use wire::message::fusion::{BLOCK_BYTES, Loss, ResidualFrame};

pub use self::error::AssemblyError;
use self::row::{Promise, Row};

/// Microseconds on the shell's monotonic clock, as data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Micros(pub u64);

/// What a stream's frame led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Nothing to do yet.
    Collecting,
    /// Blocks can be decoded.
    Decodable,
    /// It is no stream of this recovery: close it.
    Foreign,
}

/// See the module's documentation.
#[derive(Clone, Debug)]
pub struct Assembly {
    recovery: u64,
    column: usize,
    cut: Seq,
    decoder: Decoder,
    rows: Vec<Row>,
    /// The regions, as far as they came or were decoded.
    images: [Vec<u8>; REGIONS],
    first_at: Option<Micros>,
    last_at: Micros,
    decode_us: u64,
}

impl Assembly {
    /// Prepares to decode primary `own`.
    ///
    /// # Errors
    /// `NotLost` if it is none of the losses, `Decode` if rows and losses make no solvable system.
    pub fn new(
        recovery: u64,
        own: NodeId,
        losses: &[Loss],
        rows: &[(NodeId, u8)],
    ) -> Result<Self, AssemblyError> {
        let loss = losses.iter().find(|loss| loss.primary == own);
        let loss = loss.ok_or(AssemblyError::NotLost { primary: own })?;
        let columns: Vec<_> = losses.iter().map(|loss| usize::from(loss.column)).collect();
        let numbers: Vec<_> = rows.iter().map(|(_, row)| usize::from(*row)).collect();
        Ok(Self {
            recovery,
            column: usize::from(loss.column),
            cut: loss.cut,
            decoder: Decoder::new(&numbers, &columns)?,
            rows: rows.iter().map(|(server, row)| Row::new(*server, *row)).collect(),
            images: Default::default(),
            first_at: None,
            last_at: Micros(0),
            decode_us: 0,
        })
    }

    /// Which recovery it is of.
    pub fn recovery(&self) -> u64 {
        self.recovery
    }

    /// The last operation that the structure will include.
    pub fn cut(&self) -> Seq {
        self.cut
    }

    /// Takes one frame of a server's stream, which came at `at`.
    ///
    /// # Errors
    /// Every variant of [`AssemblyError`]: the recovery has failed.
    pub fn take(
        &mut self,
        stream: u64,
        server: NodeId,
        at: Micros,
        frame: ResidualFrame,
    ) -> Result<Progress, AssemblyError> {
        let Some(place) = self.rows.iter().position(|row| row.server == server) else {
            return Ok(Progress::Foreign);
        };
        if let ResidualFrame::Begin { recovery, .. } = frame
            && recovery != self.recovery
        {
            return Ok(Progress::Foreign);
        }
        if !self.rows[place].is_carried_by(stream, &frame) {
            return Ok(Progress::Foreign);
        }
        self.first_at.get_or_insert(at);
        self.last_at = at;
        match frame {
            ResidualFrame::Begin {
                row,
                cut,
                lengths,
                residual_bytes,
                ..
            } => {
                let promise = Promise {
                    row,
                    cut,
                    lengths,
                    residual_bytes,
                };
                self.begin(place, stream, promise)?;
            }
            ResidualFrame::Auxiliary { region, bytes } => self.take_auxiliary(place, region, &bytes)?,
            ResidualFrame::Block { index, bytes } => self.rows[place].take_block(index, bytes)?,
            ResidualFrame::End => self.rows[place].end()?,
        }
        let decodable = self.rows.iter().all(Row::has_block);
        Ok(if decodable {
            Progress::Decodable
        } else {
            Progress::Collecting
        })
    }

    /// Notes that a stream ended.
    ///
    /// # Errors
    /// `BrokeOff` if it was a row's, and had not come to its end.
    pub fn stream_ended(&self, stream: u64) -> Result<(), AssemblyError> {
        match self.rows.iter().find(|row| row.stream == Some(stream)) {
            Some(row) if !row.is_ended() => Err(AssemblyError::BrokeOff { server: row.server }),
            _ => Ok(()),
        }
    }

    /// Decodes the blocks that all rows have.
    ///
    /// # Errors
    /// `Decode`, `TailNotZero`.
    pub fn decode(&mut self) -> Result<(), AssemblyError> {
        while self.rows.iter().all(Row::has_block) {
            let blocks: Vec<Bytes> = self.rows.iter_mut().filter_map(Row::pop_block).collect();
            self.decode_block(&blocks)?;
        }
        Ok(())
    }

    /// Adds to the time that decoding took.
    pub fn note_decoding(&mut self, took_us: u64) {
        self.decode_us += took_us;
    }

    /// Microseconds from the first to the last byte without the arithmetic, and of the arithmetic.
    pub fn times_us(&self) -> (u64, u64) {
        let first = self.first_at.unwrap_or_default();
        (
            (self.last_at.0 - first.0).saturating_sub(self.decode_us),
            self.decode_us,
        )
    }

    /// Whether every row came to its end, and so everything is decoded.
    pub fn is_complete(&self) -> bool {
        self.rows.iter().all(Row::is_ended)
    }

    /// Hands the structure's regions out, once.
    ///
    /// # Errors
    /// `RegionShort` if the auxiliary regions did not come, or not wholly.
    pub fn take_images(&mut self) -> Result<[Vec<u8>; REGIONS], AssemblyError> {
        let lengths = self.lengths();
        for (region, (image, expected)) in RegionId::ALL.iter().zip(self.images.iter().zip(lengths)) {
            let found = image.len() as u64;
            if found != expected {
                return Err(AssemblyError::RegionShort {
                    region: *region,
                    found,
                    expected,
                });
            }
        }
        Ok(std::mem::take(&mut self.images))
    }

    /// The lengths that the rows promised; all the same.
    fn lengths(&self) -> [u64; REGIONS] {
        self.rows
            .iter()
            .find_map(|row| row.promise)
            .map(|promise| promise.lengths)
            .unwrap_or_default()
    }

    fn begin(&mut self, place: usize, stream: u64, promise: Promise) -> Result<(), AssemblyError> {
        let server = self.rows[place].server;
        if promise.cut != self.cut {
            return Err(AssemblyError::WrongCut {
                server,
                found: promise.cut,
                expected: self.cut,
            });
        }
        let other = self.rows.iter().find_map(|row| row.promise);
        if let Some(other) = other.filter(|other| !other.agrees_with(&promise)) {
            let (found, expected) = (promise.lengths, other.lengths);
            return Err(AssemblyError::RowsDisagree {
                server,
                found,
                expected,
            });
        }
        self.rows[place].begin(stream, promise)
    }

    fn take_auxiliary(&mut self, place: usize, region: RegionId, bytes: &Bytes) -> Result<(), AssemblyError> {
        let Row { server, promise, .. } = self.rows[place];
        let index = usize::from(region.0);
        let known = region != RegionId::VALUES && index < REGIONS;
        let expected = promise
            .filter(|_| known)
            .map_or(0, |promise| promise.lengths[index]);
        let found = match known {
            true => (self.images[index].len() + bytes.len()) as u64,
            false => bytes.len() as u64,
        };
        if found > expected {
            return Err(AssemblyError::RegionLong {
                server,
                region,
                found,
                expected,
            });
        }
        self.images[index].extend_from_slice(bytes);
        Ok(())
    }

    fn decode_block(&mut self, blocks: &[Bytes]) -> Result<(), AssemblyError> {
        let length = blocks.first().map_or(0, Bytes::len);
        let residuals: Vec<&[u8]> = blocks.iter().map(|block| &block[..]).collect();
        let values = usize::from(RegionId::VALUES.0);
        let missing = self.lengths()[values].saturating_sub(self.images[values].len() as u64);
        let mut decoded = vec![0; length];
        self.decoder.decode_block(self.column, &residuals, &mut decoded)?;
        let ours = length.min(usize::try_from(missing).unwrap_or(usize::MAX));
        if let Some(place) = decoded[ours..].iter().position(|byte| *byte != 0) {
            let offset = (self.images[values].len() + ours + place) as u64;
            return Err(AssemblyError::TailNotZero {
                offset,
                length: self.lengths()[values],
            });
        }
        self.images[values].extend_from_slice(&decoded[..ours]);
        Ok(())
    }
}

/// Number of bytes of a block of a residual of `total` bytes.
fn block_length(index: u64, total: u64) -> u64 {
    total
        .saturating_sub(index.saturating_mul(BLOCK_BYTES))
        .min(BLOCK_BYTES)
}
