//! Scrubs: asked for by a client, answered when every primary's signatures have come.
//!
//! One at a time. Whatever changes who is in the parity ends it without a verdict, and the client may ask again:
//! a scrub is never worth a false alarm, nor a delay of a recovery. Source: DESIGN, "Scrub".

use std::collections::BTreeSet;

use erasure::Signature;
use multicast::id::{NodeId, Seq};
use structures::delta::{REGIONS, RegionId};
use wire::message::{
    client::{Refusal, ReplyBody},
    fusion::AckFrame,
    scrub::{MAX_SCRUB_BLOCKS, ScrubWindow, Scrubbed},
};

use super::{Command, FusedBackup, Line};
use crate::{
    fault::PrimaryFault,
    scrub::{Asker, Scrub},
    standing::Held,
};

impl FusedBackup {
    /// Begins a scrub, or says why not. Cost: that of signing the window's blocks.
    pub(super) fn handle_scrub(&mut self, asker: Asker, window: ScrubWindow) -> Vec<Command> {
        if !window.is_sound() {
            let (first, count) = (window.first, window.count);
            let limit = MAX_SCRUB_BLOCKS;
            return vec![refused(asker, Refusal::NoSuchWindow { first, count, limit })];
        }
        if let Some(reason) = self.why_no_scrub() {
            return vec![refused(asker, Refusal::Unavailable { reason })];
        }
        let number = self.next_scrub;
        self.next_scrub += 1;
        let asked = self.primaries_with_bytes();
        let lines: Vec<_> = asked
            .iter()
            .filter_map(|primary| self.open_line(*primary))
            .collect();
        self.coded.scrub = Some(Scrub::begin(number, asker, window, &self.coded, asked));
        let want = |connection| Command::ToPrimary {
            connection,
            frame: AckFrame::WantSignatures {
                scrub: number,
                window,
            },
        };
        let mut commands: Vec<_> = lines.into_iter().map(want).collect();
        commands.extend(self.answer_scrub());
        commands
    }

    /// Takes a primary's signatures, if they are of the scrub under way.
    pub(super) fn take_signatures(
        &mut self,
        primary: NodeId,
        number: u64,
        last: Seq,
        signatures: &[Signature],
    ) -> Result<Vec<Command>, PrimaryFault> {
        let (Some(scrub), Some(copy)) = (&mut self.coded.scrub, self.copies.get(&primary)) else {
            return Ok(Vec::new());
        };
        if scrub.number() != number || !scrub.awaits(primary) {
            return Ok(Vec::new());
        }
        let expected = scrub.window().count;
        if signatures.len() as u64 != expected {
            return Err(PrimaryFault::SignatureCount {
                found: signatures.len(),
                expected,
            });
        }
        let applied = copy.applied();
        if last != applied {
            let reason = format!("{primary} signed up to {last}, {applied} is applied here");
            return Ok(self.end_scrub(&reason));
        }
        scrub.take(copy.addend(), signatures, copy.plain(scrub.window().first.region));
        Ok(self.answer_scrub().into_iter().collect())
    }

    /// Ends the scrub under way, if there is one, without a verdict.
    pub(super) fn end_scrub(&mut self, reason: &str) -> Vec<Command> {
        let ended = self.coded.scrub.take().map(|scrub| {
            let reason = reason.to_owned();
            refused(scrub.asker(), Refusal::Unavailable { reason })
        });
        ended.into_iter().collect()
    }

    /// A connection that a scrub may wait for is gone.
    pub(super) fn end_scrub_without(&mut self, line: Line) -> Vec<Command> {
        let awaits = |scrub: &Scrub| line.since.is_some() && scrub.awaits(line.primary);
        match self.coded.scrub.as_ref().is_some_and(awaits) {
            true => self.end_scrub(&format!("the connection of {} ended", line.primary)),
            false => Vec::new(),
        }
    }

    /// Nobody wants the scrub of a client that is gone.
    pub(super) fn handle_client_ended(&mut self, connection: u64) -> Vec<Command> {
        self.coded
            .scrub
            .take_if(|scrub| scrub.asker().connection == connection);
        Vec::new()
    }

    /// Answers if everybody's signatures have come.
    fn answer_scrub(&mut self) -> Option<Command> {
        let scrub = self.coded.scrub.take_if(|scrub| scrub.is_complete())?;
        let (asker, region) = (scrub.asker(), scrub.window().first.region);
        let scrubbed = Scrubbed {
            region_bytes: self.region_bytes(region),
            syndromes: scrub.into_syndromes(),
        };
        if !scrubbed.syndromes.is_empty() {
            tracing::error!(
                region = region.0,
                blocks = scrubbed.syndromes.len(),
                "a scrub found a difference"
            );
        }
        Some(Command::Answer {
            asker,
            body: ReplyBody::Scrubbed(scrubbed),
        })
    }

    /// Bytes of a region here: its parity's, or the longest plain copy's.
    fn region_bytes(&self, region: RegionId) -> u64 {
        let copies = self.copies.values().map(|copy| copy.plain(region).len());
        let parity = self.coded.parity(region).len();
        copies.fold(parity, usize::max) as u64
    }

    fn primaries_with_bytes(&self) -> BTreeSet<NodeId> {
        let copies = self.copies.iter();
        let with_bytes = copies.filter(|(_, copy)| copy.lengths() != [0; REGIONS]);
        with_bytes.map(|(primary, _)| *primary).collect()
    }

    fn why_no_scrub(&self) -> Option<String> {
        if self.coded.scrub.is_some() {
            return Some("another scrub is under way".to_owned());
        }
        if self.coded.residual.is_some() {
            return Some("a primary is being recovered".to_owned());
        }
        let mut copies = self.copies.iter();
        if let Some((primary, _)) = copies.find(|(_, copy)| copy.held() != Held::Whole) {
            return Some(format!("{primary} is not wholly held"));
        }
        let asked = self.primaries_with_bytes();
        let lost = asked.iter().find(|primary| self.open_line(**primary).is_none());
        lost.map(|primary| format!("{primary} is not connected"))
    }
}

fn refused(asker: Asker, refusal: Refusal) -> Command {
    Command::Answer {
        asker,
        body: ReplyBody::Refused(refusal),
    }
}
