//! One attempt at recovering the lost primaries of one scene (DESIGN, "Recovery without freezing writers").
//!
//! ```text
//! Fencing:  Fence{epoch, Q} to all active servers     Fenced{applied} from each
//! Cutting:  Cut{smallest applied of each}             CutDone from each
//! Decoding: Recover to the replacements, Residual to c servers      Installed from each replacement
//! ```
//!
//! An attempt is numbered by its epoch, so a number is never given out twice, not even by the next manager.
//! Invariant: a lost primary is cut at the smallest operation over *all* active servers, and nothing is
//! decoded before all of them have undone what is above it.

use std::collections::{BTreeMap, BTreeSet};

use multicast::{
    id::{Epoch, NodeId, Seq},
    planted::Planted,
};
use wire::message::fusion::{ToPrimary, ToServer};

use super::{
    defect::Defect,
    scene::{Charge, Scene},
};
use crate::coordinator::Command;

/// Why an attempt cannot go on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum AttemptFailure {
    /// A server's answer leaves out a primary that it was asked for.
    #[error("{server} did not say what it applied of {primary}")]
    Unanswered {
        /// Who answered.
        server: NodeId,
        /// Whom it left out.
        primary: NodeId,
    },
    /// A party says so.
    #[error("{node}: {reason}")]
    Reported {
        /// Who.
        node: NodeId,
        /// In its words.
        reason: String,
    },
}

/// How far an attempt is.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Phase {
    /// What each server applied of each lost primary, so far.
    Fencing(BTreeMap<NodeId, BTreeMap<NodeId, Seq>>),
    /// Which servers have cut, so far.
    Cutting(BTreeSet<NodeId>),
    /// Which replacements have installed, so far.
    Decoding {
        chosen: Vec<(NodeId, u8)>,
        installed: BTreeSet<NodeId>,
    },
}

/// An attempt under way, or complete and not yet in the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Attempt {
    epoch: Epoch,
    turn: usize,
    scene: Scene,
    phase: Phase,
    planted: Planted<Defect>,
}

impl Attempt {
    /// Begins with the fence. `turn` rotates the servers that will compute.
    pub(super) fn begin(
        epoch: Epoch,
        turn: usize,
        scene: Scene,
        planted: Planted<Defect>,
    ) -> (Self, Vec<Command>) {
        let fence = ToServer::Fence {
            epoch,
            primaries: scene.lost(),
        };
        let commands = to_servers(&scene, &fence);
        (
            Self {
                epoch,
                turn,
                scene,
                phase: Phase::Fencing(BTreeMap::new()),
                planted,
            },
            commands,
        )
    }

    /// What it is about.
    pub(super) fn scene(&self) -> &Scene {
        &self.scene
    }

    /// Whether the replacements are being sent what they need.
    pub(super) fn is_decoding(&self) -> bool {
        matches!(self.phase, Phase::Decoding { .. })
    }

    /// Whether every replacement holds its structure.
    pub(super) fn is_complete(&self) -> bool {
        matches!(&self.phase, Phase::Decoding { installed, .. } if installed.len() == self.scene.replacements.len())
    }

    /// Whether a message with this number is about this attempt.
    pub(super) fn is_number(&self, recovery: u64) -> bool {
        self.epoch.0 == recovery
    }

    /// A server refuses the old lives from now on. The cut follows when all do.
    ///
    /// # Errors
    /// [`AttemptFailure::Unanswered`] if it leaves out a lost primary.
    pub(super) fn handle_fenced(
        &mut self,
        server: NodeId,
        epoch: Epoch,
        applied: Vec<(NodeId, Seq)>,
    ) -> Result<Vec<Command>, AttemptFailure> {
        let Phase::Fencing(answers) = &mut self.phase else {
            return Ok(vec![]);
        };
        if epoch != self.epoch {
            return Ok(vec![]);
        }
        let applied: BTreeMap<NodeId, Seq> = applied.into_iter().collect();
        if let Some(loss) = self
            .scene
            .losses
            .iter()
            .find(|loss| !applied.contains_key(&loss.primary))
        {
            return Err(AttemptFailure::Unanswered {
                server,
                primary: loss.primary,
            });
        }
        answers.insert(server, applied);
        if answers.len() < self.scene.servers.len() {
            return Ok(vec![]);
        }
        for loss in &mut self.scene.losses {
            loss.cut = smallest_applied(answers, loss.primary, self.planted);
        }
        self.phase = Phase::Cutting(BTreeSet::new());
        let cuts = self
            .scene
            .losses
            .iter()
            .map(|loss| (loss.primary, loss.cut))
            .collect();
        Ok(to_servers(
            &self.scene,
            &ToServer::Cut {
                recovery: self.epoch.0,
                cuts,
            },
        ))
    }

