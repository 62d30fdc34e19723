//! What primaries send: the opening of a connection, operations, images, blocks.

use std::sync::Arc;

use bytes::Bytes;
use multicast::id::{Epoch, NodeId, Seq};
use structures::delta::{Delta, REGIONS, RegionId};
use wire::message::fusion::{AckFrame, BLOCK_BYTES, BlockId, DeltaFrame};

use super::{Command, FusedBackup, Line};
use crate::{
    fault::PrimaryFault,
    primary_copy::PrimaryCopy,
    standing::{Held, Standing, Taken},
};

impl FusedBackup {
    /// Takes one frame; a primary that sends nonsense loses its connection.
    pub(super) fn handle_frame(&mut self, connection: u64, frame: DeltaFrame) -> Vec<Command> {
        let Some(line) = self.lines.get(&connection).copied() else {
            return Vec::new();
        };
        self.take_frame(connection, line, frame).unwrap_or_else(|fault| {
            tracing::warn!(primary = %line.primary, %fault, "the connection is closed");
            let mut commands = vec![Command::Close { connection }];
            commands.extend(self.drop_line(connection));
            commands
        })
    }

    fn take_frame(
        &mut self,
        connection: u64,
        line: Line,
        frame: DeltaFrame,
    ) -> Result<Vec<Command>, PrimaryFault> {
        let Line { primary, since } = line;
        if let DeltaFrame::Open {
            since: epoch,
            rebuild,
            base,
            with_image,
        } = frame
        {
            return match since {
                Some(_) => Err(PrimaryFault::OpenedTwice),
                None => Ok(self.handle_open(
                    connection,
                    primary,
                    Opening {
                        epoch,
                        rebuild,
                        base,
                        with_image,
                    },
                )),
            };
        }
        if since.is_none() || !self.copies.contains_key(&primary) {
            return Err(PrimaryFault::NotOpened);
        }
        let answer = match frame {
            DeltaFrame::Open { .. } => return Err(PrimaryFault::OpenedTwice),
            DeltaFrame::Delta { seq, stable, delta } => {
                self.take_delta(primary, seq, stable, Arc::unwrap_or_clone(delta))?
            }
            DeltaFrame::Stable { stable } => self.take_stable(primary, stable)?,
            DeltaFrame::Block {
                recovery,
                block,
                bytes,
            } => {
                return self.take_block(recovery, primary, block, &bytes);
            }
            DeltaFrame::Image {
                region,
                offset,
                bytes,
            } => self.take_chunk(primary, region, offset, bytes)?,
            DeltaFrame::ImageEnd { lengths } => self.end_image(primary, lengths)?,
            DeltaFrame::Signatures {
                scrub,
                last,
                signatures,
            } => {
                return self.take_signatures(primary, scrub, last, &signatures);
            }
            // A life that was fenced has no open line.
            DeltaFrame::Confirm { round } => Some(AckFrame::Confirmed { round }),
        };
        Ok(answer
            .map(|frame| Command::ToPrimary { connection, frame })
            .into_iter()
            .collect())
    }

    fn handle_open(&mut self, connection: u64, primary: NodeId, opening: Opening) -> Vec<Command> {
        let known = self.copies.get(&primary);
        if let Some(word) = known.and_then(|copy| why_not(copy, opening.epoch)) {
            // Whoever that is, the line of the life that counts is none of its business.
            return self.dismiss(connection, word);
        }
        let mut commands = Vec::new();
        if let Some(older) = self.open_line(primary) {
            commands.push(Command::Close { connection: older });
            commands.extend(self.drop_line(older));
        }
        let rebuild = self.rebuild;
        let Some(copy) = self.copies.get_mut(&primary) else {
            commands.extend(self.dismiss(connection, AckFrame::NoImage));
            return commands;
        };
        commands.extend(match judge(copy, rebuild, &opening) {
            Ok(applied) => {
                self.lines.insert(
                    connection,
                    Line {
                        primary,
                        since: Some(opening.epoch),
                    },
                );
                let opened = Command::ToPrimary {
                    connection,
                    frame: AckFrame::Opened { applied },
                };
                [vec![opened], self.want_blocks()].concat()
            }
            Err(word) => self.dismiss(connection, word),
        });
        commands
    }

