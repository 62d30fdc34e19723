//! The flow of a recovery: fence, cut, decode, admit, resume.

use std::collections::{BTreeMap, BTreeSet};

use multicast::id::NodeId;
use wire::message::fusion::{Loss, PrimarySeat, ToPrimary, ToServer};

use super::{Manager, Order, Phase, PrimaryIs, Recovery, ServerIs, address, row};

impl Manager {
    /// Abandons what is under way, and begins with fencing if a replacement has entered.
    pub(super) fn restart_recovery(&mut self) -> Vec<Order> {
        let mut orders = Vec::new();
        let active = self.active();
        if let Some(Recovery { number: recovery, .. }) = self.recovery.take() {
            orders.extend(
                active
                    .iter()
                    .map(|server| Order::Server(*server, ToServer::Abandon { recovery })),
            );
            let entered = self.primaries.iter().filter(|(_, is)| **is == PrimaryIs::Entered);
            orders.extend(
                entered.map(|(primary, _)| Order::Primary(*primary, ToPrimary::Abandon { recovery })),
            );
        }
        let lost = |is: &PrimaryIs| !matches!(is, PrimaryIs::Active(_));
        let lost: Vec<_> = self
            .primaries
            .iter()
            .filter(|(_, is)| lost(is))
            .map(|(p, _)| *p)
            .collect();
        let entered = |primary: &NodeId| self.primaries[primary] == PrimaryIs::Entered;
        let replaced: Vec<_> = lost.iter().copied().filter(entered).collect();
        if replaced.is_empty() || active.len() < lost.len() {
            return orders;
        }
        let epoch = self.next_epoch();
        self.recoveries += 1;
        let fence = |server| {
            Order::Server(
                server,
                ToServer::Fence {
                    epoch,
                    primaries: lost.clone(),
                },
            )
        };
        orders.extend(active.into_iter().map(fence));
        let phase = Phase::Fencing(BTreeMap::new());
        self.recovery = Some(Recovery {
            number: self.recoveries,
            lost,
            replaced,
            cuts: BTreeMap::new(),
            phase,
        });
        orders
    }

    pub(super) fn decode(&mut self, active: &[NodeId]) -> Vec<Order> {
        let live: Vec<_> = self
            .primaries
            .iter()
            .filter(|(_, is)| matches!(is, PrimaryIs::Active(_)))
            .map(|(p, _)| *p)
            .collect();
        let recovery = self.recovery.as_mut().expect("one is under way");
        let number = recovery.number;
        let loss = |lost: &NodeId| Loss {
            primary: *lost,
            column: lost.0 as u8,
            cut: recovery.cuts[lost],
            replacement: recovery.replaced.contains(lost).then(|| address(*lost)),
        };
        let losses: Vec<_> = recovery.lost.iter().map(loss).collect();
        let mut chosen = active.to_vec();
        chosen.rotate_left(number as usize % active.len());
        chosen.truncate(losses.len());
        let mut orders = Vec::new();
        let rows: Vec<_> = chosen.iter().map(|server| row(*server)).collect();
        for (place, server) in chosen.iter().enumerate() {
            let (losses, live) = (losses.clone(), live.clone());
            let order = ToServer::Residual {
                recovery: number,
                losses,
                rows: rows.clone(),
                live,
                with_auxiliary: place == 0,
            };
            orders.push(Order::Server(*server, order));
        }
        let rows: Vec<_> = chosen.iter().map(|server| (*server, row(*server))).collect();
        for primary in &recovery.replaced {
            let (losses, rows) = (losses.clone(), rows.clone());
            orders.push(Order::Primary(
                *primary,
                ToPrimary::Recover {
                    recovery: number,
                    losses,
                    rows,
                },
            ));
        }
        recovery.phase = Phase::Decoding(BTreeSet::new());
        orders
    }

    pub(super) fn installed(&mut self, primary: NodeId, of: u64) -> Vec<Order> {
        let Some(recovery) = self.recovery.as_mut().filter(|recovery| recovery.number == of) else {
            return Vec::new();
        };
        let Phase::Decoding(done) = &mut recovery.phase else {
            return Vec::new();
        };
        done.insert(primary);
        if done.len() < recovery.replaced.len() {
            return Vec::new();
        }
        let epoch = self.epoch.next();
        self.epoch = epoch;
        let replaced = recovery.replaced.clone();
        let alive = self.servers.iter().filter(|(_, is)| **is != ServerIs::Dead);
        let alive: Vec<_> = alive.map(|(server, _)| *server).collect();
        let pairs = alive
            .iter()
            .flat_map(|server| replaced.iter().map(|primary| (*server, *primary)));
        recovery.phase = Phase::Admitting(epoch, pairs.collect());
        let mut orders = Vec::new();
        for primary in &replaced {
            let seat = PrimarySeat {
                node: *primary,
                column: primary.0 as u8,
                since: epoch,
            };
            orders.extend(
                alive
                    .iter()
                    .map(|server| Order::Server(*server, ToServer::Admit { seat: seat.clone() })),
            );
        }
        orders
    }

    /// Every server knows the new lives.
    pub(super) fn resume(&mut self) -> Vec<Order> {
        let recovery = self.recovery.take().expect("one is under way");
        let Phase::Admitting(since, _) = recovery.phase else {
            unreachable!("only then")
        };
        let mut orders = Vec::new();
        for primary in &recovery.replaced {
            self.primaries.insert(*primary, PrimaryIs::Active(since));
            orders.push(self.view(*primary));
            orders.push(Order::Primary(*primary, ToPrimary::Resume { since }));
        }
        orders.extend(self.restart_recovery());
        orders.extend(self.rebuild_when_useful());
        orders
    }
}