    /// A server has undone what is above the cuts. The residuals follow when all have.
    pub(super) fn handle_cut_done(&mut self, server: NodeId, recovery: u64) -> Vec<Command> {
        let is_ours = self.is_number(recovery);
        let Phase::Cutting(done) = &mut self.phase else {
            return vec![];
        };
        if !is_ours {
            return vec![];
        }
        done.insert(server);
        if done.len() < self.scene.servers.len() {
            return vec![];
        }
        let chosen = self.scene.chosen(self.turn);
        let commands = self.decode(&chosen);
        self.phase = Phase::Decoding {
            chosen,
            installed: BTreeSet::new(),
        };
        commands
    }

    /// A replacement holds its structure. When all do, the servers may forget the residuals.
    pub(super) fn handle_installed(&mut self, replacement: NodeId) -> Vec<Command> {
        let Phase::Decoding { installed, .. } = &mut self.phase else {
            return vec![];
        };
        if self.scene.is_replaced(replacement) {
            installed.insert(replacement);
        }
        if self.is_complete() {
            self.forget_residuals()
        } else {
            vec![]
        }
    }

    /// A replacement is gone after all had installed: it is as if there had been the others alone.
    pub(super) fn lose_replacement(&mut self, replacement: NodeId) {
        if let Phase::Decoding { installed, .. } = &mut self.phase {
            installed.remove(&replacement);
            self.scene.replacements.remove(&replacement);
        }
    }

    /// Drops it: whoever was told the attempt's number forgets what it has of it.
    pub(super) fn abandon(self) -> Vec<Command> {
        let mut commands = self.forget_residuals();
        if self.is_decoding() {
            let abandon = ToPrimary::Abandon {
                recovery: self.epoch.0,
            };
            commands.extend(
                self.scene
                    .replacements
                    .keys()
                    .map(|node| Command::ToPrimary(*node, abandon.clone())),
            );
        }
        commands
    }

    fn decode(&self, chosen: &[(NodeId, u8)]) -> Vec<Command> {
        let (recovery, losses) = (self.epoch.0, &self.scene.losses);
        let recover = |(node, charge): (&NodeId, &Charge)| {
            let recover = ToPrimary::Recover {
                recovery,
                losses: losses.clone(),
                rows: chosen.to_vec(),
                life: charge.life,
                leaving: charge.leaving,
            };
            Command::ToPrimary(*node, recover)
        };
        let mut commands: Vec<Command> = self.scene.replacements.iter().map(recover).collect();
        let rows: Vec<u8> = chosen.iter().map(|(_, row)| *row).collect();
        commands.extend(chosen.iter().enumerate().map(|(place, (node, _))| {
            let residual = ToServer::Residual {
                recovery,
                losses: losses.clone(),
                rows: rows.clone(),
                live: self.scene.live.clone(),
                with_auxiliary: place == 0,
            };
            Command::ToServer(*node, residual)
        }));
        commands
    }

    fn forget_residuals(&self) -> Vec<Command> {
        let Phase::Decoding { chosen, .. } = &self.phase else {
            return vec![];
        };
        let abandon = ToServer::Abandon {
            recovery: self.epoch.0,
        };
        chosen
            .iter()
            .map(|(node, _)| Command::ToServer(*node, abandon.clone()))
            .collect()
    }
}

fn to_servers(scene: &Scene, message: &ToServer) -> Vec<Command> {
    scene
        .servers
        .iter()
        .map(|(node, _)| Command::ToServer(*node, message.clone()))
        .collect()
}

/// Where the lost primary is cut: no server lacks an operation up to there.
fn smallest_applied(
    answers: &BTreeMap<NodeId, BTreeMap<NodeId, Seq>>,
    primary: NodeId,
    planted: Planted<Defect>,
) -> Seq {
    let applied = answers
        .values()
        .filter_map(|applied| applied.get(&primary).copied());
    let cut = match planted.is(Defect::CutAtTheLargest) {
        true => applied.max(),
        false => applied.min(),
    };
    cut.unwrap_or_default()
}

#[cfg(test)]
mod tests;
