//! The residual of a recovery: begun by the manager's order, carried on by blocks and sent portions.

use std::collections::BTreeMap;

use multicast::id::NodeId;
use wire::message::fusion::{AckFrame, FromServer, Loss};

use super::{Command, FusedBackup};
use crate::{
    residual::{Residual, ResidualOrder},
    standing::Held,
    window::Wanted,
};

impl FusedBackup {
    /// Begins the residual of these losses. Repeating the order changes nothing.
    pub(super) fn handle_residual(&mut self, order: &ResidualOrder, live: &[NodeId]) -> Vec<Command> {
        let recovery = order.recovery;
        let under_way = self.coded.residual.as_ref().map(Residual::recovery);
        if [under_way, self.residual_sent].contains(&Some(recovery)) {
            return Vec::new();
        }
        let mut commands = self.drop_residual();
        match self.residual(order, live) {
            Ok(residual) => {
                tracing::info!(recovery, live = live.len(), "a residual begins");
                self.coded.residual = Some(residual);
                commands.extend(self.advance_residual());
            }
            Err(reason) => {
                tracing::error!(recovery, %reason, "a residual is impossible");
                commands.push(Command::ToManager(FromServer::ResidualFailed {
                    recovery,
                    reason,
                }));
            }
        }
        commands
    }

    fn residual(&self, order: &ResidualOrder, live: &[NodeId]) -> Result<Residual, String> {
        if let Some(reason) = self.why_no_residual(&order.losses, live) {
            return Err(reason);
        }
        Residual::new(order, &self.coded, &self.copies).map_err(|error| error.to_string())
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

    /// Asks the live primaries for blocks, as many as may be under way.
    pub(super) fn want_blocks(&mut self) -> Vec<Command> {
        let lines = self.lines.iter().filter(|(_, line)| line.since.is_some());
        let lines: BTreeMap<NodeId, u64> = lines.map(|(number, line)| (line.primary, *number)).collect();
        let Some(residual) = &mut self.coded.residual else {
            return Vec::new();
        };
        let recovery = residual.recovery();
        let open: Vec<_> = lines.keys().copied().collect();
        let wanted = residual.want(&open).into_iter();
        wanted
            .map(
                |Wanted {
                     primary,
                     first,
                     count,
                 }| Command::ToPrimary {
                    connection: lines[&primary],
                    frame: AckFrame::WantBlocks {
                        recovery,
                        first,
                        count,
                    },
                },
            )
            .collect()
    }

    /// Notes that a primary's channel is over: what it was asked for does not come any more.
    pub(super) fn ask_again(&mut self, primary: NodeId) {
        if let Some(residual) = &mut self.coded.residual {
            residual.ask_again(primary);
        }
    }

    /// Hands out what is ready, lets further blocks enter the window, and asks for their parts.
    pub(super) fn advance_residual(&mut self) -> Vec<Command> {
        let Some(mut residual) = self.coded.residual.take() else {
            return Vec::new();
        };
        let mut commands = Vec::new();
        loop {
            residual.fill(&self.coded, &self.copies);
            let portions = residual.portions(&self.copies);
            if portions.is_empty() {
                break;
            }
            commands.extend(portions.into_iter().map(Command::Stream));
        }
        if residual.is_finished() {
            tracing::info!(recovery = residual.recovery(), "a residual is sent");
            self.residual_sent = Some(residual.recovery());
            return commands;
        }
        self.coded.residual = Some(residual);
        commands.extend(self.want_blocks());
        commands
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
