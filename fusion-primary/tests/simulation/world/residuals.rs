//! The streams of residuals from fused servers to replacements.
//!
//! A server's portion goes into the connection when there is room in it; the replacement reads a connection
//! only when it expects its recovery, as its shell does.

use std::{collections::VecDeque, net::SocketAddr};

use fusion_primary::{assembly::Micros, primary::Event as PrimaryEvent};
use fusion_server::{backup::Event as ServerEvent, outflow::Portion};
use multicast::id::NodeId;
use wire::message::fusion::ResidualFrame;

use super::World;
use crate::duplex::{Arrival, Way};

/// Frames in a connection from which no further portion is written.
const ROOM: usize = 6;

#[derive(Debug)]
pub(super) struct Stream {
    /// Who writes; none once it stopped or died.
    server: Option<NodeId>,
    from: NodeId,
    recovery: u64,
    primary: NodeId,
    address: SocketAddr,
    portions: VecDeque<Vec<ResidualFrame>>,
    /// Whether the replacement answered the call.
    is_called: bool,
    way: Way<ResidualFrame>,
    /// Whether the replacement's core has seen some of it.
    is_known: bool,
}

impl World {
    /// A server hands out a portion.
    pub(super) fn stream(&mut self, server: NodeId, portion: Portion) {
        let Portion {
            recovery,
            primary,
            address,
            frames,
        } = portion;
        let key = (Some(server), recovery, primary);
        let known = self
            .streams
            .values_mut()
            .find(|stream| (stream.server, stream.recovery, stream.primary) == key);
        if let Some(stream) = known {
            return stream.portions.push_back(frames);
        }
        let number = self.number();
        self.note("streams", server, primary, recovery);
        let stream = Stream {
            server: Some(server),
            from: server,
            recovery,
            primary,
            address,
            portions: VecDeque::from([frames]),
            is_called: false,
            way: Way::default(),
            is_known: false,
        };
        self.streams.insert(number, stream);
    }

    /// One portion is written, or cannot be.
    pub(super) fn send_portion(&mut self) -> bool {
        let Some(number) = self.pick(&self.sendable()) else {
            return false;
        };
        let stream = &self.streams[&number];
        let (server, recovery, primary) = (stream.from, stream.recovery, stream.primary);
        let is_reached = match stream.is_called {
            true => stream.way.is_read(),
            false => self.listener(stream.address) == Some(primary) && self.is_there(server),
        };
        if !is_reached {
            self.fail_stream(number);
            return true;
        }
        let stream = self.streams.get_mut(&number).expect("just seen");
        stream.is_called = true;
        let frames = stream.portions.pop_front().expect("just seen");
        let ends = frames.last() == Some(&ResidualFrame::End);
        frames.into_iter().for_each(|frame| stream.way.send(frame));
        if ends {
            stream.way.finish();
            stream.server = None;
        }
        self.server_event(server, ServerEvent::PortionSent { recovery, primary });
        true
    }

