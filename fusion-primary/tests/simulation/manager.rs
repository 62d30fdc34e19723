//! A manager as simple as can be: who is what, and what is to be said next. Its links lose nothing.

mod recoveries;

use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
};

use multicast::id::{Epoch, Incarnation, NodeId, Seq};
use wire::message::fusion::{FromPrimary, FromServer, PrimarySeat, ServerSeat, ToPrimary, ToServer};

/// Servers' node ids follow the primaries'.
pub(crate) const FIRST_SERVER: u32 = 100;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ServerIs {
    Dead,
    /// Alive and empty; its rebuild is not ordered (again) yet.
    Empty,
    Joining(Epoch),
    Active(Epoch),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PrimaryIs {
    Lost,
    Entered,
    Active(Epoch),
}

#[derive(Debug)]
enum Phase {
    Fencing(BTreeMap<NodeId, BTreeMap<NodeId, Seq>>),
    Cutting(BTreeSet<NodeId>),
    Decoding(BTreeSet<NodeId>),
    /// The epoch, and (server, primary) still to be answered.
    Admitting(Epoch, BTreeSet<(NodeId, NodeId)>),
}

#[derive(Debug)]
struct Recovery {
    number: u64,
    lost: Vec<NodeId>,
    replaced: Vec<NodeId>,
    cuts: BTreeMap<NodeId, Seq>,
    phase: Phase,
}

#[derive(Debug)]
pub(crate) enum Order {
    Server(NodeId, ToServer),
    Primary(NodeId, ToPrimary),
}

#[derive(Debug)]
pub(crate) struct Manager {
    pub(crate) epoch: Epoch,
    pub(crate) servers: BTreeMap<NodeId, ServerIs>,
    pub(crate) primaries: BTreeMap<NodeId, PrimaryIs>,
    incarnations: BTreeMap<NodeId, u64>,
    caught_up: BTreeMap<NodeId, BTreeSet<NodeId>>,
    recovery: Option<Recovery>,
    recoveries: u64,
    /// Suspected primaries that came back with their memory: their new epoch, and the servers still to answer.
    returning: BTreeMap<NodeId, (Epoch, BTreeSet<NodeId>)>,
    pub(crate) cuts: BTreeMap<NodeId, Seq>,
}

pub(crate) fn address(node: NodeId) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], node.0 as u16 + 1))
}

fn row(server: NodeId) -> u8 {
    (server.0 - FIRST_SERVER) as u8
}

impl Manager {
    pub(crate) fn new(primaries: usize, servers: usize) -> Self {
        let server = |row| NodeId(FIRST_SERVER + row as u32);
        Self {
            epoch: Epoch(1),
            servers: (0..servers)
                .map(|row| (server(row), ServerIs::Active(Epoch(1))))
                .collect(),
            primaries: (0..primaries)
                .map(|p| (NodeId(p as u32), PrimaryIs::Active(Epoch(1))))
                .collect(),
            incarnations: BTreeMap::new(),
            caught_up: BTreeMap::new(),
            recovery: None,
            recoveries: 0,
            returning: BTreeMap::new(),
            cuts: BTreeMap::new(),
        }
    }

    pub(crate) fn found(&mut self) -> Vec<Order> {
        let servers: Vec<_> = self.servers.keys().copied().collect();
        let rebuild = |server| {
            Order::Server(
                server,
                ToServer::Rebuild {
                    epoch: Epoch(1),
                    primaries: vec![],
                },
            )
        };
        let mut orders: Vec<_> = servers.iter().map(|server| rebuild(*server)).collect();
        for primary in self.primaries.keys() {
            let seat = self.seat(*primary);
            orders.extend(
                servers
                    .iter()
                    .map(|server| Order::Server(*server, ToServer::Admit { seat: seat.clone() })),
            );
            orders.push(self.view(*primary));
            orders.push(Order::Primary(*primary, ToPrimary::Found { since: Epoch(1) }));
        }
        orders
    }

    pub(crate) fn faults(&self) -> usize {
        let servers = self
            .servers
            .values()
            .filter(|is| !matches!(is, ServerIs::Active(_)))
            .count();
        servers
            + self
                .primaries
                .values()
                .filter(|is| !matches!(is, PrimaryIs::Active(_)))
                .count()
    }

    pub(crate) fn active(&self) -> Vec<NodeId> {
        let active = self
            .servers
            .iter()
            .filter(|(_, is)| matches!(is, ServerIs::Active(_)));
        active.map(|(server, _)| *server).collect()
    }

