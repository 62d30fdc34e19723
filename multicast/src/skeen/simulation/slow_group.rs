//! A beginning that chance alone brings about too rarely: a message to several groups is delivered in some of them and
//! stays tentative in another, slow one, while a second manager goes on sending and then takes over.
//!
//! What the members of the quick groups still know of the message then decides whether it keeps its place.

use super::{invariants::Checked, network::Process, world::World};
use crate::id::{ClientId, GroupId, Incarnation};

/// More packets than it takes to propose one message.
const MOST_PACKETS: usize = 1_000;

impl World {
    /// Plays it, where there are several groups and clients.
    pub(super) fn begin_with_a_slow_group(&mut self) -> Checked {
        let groups: Vec<GroupId> = self.founders.keys().copied().collect();
        let clients: Vec<ClientId> = self.clients.keys().copied().collect();
        let ([slow, quick @ ..], [client, others @ ..]) = (groups.as_slice(), clients.as_slice()) else {
            return Ok(());
        };
        if quick.is_empty() || others.is_empty() {
            return Ok(());
        }
        while self.managers.len() < 2 {
            self.start_manager();
        }
        self.everybody_knows()?;
        self.settle()?;
        let mut lives: Vec<Incarnation> = self.managers.keys().copied().collect();
        let first = lives.swap_remove(self.random.below(lives.len()));
        let second = lives.swap_remove(self.random.below(lives.len()));
        self.ask_for(first, *client, &groups)?;
        self.slow_down(first, *slow)?;
        self.go_on_without(second, others, quick)?;
        self.take_over(second)
    }

    fn ask_for(&mut self, manager: Incarnation, client: ClientId, groups: &[GroupId]) -> Checked {
        let waiting = self.clients.get_mut(&client);
        if let Some(client) = waiting.filter(|client| client.waits_for.is_none()) {
            client.seq = client.seq.next();
            client.waits_for = Some(groups.to_vec());
        }
        self.submit(manager, client)
    }

    /// What the manager has said so far gets through to the group, and no more.
    fn slow_down(&mut self, manager: Incarnation, group: GroupId) -> Checked {
        let nodes = self.replicas.values().filter(|replica| replica.group == group);
        let ways = nodes.map(|replica| {
            (
                Process::Manager(manager),
                Process::Node(replica.node, replica.life),
            )
        });
        let ways: Vec<(Process, Process)> = ways.collect();
        for _ in 0..MOST_PACKETS {
            if !ways.iter().any(|way| self.network.carries(*way)) {
                break;
            }
            self.arrive()?;
        }
        ways.into_iter().for_each(|way| self.network.hold_up_way(way));
        self.note(|| format!("{group} is slow for {manager}"));
        Ok(())
    }

    /// Other clients ask the second manager for what the quick groups can do.
    fn go_on_without(&mut self, manager: Incarnation, clients: &[ClientId], quick: &[GroupId]) -> Checked {
        for _ in 0..self.random.below(120) {
            match self.random.pick(clients).filter(|_| self.random.percent(20)) {
                Some(client) => {
                    let group = self.random.pick(quick);
                    self.ask_for(manager, client, group.as_slice())?;
                }
                None => drop(self.arrive()?),
            }
        }
        Ok(())
    }
}