    /// One frame arrives at a replacement that expects it.
    pub(super) fn deliver_residual(&mut self) -> bool {
        let Some(number) = self.pick(&self.readable()) else {
            return false;
        };
        let stream = self.streams.get_mut(&number).expect("just seen");
        let (server, primary, was_known) = (stream.from, stream.primary, stream.is_known);
        match stream.way.next().expect("just seen") {
            Arrival::Message(frame) => {
                stream.is_known = true;
                let (what, index) = told(&frame);
                self.note(what, server, primary, index);
                let at = Micros(self.now.0);
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
            Arrival::End => {
                self.streams.remove(&number);
                if was_known {
                    self.primary_event(primary, PrimaryEvent::ResidualEnded { stream: number });
                }
            }
        }
        true
    }

    /// The replacement closes a connection.
    pub(super) fn close_stream(&mut self, number: u64) {
        if let Some(stream) = self.streams.get_mut(&number) {
            stream.way.hang_up();
            stream.is_known = false;
        }
        self.tidy_streams();
    }

    /// The replacement closes the connections that it reads.
    pub(super) fn close_read_streams(&mut self, primary: NodeId) {
        let read = self
            .streams
            .iter()
            .filter(|(_, stream)| stream.primary == primary && stream.is_known);
        let read: Vec<u64> = read.map(|(number, _)| *number).collect();
        read.into_iter().for_each(|number| self.close_stream(number));
    }

    /// The server ends its streams of a recovery.
    pub(super) fn stop_streams(&mut self, server: NodeId, recovery: u64) {
        let kept = self.kept();
        for stream in self.streams.values_mut() {
            if stream.server == Some(server) && stream.recovery == recovery {
                stream.stop(kept);
            }
        }
        self.tidy_streams();
    }

    /// Breaks one stream.
    pub(super) fn break_stream(&mut self) {
        let whole = self.streams.iter().filter(|(_, stream)| stream.server.is_some());
        let whole: Vec<u64> = whole.map(|(number, _)| *number).collect();
        if let Some(number) = self.pick(&whole) {
            self.fail_stream(number);
        }
    }

    /// A server gives up a replacement that reads nothing for long.
    pub(super) fn lose_patience(&mut self) -> bool {
        let (sendable, readable) = (self.sendable(), self.readable());
        let stuck = self.streams.iter().filter(|(number, stream)| {
            let moves = sendable.contains(number) || readable.contains(number);
            stream.server.is_some() && !stream.portions.is_empty() && !moves
        });
        let stuck: Vec<u64> = stuck.map(|(number, _)| *number).collect();
        let Some(number) = self.pick(&stuck) else {
            return false;
        };
        self.fail_stream(number);
        true
    }

    /// The writer finds the stream broken.
    fn fail_stream(&mut self, number: u64) {
        let kept = self.kept();
        let Some(stream) = self.streams.get_mut(&number) else {
            return;
        };
        let (server, primary, recovery) = (stream.from, stream.primary, stream.recovery);
        stream.stop(kept);
        self.tidy_streams();
        self.note("stream fails", server, primary, recovery);
        let reason = "the connection broke".to_owned();
        self.server_event(
            server,
            ServerEvent::StreamFailed {
                recovery,
                primary,
                reason,
            },
        );
    }

    /// A writer or a reader dies.
    pub(super) fn sever_streams(&mut self, node: NodeId) {
        let kept = self.kept();
        for stream in self.streams.values_mut() {
            if stream.server == Some(node) {
                stream.stop(kept);
            } else if stream.primary == node {
                stream.way.hang_up();
                stream.is_known = false;
            }
        }
        self.tidy_streams();
    }

    /// A process that is cut off finds its streams broken.
    pub(super) fn lose_streams(&mut self, node: NodeId) {
        let written = self
            .streams
            .iter()
            .filter(|(_, stream)| stream.server == Some(node));
        let written: Vec<u64> = written.map(|(number, _)| *number).collect();
        written.into_iter().for_each(|number| self.fail_stream(number));
        let read = self
            .streams
            .iter()
            .filter(|(_, stream)| stream.primary == node && stream.is_known);
        let read: Vec<u64> = read.map(|(number, _)| *number).collect();
        for stream in read {
            self.close_stream(stream);
            self.primary_event(node, PrimaryEvent::ResidualEnded { stream });
        }
    }

    pub(super) fn streams_are_idle(&self) -> bool {
        self.sendable().is_empty() && self.readable().is_empty()
    }

    /// The streams into which a portion can be written, or that are found broken when it is.
    fn sendable(&self) -> Vec<u64> {
        let ready = |stream: &Stream| {
            let room = !stream.way.is_read() || stream.way.len() < ROOM;
            stream.server.is_some() && !stream.portions.is_empty() && room
        };
        let busy = self.streams.iter().filter(|(_, stream)| ready(stream));
        busy.map(|(number, _)| *number).collect()
    }

    /// The streams from which a replacement reads.
    fn readable(&self) -> Vec<u64> {
        let expects = |stream: &Stream| {
            let host = self.hosts.get(&stream.primary);
            stream.is_known || host.is_some_and(|host| host.taking == Some(stream.recovery))
        };
        let busy = self
            .streams
            .iter()
            .filter(|(_, stream)| !stream.way.is_idle() && expects(stream));
        busy.map(|(number, _)| *number).collect()
    }

    /// Forgets the streams that nobody reads and nobody writes.
    fn tidy_streams(&mut self) {
        self.streams
            .retain(|_, stream| stream.server.is_some() || stream.way.is_read());
    }
}

impl Stream {
    /// The writer stops: what it wrote may still arrive.
    fn stop(&mut self, kept: usize) {
        self.server = None;
        self.portions.clear();
        match self.is_called {
            true => self.way.break_off(kept),
            false => self.way.hang_up(),
        }
    }
}

fn told(frame: &ResidualFrame) -> (&'static str, u64) {
    match frame {
        ResidualFrame::Begin { recovery, .. } => ("begin", *recovery),
        ResidualFrame::Auxiliary { region, .. } => ("auxiliary", u64::from(region.0)),
        ResidualFrame::Block { block, .. } => ("residual block", block.index),
        ResidualFrame::End => ("end", 0),
    }
}
