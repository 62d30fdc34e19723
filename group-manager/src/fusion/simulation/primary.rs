//! A primary, as far as the manager can tell: its structure is a number of operations.

use std::collections::BTreeSet;

use multicast::id::{Epoch, Incarnation, NodeId};
use wire::message::fusion::{FromPrimary, Loss, ServerSeat, ToPrimary};

#[derive(Clone, Debug)]
pub(super) struct ModelPrimary {
    pub(super) life: Incarnation,
    /// Its operations, if it has a structure.
    pub(super) memory: Option<u64>,
    pub(super) since: Epoch,
    pub(super) serving: bool,
    /// It was told to recover: it never begins empty.
    pub(super) is_replacement: bool,
    /// The recovery that gave it its structure, until it is told to resume.
    pub(super) installed: Option<u64>,
    pub(super) view_epoch: Epoch,
    pub(super) view: Vec<ServerSeat>,
    /// The servers that it sent its image to, by the rebuild: its acknowledgements require them.
    pub(super) imaged: BTreeSet<(NodeId, Epoch)>,
    /// What it was told to expect: the recovery, its losses, and whose residuals.
    pub(super) recover: Option<(u64, Vec<Loss>, Vec<NodeId>)>,
}

impl ModelPrimary {
    pub(super) fn new(life: Incarnation) -> Self {
        Self {
            life,
            memory: None,
            since: Epoch(0),
            serving: false,
            is_replacement: false,
            installed: None,
            view_epoch: Epoch(0),
            view: vec![],
            imaged: BTreeSet::new(),
            recover: None,
        }
    }

    /// `may_begin_empty`: this very life founded the group, and nothing was acknowledged yet.
    pub(super) fn handle(&mut self, order: ToPrimary, may_begin_empty: bool) -> Vec<FromPrimary> {
        match order {
            ToPrimary::View { epoch, servers, .. } => {
                assert!(epoch >= self.view_epoch, "views go back");
                assert!(
                    epoch > self.view_epoch || servers == self.view,
                    "two views of {epoch}"
                );
                (self.view_epoch, self.view) = (epoch, servers);
                return vec![FromPrimary::Viewed { epoch }];
            }
            ToPrimary::Found { since, .. } => {
                if self.memory.is_none() && !self.is_replacement {
                    assert!(may_begin_empty, "told to begin empty once founded");
                    self.memory = Some(0);
                    (self.since, self.serving) = (since, true);
                }
            }
            ToPrimary::Recover {
                recovery,
                losses,
                rows,
                ..
            } => {
                assert!(!self.serving, "a serving primary is recovered");
                assert_eq!(losses.len(), rows.len(), "as many residuals as losses");
                self.is_replacement = true;
                (self.memory, self.installed) = (None, None);
                self.recover = Some((recovery, losses, rows.into_iter().map(|(node, _)| node).collect()));
            }
            ToPrimary::Abandon { recovery } => {
                self.recover.take_if(|(number, ..)| *number == recovery);
                if self.installed.take_if(|number| *number == recovery).is_some() {
                    self.memory = None;
                }
            }
            ToPrimary::Resume { since, .. } => {
                assert!(self.memory.is_some(), "resumes without a structure");
                (self.since, self.serving, self.installed) = (since, true, None);
            }
            ToPrimary::Leave { .. } | ToPrimary::Lease { .. } | ToPrimary::Heartbeat => {}
        }
        vec![]
    }

    /// Whether its acknowledgements wait for the server of this seat.
    pub(super) fn requires(&self, seat: &ServerSeat) -> bool {
        seat.active || self.imaged.contains(&(seat.node, seat.rebuild))
    }
}