    fn take_delta(
        &mut self,
        primary: NodeId,
        seq: Seq,
        stable: Seq,
        delta: Delta,
    ) -> Result<Option<AckFrame>, PrimaryFault> {
        let Some(copy) = self.copies.get_mut(&primary) else {
            return Err(PrimaryFault::NotOpened);
        };
        if let Some(residual) = &mut self.coded.residual {
            residual.note_operation();
        }
        let before = copy.coded_lengths();
        let taken = copy.take(&mut self.coded, seq, stable, delta)?;
        let after = copy.coded_lengths();
        if after.iter().zip(before).any(|(after, before)| *after < before) {
            self.fit();
        }
        Ok(match taken {
            Taken::Acknowledge { applied } => Some(AckFrame::Ack { applied }),
            Taken::Gap { expected } => Some(AckFrame::Gap { expected }),
            Taken::Silent => None,
        })
    }

    fn take_stable(&mut self, primary: NodeId, stable: Seq) -> Result<Option<AckFrame>, PrimaryFault> {
        let Some(copy) = self.copies.get_mut(&primary) else {
            return Err(PrimaryFault::NotOpened);
        };
        copy.take_stable(stable)?;
        Ok(None)
    }

    fn take_chunk(
        &mut self,
        primary: NodeId,
        region: RegionId,
        offset: u64,
        bytes: Bytes,
    ) -> Result<Option<AckFrame>, PrimaryFault> {
        let Some(copy) = self.copies.get_mut(&primary) else {
            return Err(PrimaryFault::NotOpened);
        };
        let end = offset.saturating_add(bytes.len() as u64);
        copy.take_chunk(&mut self.coded, region, offset, bytes.into())?;
        Ok(Some(AckFrame::ImageApplied { region, offset: end }))
    }

    fn end_image(
        &mut self,
        primary: NodeId,
        lengths: [u64; REGIONS],
    ) -> Result<Option<AckFrame>, PrimaryFault> {
        let Some(copy) = self.copies.get_mut(&primary) else {
            return Err(PrimaryFault::NotOpened);
        };
        let applied = copy.end_image(lengths)?;
        tracing::info!(%primary, %applied, "an image is complete");
        Ok(Some(AckFrame::Ack { applied }))
    }

    fn take_block(
        &mut self,
        recovery: u64,
        primary: NodeId,
        block: BlockId,
        bytes: &[u8],
    ) -> Result<Vec<Command>, PrimaryFault> {
        if bytes.len() as u64 > BLOCK_BYTES {
            return Err(PrimaryFault::BlockTooLong {
                block,
                bytes: bytes.len(),
                limit: BLOCK_BYTES,
            });
        }
        let addend = self.copies.get(&primary).map(PrimaryCopy::addend);
        if let (Some(addend), Some(residual)) = (addend, &mut self.coded.residual)
            && residual.recovery() == recovery
        {
            residual.take_block(addend, block, bytes);
            return Ok(self.advance_residual());
        }
        Ok(Vec::new())
    }
}

/// What a primary says first.
struct Opening {
    epoch: Epoch,
    rebuild: Epoch,
    base: Seq,
    with_image: bool,
}

/// What a life of the primary is told if it may not send.
fn why_not(copy: &PrimaryCopy, epoch: Epoch) -> Option<AckFrame> {
    match copy.standing(epoch) {
        Standing::Fenced { epoch } => Some(AckFrame::Fenced { epoch }),
        Standing::NotYet => Some(AckFrame::NoImage),
        Standing::Admitted => None,
    }
}

/// Whether the copy can go on with what the primary will send: the last applied operation, or what to tell it.
fn judge(copy: &mut PrimaryCopy, rebuild: Epoch, opening: &Opening) -> Result<Seq, AckFrame> {
    let goes_on = match opening.with_image {
        true => opening.rebuild == rebuild && copy.begin_image(opening.base),
        false => copy.held() == Held::Whole && copy.applied() >= opening.base,
    };
    goes_on.then(|| copy.applied()).ok_or(AckFrame::NoImage)
}
