//! What a simulated cluster looks like: how many of what, and what the groups protect.

use std::net::SocketAddr;

use group_manager::fusion::{FusionCluster, PrimaryPlace, ServerPlace};
use multicast::id::{GroupId, Incarnation, NodeId};
use rand::Rng;
use structures::kind::{StructureKind, StructureLimits, StructureSpec};
use wire::message::fusion::Layout;

/// The first fused server's id; primaries are 1, 2, ...
const FIRST_SERVER: u32 = 11;

/// How long a manager waits for the members that it knows from the store, in microseconds.
pub(crate) const SUSPICION_US: u64 = 1_000_000;

#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    pub(crate) primaries: u32,
    /// As many as crashes are to be survived.
    pub(crate) servers: u32,
    pub(crate) layout: Layout,
    pub(crate) spec: StructureSpec,
    pub(crate) min_backups: usize,
    /// Whether every life of a process listens at an address of its own.
    pub(crate) moving: bool,
}

impl Shape {
    /// Small elements, so that many worlds can be afforded.
    pub(crate) fn small(primaries: u32, servers: u32, layout: Layout) -> Self {
        let kind = match layout {
            Layout::Linked => StructureKind::LinkedList,
            Layout::Arena => StructureKind::ALL[1 + (primaries + servers) as usize % 8],
        };
        Self {
            primaries,
            servers,
            layout,
            spec: spec(kind, 8),
            min_backups: 0,
            moving: true,
        }
    }

    /// One of 1 to 5 primaries and 1 to 3 servers; sometimes with elements so long that a few fill a block.
    pub(crate) fn drawn(dice: &mut impl Rng) -> Self {
        let element_bytes = match dice.random_range(0..16) {
            0 => dice.random_range(10_000..30_000),
            _ => dice.random_range(1..40),
        };
        let (layout, kind) = match dice.random_range(0..3) {
            0 => (Layout::Linked, StructureKind::LinkedList),
            _ => (Layout::Arena, StructureKind::ALL[dice.random_range(0..9)]),
        };
        Self {
            primaries: dice.random_range(1..=5),
            servers: dice.random_range(1..=3),
            layout,
            spec: spec(kind, element_bytes),
            min_backups: usize::from(dice.random_ratio(1, 8)),
            moving: dice.random(),
        }
    }

    pub(crate) fn primary_nodes(&self) -> impl Iterator<Item = NodeId> + use<> {
        (1..=self.primaries).map(NodeId)
    }

    pub(crate) fn server_nodes(&self) -> impl Iterator<Item = NodeId> + use<> {
        (FIRST_SERVER..FIRST_SERVER + self.servers).map(NodeId)
    }

    pub(crate) fn nodes(&self) -> impl Iterator<Item = NodeId> + use<> {
        self.primary_nodes().chain(self.server_nodes())
    }

    pub(crate) fn is_primary(&self, node: NodeId) -> bool {
        node.0 <= self.primaries
    }

    pub(crate) fn faults(&self) -> usize {
        self.servers as usize
    }

    /// The group of a primary.
    pub(crate) fn group(&self, primary: NodeId) -> GroupId {
        GroupId(primary.0 as u16 - 1)
    }

    /// A primary's column of the code.
    pub(crate) fn column(&self, primary: NodeId) -> usize {
        primary.0 as usize - 1
    }

    /// A server's row of the code.
    pub(crate) fn row(&self, server: NodeId) -> u8 {
        (server.0 - FIRST_SERVER) as u8
    }

    /// Where a life of a process listens.
    pub(crate) fn address(&self, node: NodeId, life: Incarnation) -> SocketAddr {
        let port = if self.moving {
            1000 + life.0 as u16
        } else {
            node.0 as u16
        };
        SocketAddr::from(([127, 0, 0, 1], port))
    }

    pub(crate) fn cluster(&self) -> FusionCluster {
        let primary = |node| PrimaryPlace {
            node,
            group: self.group(node),
            column: self.column(node) as u8,
        };
        let server = |node| ServerPlace {
            node,
            row: self.row(node),
        };
        let primaries: Vec<_> = self.primary_nodes().map(primary).collect();
        let servers: Vec<_> = self.server_nodes().map(server).collect();
        FusionCluster::new(
            self.faults(),
            &primaries,
            &servers,
            self.min_backups,
            SUSPICION_US,
        )
        .expect("ids, groups, columns and rows are numbered")
    }
}

fn spec(kind: StructureKind, element_bytes: u16) -> StructureSpec {
    let limits = StructureLimits {
        key_bytes: 2,
        element_bytes,
    };
    StructureSpec { kind, limits }
}
