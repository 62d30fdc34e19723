//! What a fused server holds of one primary: where it stands, its regions, and how to undo.
//!
//! Invariants: an operation is applied as a whole or not at all; `lengths` are those of the bytes held, so of
//! an image that is under way only what has come.

use multicast::{
    fifo::{FifoReceiver, Reception},
    id::{Epoch, Seq},
};
use structures::delta::{Delta, REGIONS, Range, RegionId};
use wire::message::fusion::PrimarySeat;

use crate::{
    coded::{Addend, Coded},
    fault::PrimaryFault,
    held_regions::HeldRegions,
    image_cursor::ImageCursor,
    standing::{Held, Standing, Taken},
    undo_ring::{Undo, UndoRing},
};

/// See the module's documentation.
#[derive(Clone, Debug)]
pub struct PrimaryCopy {
    addend: Addend,
    /// When the group was founded that it is of.
    began: Epoch,
    /// The epoch that its deltas must carry.
    since: Epoch,
    /// Epochs before this one are over.
    fence: Epoch,
    held: Held,
    receiver: FifoReceiver,
    regions: HeldRegions,
    ring: UndoRing,
}

impl PrimaryCopy {
    /// Of a primary that never sent anything: all of nothing is held.
    pub fn empty(seat: PrimarySeat) -> Self {
        Self {
            addend: Addend {
                primary: seat.node,
                column: seat.column,
            },
            began: seat.began,
            since: seat.since,
            fence: seat.since,
            held: Held::Whole,
            receiver: FifoReceiver::default(),
            regions: HeldRegions::default(),
            ring: UndoRing::default(),
        }
    }

    /// Of a primary whose image is to come.
    pub fn awaiting_image(seat: PrimarySeat) -> Self {
        Self {
            held: Held::Nothing,
            ..Self::empty(seat)
        }
    }

    /// When the group was founded that it is of.
    pub fn began(&self) -> Epoch {
        self.began
    }

    /// Whether nothing of it is in the sum, nor held beside it.
    pub fn is_nothing(&self) -> bool {
        self.held == Held::Whole && self.lengths() == [0; REGIONS]
    }

    /// Its column of the code.
    pub fn column(&self) -> u8 {
        self.addend.column
    }

    /// The primary, as a part of the sum.
    pub fn addend(&self) -> Addend {
        self.addend
    }

    /// How much of it is held.
    pub fn held(&self) -> Held {
        self.held
    }

    /// The last applied operation.
    pub fn applied(&self) -> Seq {
        self.receiver.applied()
    }

    /// Bytes of each region held.
    pub fn lengths(&self) -> [u64; REGIONS] {
        self.regions.lengths()
    }

    /// Bytes of each coded region that are in its parity; 0 for a plain one.
    pub fn coded_lengths(&self) -> [u64; REGIONS] {
        self.regions.coded_lengths()
    }

    /// A plain region's bytes.
    pub fn plain(&self, region: RegionId) -> &[u8] {
        self.regions.plain(region)
    }

    /// Bytes of memory it takes beside the parity.
    pub fn auxiliary_bytes(&self) -> u64 {
        self.regions.plain_bytes() + self.ring.bytes() as u64
    }

    /// Refuses epochs before `epoch` from now on.
    pub fn raise_fence(&mut self, epoch: Epoch) {
        self.fence = self.fence.max(epoch);
    }

    /// Admits a life of the primary, unless it is over already.
    pub fn admit(&mut self, since: Epoch) {
        self.since = self.since.max(since);
        self.raise_fence(self.since);
    }

    /// What a life of the primary is to this server, by its epoch.
    pub fn standing(&self, since: Epoch) -> Standing {
        if since < self.fence {
            Standing::Fenced { epoch: self.fence }
        } else if since == self.since {
            Standing::Admitted
        } else {
            Standing::NotYet
        }
    }

    /// Begins to take the image of everything up to `base`; false if none can be taken: there is something
    /// of this primary in the parity already.
    pub fn begin_image(&mut self, base: Seq) -> bool {
        let pristine = self.held == Held::Whole && self.applied() == Seq(0) && self.lengths() == [0; REGIONS];
        if self.held != Held::Nothing && !pristine {
            return false;
        }
        self.held = Held::Part(ImageCursor::default());
        self.receiver = FifoReceiver::new(base);
        true
    }

    /// Notes that the connection ended; true if that broke an image off.
    pub fn disconnect(&mut self) -> bool {
        let broke_off = matches!(self.held, Held::Part(_));
        if broke_off {
            self.held = Held::Broken;
        }
        broke_off
    }

