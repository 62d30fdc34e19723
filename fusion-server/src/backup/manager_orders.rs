//! The manager's orders about who may send: fence, cut, admit, rebuild.

use multicast::id::{Epoch, NodeId, Seq};
use wire::message::fusion::{AckFrame, FromServer, PrimarySeat};

use super::{Command, FusedBackup};
use crate::{
    primary_copy::PrimaryCopy,
    standing::{Held, Standing},
};

impl FusedBackup {
    /// Ends the lives of these primaries before `epoch`, and says how far each came. One that is not wholly
    /// held is left out of the answer: a number of ours would say nothing about it.
    pub(super) fn handle_fence(&mut self, epoch: Epoch, primaries: &[NodeId]) -> Vec<Command> {
        self.epoch = self.epoch.max(epoch);
        let mut commands = Vec::new();
        let mut applied = Vec::new();
        for primary in primaries {
            match self.copies.get_mut(primary) {
                Some(copy) => {
                    copy.raise_fence(epoch);
                    if copy.held() == Held::Whole {
                        applied.push((*primary, copy.applied()));
                    }
                }
                None => tracing::error!(%primary, "a primary that was never admitted is fenced"),
            }
            commands.extend(self.dismiss_outdated(*primary));
        }
        commands.push(Command::ToManager(FromServer::Fenced { epoch, applied }));
        commands
    }

    /// Undoes each lost primary above its cut, all or none of them. Repeating the order changes nothing: its residual may
    /// be under way, and the next life of a primary may have begun.
    pub(super) fn handle_cut(&mut self, recovery: u64, cuts: &[(NodeId, Seq)]) -> Vec<Command> {
        if self.cut_done == Some(recovery) {
            return vec![Command::ToManager(FromServer::CutDone { recovery })];
        }
        let mut commands = self.drop_residual();
        let impossible = cuts
            .iter()
            .find_map(|(primary, cut)| self.why_no_cut(*primary, *cut));
        if let Some(reason) = impossible {
            tracing::error!(recovery, %reason, "a cut is impossible");
            commands.push(Command::ToManager(FromServer::CutImpossible { recovery, reason }));
            return commands;
        }
        for (primary, cut) in cuts {
            if let Some(copy) = self.copies.get_mut(primary) {
                copy.cut(&mut self.coded, *cut);
            }
        }
        self.fit();
        self.cut_done = Some(recovery);
        commands.push(Command::ToManager(FromServer::CutDone { recovery }));
        commands
    }

    fn why_no_cut(&self, primary: NodeId, cut: Seq) -> Option<String> {
        let Some(copy) = self.copies.get(&primary) else {
            return Some(format!("nothing is held of {primary}"));
        };
        (!copy.can_cut(cut)).then(|| {
            let (held, applied) = (copy.held(), copy.applied());
            format!("{primary} is held {held:?} up to {applied} and cannot be brought to {cut}")
        })
    }

    /// Lets a life of a primary send. Of another life of its group than is known here, nothing is held: the one before was
    /// taken out of the sum, or this server would have been rebuilt without it.
    pub(super) fn handle_admit(&mut self, seat: PrimarySeat) -> Vec<Command> {
        if !erasure::in_range(usize::from(self.coded.row()), usize::from(seat.column)) {
            tracing::error!(primary = %seat.node, column = seat.column, "the code has no such column");
            return Vec::new();
        }
        let mut commands = Vec::new();
        for former in self.former_holders(&seat) {
            if !self.copies[&former].is_nothing() {
                tracing::error!(primary = %seat.node, %former, "the column's former holder is still in the sum");
                return commands;
            }
            commands.extend(self.forget_copy(former));
        }
        self.epoch = self.epoch.max(seat.since);
        let (primary, since) = (seat.node, seat.since);
        self.copies
            .entry(primary)
            .or_insert_with(|| PrimaryCopy::empty(seat))
            .admit(since);
        commands.extend(self.dismiss_outdated(primary));
        commands.push(Command::ToManager(FromServer::Admitted { primary, since }));
        commands
    }

    /// Who had this primary's seat or column before it.
    fn former_holders(&self, seat: &PrimarySeat) -> Vec<NodeId> {
        let is_former = |(node, copy): &(&NodeId, &PrimaryCopy)| match **node == seat.node {
            true => copy.began() < seat.began,
            false => copy.column() == seat.column,
        };
        let former = self.copies.iter().filter(is_former);
        former.map(|(node, _)| *node).collect()
    }

    /// Forgets a primary of which nothing is held, and whoever still speaks for it.
    fn forget_copy(&mut self, primary: NodeId) -> Vec<Command> {
        let connection = self.open_line(primary);
        let closed = connection.map(|connection| {
            let mut commands = vec![Command::Close { connection }];
            commands.extend(self.drop_line(connection));
            commands
        });
        self.copies.remove(&primary);
        closed.unwrap_or_default()
    }

    /// Forgets everything; each of these primaries will send its image. An order that was carried out
    /// already, or a later one, changes nothing. The row is the manager's to say: the cluster file's sections, which it
    /// was counted by at first, may change.
    pub(super) fn handle_rebuild(
        &mut self,
        epoch: Epoch,
        row: u8,
        primaries: Vec<PrimarySeat>,
    ) -> Vec<Command> {
        if epoch <= self.rebuild {
            return Vec::new();
        }
        let Some(empty) = self.coded.emptied(row) else {
            tracing::error!(row, "the code has no such row");
            return Vec::new();
        };
        tracing::info!(%epoch, primaries = primaries.len(), "everything is forgotten, to be rebuilt");
        let mut commands = self.drop_residual();
        commands.extend(self.lines.keys().map(|connection| Command::Close {
            connection: *connection,
        }));
        self.lines.clear();
        self.cut_done = None;
        self.residual_sent = None;
        self.rebuild = epoch;
        self.epoch = self.epoch.max(epoch);
        self.coded = empty;
        let known =
            |seat: &PrimarySeat| erasure::in_range(usize::from(self.coded.row()), usize::from(seat.column));
        let (known, strange): (Vec<_>, Vec<_>) = primaries.into_iter().partition(known);
        if !strange.is_empty() {
            tracing::error!(?strange, "the code has no such columns");
        }
        let awaiting = known
            .into_iter()
            .map(|seat| (seat.node, PrimaryCopy::awaiting_image(seat)));
        self.copies = awaiting.collect();
        commands
    }

    /// Dismisses a primary's connection if its life is over.
    fn dismiss_outdated(&mut self, primary: NodeId) -> Vec<Command> {
        let Some(connection) = self.open_line(primary) else {
            return Vec::new();
        };
        let since = self.lines[&connection].since;
        let standing = since
            .zip(self.copies.get(&primary))
            .map(|(since, copy)| copy.standing(since));
        match standing {
            Some(Standing::Fenced { epoch }) => self.dismiss(connection, AckFrame::Fenced { epoch }),
            _ => Vec::new(),
        }
    }
}
