//! What happens when a packet arrives, and what senders and members command.

use super::{
    invariants::{self, Checked},
    network::{Packet, Process},
    replica::{Outcome, Request, Saying},
    world::World,
};
use crate::{
    id::{Incarnation, MessageId, NodeId},
    skeen::{
        message::{FromMember, ToMember},
        sender::SenderCommand,
    },
};

impl World {
    /// Some packet arrives; false if none is under way.
    pub(super) fn arrive(&mut self) -> Result<bool, invariants::Violation> {
        let managers = &self.managers;
        let is_awake = |process| match process {
            Process::Manager(life) => managers.get(&life).is_none_or(|manager| !manager.is_asleep),
            Process::Node(..) => true,
        };
        let Some((from, to, packet)) = self.network.arrive(&mut self.random, is_awake) else {
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
                SenderCommand::Orphaned { id } => self.send_again(life, id)?,
                SenderCommand::Superseded { .. } => self.look(life)?,
                SenderCommand::Installed { epoch } => {
                    self.note(|| format!("{life} installed {epoch}"));
                    invariants::one_owner::check(self, life, epoch)?;
                }
                SenderCommand::Abandoned { .. } | SenderCommand::Diverged { .. } => {
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
        let packet = Packet::ToMember(message);
        self.network.send(Process::Manager(life), to, packet);
        Ok(())
    }

    /// The manager that sent the message answers the client whose request it carried.
    fn reply(&mut self, life: Incarnation, id: MessageId) {
        let sent = self.managers.get(&life).and_then(|manager| manager.sent.get(&id));
        let Some((_, Request { client, seq })) = sent.cloned() else {
            return;
        };
        let Some(client) = self.clients.get_mut(&client) else {
            return;
        };
        if client.seq == seq {
            client.waits_for = None;
        }
    }

    /// Another owner has the message now, or nobody; the request goes again, as a new one. One that may not send leaves
    /// that to the client.
    fn send_again(&mut self, life: Incarnation, orphan: MessageId) -> Checked {
        let Some(manager) = self.managers.get_mut(&life) else {
            return Ok(());
        };
        let Some((groups, request)) = manager.sent.remove(&orphan) else {
            return invariants::broken("only a sender's own messages are orphaned", &orphan);
        };
        if !manager.sender.may_send() {
            self.note(|| format!("{life} gives {orphan} back: {request:?}"));
            return Ok(());
        }
        let (id, commands) = manager.multicast(groups.clone(), request);
        self.note(|| format!("{life} sends {orphan} again as {id}: {request:?}"));
        self.destinations.insert(id, groups);
        self.carry_out(life, commands)
    }
}
