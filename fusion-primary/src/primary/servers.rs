//! The channels to the fused servers: opened, acknowledged, sent again, closed.

use bytes::Bytes;
use multicast::{
    fifo::FifoError,
    id::{Epoch, NodeId, Seq},
};
use wire::message::fusion::{AckFrame, BLOCKS_AHEAD, BlockId, DeltaFrame};

use super::{Command, Primary, State, proof::confirm, view::dial};
use crate::{
    defect::Defect,
    image_source::ImageSource,
    server_port::{Channel, Copy},
};

impl Primary {
    /// Opens the channel to a server that answered.
    pub(super) fn open_channel(&mut self, server: NodeId) -> Vec<Command> {
        let (State::Living(life), Some(port)) = (&mut self.state, self.ports.get_mut(&server)) else {
            return Vec::new();
        };
        let with_image = port.needs_image();
        let base = if with_image {
            life.sender.last()
        } else {
            life.sender.stable()
        };
        port.channel = Channel::Opening;
        if with_image {
            port.copy = Copy::Sending(ImageSource::new(life.operation_bytes()));
            // What follows the image starts after its base, whether `Opened` came or not.
            life.sender.add_receiver(server, base, port.seat.active);
            if let Err(error) = life.sender.handle_opened(server, base) {
                tracing::error!(%server, %error, "a channel could not be opened");
            }
        }
        let (since, rebuild) = (life.since, port.seat.rebuild);
        vec![Command::ToServer {
            server,
            frame: DeltaFrame::Open {
                since,
                rebuild,
                base,
                with_image,
            },
        }]
    }

    pub(super) fn handle_server_lost(&mut self, server: NodeId) -> Vec<Command> {
        let (State::Living(life), Some(port)) = (&mut self.state, self.ports.get_mut(&server)) else {
            return Vec::new();
        };
        life.sender.handle_closed(server);
        let was_open = port.channel == Channel::Open;
        port.disconnect();
        port.attempt = if was_open { 0 } else { port.attempt + 1 };
        // Writes that waited for its image go on at the next word of a server or of the manager.
        match life.fenced {
            true => Vec::new(),
            false => vec![dial(port)],
        }
    }

    pub(super) fn handle_server(&mut self, server: NodeId, frame: AckFrame) -> Vec<Command> {
        if !self.ports.contains_key(&server) {
            return Vec::new();
        }
        let taken = match frame {
            AckFrame::Opened { applied } => self.handle_opened(server, applied),
            AckFrame::Ack { applied } => self.handle_ack(server, applied),
            AckFrame::Gap { expected } => self.handle_gap(server, expected),
            AckFrame::ImageApplied { .. } => Ok(self.continue_image(server, true)),
            AckFrame::WantBlocks {
                recovery,
                first,
                count,
            } => Ok(self.send_blocks(server, recovery, first, count)),
            AckFrame::Confirmed { round } => Ok(self.handle_confirmed(server, round)),
            AckFrame::WantSignatures { scrub, window } => Ok(self.sign_blocks(server, scrub, window)),
            AckFrame::Fenced { epoch } => Ok(self.handle_fenced(server, epoch)),
            AckFrame::NoImage => Ok(self.drop_channel(server)),
        };
        match taken {
            Ok(commands) => self.settle(commands),
            Err(error) => {
                tracing::error!(%server, %error, "the server's word cannot be; its link is closed");
                self.drop_channel(server)
            }
        }
    }

    fn handle_opened(&mut self, server: NodeId, applied: Seq) -> Result<Vec<Command>, FifoError> {
        let (State::Living(life), Some(port)) = (&mut self.state, self.ports.get_mut(&server)) else {
            return Ok(Vec::new());
        };
        port.channel = Channel::Open;
        port.attempt = 0;
        life.forget_told();
        let mut commands: Vec<_> = life
            .rounds
            .under_way()
            .map(|round| confirm(server, round))
            .into_iter()
            .collect();
        if port.needs_image() {
            commands.extend(self.continue_image(server, false));
            return Ok(commands);
        }
        // Only a server that has the image to its end opens a channel without one.
        port.confirm();
        let outputs = life.sender.handle_opened(server, applied)?;
        commands.extend(life.carry_out(outputs));
        Ok(commands)
    }

