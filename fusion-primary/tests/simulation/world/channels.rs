//! The channels from primaries to fused servers.

use fusion_primary::primary::Event as PrimaryEvent;
use fusion_server::backup::Event as ServerEvent;
use multicast::id::NodeId;
use wire::message::fusion::{AckFrame, DeltaFrame};

use super::{World, hosts::Port};
use crate::duplex::{Arrival, Duplex};

/// A primary called, a server was called.
#[derive(Debug)]
pub(super) struct Channel {
    primary: NodeId,
    server: NodeId,
    link: Duplex<DeltaFrame, AckFrame>,
}

impl World {
    /// A server takes a primary's call.
    pub(super) fn connect(&mut self) -> bool {
        let dialling = self.hosts.iter().filter(|(_, host)| !host.life.cut_off);
        let dialling = dialling.flat_map(|(node, host)| {
            let ports = host.ports.iter();
            ports.filter_map(|(server, port)| match port {
                Port::Dialling(address) => Some((*node, *server, *address)),
                Port::Up(_) => None,
            })
        });
        let reached = dialling.filter(|(_, server, address)| self.listener(*address) == Some(*server));
        let reached: Vec<_> = reached.map(|(node, server, _)| (node, server)).collect();
        let Some((primary, server)) = self.pick(&reached) else {
            return false;
        };
        let connection = self.number();
        self.note("calls", primary, server, connection);
        let link = Duplex::default();
        self.channels.insert(
            connection,
            Channel {
                primary,
                server,
                link,
            },
        );
        self.set_port(primary, server, Port::Up(connection));
        self.server_event(server, ServerEvent::Called { connection, primary });
        self.primary_event(primary, PrimaryEvent::ServerLinked { server });
        true
    }

    /// One frame arrives at a server.
    pub(super) fn deliver_frame(&mut self) -> bool {
        let busy = self
            .channels
            .iter()
            .filter(|(_, channel)| !channel.link.down.is_idle());
        let busy: Vec<u64> = busy.map(|(number, _)| *number).collect();
        let Some(connection) = self.pick(&busy) else {
            return false;
        };
        let channel = self.channels.get_mut(&connection).expect("just seen");
        let server = channel.server;
        let event = match channel.link.down.next().expect("just seen") {
            Arrival::Message(frame) => {
                let (what, number) = told(&frame);
                let primary = channel.primary;
                self.note(what, primary, server, number);
                ServerEvent::Frame { connection, frame }
            }
            Arrival::End => {
                channel.link.callee_leaves();
                ServerEvent::Ended { connection }
            }
        };
        self.server_event(server, event);
        self.tidy_channel(connection);
        true
    }

    /// One word of a server arrives at a primary.
    pub(super) fn deliver_ack(&mut self) -> bool {
        let busy = self
            .channels
            .iter()
            .filter(|(_, channel)| !channel.link.up.is_idle());
        let busy: Vec<u64> = busy.map(|(number, _)| *number).collect();
        let Some(connection) = self.pick(&busy) else {
            return false;
        };
        let channel = self.channels.get_mut(&connection).expect("just seen");
        let (primary, server) = (channel.primary, channel.server);
        let event = match channel.link.up.next().expect("just seen") {
            Arrival::Message(frame) => {
                let (what, number) = answered(&frame);
                self.note(what, server, primary, number);
                PrimaryEvent::FromServer { server, frame }
            }
            Arrival::End => {
                channel.link.caller_leaves();
                self.forget_port(primary, server, connection);
                PrimaryEvent::ServerLost { server }
            }
        };
        self.primary_event(primary, event);
        self.tidy_channel(connection);
        true
    }

    pub(super) fn send_frame(&mut self, primary: NodeId, server: NodeId, frame: DeltaFrame) {
        if let Some(channel) = self.channel_of(primary, server) {
            channel.link.down.send(frame);
        }
    }

    pub(super) fn send_ack(&mut self, connection: u64, frame: AckFrame) {
        if let Some(channel) = self.channels.get_mut(&connection) {
            channel.link.up.send(frame);
        }
    }

    /// The primary hangs up.
    pub(super) fn close_channel(&mut self, primary: NodeId, server: NodeId) {
        if let Some(channel) = self.channel_of(primary, server) {
            channel.link.caller_leaves();
        }
    }

