//! Primaries come and go: the sums are at any time those of whoever is there, encoded from scratch, and a column is given to
//! another primary only when its former holder is out of them.

use std::collections::BTreeMap;

use erasure::Parity;
use multicast::id::{NodeId, Seq};
use proptest::prelude::*;
use wire::message::fusion::Layout;

use super::*;

/// A primary of the model: its column, its bytes, and how many operations it sent.
struct Holder {
    column: u8,
    bytes: Vec<u8>,
    sent: u64,
}

/// Servers of all rows, and the primaries that are in their sums.
struct Model {
    servers: Vec<FusedBackup>,
    holders: BTreeMap<NodeId, Holder>,
    epoch: u64,
}

#[derive(Clone, Debug)]
enum Step {
    /// This node becomes a primary in the first free column, or writes these bytes there.
    Write(u32, usize, Vec<u8>),
    /// It takes itself out of the sums in pieces of so many bytes, and leaves.
    Leave(u32, usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let bytes = proptest::collection::vec(any::<u8>(), 1..9);
    let write = (1..6_u32, 0..20_usize, bytes).prop_map(|(node, at, bytes)| Step::Write(node, at, bytes));
    let leave = (1..6_u32, 1..9_usize).prop_map(|(node, piece)| Step::Leave(node, piece));
    proptest::collection::vec(prop_oneof![3 => write, 1 => leave], 1..40)
}

impl Model {
    fn new() -> Self {
        let server = |row| FusedBackup::new(row, Layout::Arena).expect("a row");
        Self {
            servers: (0..4).map(server).collect(),
            holders: BTreeMap::new(),
            epoch: 1,
        }
    }

    /// A primary that nobody knew, or that had left.
    fn add(&mut self, node: NodeId) {
        self.epoch += 1;
        let is_taken = |column: u8| self.holders.values().any(|holder| holder.column == column);
        let column = (0..).find(|column| !is_taken(*column)).expect("few primaries");
        let seat = PrimarySeat {
            node,
            column,
            since: Epoch(self.epoch),
            began: Epoch(self.epoch),
        };
        let admitted = FromServer::Admitted {
            primary: node,
            since: seat.since,
        };
        let line = u64::from(node.0);
        for server in &mut self.servers {
            let answer = order(server, ToServer::Admit { seat: seat.clone() });
            assert_eq!(answer.last(), Some(&Command::ToManager(admitted.clone())));
            call(server, line, node, open_frame(self.epoch, 0, 0, false));
        }
        let (bytes, sent) = (Vec::new(), 0);
        self.holders.insert(node, Holder { column, bytes, sent });
    }

    /// Its bytes from `at` on become these, and the rest stays.
    fn change(&mut self, node: NodeId, at: usize, bytes: &[u8], length: usize) {
        let holder = self.holders.get_mut(&node).expect("it was added");
        let mut after = holder.bytes.clone();
        after.resize(after.len().max(at + bytes.len()), 0);
        let xor: Vec<u8> = after[at..]
            .iter()
            .zip(bytes)
            .map(|(old, new)| old ^ new)
            .collect();
        after[at..at + bytes.len()].copy_from_slice(bytes);
        after.truncate(length);
        holder.bytes = after;
        holder.sent += 1;
        let (seq, line) = (holder.sent, u64::from(node.0));
        for server in &mut self.servers {
            let delta = delta(length as u64, at as u64, &xor);
            assert_eq!(
                say(server, line, operation(seq, seq - 1, delta)),
                [ack(line, seq)]
            );
        }
    }

    fn write(&mut self, node: NodeId, at: usize, bytes: &[u8]) {
        if !self.holders.contains_key(&node) {
            self.add(node);
        }
        let length = self.holders[&node].bytes.len().max(at + bytes.len());
        self.change(node, at, bytes, length);
    }

    fn leave(&mut self, node: NodeId, piece: usize) {
        while let Some(length) = self.holders.get(&node).map(|holder| holder.bytes.len()) {
            if length == 0 {
                self.holders.remove(&node);
                break;
            }
            let kept = length.saturating_sub(piece);
            self.change(node, kept, &vec![0; length - kept], kept);
        }
    }

    /// What this server would hold of these primaries if it had been given their bytes at once.
    fn encoded_at_once(&self, row: usize) -> Vec<u8> {
        let longest = self.holders.values().map(|holder| holder.bytes.len()).max();
        let mut parity = Parity::new(row).expect("a row");
        parity.resize(longest.unwrap_or(0)).expect("growing cuts nothing");
        for holder in self.holders.values() {
            let column = usize::from(holder.column);
            parity.add(column, 0, &holder.bytes).expect("it reaches that far");
        }
        parity.as_slice().to_vec()
    }
}

proptest! {
    #[test]
    fn sums_that_primaries_came_to_and_left_are_those_encoded_from_scratch(steps in steps()) {
        let mut model = Model::new();
        for step in steps {
            match step {
                Step::Write(node, at, bytes) => model.write(NodeId(node), at, &bytes),
                Step::Leave(node, piece) => model.leave(NodeId(node), piece),
            }
            for (row, server) in model.servers.iter().enumerate() {
                prop_assert_eq!(parity(server), model.encoded_at_once(row));
            }
        }
    }
}

#[test]
fn a_column_whose_former_holder_is_still_in_the_sum_is_given_to_nobody() {
    let mut backup = with_two_primaries();
    say(&mut backup, LINE_P, operation(1, 0, delta(3, 0, &[1, 2, 3])));
    let heir = PrimarySeat {
        node: NodeId(9),
        column: column(P),
        since: Epoch(7),
        began: Epoch(7),
    };
    let admit = || ToServer::Admit { seat: heir.clone() };
    assert_eq!(order(&mut backup, admit()), []);
    assert_eq!(backup.applied(P), Some(Seq(1)));

    say(&mut backup, LINE_P, operation(2, 1, delta(0, 0, &[1, 2, 3])));
    let admitted = FromServer::Admitted {
        primary: heir.node,
        since: heir.since,
    };
    let close = Command::Close { connection: LINE_P };
    assert_eq!(order(&mut backup, admit()), [close, Command::ToManager(admitted)]);
    assert_eq!(
        (backup.applied(P), backup.applied(heir.node)),
        (None, Some(Seq(0)))
    );
}

#[test]
fn a_seat_whose_group_began_anew_is_not_given_while_what_was_held_before_is_in_the_sum() {
    let mut backup = with_two_primaries();
    say(&mut backup, LINE_P, operation(1, 0, delta(3, 0, &[1, 2, 3])));
    let anew = PrimarySeat {
        began: Epoch(7),
        ..seat(P, 7)
    };
    assert_eq!(order(&mut backup, ToServer::Admit { seat: anew }), []);
    let later = seat(P, 8);
    let admitted = FromServer::Admitted {
        primary: P,
        since: Epoch(8),
    };
    let fenced = told(LINE_P, AckFrame::Fenced { epoch: Epoch(8) });
    let close = Command::Close { connection: LINE_P };
    assert_eq!(
        order(&mut backup, ToServer::Admit { seat: later }),
        [fenced, close, Command::ToManager(admitted)]
    );
}
