//! Everything that runs in one simulation, and what happens when a packet arrives.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    invariants::{self, Checked},
    manager::{Client, Manager, Members, Store},
    network::{Network, Packet, Process},
    random::Random,
    replica::{Outcome, Replica, Request, Saying},
};
use crate::{
    id::{ClientId, GroupId, Incarnation, MessageId, NodeId, Timestamp},
    skeen::{
        member::Defect,
        message::{FromMember, ToMember},
        sender::{SenderCommand, View},
    },
};

/// The state of one simulation.
#[derive(Debug)]
pub(super) struct World {
    pub(super) random: Random,
    pub(super) network: Network,
    pub(super) store: Store,
    pub(super) managers: BTreeMap<Incarnation, Manager>,
    /// The last life of each node, dead or alive.
    pub(super) replicas: BTreeMap<NodeId, Replica>,
    pub(super) clients: BTreeMap<ClientId, Client>,
    /// The groups of every message that was ever multicast.
    pub(super) destinations: BTreeMap<MessageId, Vec<GroupId>>,
    /// The final timestamp of every message that some sender called complete.
    pub(super) completed: BTreeMap<MessageId, Timestamp>,
    /// What each group is founded with.
    pub(super) founders: Members,
    pub(super) defect: Defect,
    lives: u64,
    /// One line per event, where asked for.
    pub(super) trace: Option<Vec<String>>,
}

impl World {
    /// A cluster of this seed's size, its first manager about to install the first view.
    pub(super) fn new(seed: u64, defect: Defect, is_traced: bool) -> Self {
        let mut random = Random::new(seed);
        let groups = 1 + random.below(3);
        let mut founders = Members::new();
        for group in 1..=groups {
            let size = 2 + random.below(2);
            let nodes = (1..=size)
                .map(|place| NodeId((10 * group + place) as u32))
                .collect();
            founders.insert(GroupId(group as u16), nodes);
        }
        let clients = 1 + random.below(4) as u64;
        let mut world = Self {
            random,
            network: Network::default(),
            store: Store::default(),
            managers: BTreeMap::new(),
            replicas: BTreeMap::new(),
            clients: (1..=clients)
                .map(|number| (ClientId(number), Client::default()))
                .collect(),
            destinations: BTreeMap::new(),
            completed: BTreeMap::new(),
            founders,
            defect,
            lives: 0,
            trace: is_traced.then(Vec::new),
        };
        world.found();
        world
    }

    fn found(&mut self) {
        self.store.view = self.founders.clone();
        for (group, nodes) in self.founders.clone() {
            for node in nodes {
                let life = self.next_life();
                self.replicas
                    .insert(node, Replica::new(node, life, group, self.defect));
            }
        }
        self.start_manager();
    }

    pub(super) fn next_life(&mut self) -> Incarnation {
        self.lives += 1;
        Incarnation(self.lives)
    }

    pub(super) fn note(&mut self, line: impl FnOnce() -> String) {
        if let Some(trace) = &mut self.trace {
            trace.push(line());
        }
    }

    /// Members of the stored view, dead ones included.
    pub(super) fn members(&self, group: GroupId) -> impl Iterator<Item = &Replica> {
        let nodes = self.store.view.get(&group).into_iter().flatten();
        nodes.filter_map(|node| self.replicas.get(node))
    }

    pub(super) fn is_member(&self, replica: &Replica) -> bool {
        self.store
            .view
            .get(&replica.group)
            .is_some_and(|nodes| nodes.contains(&replica.node))
    }

    /// The manager that the store names, if it lives.
    pub(super) fn owner(&self) -> Option<&Manager> {
        self.managers.get(&self.store.owner)
    }

    /// A new manager takes the view over: compare-and-swap, then seal.
    pub(super) fn start_manager(&mut self) -> Incarnation {
        let life = self.next_life();
        self.managers.insert(life, Manager::new(life));
        self.store.owner = life;
        life
    }

    /// The owner swaps the view, without dead members, into the store and seals it.
    pub(super) fn seal(&mut self) -> Checked {
        let owner = self.store.owner;
        let replicas = &self.replicas;
        for nodes in self.store.view.values_mut() {
            nodes.retain(|node| replicas.get(node).is_some_and(|replica| replica.is_alive));
        }
        self.store.epoch = self.store.epoch.next();
        let (epoch, view) = (self.store.epoch, self.store.view.clone());
        self.note(|| format!("{owner} seals {epoch}: {view:?}"));
        let Some(manager) = self.managers.get_mut(&owner) else {
            return Ok(());
        };
        manager.must_seal = false;
        manager.frozen = BTreeSet::new();
        let commands = manager.sender.seal(epoch, View::of(view));
        self.carry_out(owner, commands)
    }

    /// Some packet arrives; false if none is under way.
    pub(super) fn arrive(&mut self) -> Result<bool, invariants::Violation> {
        let Some((from, to, packet)) = self.network.arrive(&mut self.random) else {
            return Ok(false);
        };
        self.note(|| format!("{from:?} -> {to:?}: {packet:?}"));
        match (from, to, packet) {
            (Process::Manager(life), Process::Node(node, _), Packet::ToMember(message)) => {
                self.arrive_at_node(life, node, message)?;
            }
            (Process::Node(node, _), Process::Manager(life), Packet::FromMember(message)) => {
                self.arrive_at_manager(life, node, message)?;
            }
            _ => {}
        }
        Ok(true)
    }

