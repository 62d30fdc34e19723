//! Becoming the replacement of a lost primary: residuals in, a checked structure out.

use multicast::id::NodeId;
use structures::Structure;
use wire::message::fusion::{FromPrimary, Loss, ResidualFrame};

use super::{Command, Primary, State, event::CheckTimes};
use crate::assembly::{Assembly, Micros, Progress};

impl Primary {
    /// Prepares for the residuals of a recovery. Repeating the order changes nothing.
    pub(super) fn handle_recover(
        &mut self,
        recovery: u64,
        losses: &[Loss],
        rows: &[(NodeId, u8)],
        leaving: bool,
    ) -> Vec<Command> {
        match &self.state {
            State::Recovering { assembly, .. } if assembly.recovery() == recovery => return Vec::new(),
            State::Installed { recovery: done, .. } if *done == recovery => return Vec::new(),
            State::Living(_) => {
                let reason = "this primary holds a structure already".to_owned();
                return vec![Command::ToManager(FromPrimary::InstallFailed {
                    recovery,
                    reason,
                })];
            }
            _ => {}
        }
        tracing::info!(recovery, rows = rows.len(), "a recovery begins");
        self.is_replacement = true;
        match Assembly::new(recovery, self.layout, self.node, losses, rows) {
            Ok(assembly) => {
                let assembly = Box::new(assembly);
                self.state = State::Recovering { assembly, leaving };
                vec![Command::DropResiduals, Command::TakeResiduals { recovery }]
            }
            Err(error) => self.fail(recovery, &error),
        }
    }

    /// Forgets that recovery, if it is the one at hand.
    pub(super) fn handle_abandon(&mut self, abandoned: u64) -> Vec<Command> {
        let at_hand = match &self.state {
            State::Recovering { assembly, .. } => assembly.recovery() == abandoned,
            State::Installed { recovery, .. } => *recovery == abandoned,
            _ => false,
        };
        if !at_hand {
            return Vec::new();
        }
        self.forget_recovery()
    }

    pub(super) fn handle_residual(
        &mut self,
        stream: u64,
        server: NodeId,
        at: Micros,
        frame: ResidualFrame,
    ) -> Vec<Command> {
        let State::Recovering { assembly, .. } = &mut self.state else {
            return vec![Command::CloseResidual { stream }];
        };
        let recovery = assembly.recovery();
        match assembly.take(stream, server, at, frame) {
            Ok(Progress::Foreign) => vec![Command::CloseResidual { stream }],
            Ok(Progress::Complete) => self.check(),
            Ok(Progress::Collecting) => Vec::new(),
            Err(error) => self.fail(recovery, &error),
        }
    }

    pub(super) fn handle_residual_ended(&mut self, stream: u64) -> Vec<Command> {
        let State::Recovering { assembly, .. } = &self.state else {
            return Vec::new();
        };
        match assembly.stream_ended(stream) {
            Ok(()) => Vec::new(),
            Err(error) => self.fail(assembly.recovery(), &error),
        }
    }

    /// Hands out what was added up, to be checked where it delays nothing: no heartbeat waits for it.
    fn check(&mut self) -> Vec<Command> {
        let State::Recovering { assembly, leaving } = &mut self.state else {
            return Vec::new();
        };
        let (recovery, leaving) = (assembly.recovery(), *leaving);
        match assembly.take_images() {
            Ok(images) => vec![Command::Check {
                recovery,
                spec: self.door.spec,
                images: Box::new(images),
                leaving,
            }],
            Err(error) => self.fail(recovery, &error),
        }
    }

    /// Takes the checked structure over, unless its recovery was forgotten meanwhile.
    pub(super) fn handle_checked(
        &mut self,
        recovery: u64,
        structure: Result<Box<Structure>, String>,
        times: CheckTimes,
    ) -> Vec<Command> {
        let State::Recovering { assembly, leaving } = &self.state else {
            return Vec::new();
        };
        if assembly.recovery() != recovery {
            return Vec::new();
        }
        let (cut, leaving) = (assembly.cut(), *leaving);
        let CheckTimes {
            decode_us,
            install_us,
        } = times;
        let transfer_us = assembly.took_us().saturating_sub(decode_us);
        match structure {
            Ok(structure) => {
                tracing::info!(recovery, %cut, elements = structure.len(), "recovered");
                self.state = State::Installed {
                    recovery,
                    structure,
                    cut,
                    leaving,
                };
                let installed = FromPrimary::Installed {
                    recovery,
                    transfer_us,
                    decode_us,
                    install_us,
                };
                vec![Command::DropResiduals, Command::ToManager(installed)]
            }
            Err(reason) => self.fail(recovery, &reason),
        }
    }

    /// Reports that the recovery failed here, and forgets it.
    fn fail(&mut self, recovery: u64, reason: &dyn std::fmt::Display) -> Vec<Command> {
        tracing::error!(recovery, %reason, "the recovery failed");
        let failed = FromPrimary::InstallFailed {
            recovery,
            reason: reason.to_string(),
        };
        let mut commands = self.forget_recovery();
        commands.push(Command::ToManager(failed));
        commands
    }

    fn forget_recovery(&mut self) -> Vec<Command> {
        self.state = State::Waiting { refused: None };
        vec![Command::DropResiduals]
    }
}
