//! A lost primary's structure, put together again from residuals, block by block.
//!
//! ```text
//! row j's stream:  Begin, (Auxiliary*,) Block, Block, ..., End
//! our bytes of a block = sum over rows of what they send, which they have scaled
//! ```
//!
//! Source: DESIGN, "Recovery without freezing writers", step 4. Addition needs no order across rows, so each block
//! is added where it belongs when it comes: nothing is kept but the structure itself. Nothing that comes is trusted:
//! rows must agree on cut and lengths, frames must come in order and fit, and what adds up behind the end of a
//! region must be zero, which it is only if the rows are of one cut. The structure's own checks follow.

mod error;
mod image;
mod row;

use bytes::Bytes;
use erasure::Decoder;
use multicast::id::{NodeId, Seq};
use structures::delta::{REGIONS, RegionId};
use wire::message::fusion::{BlockId, Layout, Loss, ResidualFrame};

pub use self::error::AssemblyError;
use self::{
    image::Image,
    row::{Promise, Row},
};

/// Microseconds on the shell's monotonic clock, as data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Micros(pub u64);

/// What a stream's frame led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// More is to come.
    Collecting,
    /// Every row came to its end.
    Complete,
    /// It is no stream of this recovery: close it.
    Foreign,
}

/// See the module's documentation.
#[derive(Clone, Debug)]
pub struct Assembly {
    recovery: u64,
    layout: Layout,
    cut: Seq,
    rows: Vec<Row>,
    /// The regions, as far as they came.
    images: [Image; REGIONS],
    first_at: Option<Micros>,
    last_at: Micros,
}

impl Assembly {
    /// Prepares to put primary `own` together.
    ///
    /// # Errors
    /// `NotLost` if it is none of the losses, `Decode` if rows and losses make no solvable system.
    pub fn new(
        recovery: u64,
        layout: Layout,
        own: NodeId,
        losses: &[Loss],
        rows: &[(NodeId, u8)],
    ) -> Result<Self, AssemblyError> {
        let loss = losses.iter().find(|loss| loss.primary == own);
        let loss = loss.ok_or(AssemblyError::NotLost { primary: own })?;
        let columns: Vec<_> = losses.iter().map(|loss| usize::from(loss.column)).collect();
        let numbers: Vec<_> = rows.iter().map(|(_, row)| usize::from(*row)).collect();
        Decoder::new(&numbers, &columns)?;
        Ok(Self {
            recovery,
            layout,
            cut: loss.cut,
            rows: rows.iter().map(|(server, row)| Row::new(*server, *row)).collect(),
            images: Default::default(),
            first_at: None,
            last_at: Micros(0),
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
            ResidualFrame::Auxiliary { region, bytes } => self.take_plain(place, region, &bytes)?,
            ResidualFrame::Block { block, bytes } => self.take_block(place, block, &bytes)?,
            ResidualFrame::End => self.rows[place].end()?,
        }
        Ok(match self.rows.iter().all(Row::is_ended) {
            true => Progress::Complete,
            false => Progress::Collecting,
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

    /// Microseconds from the first to the last byte.
    pub fn took_us(&self) -> u64 {
        self.last_at.0 - self.first_at.unwrap_or(self.last_at).0
    }

    /// Hands the structure's regions out, once.
    ///
    /// # Errors
    /// `RegionShort` if the plain regions did not come, or not wholly; `TailNotZero`.
    pub fn take_images(&mut self) -> Result<[Vec<u8>; REGIONS], AssemblyError> {
        let mut images: [Vec<u8>; REGIONS] = Default::default();
        let lengths = self.lengths();
        for (region, image) in RegionId::ALL.into_iter().zip(&mut self.images) {
            let place = usize::from(region.0);
            images[place] = std::mem::take(image).finish(region, lengths[place])?;
        }
        Ok(images)
    }

    /// The lengths that the rows promised; all the same.
    fn lengths(&self) -> [u64; REGIONS] {
        let promise = self.rows.iter().find_map(|row| row.promise);
        promise.map(|promise| promise.lengths).unwrap_or_default()
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
        promise.check(server, self.layout)?;
        let other = self.rows.iter().find_map(|row| row.promise);
        match other {
            Some(other) if !other.agrees_with(&promise) => {
                let (found, expected) = (promise.lengths, other.lengths);
                return Err(AssemblyError::RowsDisagree {
                    server,
                    found,
                    expected,
                });
            }
            Some(_) => {}
            None => self.make_room(&promise)?,
        }
        self.rows[place].begin(stream, promise, self.layout)
    }

    /// The images will be this long, and are never moved while they grow.
    fn make_room(&mut self, promise: &Promise) -> Result<(), AssemblyError> {
        for (region, image) in RegionId::ALL.into_iter().zip(&mut self.images) {
            let place = usize::from(region.0);
            image.make_room(region, promise.lengths[place])?;
        }
        Ok(())
    }

    fn take_plain(&mut self, place: usize, region: RegionId, bytes: &Bytes) -> Result<(), AssemblyError> {
        let Row { server, promise, .. } = self.rows[place];
        if self.rows[place].is_ended() {
            return Err(AssemblyError::OutOfTurn { server });
        }
        let found = bytes.len() as u64;
        let Some(promise) = promise.filter(|_| self.layout.is_plain(region)) else {
            return Err(AssemblyError::RegionLong {
                server,
                region,
                found,
                expected: 0,
            });
        };
        let index = usize::from(region.0);
        let (found, expected) = (self.images[index].len() + found, promise.lengths[index]);
        if found > expected {
            return Err(AssemblyError::RegionLong {
                server,
                region,
                found,
                expected,
            });
        }
        self.images[index].append(bytes);
        Ok(())
    }

    fn take_block(&mut self, place: usize, block: BlockId, bytes: &Bytes) -> Result<(), AssemblyError> {
        self.rows[place].take_block(block, bytes.len() as u64)?;
        self.images[usize::from(block.region.0)].add(block.offset(), bytes);
        Ok(())
    }
}
