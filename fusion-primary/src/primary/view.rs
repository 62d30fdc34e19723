//! The view taken over: which fused servers there are, and who is waited for.

use multicast::id::Epoch;
use wire::message::fusion::{FromPrimary, ServerSeat};

use super::{Command, Primary, State, View, event::caught_up};
use crate::server_port::{Copy, ServerPort};

impl Primary {
    /// Takes a view over. One that is older than what is known changes nothing; one that is for a later epoch of this
    /// life than it knows of comes before the word to resume.
    pub(super) fn handle_view(&mut self, since: Epoch, view: View) -> Vec<Command> {
        if view.epoch < self.view.epoch {
            return Vec::new();
        }
        tracing::info!(epoch = %view.epoch, servers = view.servers.len(), "view");
        let epoch = view.epoch;
        self.view = view;
        let was_lost = matches!(&self.state, State::Living(life) if !life.fenced && life.since < since);
        let mut commands = if was_lost { self.leave_servers() } else { vec![] };
        commands.extend(self.adopt_seats());
        let mut commands = self.settle(commands);
        commands.push(Command::ToManager(FromPrimary::Viewed { epoch }));
        commands
    }

    /// Makes the ports those of the view's seats, once there is a structure to send.
    pub(super) fn adopt_seats(&mut self) -> Vec<Command> {
        let mut commands = self.remove_ports();
        for seat in self.view.servers.clone() {
            commands.extend(match self.ports.contains_key(&seat.node) {
                true => self.keep_port(seat),
                false => self.add_port(seat),
            });
        }
        commands
    }

    /// Lets the servers go that left the view or lost their memory.
    fn remove_ports(&mut self) -> Vec<Command> {
        let State::Living(life) = &mut self.state else {
            return Vec::new();
        };
        let servers = &self.view.servers;
        let stays = |port: &ServerPort| {
            servers
                .iter()
                .any(|seat| seat.node == port.seat.node && port.is_same_memory(seat))
        };
        let gone: Vec<_> = self
            .ports
            .iter()
            .filter(|(_, port)| !stays(port))
            .map(|(server, _)| *server)
            .collect();
        let mut commands = Vec::new();
        for server in gone {
            self.ports.remove(&server);
            commands.push(Command::Disconnect { server });
            commands.extend(life.remove_server(server));
        }
        commands
    }

    fn add_port(&mut self, seat: ServerSeat) -> Option<Command> {
        let State::Living(life) = &mut self.state else {
            return None;
        };
        let server = seat.node;
        life.sender
            .add_receiver(server, life.sender.stable(), seat.active);
        let dial = Command::Dial {
            server,
            address: seat.address,
            attempt: 0,
        };
        self.ports.insert(server, ServerPort::new(seat));
        (!life.fenced).then_some(dial)
    }

    /// Takes the seat's news over for a server that is known with this memory.
    fn keep_port(&mut self, seat: ServerSeat) -> Option<Command> {
        let (State::Living(life), Some(port)) = (&mut self.state, self.ports.get_mut(&seat.node)) else {
            return None;
        };
        let moved = port.seat.address != seat.address;
        port.seat = seat;
        if port.seat.active {
            life.sender.require(port.seat.node);
            port.confirm_active();
        }
        if moved {
            port.disconnect();
            life.sender.handle_closed(port.seat.node);
            return (!life.fenced).then(|| dial(port));
        }
        // The manager may not have heard it: it would have made the server active.
        (port.copy == Copy::Whole && !port.seat.active).then(|| caught_up(port.seat.node, port))
    }

    /// Lets all channels go, and believes no server any more: in the meantime it may have undone what it acknowledged.
    pub(super) fn leave_servers(&mut self) -> Vec<Command> {
        let State::Living(life) = &mut self.state else {
            return Vec::new();
        };
        life.sender.doubt_receivers();
        life.lease.lose();
        self.ports.values_mut().for_each(ServerPort::disconnect);
        let servers = self.ports.keys();
        servers
            .map(|server| Command::Disconnect { server: *server })
            .collect()
    }

    /// Calls every server of the view anew, with what this life is now.
    pub(super) fn redial_all(&mut self) -> Vec<Command> {
        self.leave_servers();
        self.ports.values_mut().for_each(|port| port.attempt = 0);
        self.ports.values().map(dial).collect()
    }
}

/// Calls the server of a port.
pub(super) fn dial(port: &ServerPort) -> Command {
    Command::Dial {
        server: port.seat.node,
        address: port.seat.address,
        attempt: port.attempt,
    }
}