    fn handle_ack(&mut self, server: NodeId, applied: Seq) -> Result<Vec<Command>, FifoError> {
        let (State::Living(life), Some(port)) = (&mut self.state, self.ports.get_mut(&server)) else {
            return Ok(Vec::new());
        };
        // A server acknowledges nothing before the image's end.
        port.confirm();
        let outputs = life.sender.handle_ack(server, applied)?;
        let mut commands = life.carry_out(outputs);
        if self.planted.is(Defect::AcknowledgeAtTheFirst) {
            commands.extend(life.release(applied));
        }
        Ok(commands)
    }

    fn handle_gap(&mut self, server: NodeId, expected: Seq) -> Result<Vec<Command>, FifoError> {
        let State::Living(life) = &mut self.state else {
            return Ok(Vec::new());
        };
        let outputs = life.sender.handle_gap(server, expected)?;
        Ok(life.carry_out(outputs))
    }

    /// Sends the next chunks of the image; from its end on the server is waited for.
    fn continue_image(&mut self, server: NodeId, chunk_applied: bool) -> Vec<Command> {
        let (State::Living(life), Some(port)) = (&mut self.state, self.ports.get_mut(&server)) else {
            return Vec::new();
        };
        let Copy::Sending(source) = &mut port.copy else {
            return Vec::new();
        };
        if chunk_applied {
            source.chunk_applied(life.operation_bytes());
        }
        let frames = source.next_frames(life.structure().arena());
        if source.is_ended() {
            port.copy = Copy::Ended {
                last: life.sender.last(),
                confirmed: false,
            };
            life.sender.require(server);
        }
        frames
            .into_iter()
            .map(|frame| Command::ToServer { server, frame })
            .collect()
    }

    /// Puts blocks of a coded region, as they are now, into the server's channel.
    fn send_blocks(&mut self, server: NodeId, recovery: u64, first: BlockId, count: u64) -> Vec<Command> {
        let State::Living(life) = &self.state else {
            return Vec::new();
        };
        let BlockId { region, index } = first;
        if count > BLOCKS_AHEAD || !self.layout.is_coded(region) {
            tracing::error!(%server, ?first, count, limit = BLOCKS_AHEAD, "blocks are wanted that may not be");
            return self.drop_channel(server);
        }
        let image = life.structure().image(region);
        let block = |index| {
            let block = BlockId { region, index };
            let bytes = Bytes::copy_from_slice(bytes_of(image, block));
            Command::ToServer {
                server,
                frame: DeltaFrame::Block {
                    recovery,
                    block,
                    bytes,
                },
            }
        };
        (index..index.saturating_add(count)).map(block).collect()
    }

    /// A server knows of a newer life: this one serves no more, unless the manager resumes it.
    fn handle_fenced(&mut self, server: NodeId, epoch: Epoch) -> Vec<Command> {
        let State::Living(life) = &mut self.state else {
            return Vec::new();
        };
        if life.fenced || epoch <= life.since {
            return self.drop_channel(server);
        }
        tracing::warn!(%server, %epoch, since = %life.since, "fenced");
        let mut commands = life.fence("the primary was fenced");
        commands.extend(self.leave_servers());
        commands.push(Command::Reenter);
        commands
    }

    /// Closes the link and calls again, later than before.
    pub(super) fn drop_channel(&mut self, server: NodeId) -> Vec<Command> {
        let (State::Living(life), Some(port)) = (&mut self.state, self.ports.get_mut(&server)) else {
            return Vec::new();
        };
        life.sender.handle_closed(server);
        port.disconnect();
        port.attempt += 1;
        match life.fenced {
            true => vec![Command::Disconnect { server }],
            false => vec![dial(port)],
        }
    }
}

/// A block's part of a region: short at its end, empty behind it.
fn bytes_of(image: &[u8], block: BlockId) -> &[u8] {
    let start = block.offset().min(image.len() as u64);
    let end = start + block.bytes_of(image.len() as u64);
    &image[start as usize..end as usize]
}
