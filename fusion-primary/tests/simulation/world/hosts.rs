//! Primaries: the real core, and what its shell would do.

use std::{
    collections::{BTreeMap, VecDeque},
    net::SocketAddr,
};

use fusion_primary::{
    door::{Caller, Door},
    primary::{CheckTimes, Command, Event, Primary},
};
use multicast::id::{ClientId, NodeId, Seq};
use structures::{Structure, op::Write};
use wire::message::{client::ReplyBody, fusion::ToPrimary};

use super::{Life, World, lines::FromMember};
use crate::{
    fault::{self, Fault},
    shape::Shape,
};

/// What a client asked of this life and was not told yet.
#[derive(Clone, Debug)]
pub(crate) enum Asked {
    Write(ClientId, Seq),
    /// What is to be shown, as of which operation, asked after how many recoveries.
    Read {
        expected: VecDeque<ReplyBody>,
        number: Seq,
        recoveries: usize,
    },
}

/// A link to a server, as the primary sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Port {
    Dialling(SocketAddr),
    Up(u64),
}

pub(crate) struct Host {
    pub(crate) life: Life,
    pub(crate) core: Primary,
    pub(super) ports: BTreeMap<NodeId, Port>,
    /// The recovery whose residuals are read; others wait.
    pub(super) taking: Option<u64>,
    /// Structures that were checked aside.
    checked: VecDeque<Event>,
    pub(crate) asked: BTreeMap<Caller, Asked>,
    /// Writes that it was asked to apply and perhaps has not yet, in order.
    pub(crate) unapplied: VecDeque<Write>,
    /// The recovery it was told of last, and the cut of its structure there.
    pub(crate) recovery: Option<(u64, Seq)>,
}

impl Host {
    pub(super) fn new(node: NodeId, life: Life, shape: &Shape, fault: Option<Fault>) -> Self {
        let door = Door {
            group: None,
            spec: shape.spec,
        };
        Self {
            life,
            core: fault::primary(Primary::new(node, door, shape.layout), fault),
            ports: BTreeMap::new(),
            taking: None,
            checked: VecDeque::new(),
            asked: BTreeMap::new(),
            unapplied: VecDeque::new(),
            recovery: None,
        }
    }
}

impl World {
    /// One event reaches a primary's core; what it commands is judged and carried out.
    pub(super) fn primary_event(&mut self, node: NodeId, event: Event) {
        let Some(host) = self.hosts.get_mut(&node) else {
            return;
        };
        let held = host.core.structure().is_some();
        let commands = host.core.handle(event);
        self.judge_structure(node, held);
        for command in commands {
            self.obey_primary(node, command);
        }
    }

    /// Notes where the recovery will cut.
    pub(super) fn note_recovery(&mut self, node: NodeId, order: &ToPrimary) {
        if let (Some(host), ToPrimary::Recover { recovery, losses, .. }) = (self.hosts.get_mut(&node), order)
        {
            let own = losses.iter().find(|loss| loss.primary == node);
            host.recovery = own.map(|loss| (*recovery, loss.cut));
        }
    }

    fn obey_primary(&mut self, node: NodeId, command: Command) {
        match command {
            Command::Reply { caller, body } => self.judge_reply(node, caller, body),
            Command::HangUp { caller } => self.hang_up(node, caller),
            Command::ToManager(message) => self.speak(node, FromMember::Primary(message)),
            Command::Reenter => self.leave_manager(node),
            Command::Dial { server, address, .. } => {
                self.close_channel(node, server);
                self.set_port(node, server, Port::Dialling(address));
            }
            Command::Disconnect { server } => {
                self.close_channel(node, server);
                if let Some(host) = self.hosts.get_mut(&node) {
                    host.ports.remove(&server);
                }
            }
            Command::ToServer { server, frame } => self.send_frame(node, server, frame),
            Command::TakeResiduals { recovery } => self.take_residuals(node, Some(recovery)),
            Command::CloseResidual { stream } => self.close_stream(stream),
            Command::DropResiduals => {
                self.take_residuals(node, None);
                self.close_read_streams(node);
            }
            Command::Check {
                recovery,
                spec,
                images,
                leaving,
            } => {
                self.judge_recovered(node, recovery, &images);
                let structure = match leaving {
                    true => Structure::from_remains(spec, *images),
                    false => Structure::from_images(spec, *images),
                };
                let checked = Event::Checked {
                    recovery,
                    structure: structure.map(Box::new).map_err(|error| error.to_string()),
                    times: CheckTimes::default(),
                };
                if let Some(host) = self.hosts.get_mut(&node) {
                    host.checked.push_back(checked);
                }
            }
        }
    }

    pub(super) fn set_port(&mut self, node: NodeId, server: NodeId, port: Port) {
        if let Some(host) = self.hosts.get_mut(&node) {
            host.ports.insert(server, port);
        }
    }

    fn take_residuals(&mut self, node: NodeId, recovery: Option<u64>) {
        if let Some(host) = self.hosts.get_mut(&node) {
            host.taking = recovery;
        }
    }

    /// A structure that was checked aside is handed back.
    pub(super) fn finish_check(&mut self) -> bool {
        let busy = self.hosts.iter().filter(|(_, host)| !host.checked.is_empty());
        let busy: Vec<NodeId> = busy.map(|(node, _)| *node).collect();
        let Some(node) = self.pick(&busy) else {
            return false;
        };
        let host = self.hosts.get_mut(&node).expect("just seen");
        let checked = host.checked.pop_front().expect("just seen");
        self.note("checked", node, node, 0);
        self.primary_event(node, checked);
        true
    }
}
