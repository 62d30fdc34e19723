//! What is under way arrives: one order, frame or portion at a time, of whichever channel is picked.

use fusion_primary::{assembly::Micros, primary::Event as PrimaryEvent};
use fusion_server::backup::Event as ServerEvent;

use super::{Connection, Stream, World, pick};
use crate::manager::FIRST_SERVER;

impl World {
    /// Delivers one message between the manager and a process; false if there is none.
    pub(super) fn deliver_order(&mut self, who: u16) -> bool {
        let servers = self
            .backups
            .iter()
            .filter(|(_, b)| !b.to.is_empty() || !b.from.is_empty());
        let primaries = self
            .hosts
            .iter()
            .filter(|(_, h)| !h.to.is_empty() || !h.from.is_empty());
        let busy: Vec<_> = servers
            .map(|(n, _)| *n)
            .chain(primaries.map(|(n, _)| *n))
            .collect();
        let Some(node) = pick(&busy, who) else {
            return false;
        };
        if node.0 >= FIRST_SERVER {
            if let Some(order) = self.backup(node).to.pop_front() {
                self.server_event(node, ServerEvent::Manager(order));
            } else if let Some(message) = self.backup(node).from.pop_front() {
                let orders = self.manager.handle_server(node, message);
                self.post(orders);
            }
        } else if let Some(order) = self.host(node).to.pop_front() {
            self.primary_event(node, PrimaryEvent::Manager(order));
        } else if let Some(message) = self.host(node).from.pop_front() {
            let orders = self.manager.handle_primary(node, message);
            self.post(orders);
        }
        true
    }

    /// Answers one dialling primary, if its server is alive.
    pub(super) fn connect(&mut self, who: u16) -> bool {
        let dialling = self.hosts.iter().flat_map(|(node, host)| {
            let dials = host.links.iter().filter(|(_, link)| link.is_none());
            dials.map(|(server, _)| (*node, *server))
        });
        let dialling: Vec<_> = dialling
            .filter(|(_, server)| self.backups.contains_key(server))
            .collect();
        let Some((primary, server)) = pick(&dialling, who) else {
            return false;
        };
        let connection = self.next;
        self.next += 1;
        let (to_server, to_primary) = Default::default();
        let open = (true, true);
        self.connections.insert(
            connection,
            Connection {
                primary,
                server,
                to_server,
                to_primary,
                open,
            },
        );
        self.host(primary).links.insert(server, Some(connection));
        self.server_event(server, ServerEvent::Called { connection, primary });
        self.primary_event(primary, PrimaryEvent::ServerLinked { server });
        true
    }

    pub(super) fn deliver_delta(&mut self, who: u16) -> bool {
        let busy = self
            .connections
            .iter()
            .filter(|(_, c)| c.open.1 && !c.to_server.is_empty());
        let busy: Vec<_> = busy.map(|(number, _)| *number).collect();
        let Some(connection) = pick(&busy, who) else {
            return false;
        };
        let link = self.connections.get_mut(&connection).expect("just seen");
        let server = link.server;
        match link.to_server.pop_front().expect("just seen") {
            Some(frame) => self.server_event(server, ServerEvent::Frame { connection, frame }),
            None => {
                link.open.1 = false;
                self.server_event(server, ServerEvent::Ended { connection });
            }
        }
        self.check_now(server);
        true
    }

    pub(super) fn deliver_ack(&mut self, who: u16) -> bool {
        let busy = self
            .connections
            .iter()
            .filter(|(_, c)| c.open.0 && !c.to_primary.is_empty());
        let busy: Vec<_> = busy.map(|(number, _)| *number).collect();
        let Some(connection) = pick(&busy, who) else {
            return false;
        };
        let link = self.connections.get_mut(&connection).expect("just seen");
        let (primary, server) = (link.primary, link.server);
        match link.to_primary.pop_front().expect("just seen") {
            Some(frame) => self.primary_event(primary, PrimaryEvent::FromServer { server, frame }),
            None => {
                link.open.0 = false;
                self.host(primary).links.remove(&server);
                self.primary_event(primary, PrimaryEvent::ServerLost { server });
            }
        }
        true
    }

    pub(super) fn deliver_residual(&mut self, who: u16) -> bool {
        let taken = |stream: &Stream| {
            self.hosts
                .get(&stream.primary)
                .is_some_and(|host| host.taking == Some(stream.recovery))
        };
        let ready = self
            .streams
            .iter()
            .filter(|(_, stream)| !stream.frames.is_empty() && taken(stream));
        let ready: Vec<_> = ready.map(|(number, _)| *number).collect();
        let Some(number) = pick(&ready, who) else {
            return false;
        };
        let stream = self.streams.get_mut(&number).expect("just seen");
        let Stream {
            server,
            recovery,
            primary,
            ..
        } = *stream;
        let frames = stream.frames.pop_front().expect("just seen");
        self.server_event(server, ServerEvent::PortionSent { recovery, primary });
        for frame in frames {
            let at = Micros(0);
            self.primary_event(
                primary,
                PrimaryEvent::Residual {
                    stream: number,
                    server,
                    at,
                    frame,
                },
            );
        }
        true
    }
}
