//! Primaries and fused servers, the real cores, with channels in which frames wait until they are picked; and
//! scrubs of all servers.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use erasure::Signature;
use fusion_primary::{
    door::{Caller, Door},
    primary::{Command as PrimaryCommand, Event as PrimaryEvent, Primary},
};
use fusion_server::{
    backup::{Command as ServerCommand, Event as ServerEvent, FusedBackup},
    scrub::Asker,
};
use multicast::id::{ClientId, Epoch, GroupId, Incarnation, NodeId, Seq};
use structures::{
    delta::RegionId,
    kind::StructureSpec,
    op::{Op, Write},
};
use wire::message::{
    client::{ReplyBody, RequestBody},
    fusion::{
        AckFrame, BLOCK_BYTES, BlockId, DeltaFrame, GroupLife, Layout, PrimarySeat, ServerSeat, ToPrimary,
        ToServer,
    },
    scrub::{MAX_SCRUB_BLOCKS, ScrubWindow, Scrubbed},
};

use crate::{Corrupt, Fault};

const FIRST_SERVER: u32 = 100;

/// Of one block or one plain copy: the syndrome of every row, by row.
pub(crate) type Syndromes = BTreeMap<(BlockId, Option<NodeId>), Vec<(usize, Signature)>>;

/// See the module's documentation.
pub(crate) struct World {
    primaries: Vec<Primary>,
    servers: Vec<FusedBackup>,
    /// By primary and server: what is under way between the two, in both directions.
    to_server: BTreeMap<(usize, usize), VecDeque<DeltaFrame>>,
    to_primary: BTreeMap<(usize, usize), VecDeque<AckFrame>>,
    writes: Vec<u64>,
    /// What the last scrub of each server was answered, since it was looked at.
    answers: BTreeMap<usize, ReplyBody>,
    /// What is done to the frames of the write under way.
    fault: Option<Fault>,
}

impl World {
    pub(crate) fn new(layout: Layout, spec: StructureSpec, primaries: usize, servers: usize) -> Self {
        let door = Door { group: None, spec };
        let mut world = Self {
            primaries: (0..primaries)
                .map(|place| Primary::new(NodeId(place as u32), door, layout))
                .collect(),
            servers: (0..servers)
                .map(|row| FusedBackup::new(row as u8, layout).expect("few rows"))
                .collect(),
            to_server: BTreeMap::new(),
            to_primary: BTreeMap::new(),
            writes: vec![0; primaries],
            answers: BTreeMap::new(),
            fault: None,
        };
        for primary in 0..primaries {
            world.found(primary);
            world.write(primary, Op::OpenSession, None);
        }
        world.settle();
        world
    }

    fn found(&mut self, primary: usize) {
        let seat = PrimarySeat {
            node: NodeId(primary as u32),
            column: primary as u8,
            since: Epoch(1),
            began: Epoch(1),
        };
        for row in 0..self.servers.len() {
            let order = ToServer::Admit { seat: seat.clone() };
            self.server_event(row, ServerEvent::Manager(order));
        }
        let servers = (0..self.servers.len()).map(|row| ServerSeat {
            node: NodeId(FIRST_SERVER + row as u32),
            incarnation: Incarnation(1),
            rebuild: Epoch(0),
            row: row as u8,
            address: ([127, 0, 0, 1], 1).into(),
            active: true,
        });
        let view = ToPrimary::View {
            epoch: Epoch(1),
            since: Epoch(1),
            servers: servers.collect(),
            min_backups: 0,
        };
        self.primary_event(primary, PrimaryEvent::Manager(view));
        let life = GroupLife {
            group: GroupId(primary as u16),
            began: Epoch(1),
        };
        let since = Epoch(1);
        let found = ToPrimary::Found { since, life };
        self.primary_event(primary, PrimaryEvent::Manager(found));
    }

    /// A client writes; what the fault says happens to the frames that leave.
    pub(crate) fn write(&mut self, primary: usize, op: Op, fault: Option<Fault>) {
        self.writes[primary] += 1;
        let seq = self.writes[primary];
        let write = Write {
            client: ClientId(1),
            seq: Seq(seq),
            op,
        };
        let group = GroupId(primary as u16);
        let caller = Caller {
            connection: 1,
            request: seq,
        };
        let body = RequestBody::Write { group, write };
        self.fault = fault;
        self.primary_event(primary, PrimaryEvent::Client { caller, body });
        self.fault = None;
    }

    /// Asks every server to compare a window.
    pub(crate) fn ask(&mut self, seed: u64, first: BlockId) {
        let window = ScrubWindow {
            seed,
            first,
            count: MAX_SCRUB_BLOCKS,
        };
        let asker = Asker {
            connection: 1,
            request: 1,
        };
        for row in 0..self.servers.len() {
            // Whoever compares for an earlier client stops.
            self.server_event(row, ServerEvent::ClientEnded { connection: 1 });
            self.server_event(row, ServerEvent::Scrub { asker, window });
        }
    }