    fn seat(&self, primary: NodeId) -> PrimarySeat {
        let since = match self.primaries[&primary] {
            PrimaryIs::Active(since) => since,
            _ => self.epoch,
        };
        PrimarySeat {
            node: primary,
            column: primary.0 as u8,
            since,
        }
    }

    fn view(&self, primary: NodeId) -> Order {
        let seat = |(server, is): (&NodeId, &ServerIs)| {
            let (rebuild, active) = match is {
                ServerIs::Active(rebuild) => (*rebuild, true),
                ServerIs::Joining(rebuild) => (*rebuild, false),
                _ => return None,
            };
            let incarnation = Incarnation(self.incarnations.get(server).copied().unwrap_or(0));
            let (node, row) = (*server, row(*server));
            Some(ServerSeat {
                node,
                incarnation,
                rebuild,
                row,
                address: address(node),
                active,
            })
        };
        let servers = self.servers.iter().filter_map(seat).collect();
        Order::Primary(
            primary,
            ToPrimary::View {
                epoch: self.epoch,
                since: self.seat(primary).since,
                servers,
                min_backups: 0,
            },
        )
    }

    fn views(&self) -> Vec<Order> {
        let active = self
            .primaries
            .iter()
            .filter(|(_, is)| matches!(is, PrimaryIs::Active(_)));
        active.map(|(primary, _)| self.view(*primary)).collect()
    }

    fn next_epoch(&mut self) -> Epoch {
        self.epoch = self.epoch.next();
        self.epoch
    }

    pub(crate) fn server_crashed(&mut self, server: NodeId) -> Vec<Order> {
        self.servers.insert(server, ServerIs::Dead);
        self.next_epoch();
        let mut orders = self.views();
        orders.extend(self.restart_recovery());
        orders.extend(self.resume_returned());
        orders
    }

    pub(crate) fn server_entered(&mut self, server: NodeId) -> Vec<Order> {
        *self.incarnations.entry(server).or_default() += 1;
        self.servers.insert(server, ServerIs::Empty);
        self.rebuild_when_useful()
    }

    pub(crate) fn primary_crashed(&mut self, primary: NodeId) -> Vec<Order> {
        self.primaries.insert(primary, PrimaryIs::Lost);
        self.returning.remove(&primary);
        for is in self
            .servers
            .values_mut()
            .filter(|is| matches!(is, ServerIs::Joining(_)))
        {
            *is = ServerIs::Empty;
        }
        self.next_epoch();
        let mut orders = self.views();
        orders.extend(self.restart_recovery());
        orders
    }

    /// A primary is silent: its life is ended at the servers, though it may still run.
    pub(crate) fn primary_suspected(&mut self, primary: NodeId) -> Vec<Order> {
        let mut orders = self.primary_crashed(primary);
        let fence = ToServer::Fence {
            epoch: self.epoch,
            primaries: vec![primary],
        };
        orders.extend(
            self.active()
                .into_iter()
                .map(|server| Order::Server(server, fence.clone())),
        );
        orders
    }

    /// A suspected primary is back with its memory: nothing is to be recovered.
    pub(crate) fn primary_returned(&mut self, primary: NodeId) -> Vec<Order> {
        if self.primaries[&primary] != PrimaryIs::Lost {
            return Vec::new();
        }
        let since = self.next_epoch();
        self.primaries.insert(primary, PrimaryIs::Active(since));
        let mut orders = self.restart_recovery();
        let alive = self.servers.iter().filter(|(_, is)| **is != ServerIs::Dead);
        let alive: BTreeSet<_> = alive.map(|(server, _)| *server).collect();
        let admit = ToServer::Admit {
            seat: self.seat(primary),
        };
        orders.extend(alive.iter().map(|server| Order::Server(*server, admit.clone())));
        self.returning.insert(primary, (since, alive));
        orders.extend(self.resume_returned());
        orders
    }

    /// Resumes the returned primaries that every server knows of.
    fn resume_returned(&mut self) -> Vec<Order> {
        let servers = &self.servers;
        let dead = |server: &NodeId| servers[server] == ServerIs::Dead;
        self.returning
            .values_mut()
            .for_each(|(_, missing)| missing.retain(|server| !dead(server)));
        let ready = self
            .returning
            .iter()
            .filter(|(_, (_, missing))| missing.is_empty());
        let ready: Vec<_> = ready.map(|(primary, (since, _))| (*primary, *since)).collect();
        let mut orders = Vec::new();
        for (primary, since) in ready {
            self.returning.remove(&primary);
            orders.push(self.view(primary));
            orders.push(Order::Primary(primary, ToPrimary::Resume { since }));
        }
        orders.extend(self.rebuild_when_useful());
        orders
    }