    /// Takes one operation, if it is the next.
    ///
    /// # Errors
    /// `Delta`, `RingFull`, `StableAhead`; nothing is changed.
    pub fn take(
        &mut self,
        coded: &mut Coded,
        seq: Seq,
        stable: Seq,
        delta: Delta,
    ) -> Result<Taken, PrimaryFault> {
        match self.receiver.judge(seq) {
            Reception::Gap { expected } => return Ok(Taken::Gap { expected }),
            Reception::Repeated { applied } => return Ok(Taken::Acknowledge { applied }),
            Reception::Next => {}
        }
        self.forget(stable)?;
        if !self.ring.has_room() {
            let (kept, bytes) = self.ring.load();
            return Err(PrimaryFault::RingFull { seq, kept, bytes });
        }
        match self.held {
            Held::Part(cursor) => {
                self.apply(coded, seq, cursor.clip(delta))?;
                self.receiver.applied_next();
                Ok(Taken::Silent)
            }
            _ => {
                let undo = self.apply(coded, seq, delta)?;
                self.ring.push(undo);
                Ok(Taken::Acknowledge {
                    applied: self.receiver.applied_next(),
                })
            }
        }
    }

    /// Takes the word of a primary that has fallen idle: forgets how to undo what is stable.
    ///
    /// # Errors
    /// `StableAhead`; nothing is changed.
    pub fn take_stable(&mut self, stable: Seq) -> Result<(), PrimaryFault> {
        self.forget(stable)?;
        self.ring.shrink();
        Ok(())
    }

    fn forget(&mut self, stable: Seq) -> Result<(), PrimaryFault> {
        let applied = self.applied();
        if stable > applied {
            return Err(PrimaryFault::StableAhead { stable, applied });
        }
        self.ring.forget(stable);
        Ok(())
    }

    /// Takes the next chunk of the image.
    ///
    /// # Errors
    /// `NoImageExpected`, `ImageOutOfOrder`, `Delta`; nothing is changed.
    pub fn take_chunk(
        &mut self,
        coded: &mut Coded,
        region: RegionId,
        offset: u64,
        bytes: Vec<u8>,
    ) -> Result<(), PrimaryFault> {
        let Held::Part(mut cursor) = self.held else {
            return Err(PrimaryFault::NoImageExpected);
        };
        cursor.pass(region, offset, bytes.len())?;
        let mut lengths = self.lengths();
        lengths[usize::from(region.0)] = offset + bytes.len() as u64;
        let xor = bytes;
        let ranges = vec![Range { region, offset, xor }];
        self.apply(coded, self.applied(), Delta { lengths, ranges })?;
        self.held = Held::Part(cursor);
        Ok(())
    }

    /// Ends the image: everything is held. The last applied operation is to be acknowledged.
    ///
    /// # Errors
    /// `NoImageExpected`, `ImageLengths`.
    pub fn end_image(&mut self, found: [u64; REGIONS]) -> Result<Seq, PrimaryFault> {
        if !matches!(self.held, Held::Part(_)) {
            return Err(PrimaryFault::NoImageExpected);
        }
        let expected = self.lengths();
        if found != expected {
            return Err(PrimaryFault::ImageLengths { found, expected });
        }
        self.held = Held::Whole;
        Ok(self.applied())
    }

    /// Whether the copy can be brought back to `cut`: it has come that far and can undo what is above.
    pub fn can_cut(&self, cut: Seq) -> bool {
        let lowest = self.ring.lowest_cut(self.applied());
        self.held == Held::Whole && (lowest..=self.applied()).contains(&cut)
    }

    /// Undoes everything above `cut`, newest first; [`Self::can_cut`] has said that it can.
    pub fn cut(&mut self, coded: &mut Coded, cut: Seq) {
        while let Some(undo) = self.ring.pop_above(cut) {
            self.regions
                .undo(coded, self.addend, undo.ranges, undo.old_lengths);
            self.receiver.undone_last();
        }
    }

    /// Applies a delta that was clipped, if it had to be, or nothing of it.
    fn apply(&mut self, coded: &mut Coded, seq: Seq, delta: Delta) -> Result<Undo, PrimaryFault> {
        let (ranges, old_lengths) = self.regions.apply(coded, self.addend, delta)?;
        Ok(Undo {
            seq,
            ranges,
            old_lengths,
        })
    }
}
