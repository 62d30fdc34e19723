//! Fused servers: the real core, and what its shell would do.

use fusion_server::backup::{Command, Event, FusedBackup};
use multicast::id::NodeId;

use super::{Life, World, lines::FromMember};
use crate::{
    fault::{self, Fault},
    shape::Shape,
};

pub(crate) struct Backup {
    pub(crate) life: Life,
    pub(crate) core: FusedBackup,
    /// Scrubs that came to an end.
    pub(crate) verdicts: usize,
}

impl Backup {
    pub(super) fn new(node: NodeId, life: Life, shape: &Shape, fault: Option<Fault>) -> Self {
        let core = FusedBackup::new(shape.row(node), shape.layout).expect("the code has rows enough");
        Self {
            life,
            core: fault::server(core, fault),
            verdicts: 0,
        }
    }
}

impl World {
    /// One event reaches a server's core; what it commands is carried out, and what it holds is judged.
    pub(super) fn server_event(&mut self, node: NodeId, event: Event) {
        let Some(backup) = self.backups.get_mut(&node) else {
            return;
        };
        for command in backup.core.handle(event) {
            match command {
                Command::ToManager(message) => self.speak(node, FromMember::Server(message)),
                Command::ToPrimary { connection, frame } => self.send_ack(connection, frame),
                Command::Close { connection } => self.close_called(connection),
                Command::Stream(portion) => self.stream(node, portion),
                Command::StopStreams { recovery } => self.stop_streams(node, recovery),
                Command::Answer { body, .. } => self.judge_scrub(node, &body),
            }
        }
        self.judge_encoding(node);
        self.judge_answered(node);
    }
}