    pub(crate) fn primary_entered(&mut self, primary: NodeId) -> Vec<Order> {
        self.primaries.insert(primary, PrimaryIs::Entered);
        self.restart_recovery()
    }

    /// Rebuilds what is empty, if every primary is there.
    fn rebuild_when_useful(&mut self) -> Vec<Order> {
        let empty: Vec<_> = self
            .servers
            .iter()
            .filter(|(_, is)| **is == ServerIs::Empty)
            .map(|(s, _)| *s)
            .collect();
        let complete = self
            .primaries
            .values()
            .all(|is| matches!(is, PrimaryIs::Active(_)));
        if empty.is_empty() || !complete {
            return Vec::new();
        }
        let epoch = self.next_epoch();
        let primaries: Vec<_> = self.primaries.keys().map(|primary| self.seat(*primary)).collect();
        let mut orders = Vec::new();
        for server in empty {
            self.servers.insert(server, ServerIs::Joining(epoch));
            self.caught_up.insert(server, BTreeSet::new());
            orders.push(Order::Server(
                server,
                ToServer::Rebuild {
                    epoch,
                    primaries: primaries.clone(),
                },
            ));
        }
        orders.extend(self.views());
        orders
    }

    pub(crate) fn handle_server(&mut self, server: NodeId, message: FromServer) -> Vec<Order> {
        let active = self.active();
        if let FromServer::RebuildBroken { epoch, .. } = &message {
            if self.servers[&server] == ServerIs::Joining(*epoch) {
                self.servers.insert(server, ServerIs::Empty);
                return self.rebuild_when_useful();
            }
            assert_ne!(
                self.servers[&server],
                ServerIs::Active(*epoch),
                "an active server is not broken"
            );
            return Vec::new();
        }
        if let FromServer::Admitted { primary, since } = &message
            && let Some((epoch, missing)) = self.returning.get_mut(primary)
            && epoch == since
        {
            missing.remove(&server);
            return self.resume_returned();
        }
        let Some(recovery) = &mut self.recovery else {
            return Vec::new();
        };
        let number = recovery.number;
        match (&mut recovery.phase, message) {
            (Phase::Fencing(fenced), FromServer::Fenced { epoch, applied }) if epoch == self.epoch => {
                fenced.insert(server, applied.into_iter().collect());
                if fenced.len() < active.len() {
                    return Vec::new();
                }
                let smallest =
                    |lost: &NodeId| fenced.values().map(|applied| applied[lost]).min().expect("some");
                let cuts: Vec<_> = recovery.lost.iter().map(|lost| (*lost, smallest(lost))).collect();
                recovery.cuts = cuts.iter().copied().collect();
                self.cuts.extend(cuts.iter().copied());
                recovery.phase = Phase::Cutting(BTreeSet::new());
                let cut = ToServer::Cut {
                    recovery: number,
                    cuts,
                };
                active
                    .into_iter()
                    .map(|server| Order::Server(server, cut.clone()))
                    .collect()
            }
            (Phase::Cutting(done), FromServer::CutDone { recovery: of }) if of == number => {
                done.insert(server);
                if done.len() < active.len() {
                    Vec::new()
                } else {
                    self.decode(&active)
                }
            }
            (Phase::Admitting(of, missing), FromServer::Admitted { primary, since }) if since == *of => {
                missing.remove(&(server, primary));
                if missing.is_empty() {
                    self.resume()
                } else {
                    Vec::new()
                }
            }
            (_, FromServer::CutImpossible { reason, .. } | FromServer::ResidualFailed { reason, .. }) => {
                panic!("{server}: {reason}")
            }
            _ => Vec::new(),
        }
    }

    pub(crate) fn handle_primary(&mut self, primary: NodeId, message: FromPrimary) -> Vec<Order> {
        match message {
            FromPrimary::CaughtUp { server, rebuild } => {
                if self.servers[&server] != ServerIs::Joining(rebuild) {
                    return Vec::new();
                }
                let caught_up = self.caught_up.entry(server).or_default();
                caught_up.insert(primary);
                if caught_up.len() < self.primaries.len() {
                    return Vec::new();
                }
                self.servers.insert(server, ServerIs::Active(rebuild));
                self.next_epoch();
                self.views()
            }
            FromPrimary::Installed { recovery: of, .. } => self.installed(primary, of),
            FromPrimary::InstallFailed { reason, .. } => panic!("{primary}: {reason}"),
            FromPrimary::Viewed { .. } | FromPrimary::AskLease { .. } | FromPrimary::Heartbeat => Vec::new(),
        }
    }
}
