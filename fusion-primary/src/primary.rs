//! The protocol core of a primary: one event in, commands out.
//!
//! ```text
//! Waiting --Found--> living                         clients are served while living, not fenced and not leaving
//! Waiting --Recover--> Recovering --decoded, checked--> Installed --Resume--> living
//! living --a server says Fenced--> living, fenced --Resume--> living
//! living --Leave--> living, leaving --everything is out of the servers--> Cleared
//! anything --an order about a later life of the group--> Waiting: what was held was discarded
//! ```
//!
//! Source: DESIGN, "Primary" and "Recovery without freezing writers". Invariants: what is replied is applied
//! at every active fused server; only a view makes a server one that is not waited for; a structure is served
//! only if it was founded empty or passed its checks; nobody is served who cannot be told of a replacement:
//! either the manager is in touch, or an active fused server, which would say that this life is fenced; what changes
//! nothing is answered under a lease, or after a round of the servers.

mod clients;
mod event;
mod leaving;
mod proof;
mod recovery;
mod scrub;
mod servers;
#[cfg(test)]
mod tests;
mod view;

use std::collections::BTreeMap;

use multicast::{
    id::{Epoch, NodeId, Seq},
    planted::Planted,
};
use structures::{Structure, keyed_list::Sizes};
use wire::message::{
    entry::EntryRefused,
    fusion::{GroupLife, Layout, ServerSeat, ToPrimary},
};

pub use self::event::{CheckTimes, Command, Event};
use crate::{
    assembly::{Assembly, Micros},
    defect::Defect,
    door::Door,
    life::Life,
    read_proof::Lease,
    server_port::ServerPort,
};

/// How far this process has come.
#[derive(Clone, Debug)]
enum State {
    /// It holds nothing, and waits to be told what to become.
    Waiting {
        /// Why the manager did not let it in, if it said so.
        refused: Option<EntryRefused>,
    },
    /// Residuals are coming.
    Recovering {
        assembly: Box<Assembly>,
        /// Of a structure that is about to leave: they may be of the rest of it.
        leaving: bool,
    },
    /// A recovered structure that may not be served yet.
    Installed {
        /// The recovery.
        recovery: u64,
        structure: Box<Structure>,
        cut: Seq,
        /// As above: then it is served to nobody.
        leaving: bool,
    },
    /// It holds the group's structure.
    Living(Box<Life>),
}

/// The fused servers of an epoch.
#[derive(Clone, Debug, Default)]
struct View {
    epoch: Epoch,
    servers: Vec<ServerSeat>,
    min_backups: usize,
}

/// See the module's documentation.
#[derive(Clone, Debug)]
pub struct Primary {
    node: NodeId,
    door: Door,
    /// Which regions the fused servers hold as a sum.
    layout: Layout,
    /// What a life begins with.
    lease: Lease,
    view: View,
    /// The servers of the view, as this life sees them; empty before it lives.
    ports: BTreeMap<NodeId, ServerPort>,
    state: State,
    /// Whether the manager has spoken and was not lost since.
    manager_in_touch: bool,
    /// What it is to hold, once it was told.
    holds: Option<GroupLife>,
    /// Whether it was ever told to recover that: then its group holds something, and it never begins empty.
    is_replacement: bool,
    pub(crate) planted: Planted<Defect>,
}

impl Primary {
    /// The primary with this id, holding nothing. It has no leases: every read waits for the servers.
    pub fn new(node: NodeId, door: Door, layout: Layout) -> Self {
        Self {
            node,
            door,
            layout,
            lease: Lease::default(),
            view: View::default(),
            ports: BTreeMap::new(),
            state: State::Waiting { refused: None },
            manager_in_touch: false,
            holds: None,
            is_replacement: false,
            planted: Planted::default(),
        }
    }

    /// The same with leases of this kind, which [`Self::tell_time`] must keep up with.
    pub fn with_lease(self, lease: Lease) -> Self {
        Self { lease, ..self }
    }

    /// What the clock shows when the next event is taken.
    pub fn tell_time(&mut self, now: Micros) {
        if let State::Living(life) = &mut self.state {
            life.lease.tell_time(now);
        }
    }

    /// Takes one event; the commands are to be carried out in order.
    pub fn handle(&mut self, event: Event) -> Vec<Command> {
        match event {
            Event::Manager(order) => self.handle_order(order),
            Event::ManagerLost => self.handle_manager_lost(),
            Event::Refused(refused) => self.handle_refusal(refused),
            Event::Tick => self.on_tick(),
            Event::Client { caller, body } => self.handle_client(caller, body),
            Event::ServerLinked { server } => self.open_channel(server),
            Event::ServerLost { server } => self.handle_server_lost(server),
            Event::FromServer { server, frame } => self.handle_server(server, frame),
            Event::Residual {
                stream,
                server,
                at,
                frame,
            } => self.handle_residual(stream, server, at, frame),
            Event::ResidualEnded { stream } => self.handle_residual_ended(stream),
            Event::Checked {
                recovery,
                structure,
                times,
            } => self.handle_checked(recovery, structure, times),
        }
    }

    /// The epoch of the last view.
    pub fn epoch(&self) -> Epoch {
        self.view.epoch
    }

