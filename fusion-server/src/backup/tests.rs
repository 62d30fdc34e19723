//! Scripts: one event after the other, whole command lists compared.

use multicast::id::{Epoch, NodeId, Seq};
use structures::{
    arena::MAX_GROWTH_BYTES,
    delta::{Delta, Range, RegionId},
};
use wire::message::fusion::{AckFrame, BlockId, DeltaFrame, FromServer, Layout, PrimarySeat, ToServer};

mod columns;
mod images;
mod operations;
mod orders;
mod residuals;
mod scrubs;
mod stability;
mod windows;

use super::*;

const P: NodeId = NodeId(1);
const Q: NodeId = NodeId(2);
/// Connections are numbered after who is behind them.
const LINE_P: u64 = 1;
const LINE_Q: u64 = 2;

fn column(primary: NodeId) -> u8 {
    primary.0 as u8 - 1
}

fn seat(primary: NodeId, since: u64) -> PrimarySeat {
    PrimarySeat {
        node: primary,
        column: column(primary),
        since: Epoch(since),
        began: Epoch(1),
    }
}

fn order(backup: &mut FusedBackup, order: ToServer) -> Vec<Command> {
    backup.handle(Event::Manager(order))
}

fn say(backup: &mut FusedBackup, connection: u64, frame: DeltaFrame) -> Vec<Command> {
    backup.handle(Event::Frame { connection, frame })
}

fn told(connection: u64, frame: AckFrame) -> Command {
    Command::ToPrimary { connection, frame }
}

fn open_frame(since: u64, rebuild: u64, base: u64, with_image: bool) -> DeltaFrame {
    DeltaFrame::Open {
        since: Epoch(since),
        rebuild: Epoch(rebuild),
        base: Seq(base),
        with_image,
    }
}

fn call(backup: &mut FusedBackup, connection: u64, primary: NodeId, open: DeltaFrame) -> Vec<Command> {
    assert_eq!(backup.handle(Event::Called { connection, primary }), []);
    say(backup, connection, open)
}

/// An operation that xors `xor` into the values at `offset` and leaves them `length` bytes long.
fn delta(length: u64, offset: u64, xor: &[u8]) -> Delta {
    let ranges = vec![Range {
        region: RegionId::VALUES,
        offset,
        xor: xor.to_vec(),
    }];
    Delta {
        lengths: [length, 0, 0],
        ranges,
    }
}

fn operation(seq: u64, stable: u64, delta: Delta) -> DeltaFrame {
    DeltaFrame::Delta {
        seq: Seq(seq),
        stable: Seq(stable),
        delta: delta.into(),
    }
}

fn ack(connection: u64, applied: u64) -> Command {
    told(
        connection,
        AckFrame::Ack {
            applied: Seq(applied),
        },
    )
}

fn values(index: u64) -> BlockId {
    BlockId {
        region: RegionId::VALUES,
        index,
    }
}

/// The parity of the values.
fn parity(backup: &FusedBackup) -> &[u8] {
    backup.parity(RegionId::VALUES)
}

/// Makes the values of a primary that said nothing yet this long, in as many operations as it takes.
fn grow(backup: &mut FusedBackup, line: u64, length: u64) -> u64 {
    let operations = length.div_ceil(MAX_GROWTH_BYTES);
    for seq in 1..=operations {
        let grown = delta(length.min(seq * MAX_GROWTH_BYTES), 0, &[]);
        assert_eq!(say(backup, line, operation(seq, 0, grown)), [ack(line, seq)]);
    }
    operations
}

/// Row 0, so that coefficients are 1, with P and Q admitted in epoch 1 and their lines open.
fn with_two_primaries() -> FusedBackup {
    two_primaries_of(0, Layout::Linked)
}

/// The same for any row and layout.
fn two_primaries_of(row: u8, layout: Layout) -> FusedBackup {
    let mut backup = FusedBackup::new(row, layout).expect("a row");
    for (primary, line) in [(P, LINE_P), (Q, LINE_Q)] {
        let admitted = FromServer::Admitted {
            primary,
            since: Epoch(1),
        };
        assert_eq!(
            order(
                &mut backup,
                ToServer::Admit {
                    seat: seat(primary, 1)
                }
            ),
            [Command::ToManager(admitted)]
        );
        let opened = told(line, AckFrame::Opened { applied: Seq(0) });
        assert_eq!(
            call(&mut backup, line, primary, open_frame(1, 0, 0, false)),
            [opened]
        );
    }
    backup
}
