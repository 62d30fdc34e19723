//! The core of a data node, message by message: whole command lists.

mod batches;
mod founding;
mod joining;
mod reads;
mod transfers;

use bytes::{Bytes, BytesMut};
use multicast::{
    id::{ClientId, Epoch, Incarnation, MessageId, Seq},
    skeen::message::{FromMember, Held as HeldMessage, Standing, ToMember},
};
use structures::query::Query;
use structures::{
    delta::RegionId,
    op::{Element, Op, Outcome, Write},
};
use wire::message::replication::{Entry, EntryAnswer, Parts};

use super::*;
use crate::state::State;

const LIMITS: StructureSpec = StructureSpec::linked_list(8, 16);
const GROUP: GroupId = GroupId(0);
const MANAGER: Incarnation = Incarnation(100);
const NODE: NodeId = NodeId(1);
const CLIENT: Reader = Reader::Client {
    connection: 3,
    request: 4,
};

fn at(counter: u64) -> Timestamp {
    Timestamp { counter, node: NODE }
}

fn id(seq: u64) -> MessageId {
    MessageId {
        sender: MANAGER,
        seq: Seq(seq),
    }
}

fn write(seq: u64, op: Op) -> Write {
    Write {
        client: ClientId(7),
        seq: Seq(seq),
        op,
    }
}

fn insert(seq: u64, key: &str) -> Write {
    write(
        seq,
        Op::Insert {
            key: key.into(),
            value: b"v".to_vec(),
        },
    )
}

fn batch(writes: Vec<Write>) -> Bytes {
    parts(vec![(GROUP, writes.into_iter().map(Entry::Write).collect())])
}

fn parts(parts: Parts) -> Bytes {
    let mut bytes = BytesMut::new();
    wire::codec::encode(&parts, &mut bytes).expect("entries can be encoded");
    bytes.freeze()
}

fn propose(seq: u64, payload: Bytes) -> ToNode {
    let (epoch, groups, stable) = (Epoch(1), vec![GROUP], Timestamp::default());
    ToNode::Multicast(ToMember::Propose {
        epoch,
        id: id(seq),
        groups,
        payload,
        stable,
    })
}

fn finalize(seq: u64, counter: u64) -> ToNode {
    let (epoch, stable) = (Epoch(1), Timestamp::default());
    ToNode::Multicast(ToMember::Final {
        epoch,
        id: id(seq),
        timestamp: at(counter),
        stable,
    })
}

fn stable(counter: u64) -> ToNode {
    ToNode::Multicast(ToMember::Stable {
        epoch: Epoch(1),
        watermark: at(counter),
    })
}

fn says(message: FromMember<Batch, Answers>) -> Command {
    Command::ToManager {
        to: MANAGER,
        message: FromNode::Multicast(message),
    }
}

fn delivered(seq: u64, counter: u64, result: Vec<Outcome>) -> Command {
    answered(seq, counter, result.into_iter().map(written).collect())
}

fn answered(seq: u64, counter: u64, result: Answers) -> Command {
    says(FromMember::Delivered {
        epoch: Epoch(1),
        id: id(seq),
        timestamp: at(counter),
        result,
    })
}

fn written(outcome: Outcome) -> EntryAnswer {
    EntryAnswer::Written(outcome.into())
}

fn want_stable() -> Command {
    says(FromMember::WantStable { epoch: Epoch(1) })
}

fn join(epoch: u64) -> ToNode {
    ToNode::Join {
        epoch: Epoch(epoch),
        group: GROUP,
    }
}

fn found(epoch: u64) -> ToNode {
    ToNode::Found {
        epoch: Epoch(epoch),
        group: GROUP,
    }
}

/// A member of epoch 1 that holds an empty structure.
fn founded() -> Replica {
    let mut replica = Replica::new(NODE, LIMITS);
    assert_eq!(replica.handle_manager(MANAGER, found(1)), []);
    enter_epoch_1(&mut replica, 0);
    replica
}

fn enter_epoch_1(replica: &mut Replica, clock: u64) {
    replica.handle_manager(MANAGER, ToNode::Multicast(ToMember::Seal { epoch: Epoch(1) }));
    let view = ToMember::View {
        epoch: Epoch(1),
        clock,
    };
    let in_view = FromMember::InView { epoch: Epoch(1) };
    let announced = Command::ToEveryManager(FromNode::Multicast(in_view));
    assert_eq!(
        replica.handle_manager(MANAGER, ToNode::Multicast(view)),
        [announced]
    );
}

/// One whole round; returns what the delivery causes.
fn round(replica: &mut Replica, seq: u64, writes: Vec<Write>) -> Vec<Command> {
    replica.handle_manager(MANAGER, propose(seq, batch(writes)));
    replica.handle_manager(MANAGER, finalize(seq, seq))
}

fn get(key: &str) -> RequestBody {
    RequestBody::Read {
        group: GROUP,
        query: Query::Get { key: key.into() },
    }
}

fn reply(body: ReplyBody) -> Command {
    Command::Reply {
        connection: 3,
        request: 4,
        body,
    }
}

fn refused(reason: &str) -> Vec<Command> {
    vec![reply(ReplyBody::Refused(Refusal::Unavailable {
        reason: reason.to_owned(),
    }))]
}

