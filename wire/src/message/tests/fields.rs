//! The values that samples of messages are made of.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use bytes::Bytes;
use multicast::id::{ClientId, Epoch, GroupId, Incarnation, MessageId, NodeId, Seq, Timestamp};
use proptest::prelude::*;
use structures::delta::RegionId;

/// One value of each type that messages have fields of.
#[derive(Clone, Debug)]
pub(super) struct Fields {
    pub(super) byte: u8,
    pub(super) short: u16,
    pub(super) int: u32,
    pub(super) long: u64,
    pub(super) other_long: u64,
    pub(super) flag: bool,
    pub(super) bytes: Vec<u8>,
    pub(super) text: String,
    pub(super) address: SocketAddr,
    pub(super) maybe: Option<u64>,
}

impl Fields {
    /// Values that can be told apart in a table of bytes.
    pub(super) fn plain() -> Self {
        Self {
            byte: 0x0B,
            short: 0x0C,
            int: 0x0D,
            long: 0x0E,
            other_long: 0x1234,
            flag: true,
            bytes: vec![0xB0, 0xB1, 0xB2],
            text: "why".to_owned(),
            address: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0xABCD),
            maybe: Some(0x0F),
        }
    }

    /// Any values. An address has no scope: the system gives none to a listener on a plain address.
    pub(super) fn any() -> impl Strategy<Value = Self> {
        let numbers = any::<(u8, u16, u32, u64, u64)>();
        let bytes = proptest::collection::vec(any::<u8>(), 0..40);
        let address = any::<(IpAddr, u16)>().prop_map(|(ip, port)| SocketAddr::new(ip, port));
        let rest = (
            any::<bool>(),
            bytes,
            any::<String>(),
            address,
            any::<Option<u64>>(),
        );
        (numbers, rest).prop_map(|(numbers, (flag, bytes, text, address, maybe))| {
            let (byte, short, int, long, other_long) = numbers;
            Self {
                byte,
                short,
                int,
                long,
                other_long,
                flag,
                bytes,
                text,
                address,
                maybe,
            }
        })
    }

    pub(super) fn node(&self) -> NodeId {
        NodeId(self.int)
    }

    pub(super) fn group(&self) -> GroupId {
        GroupId(self.short)
    }

    pub(super) fn epoch(&self) -> Epoch {
        Epoch(self.long)
    }

    pub(super) fn seq(&self) -> Seq {
        Seq(self.other_long)
    }

    pub(super) fn client(&self) -> ClientId {
        ClientId(self.long)
    }

    pub(super) fn incarnation(&self) -> Incarnation {
        Incarnation(self.other_long)
    }

    pub(super) fn region(&self) -> RegionId {
        RegionId(self.byte)
    }

    pub(super) fn timestamp(&self) -> Timestamp {
        Timestamp {
            counter: self.other_long,
            node: self.node(),
        }
    }

    pub(super) fn message_id(&self) -> MessageId {
        MessageId {
            sender: self.incarnation(),
            seq: self.seq(),
        }
    }

    pub(super) fn blob(&self) -> Bytes {
        Bytes::from(self.bytes.clone())
    }

    pub(super) fn size(&self) -> usize {
        self.int as usize
    }

    pub(super) fn lengths(&self) -> [u64; 3] {
        [self.long, self.other_long, self.long ^ self.other_long]
    }
}
