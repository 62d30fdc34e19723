//! Who calls whom, told by the first bytes of a connection: see `wire::handshake`.

use fault_proxy::{Caller, Recognise};
use multicast::id::NodeId;
use wire::Purpose;

/// The fields of a connection's first bytes: what for, and which node calls.
const HELLO_BYTES: usize = 31;
const PURPOSE_AT: usize = 18;
const NODE_AT: usize = 19;

/// Every node is a caller of its own for each purpose; all clients are one.
pub const BY_HELLO: Recognise = Recognise {
    bytes: HELLO_BYTES,
    caller: |hello| {
        let Some(node) = hello.get(NODE_AT..NODE_AT + 4) else {
            return Caller(0);
        };
        let node = u32::from_le_bytes([node[0], node[1], node[2], node[3]]);
        of(u64::from(hello[PURPOSE_AT]), NodeId(node))
    },
};

/// All clients.
pub fn clients() -> Caller {
    of(Purpose::Client as u64, NodeId(0))
}

/// A manager, as a caller of a node.
pub fn manager(node: NodeId) -> Caller {
    of(Purpose::Manager as u64, node)
}

/// A manager, as a caller of another one.
pub fn fellow(node: NodeId) -> Caller {
    of(Purpose::Fellow as u64, node)
}

/// A primary, as a caller of a fused server.
pub fn primary(node: NodeId) -> Caller {
    of(Purpose::Delta as u64, node)
}

fn of(purpose: u64, node: NodeId) -> Caller {
    Caller(purpose << 32 | u64::from(node.0))
}