    fn arrive_at_node(&mut self, manager: Incarnation, node: NodeId, message: ToMember<Request>) -> Checked {
        let Some(replica) = self.replicas.get_mut(&node) else {
            return Ok(());
        };
        let (length, stable) = (replica.state.log.len(), replica.member.stable());
        let sayings = replica.handle(manager, message);
        let Some(replica) = self.replicas.get(&node) else {
            return Ok(());
        };
        invariants::after_step(self, replica, length, stable)?;
        self.say(Process::Node(node, replica.life), sayings);
        Ok(())
    }

    /// Sends what a node says to whoever of the managers lives.
    pub(super) fn say(&mut self, node: Process, sayings: Vec<Saying>) {
        for (to, message) in sayings {
            let concerned = |life: &&Incarnation| to.is_none_or(|to| to == **life);
            for life in self.managers.keys().filter(concerned) {
                let packet = Packet::FromMember(message.clone());
                self.network.send(node, Process::Manager(*life), packet);
            }
        }
    }

    fn arrive_at_manager(
        &mut self,
        life: Incarnation,
        node: NodeId,
        message: FromMember<Request, Outcome>,
    ) -> Checked {
        let Some(manager) = self.managers.get_mut(&life) else {
            return Ok(());
        };
        let commands = manager.sender.handle(node, message);
        self.carry_out(life, commands)
    }

    /// Does what a sender commands.
    pub(super) fn carry_out(
        &mut self,
        life: Incarnation,
        commands: Vec<SenderCommand<Request, Outcome>>,
    ) -> Checked {
        for command in commands {
            match command {
                SenderCommand::Send { to, message } => self.send_to_node(life, to, message)?,
                SenderCommand::Completed { id, results } => {
                    self.note(|| format!("{life} completed {id}: {results:?}"));
                    let timestamp = invariants::completed::check(self, id, &results)?;
                    self.completed.insert(id, timestamp);
                    self.reply(life, id);
                }
                SenderCommand::Superseded { .. } => {
                    if let Some(manager) = self.managers.get_mut(&life) {
                        manager.is_superseded = true;
                    }
                }
                SenderCommand::Installed { epoch } => self.note(|| format!("{life} installed {epoch}")),
                SenderCommand::Abandoned { .. }
                | SenderCommand::Orphaned { .. }
                | SenderCommand::Diverged { .. } => {
                    return invariants::broken("results agree, no group is lost", &command);
                }
            }
        }
        Ok(())
    }

    fn send_to_node(&mut self, life: Incarnation, to: NodeId, message: ToMember<Request>) -> Checked {
        let Some(replica) = self.replicas.get(&to).filter(|replica| replica.is_alive) else {
            return Ok(());
        };
        invariants::destinations::check(self, replica, &message)?;
        let to = Process::Node(to, replica.life);
        self.network
            .send(Process::Manager(life), to, Packet::ToMember(message));
        Ok(())
    }

    /// The manager that sent the message answers the client whose request it carried.
    fn reply(&mut self, life: Incarnation, id: MessageId) {
        let sent = self.managers.get(&life).and_then(|manager| manager.sent.get(&id));
        let Some(Request { client, seq }) = sent.copied() else {
            return;
        };
        let Some(client) = self.clients.get_mut(&client) else {
            return;
        };
        if client.seq == seq {
            client.waits_for = None;
        }
    }

    /// A manager multicasts what the client waits for.
    pub(super) fn submit(&mut self, life: Incarnation, client: ClientId) -> Checked {
        let Some(Client {
            seq,
            waits_for: Some(groups),
        }) = self.clients.get(&client).cloned()
        else {
            return Ok(());
        };
        let Some(manager) = self.managers.get_mut(&life) else {
            return Ok(());
        };
        if !manager.takes(&groups) {
            return Ok(());
        }
        let request = Request { client, seq };
        let (id, commands) = manager.sender.multicast(groups.clone(), request);
        manager.sent.insert(id, request);
        self.note(|| format!("{life} multicasts {id} to {groups:?}: {request:?}"));
        self.destinations.insert(id, groups);
        self.carry_out(life, commands)
    }

    /// The epoch that the store holds, with who may seal it.
    pub(super) fn is_installed(&self) -> bool {
        let installed =
            |owner: &Manager| owner.sender.epoch() == self.store.epoch && !owner.sender.is_sealing();
        self.owner().is_some_and(installed)
    }

    /// A client asks for the next thing.
    pub(super) fn begin_request(&mut self, client: ClientId) {
        let groups: Vec<GroupId> = self.founders.keys().copied().collect();
        let mut chosen: Vec<GroupId> = groups
            .iter()
            .copied()
            .filter(|_| self.random.percent(50))
            .collect();
        if chosen.is_empty() {
            chosen.extend(self.random.pick(&groups));
        }
        if let Some(client) = self
            .clients
            .get_mut(&client)
            .filter(|client| client.waits_for.is_none())
        {
            client.seq = client.seq.next();
            client.waits_for = Some(chosen);
        }
    }
}
