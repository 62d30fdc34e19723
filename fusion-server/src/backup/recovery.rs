//! The residual of a recovery: begun by the manager's order, carried on by blocks and sent portions.

use multicast::id::NodeId;
use wire::message::fusion::{AckFrame, FromServer, Loss};

use super::{Command, FusedBackup};
use crate::{primary_copy::PrimaryCopy, residual::Residual, standing::Held};

impl FusedBackup {
    /// Begins the residual of these losses. Repeating the order changes nothing.
    pub(super) fn handle_residual(
        &mut self,
        recovery: u64,
        losses: Vec<Loss>,
        live: &[NodeId],
        with_auxiliary: bool,
    ) -> Vec<Command> {
        if self
            .coded
            .residual
            .as_ref()
            .is_some_and(|residual| residual.recovery() == recovery)
        {
            return Vec::new();
        }
        let mut commands = self.drop_residual();
        if let Some(reason) = self.why_no_residual(&losses, live) {
            tracing::error!(recovery, %reason, "a residual is impossible");
            commands.push(Command::ToManager(FromServer::ResidualFailed {
                recovery,
                reason,
            }));
            return commands;
        }
        let lengths = losses.iter().filter_map(|loss| self.copies.get(&loss.primary));
        let total = lengths.map(PrimaryCopy::values_length).max().unwrap_or(0);
        tracing::info!(recovery, total, live = live.len(), "a residual begins");
        self.coded.residual = Some(Residual::new(recovery, losses, total, with_auxiliary));
        commands.extend(self.begin_window(0));
        commands.extend(self.advance_residual());
        commands
    }

    /// Drops the residual of that recovery, if it is the one under way.
    pub(super) fn handle_abandon(&mut self, recovery: u64) -> Vec<Command> {
        match &self.coded.residual {
            Some(residual) if residual.recovery() == recovery => self.drop_residual(),
            _ => Vec::new(),
        }
    }

    pub(super) fn drop_residual(&mut self) -> Vec<Command> {
        let dropped = self.coded.residual.take();
        dropped
            .map(|residual| Command::StopStreams {
                recovery: residual.recovery(),
            })
            .into_iter()
            .collect()
    }

    pub(super) fn portion_sent(&mut self, recovery: u64, primary: NodeId) -> Vec<Command> {
        match &mut self.coded.residual {
            Some(residual) if residual.recovery() == recovery => residual.portion_sent(primary),
            _ => return Vec::new(),
        }
        self.advance_residual()
    }

    pub(super) fn stream_failed(&mut self, recovery: u64, primary: NodeId, reason: &str) -> Vec<Command> {
        match &self.coded.residual {
            Some(residual) if residual.recovery() == recovery => {}
            _ => return Vec::new(),
        }
        let reason = format!("the replacement of {primary}: {reason}");
        let mut commands = self.drop_residual();
        commands.push(Command::ToManager(FromServer::ResidualFailed {
            recovery,
            reason,
        }));
        commands
    }

    /// Asks a primary for what is missing of the window, as after a reconnect.
    pub(super) fn want_blocks(&self, primary: NodeId) -> Vec<Command> {
        let wanted = || {
            let residual = self.coded.residual.as_ref()?;
            let (first, count) = residual.window()?.wanted(primary)?;
            let connection = self.open_line(primary)?;
            let frame = AckFrame::WantBlocks {
                recovery: residual.recovery(),
                first,
                count,
            };
            Some(Command::ToPrimary { connection, frame })
        };
        wanted().into_iter().collect()
    }

    /// Hands out what is ready, and begins the next window when one is handed out.
    pub(super) fn advance_residual(&mut self) -> Vec<Command> {
        let mut commands = Vec::new();
        let row = self.coded.row();
        while let Some(residual) = &mut self.coded.residual {
            let auxiliary = residual.auxiliary_portions(&self.copies, row);
            commands.extend(auxiliary.into_iter().map(Command::Stream));
            if residual.is_finished() {
                tracing::info!(recovery = residual.recovery(), "a residual is sent");
                self.coded.residual = None;
                break;
            }
            let Some((portions, next)) = residual.block_portions() else {
                break;
            };
            commands.extend(portions.into_iter().map(Command::Stream));
            commands.extend(self.begin_window(next));
        }
        commands
    }

    /// Begins the window at block `first`, if there is one, and asks whoever has bytes in the parity. A
    /// primary that is empty now adds to the parity only, and need not be asked.
    fn begin_window(&mut self, first: u64) -> Vec<Command> {
        let Some(mut residual) = self.coded.residual.take() else {
            return Vec::new();
        };
        let live = self
            .copies
            .iter()
            .filter(|(primary, _)| !residual.has_lost(**primary));
        let asked: Vec<_> = live
            .filter(|(_, copy)| copy.values_length() > 0)
            .map(|(primary, _)| *primary)
            .collect();
        residual.begin_window(self.coded.parity(), first, asked.iter().copied());
        self.coded.residual = Some(residual);
        asked
            .into_iter()
            .flat_map(|primary| self.want_blocks(primary))
            .collect()
    }

    fn why_no_residual(&self, losses: &[Loss], live: &[NodeId]) -> Option<String> {
        for loss in losses {
            let primary = loss.primary;
            let Some(copy) = self.copies.get(&primary) else {
                return Some(format!("nothing is held of {primary}"));
            };
            if copy.held() != Held::Whole || copy.applied() != loss.cut || copy.column() != loss.column {
                let (held, applied) = (copy.held(), copy.applied());
                return Some(format!(
                    "{primary} is held {held:?} up to {applied}, not to {}",
                    loss.cut
                ));
            }
        }
        let whole = |primary: &&NodeId| {
            self.copies
                .get(primary)
                .is_some_and(|copy| copy.held() == Held::Whole)
        };
        let missing = live.iter().find(|primary| !whole(primary));
        missing.map(|primary| format!("{primary} is not wholly held"))
    }
}