    /// Elements, and what they and their bookkeeping occupy, in bytes; unstable operations count as such.
    pub fn sizes(&self) -> (usize, Sizes) {
        let State::Living(life) = &self.state else {
            return (0, Sizes::default());
        };
        let mut sizes = life.structure().sizes();
        sizes.auxiliary_bytes += life.sender.unstable_bytes();
        (life.structure().len(), sizes)
    }

    /// The structure, with operations that are not stable yet, if it lives.
    pub fn structure(&self) -> Option<&Structure> {
        match &self.state {
            State::Living(life) => Some(life.structure()),
            _ => None,
        }
    }

    fn handle_order(&mut self, order: ToPrimary) -> Vec<Command> {
        self.manager_in_touch = true;
        match order {
            ToPrimary::View {
                epoch,
                since,
                servers,
                min_backups,
            } => {
                let view = View {
                    epoch,
                    servers,
                    min_backups,
                };
                self.handle_view(since, view)
            }
            ToPrimary::Found { since, life } => self.within(life, |primary| primary.handle_found(since)),
            ToPrimary::Recover {
                recovery,
                losses,
                rows,
                life,
                leaving,
            } => self.within(life, |primary| {
                primary.handle_recover(recovery, &losses, &rows, leaving)
            }),
            ToPrimary::Abandon { recovery } => self.handle_abandon(recovery),
            ToPrimary::Resume { since, life } => self.within(life, |primary| primary.handle_resume(since)),
            ToPrimary::Leave { since } => self.handle_leave(since),
            ToPrimary::Lease { asked_us, since } => self.handle_lease(since, Micros(asked_us)),
            ToPrimary::Heartbeat => Vec::new(),
        }
    }

    /// Serving goes on without the manager, as long as an active server would say that this life is over.
    fn handle_manager_lost(&mut self) -> Vec<Command> {
        self.manager_in_touch = false;
        if let State::Living(life) = &mut self.state {
            life.lease.lose();
        }
        Vec::new()
    }

    fn handle_refusal(&mut self, refusal: EntryRefused) -> Vec<Command> {
        if let State::Waiting { refused } = &mut self.state {
            *refused = Some(refusal);
        }
        Vec::new()
    }

    /// Begins with an empty structure. Repeating the order changes nothing: a manager that does not know whether it
    /// was heard says it to a life that may hold something.
    fn handle_found(&mut self, since: Epoch) -> Vec<Command> {
        match &self.state {
            State::Waiting { .. } if !self.is_replacement => {
                let structure = Structure::new(self.door.spec);
                self.live(Life::new(since, structure, Seq(0), self.lease))
            }
            _ => {
                tracing::debug!(%since, "an order to begin empty is none to a life that has begun");
                Vec::new()
            }
        }
    }

    /// Goes on, with what was recovered or with the memory it has. Repeating the order changes nothing.
    fn handle_resume(&mut self, since: Epoch) -> Vec<Command> {
        match std::mem::replace(&mut self.state, State::Waiting { refused: None }) {
            State::Installed {
                structure,
                cut,
                leaving,
                ..
            } => {
                let life = Life::new(since, *structure, cut, self.lease);
                self.live(if leaving { life.begun_leaving() } else { life })
            }
            State::Living(mut life) if life.since < since || life.fenced => {
                tracing::info!(%since, stable = %life.sender.stable(), "the life goes on");
                life.since = life.since.max(since);
                life.fenced = false;
                self.state = State::Living(life);
                self.redial_all()
            }
            other => {
                if !matches!(other, State::Living(_)) {
                    tracing::error!(%since, "an order to resume, to a primary that holds nothing, is refused");
                }
                self.state = other;
                Vec::new()
            }
        }
    }

    /// Begins to serve.
    fn live(&mut self, life: Life) -> Vec<Command> {
        let (since, elements) = (life.since, life.structure().len());
        tracing::info!(%since, base = %life.sender.last(), elements, "serving");
        self.state = State::Living(Box::new(life));
        self.ports.clear();
        self.adopt_seats()
    }

    /// Bytes of operations in all up to which clients' operations may begin: none while fewer servers are active than the
    /// cluster asks for.
    fn budget(&self) -> u64 {
        let active = self.view.servers.iter().filter(|seat| seat.active).count();
        match active >= self.view.min_backups {
            true => self.budget_beside_images(),
            false => 0,
        }
    }

    /// The same for operations that protect nobody's data: while images are sent, as many as they leave.
    fn budget_beside_images(&self) -> u64 {
        let budgets = self.ports.values().filter_map(ServerPort::budget);
        budgets.min().unwrap_or(u64::MAX)
    }

    /// What follows whenever `stable` may have moved or room may have come: writes that waited, and servers
    /// that have caught up.
    fn settle(&mut self, mut commands: Vec<Command>) -> Vec<Command> {
        let (budget, clearing_budget) = (self.budget(), self.budget_beside_images());
        let State::Living(life) = &mut self.state else {
            return commands;
        };
        if !life.fenced {
            commands.extend(life.commit_waiting(budget));
            commands.extend(life.clear(clearing_budget));
        }
        let stable = life.sender.stable();
        for (server, port) in &mut self.ports {
            if port.catches_up(stable) {
                commands.push(event::caught_up(*server, port));
            }
        }
        commands.extend(self.confirm_reads());
        commands
    }
}
