//! Scripts: one event after the other, whole command lists compared.

mod leaving;
mod proofs;
mod reading;
mod recovering;
mod scrubs;
mod serving;
mod views;

use std::time::Duration;

use multicast::id::{ClientId, Epoch, GroupId, Incarnation, NodeId, Seq};
use structures::{
    delta::{Delta, REGIONS},
    kind::StructureSpec,
    op::{Op, Outcome, Write},
};
use wire::message::{
    client::{Refusal, ReplyBody, RequestBody},
    fusion::{AckFrame, BlockId, DeltaFrame, FromPrimary, Layout, ToPrimary},
};

use super::*;
use crate::door::Caller;

const LIMITS: StructureSpec = StructureSpec::linked_list(4, 8);
const GROUP: GroupId = GroupId(0);
const DOOR: Door = Door {
    group: Some(GROUP),
    spec: LIMITS,
};
/// Leases are half as long.
const BELIEVED: Duration = Duration::from_micros(600);
const S: NodeId = NodeId(10);
const T: NodeId = NodeId(11);

fn seat(node: NodeId, rebuild: u64, active: bool) -> ServerSeat {
    ServerSeat {
        node,
        incarnation: Incarnation(rebuild),
        rebuild: Epoch(rebuild),
        row: node.0 as u8 - 10,
        address: address(node),
        active,
    }
}

fn address(node: NodeId) -> std::net::SocketAddr {
    std::net::SocketAddr::from(([127, 0, 0, 1], node.0 as u16))
}

/// What every primary is to hold here.
const LIFE: GroupLife = GroupLife {
    group: GROUP,
    began: Epoch(1),
};

fn found(since: u64) -> ToPrimary {
    let (since, life) = (Epoch(since), LIFE);
    ToPrimary::Found { since, life }
}

fn resume(since: u64) -> ToPrimary {
    let (since, life) = (Epoch(since), LIFE);
    ToPrimary::Resume { since, life }
}

fn order(primary: &mut Primary, order: ToPrimary) -> Vec<Command> {
    primary.handle(Event::Manager(order))
}

fn view(primary: &mut Primary, epoch: u64, servers: Vec<ServerSeat>) -> Vec<Command> {
    order(
        primary,
        ToPrimary::View {
            epoch: Epoch(epoch),
            since: Epoch(1),
            servers,
            min_backups: 0,
        },
    )
}

fn viewed(epoch: u64) -> Command {
    Command::ToManager(FromPrimary::Viewed { epoch: Epoch(epoch) })
}

fn dial(server: NodeId, attempt: u32) -> Command {
    Command::Dial {
        server,
        address: address(server),
        attempt,
    }
}

fn to(server: NodeId, frame: DeltaFrame) -> Command {
    Command::ToServer { server, frame }
}

fn open(since: u64, rebuild: u64, base: u64, with_image: bool) -> DeltaFrame {
    DeltaFrame::Open {
        since: Epoch(since),
        rebuild: Epoch(rebuild),
        base: Seq(base),
        with_image,
    }
}

fn tick(primary: &mut Primary) -> Vec<Command> {
    primary.handle(Event::Tick)
}

fn ask_lease(asked_us: u64) -> Command {
    Command::ToManager(FromPrimary::AskLease { asked_us })
}

/// Lets a primary founded in epoch 1 ask for a lease at this time, and grants it.
fn lease(primary: &mut Primary, asked_us: u64) {
    primary.tell_time(Micros(asked_us));
    assert_eq!(tick(primary), [ask_lease(asked_us)]);
    let since = Epoch(1);
    assert_eq!(order(primary, ToPrimary::Lease { asked_us, since }), []);
}

fn confirm(server: NodeId, round: u64) -> Command {
    to(server, DeltaFrame::Confirm { round })
}

fn hear(primary: &mut Primary, server: NodeId, frame: AckFrame) -> Vec<Command> {
    primary.handle(Event::FromServer { server, frame })
}

fn ack(primary: &mut Primary, server: NodeId, applied: u64) -> Vec<Command> {
    hear(
        primary,
        server,
        AckFrame::Ack {
            applied: Seq(applied),
        },
    )
}

fn caller(request: u64) -> Caller {
    Caller {
        connection: 1,
        request,
    }
}

fn ask(primary: &mut Primary, request: u64, body: RequestBody) -> Vec<Command> {
    primary.handle(Event::Client {
        caller: caller(request),
        body,
    })
}

/// The client's write with this number, which is its request's number too.
fn write(number: u64) -> Write {
    let op = match number {
        1 => Op::OpenSession,
        _ => Op::Insert {
            key: vec![number as u8],
            value: vec![number as u8; 8],
        },
    };
    Write {
        client: ClientId(1),
        seq: Seq(number),
        op,
    }
}

fn send_write(primary: &mut Primary, number: u64) -> Vec<Command> {
    ask(
        primary,
        number,
        RequestBody::Write {
            group: GROUP,
            write: write(number),
        },
    )
}

fn reply(request: u64, body: ReplyBody) -> Command {
    Command::Reply {
        caller: caller(request),
        body,
    }
}

fn written(number: u64) -> Command {
    let outcome = if number == 1 {
        Outcome::SessionOpened
    } else {
        Outcome::Inserted
    };
    reply(number, ReplyBody::Written(outcome.into()))
}

fn unavailable(request: u64, reason: &str) -> Command {
    reply(
        request,
        ReplyBody::Refused(Refusal::Unavailable {
            reason: reason.to_owned(),
        }),
    )
}

/// The deltas of the first writes, and the structure after them, the slow obvious way.
fn reference(writes: u64) -> (Vec<Delta>, Structure) {
    let mut structure = Structure::new(LIMITS);
    let deltas = (1..=writes)
        .map(|number| structure.apply(&write(number)).1)
        .collect();
    (deltas, structure)
}

fn delta(seq: u64, stable: u64) -> DeltaFrame {
    let delta = reference(seq).0.pop().expect("one at least");
    DeltaFrame::Delta {
        seq: Seq(seq),
        stable: Seq(stable),
        delta: delta.into(),
    }
}

fn lengths(structure: &Structure) -> [u64; REGIONS] {
    structure.arena().lengths()
}

/// Founded in epoch 1, with these active servers, whose channels are open.
fn founded(servers: &[NodeId]) -> Primary {
    founded_in(Layout::Linked, servers)
}

/// The same in any layout. Its clock stands still within a lease.
fn founded_in(layout: Layout, servers: &[NodeId]) -> Primary {
    let mut primary = Primary::new(NodeId(0), DOOR, layout).with_lease(Lease::within(BELIEVED));
    let seats = servers.iter().map(|server| seat(*server, 1, true)).collect();
    assert_eq!(view(&mut primary, 1, seats), [viewed(1)]);
    let dials: Vec<_> = servers.iter().map(|server| dial(*server, 0)).collect();
    assert_eq!(order(&mut primary, found(1)), dials);
    for server in servers {
        let opening = primary.handle(Event::ServerLinked { server: *server });
        assert_eq!(opening, [to(*server, open(1, 1, 0, false))]);
        assert_eq!(
            hear(&mut primary, *server, AckFrame::Opened { applied: Seq(0) }),
            []
        );
    }
    lease(&mut primary, 0);
    primary
}