fn found_value() -> Command {
    reply(ReplyBody::Value(Some(b"v".to_vec().into())))
}

/// All that leaves a donor for a joiner now.
fn state_of(replica: &mut Replica) -> State {
    let to = std::net::SocketAddr::from(([127, 0, 0, 1], 9));
    let said = replica.handle_manager(
        MANAGER,
        ToNode::SendState {
            epoch: Epoch(1),
            transfer: 1,
            to,
        },
    );
    let [
        Command::SendState {
            transfer: 1,
            to: joiner,
            snapshot,
            lengths,
        },
    ] = said.as_slice()
    else {
        panic!("no state: {said:?}");
    };
    assert_eq!(*joiner, to);
    let mut images: [Vec<u8>; REGIONS] = Default::default();
    while let Some((region, bytes)) = replica.next_piece(1) {
        images[usize::from(region.0)].extend_from_slice(&bytes);
    }
    assert_eq!(images.each_ref().map(|image| image.len() as u64), *lengths);
    let snapshot = snapshot.clone();
    State { snapshot, images }
}

fn images_of(replica: &Replica) -> Option<[Vec<u8>; REGIONS]> {
    let structure = replica.structure()?;
    Some(RegionId::ALL.map(|region| structure.image(region).to_vec()))
}

fn arrived(transfer: u64, state: State) -> Arrived {
    Arrived {
        transfer,
        snapshot: state.snapshot.clone(),
        structure: state.into_structure(LIMITS),
        transfer_us: 5,
        install_us: 3,
    }
}

fn caught_up(transfer: u64) -> Vec<Command> {
    vec![Command::ToEveryManager(FromNode::CaughtUp {
        transfer,
        transfer_us: 5,
        install_us: 3,
    })]
}

#[test]
fn a_round_is_proposed_delivered_and_answered_with_every_outcome() {
    let mut replica = founded();
    let writes = vec![
        write(1, Op::OpenSession),
        insert(2, "a"),
        insert(2, "a"),
        insert(3, "a"),
    ];
    let proposal = FromMember::Proposal {
        epoch: Epoch(1),
        id: id(1),
        timestamp: at(1),
        is_final: false,
    };
    assert_eq!(
        replica.handle_manager(MANAGER, propose(1, batch(writes))),
        [says(proposal)]
    );
    let outcomes = vec![
        Outcome::SessionOpened,
        Outcome::Inserted,
        Outcome::Inserted,
        Outcome::Updated,
    ];
    assert_eq!(
        replica.handle_manager(MANAGER, finalize(1, 1)),
        [delivered(1, 1, outcomes)]
    );
}

#[test]
fn a_retry_is_applied_once_also_by_a_joiner() {
    let mut donor = founded();
    round(&mut donor, 1, vec![write(1, Op::OpenSession), insert(2, "a")]);
    round(&mut donor, 2, vec![write(3, Op::Delete { key: b"a".to_vec() })]);
    let retry = || vec![insert(2, "a")];
    let mut joiner = Replica::new(NODE, LIMITS);
    joiner.handle_manager(
        MANAGER,
        ToNode::AwaitState {
            epoch: Epoch(1),
            transfer: 1,
            group: GROUP,
        },
    );
    joiner.handle_arrived(arrived(1, state_of(&mut donor)));
    enter_epoch_1(&mut joiner, 0);
    for replica in [&mut donor, &mut joiner] {
        assert_eq!(
            round(replica, 3, retry()),
            [delivered(3, 3, vec![Outcome::Inserted])]
        );
        assert_eq!(
            replica.structure().map(Structure::elements),
            Some(vec![]),
            "the deleted element stays so"
        );
    }
}

/// Nothing is said before there is a view.
#[test]
fn a_manager_that_calls_is_told_the_epoch() {
    let mut replica = Replica::new(NODE, LIMITS);
    assert_eq!(replica.handle_manager_called(MANAGER), []);
    replica.handle_manager(MANAGER, found(1));
    assert_eq!(replica.handle_manager_called(MANAGER), []);
    enter_epoch_1(&mut replica, 0);
    let in_view = says(FromMember::InView { epoch: Epoch(1) });
    assert_eq!(replica.handle_manager_called(MANAGER), [in_view]);
}

/// What it left at the head of the queue stands before everybody's messages; somebody has to know.
#[test]
fn managers_hear_of_one_that_is_gone_and_has_messages_here_and_of_its_return() {
    let mut replica = founded();
    assert_eq!(
        replica.handle_manager_gone(MANAGER),
        [],
        "nothing here waits for it"
    );
    replica.handle_manager(MANAGER, propose(1, batch(vec![])));
    let (epoch, keeper) = (Epoch(1), MANAGER);
    let lost = Command::ToEveryManager(FromNode::KeeperLost { epoch, keeper });
    assert_eq!(replica.handle_manager_gone(MANAGER), [lost]);
    assert_eq!(replica.handle_manager_gone(Incarnation(200)), []);
    let in_view = says(FromMember::InView { epoch });
    let back = Command::ToEveryManager(FromNode::KeeperBack { epoch, keeper });
    assert_eq!(replica.handle_manager_called(MANAGER), [in_view, back]);
}
