//! The manager's end of the world: its shell, as slow and as orderly as the real one.

use multicast::id::NodeId;
use rand::Rng;
use wire::message::{
    entry::Enter,
    fusion::{FromPrimary, ToPrimary},
    membership::{Addresses, Membership, Role, Standing},
};

use super::world::{Line, Order, Process, Speech, World};
use crate::{
    coordinator::{Command, EntryTicket},
    fusion::{Coordinator, Event, tests::trace},
};

impl World {
    /// One event reaches the core; what it commands is checked and carried out.
    pub(super) fn tell(&mut self, event: Event) {
        if !matches!(event, Event::Tick | Event::FromPrimary(_, FromPrimary::Heartbeat)) {
            self.journal.push(format!("> {} {event:?}", self.now.0));
        }
        let commands = self.manager.handle(self.now, event);
        for command in &commands {
            let line = trace::command(&self.stored, command);
            *self.seen.entry(kind(&line)).or_default() += 1;
            self.journal.push(line);
        }
        self.check(&commands);
        for command in commands {
            match command {
                Command::Answer(..) => {}
                Command::Dial {
                    node, incarnation, ..
                } => {
                    self.dials.insert(node, incarnation);
                }
                Command::Unlink(node) => {
                    self.lines.remove(&node);
                    self.dials.remove(&node);
                }
                Command::Store { next, .. } => self.swap = Some(*next),
                Command::ToServer(node, message) => self.order(node, Order::Server(message)),
                Command::ToPrimary(node, message) => {
                    if matches!(message, ToPrimary::Found { .. }) {
                        self.begun.insert(node);
                    }
                    self.order(node, Order::Primary(message));
                }
                other => panic!("not asked for: {other:?}"),
            }
        }
    }

    fn order(&mut self, node: NodeId, order: Order) {
        if let Some(line) = self.lines.get_mut(&node) {
            line.orders.push_back(order);
        }
    }

    pub(super) fn enter(&mut self, node: NodeId) {
        let Some(incarnation) = self.processes[&node].life() else {
            return;
        };
        let role = if self.cluster.primary(node).is_some() {
            Role::Primary
        } else {
            Role::FusionServer
        };
        let address = format!("127.0.0.1:{}", 4000 + node.0)
            .parse()
            .expect("an address");
        let addresses = Addresses {
            peers: address,
            clients: address,
        };
        self.tell(Event::Entered {
            ticket: EntryTicket(0),
            enter: Enter {
                node,
                incarnation,
                role,
                addresses,
            },
        });
    }

    pub(super) fn finish_dial(&mut self, node: NodeId) {
        let Some(incarnation) = self.dials.remove(&node) else {
            return;
        };
        if self.processes[&node].life() == Some(incarnation) {
            self.lines.insert(
                node,
                Line {
                    life: incarnation,
                    ..Line::default()
                },
            );
            self.tell(Event::Linked { node, incarnation });
        } else {
            self.tell(Event::Lost {
                node,
                incarnation,
                reason: String::new(),
            });
        }
    }

    pub(super) fn finish_swap(&mut self) {
        if let Some(next) = self.swap.take() {
            self.hold(next);
            self.tell(Event::Stored {
                epoch: self.stored.epoch,
            });
        }
    }

    /// The store holds the next membership from now on.
    pub(super) fn hold(&mut self, next: Membership) {
        for (node, member) in &next.members {
            let founded = |membership: &Membership| {
                let is_ours = |group| membership.founded.contains(&group);
                member.group.is_some_and(is_ours)
            };
            let begun = self.begun.contains(node);
            assert!(
                !begun || founded(&self.stored),
                "a group that began is founded again"
            );
            if founded(&next) && !begun {
                self.founders.insert(*node, member.incarnation);
            }
        }
        self.stored = next;
    }

    pub(super) fn deliver_order(&mut self, node: NodeId) {
        let Some(order) = self.lines.get_mut(&node).and_then(|line| line.orders.pop_front()) else {
            return;
        };
        let acknowledged = self.acknowledged.get(&node).copied().unwrap_or(0);
        let founder = self.founders.get(&node).copied();
        let speeches: Vec<Speech> = match (self.processes.get_mut(&node), order) {
            (Some(Process::Server(server)), Order::Server(order)) => {
                server.handle(order).into_iter().map(Speech::Server).collect()
            }
            (Some(Process::Primary(primary)), Order::Primary(order)) => {
                let may_begin_empty = acknowledged == 0 && founder == Some(primary.life);
                primary
                    .handle(order, may_begin_empty)
                    .into_iter()
                    .map(Speech::Primary)
                    .collect()
            }
            (process, order) => panic!("{order:?} for {process:?}"),
        };
        speeches.into_iter().for_each(|speech| self.say(node, speech));
    }

    pub(super) fn deliver_speech(&mut self, node: NodeId) {
        match self
            .lines
            .get_mut(&node)
            .and_then(|line| line.speeches.pop_front())
        {
            Some(Speech::Server(message)) => self.tell(Event::FromServer(node, message)),
            Some(Speech::Primary(message)) => self.tell(Event::FromPrimary(node, message)),
            None => {}
        }
    }

    pub(super) fn notice_end(&mut self) {
        if let Some((node, incarnation)) = self.ended.pop_front() {
            self.tell(Event::Lost {
                node,
                incarnation,
                reason: String::new(),
            });
        }
    }

    /// Time passes; but a manager that waits for living servers to come back is not let wait too long, as
    /// that would be one crash more.
    pub(super) fn tick(&mut self) {
        let awaited = self.stored.members.iter().any(|(node, member)| {
            let lives = self.processes[node].life() == Some(member.incarnation);
            let is_server = member.standing == Standing::Active && member.group.is_none();
            lives && is_server && !self.lines.contains_key(node)
        });
        self.now.0 += if awaited {
            1
        } else {
            self.dice.random_range(1..100_000)
        };
        self.tell(Event::Tick);
    }
}

/// What kind of command a line of the journal is.
fn kind(line: &str) -> String {
    let mut words = line.split(' ');
    let first = words.next().unwrap_or_default();
    let word = if first == "to" { words.nth(1) } else { Some(first) };
    word.unwrap_or_default().to_owned()
}
