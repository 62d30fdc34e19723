//! A fused server, as far as the manager can tell: of each primary it holds a number of operations.

use std::collections::BTreeMap;

use multicast::id::{Epoch, Incarnation, NodeId, Seq};
use wire::message::fusion::{FromServer, Loss, PrimarySeat, ToServer};

/// What it holds of one primary.
#[derive(Clone, Debug, Default)]
pub(super) struct Copy {
    pub(super) since: Epoch,
    pub(super) fence: Epoch,
    /// Whether all of it is there, and not an image still to come.
    pub(super) held: bool,
    /// Whether the image broke off.
    pub(super) broken: bool,
    pub(super) applied: u64,
}

#[derive(Clone, Debug)]
pub(super) struct ModelServer {
    pub(super) life: Incarnation,
    pub(super) rebuild: Epoch,
    pub(super) copies: BTreeMap<NodeId, Copy>,
    /// The residual it computes: which recovery, and of what.
    pub(super) residual: Option<(u64, Vec<Loss>)>,
}

impl ModelServer {
    pub(super) fn new(life: Incarnation) -> Self {
        Self {
            life,
            rebuild: Epoch(0),
            copies: BTreeMap::new(),
            residual: None,
        }
    }

    pub(super) fn handle(&mut self, order: ToServer) -> Vec<FromServer> {
        match order {
            ToServer::Fence { epoch, primaries } => vec![self.fence(epoch, &primaries)],
            ToServer::Cut { recovery, cuts } => {
                for (primary, cut) in cuts {
                    let copy = self.copies.get_mut(&primary).expect("a cut primary is held");
                    assert!(
                        copy.held && copy.applied >= cut.0,
                        "{primary} is cut above what is applied"
                    );
                    copy.applied = cut.0;
                }
                vec![FromServer::CutDone { recovery }]
            }
            ToServer::Residual {
                recovery,
                losses,
                live,
                ..
            } => {
                for loss in &losses {
                    let copy = &self.copies[&loss.primary];
                    assert!(copy.held, "a half-rebuilt server decodes");
                    assert_eq!(Seq(copy.applied), loss.cut, "a residual of what was not cut");
                }
                assert!(
                    live.iter().all(|node| self.copies[node].held),
                    "a live primary is not held"
                );
                let known = self.residual.as_ref().map(|(number, _)| *number);
                assert_ne!(known, Some(recovery), "a recovery's number is given twice");
                self.residual = Some((recovery, losses));
                vec![]
            }
            ToServer::Abandon { recovery } => {
                self.residual.take_if(|(number, _)| *number == recovery);
                vec![]
            }
            ToServer::Admit { seat } => vec![self.admit(&seat)],
            ToServer::Rebuild { epoch, primaries, .. } => {
                assert!(epoch > self.rebuild, "a rebuild is ordered once");
                *self = Self {
                    rebuild: epoch,
                    ..Self::new(self.life)
                };
                let awaiting = |seat: &PrimarySeat| Copy {
                    since: seat.since,
                    fence: seat.since,
                    ..Copy::default()
                };
                self.copies = primaries.iter().map(|seat| (seat.node, awaiting(seat))).collect();
                vec![]
            }
            ToServer::Heartbeat => vec![],
        }
    }

    fn fence(&mut self, epoch: Epoch, primaries: &[NodeId]) -> FromServer {
        let mut applied = vec![];
        for primary in primaries {
            let copy = self
                .copies
                .get_mut(primary)
                .expect("an active server was told of every primary");
            copy.fence = copy.fence.max(epoch);
            applied.extend(copy.held.then_some((*primary, Seq(copy.applied))));
        }
        FromServer::Fenced { epoch, applied }
    }

    fn admit(&mut self, seat: &PrimarySeat) -> FromServer {
        let copy = self.copies.entry(seat.node).or_insert_with(|| Copy {
            held: true,
            ..Copy::default()
        });
        copy.since = copy.since.max(seat.since);
        copy.fence = copy.fence.max(seat.since);
        FromServer::Admitted {
            primary: seat.node,
            since: seat.since,
        }
    }
}