    /// The server hangs up.
    pub(super) fn close_called(&mut self, connection: u64) {
        if let Some(channel) = self.channels.get_mut(&connection) {
            channel.link.callee_leaves();
        }
    }

    /// Breaks one connection.
    pub(super) fn break_channel(&mut self) {
        let whole = self
            .channels
            .iter()
            .filter(|(_, channel)| channel.link.is_whole());
        let whole: Vec<u64> = whole.map(|(number, _)| *number).collect();
        let Some(connection) = self.pick(&whole) else {
            return;
        };
        let (down, up) = (self.kept(), self.kept());
        let channel = self.channels.get_mut(&connection).expect("just seen");
        channel.link.breaks(down, up);
        let (primary, server) = (channel.primary, channel.server);
        self.note("channel breaks", primary, server, connection);
    }

    /// One end of all its channels dies.
    pub(super) fn sever_channels(&mut self, node: NodeId) {
        let kept = self.kept();
        for channel in self.channels.values_mut() {
            if channel.primary == node {
                channel.link.caller_dies(kept);
            } else if channel.server == node {
                channel.link.callee_dies(kept);
            }
        }
        self.channels.retain(|_, channel| !channel.link.is_over());
    }

    /// A process that is cut off finds its channels ended.
    pub(super) fn lose_channels(&mut self, node: NodeId) {
        let ports = self.hosts.get(&node).map(|host| host.ports.clone());
        for (server, port) in ports.unwrap_or_default() {
            if let Port::Up(connection) = port {
                self.forget_port(node, server, connection);
                self.primary_event(node, PrimaryEvent::ServerLost { server });
            }
        }
        let called = self.channels.iter().filter(|(_, channel)| channel.server == node);
        let called: Vec<u64> = called.map(|(number, _)| *number).collect();
        for connection in called {
            self.server_event(node, ServerEvent::Ended { connection });
        }
    }

    pub(super) fn channels_are_idle(&self) -> bool {
        self.channels
            .values()
            .all(|channel| channel.link.down.is_idle() && channel.link.up.is_idle())
    }

    fn channel_of(&mut self, primary: NodeId, server: NodeId) -> Option<&mut Channel> {
        match self.hosts.get(&primary)?.ports.get(&server)? {
            Port::Up(connection) => self.channels.get_mut(connection),
            Port::Dialling(_) => None,
        }
    }

    fn forget_port(&mut self, primary: NodeId, server: NodeId, connection: u64) {
        if let Some(host) = self.hosts.get_mut(&primary)
            && host.ports.get(&server) == Some(&Port::Up(connection))
        {
            host.ports.remove(&server);
        }
    }

    fn tidy_channel(&mut self, connection: u64) {
        if self
            .channels
            .get(&connection)
            .is_some_and(|channel| channel.link.is_over())
        {
            self.channels.remove(&connection);
        }
    }
}

fn told(frame: &DeltaFrame) -> (&'static str, u64) {
    match frame {
        DeltaFrame::Open { base, .. } => ("open", base.0),
        DeltaFrame::Delta { seq, .. } => ("delta", seq.0),
        DeltaFrame::Stable { stable } => ("stable", stable.0),
        DeltaFrame::Confirm { round } => ("confirm", *round),
        DeltaFrame::Block { block, .. } => ("block", block.index),
        DeltaFrame::Image { offset, .. } => ("image", *offset),
        DeltaFrame::ImageEnd { .. } => ("image end", 0),
        _ => ("frame", 0),
    }
}

fn answered(frame: &AckFrame) -> (&'static str, u64) {
    match frame {
        AckFrame::Opened { applied } => ("opened", applied.0),
        AckFrame::Ack { applied } => ("ack", applied.0),
        AckFrame::Gap { expected } => ("gap", expected.0),
        AckFrame::WantBlocks { first, .. } => ("want blocks", first.index),
        AckFrame::Fenced { epoch } => ("fenced", epoch.0),
        AckFrame::Confirmed { round } => ("confirmed", *round),
        AckFrame::NoImage => ("no image", 0),
        _ => ("word", 0),
    }
}