    /// What the servers were answered since this was asked last.
    pub(crate) fn answers(&mut self) -> Vec<(usize, Scrubbed)> {
        let answers = std::mem::take(&mut self.answers).into_iter();
        let scrubbed = answers.map(|(row, body)| match body {
            ReplyBody::Scrubbed(scrubbed) => (row, scrubbed),
            other => panic!("row {row} answered {other:?}"),
        });
        scrubbed.collect()
    }

    /// Compares everything, with `meanwhile` happening in each scrub; the syndromes that are not zero in all rows.
    pub(crate) fn scrub_all(&mut self, seed: u64, mut meanwhile: impl FnMut(&mut Self)) -> Syndromes {
        let rows = self.servers.len();
        let mut syndromes = Syndromes::new();
        for region in RegionId::ALL {
            let (mut index, mut bytes) = (0, 1);
            while index * BLOCK_BYTES < bytes {
                self.ask(seed, BlockId { region, index });
                meanwhile(self);
                self.settle();
                let answers = self.answers();
                assert_eq!(answers.len(), rows, "all answered");
                for (row, answer) in answers {
                    bytes = bytes.max(answer.region_bytes);
                    for found in answer.syndromes {
                        let zeroes = || (0..rows).map(|row| (row, Signature::ZERO)).collect();
                        let place = (found.block, found.copy_of);
                        syndromes.entry(place).or_insert_with(zeroes)[row].1 = found.signature;
                    }
                }
                index += MAX_SCRUB_BLOCKS;
            }
        }
        syndromes
    }

    /// Delivers one frame of a channel picked by a random number; false if none is under way.
    pub(crate) fn deliver(&mut self, who: u16) -> bool {
        let to_servers = self.to_server.iter().filter(|(_, frames)| !frames.is_empty());
        let to_primaries = self.to_primary.iter().filter(|(_, frames)| !frames.is_empty());
        let busy: Vec<_> = to_servers
            .map(|(channel, _)| (*channel, true))
            .chain(to_primaries.map(|(channel, _)| (*channel, false)))
            .collect();
        if busy.is_empty() {
            return false;
        }
        let (channel, to_server) = busy[usize::from(who) % busy.len()];
        let (primary, row) = channel;
        if to_server {
            let frame = self.to_server.get_mut(&channel).and_then(VecDeque::pop_front);
            let frame = frame.expect("it is busy");
            let connection = primary as u64;
            self.server_event(row, ServerEvent::Frame { connection, frame });
        } else {
            let frame = self.to_primary.get_mut(&channel).and_then(VecDeque::pop_front);
            let frame = frame.expect("it is busy");
            let server = NodeId(FIRST_SERVER + row as u32);
            self.primary_event(primary, PrimaryEvent::FromServer { server, frame });
        }
        true
    }

    /// Until nothing is under way.
    pub(crate) fn settle(&mut self) {
        while self.deliver(0) {}
    }

    fn primary_event(&mut self, primary: usize, event: PrimaryEvent) {
        for command in self.primaries[primary].handle(event) {
            match command {
                PrimaryCommand::Dial { server, .. } => {
                    let connection = primary as u64;
                    let node = NodeId(primary as u32);
                    let called = ServerEvent::Called {
                        connection,
                        primary: node,
                    };
                    self.server_event(row_of(server), called);
                    self.primary_event(primary, PrimaryEvent::ServerLinked { server });
                }
                PrimaryCommand::ToServer { server, mut frame } => {
                    let row = row_of(server);
                    if let Some(fault) = self.fault {
                        fault.change(row, &mut frame);
                    }
                    self.to_server.entry((primary, row)).or_default().push_back(frame);
                }
                PrimaryCommand::Reply { .. } | PrimaryCommand::ToManager(_) => {}
                other => panic!("{primary} wants {other:?}"),
            }
        }
    }

    fn server_event(&mut self, row: usize, event: ServerEvent) {
        for command in self.servers[row].handle(event) {
            match command {
                ServerCommand::ToPrimary { connection, frame } => {
                    let channel = (connection as usize, row);
                    self.to_primary.entry(channel).or_default().push_back(frame);
                }
                ServerCommand::Answer { body, .. } => {
                    self.answers.insert(row, body);
                }
                ServerCommand::ToManager(_) => {}
                other => panic!("row {row} wants {other:?}"),
            }
        }
    }
}

fn row_of(server: NodeId) -> usize {
    (server.0 - FIRST_SERVER) as usize
}

impl Fault {
    /// Changes one byte of an operation on its way to a server that it is about.
    fn change(self, row: usize, frame: &mut DeltaFrame) {
        let concerns = match self.corrupt {
            Corrupt::Primary => true,
            Corrupt::Server { row: only } => row == only,
        };
        if let DeltaFrame::Delta { delta, .. } = frame
            && concerns
        {
            let ranges = delta.ranges.len();
            let range = &mut Arc::make_mut(delta).ranges[usize::from(self.place) % ranges];
            let bytes = range.xor.len();
            range.xor[usize::from(self.place) % bytes] ^= self.bits;
        }
    }
}
