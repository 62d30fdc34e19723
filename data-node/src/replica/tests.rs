//! The core of a data node, message by message: whole command lists.

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

/// A member of epoch 1 that holds an empty structure.
fn founded() -> Replica {
    let mut replica = Replica::new(NODE, GROUP, LIMITS);
    assert_eq!(replica.handle_manager(MANAGER, ToNode::Found), []);
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
    let said = replica.handle_manager(MANAGER, ToNode::SendState { transfer: 1, to });
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
    let list = replica.list()?;
    Some(RegionId::ALL.map(|region| list.image(region).to_vec()))
}

fn arrived(transfer: u64, state: State) -> Arrived {
    Arrived {
        transfer,
        snapshot: state.snapshot.clone(),
        list: state.into_list(LIMITS),
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
    let mut joiner = Replica::new(NODE, GROUP, LIMITS);
    joiner.handle_manager(MANAGER, ToNode::AwaitState { transfer: 1 });
    joiner.handle_arrived(arrived(1, state_of(&mut donor)));
    enter_epoch_1(&mut joiner, 0);
    for replica in [&mut donor, &mut joiner] {
        assert_eq!(
            round(replica, 3, retry()),
            [delivered(3, 3, vec![Outcome::Inserted])]
        );
        assert_eq!(
            replica.list().map(Structure::elements),
            Some(vec![]),
            "the deleted element stays so"
        );
    }
}

#[test]
fn an_unreadable_batch_has_no_effect_and_blocks_nothing() {
    let mut replica = founded();
    replica.handle_manager(MANAGER, propose(1, Bytes::from_static(b"\xff\xff\xff")));
    assert_eq!(
        replica.handle_manager(MANAGER, finalize(1, 1)),
        [delivered(1, 1, vec![])]
    );
    let opened = round(&mut replica, 2, vec![write(1, Op::OpenSession)]);
    assert_eq!(opened, [delivered(2, 2, vec![Outcome::SessionOpened])]);
}

#[test]
fn a_read_waits_until_all_that_was_delivered_before_it_is_stable() {
    let mut replica = founded();
    assert_eq!(
        replica.handle_request(CLIENT, &get("a")),
        [reply(ReplyBody::Value(None))]
    );
    round(&mut replica, 1, vec![write(1, Op::OpenSession), insert(2, "a")]);
    assert_eq!(replica.handle_request(CLIENT, &get("a")), [want_stable()]);
    let token = ToNode::Read {
        token: 8,
        query: Query::Get { key: b"a".to_vec() },
    };
    assert_eq!(replica.handle_manager(MANAGER, token), [want_stable()]);
    let value = ReplyBody::Value(Some(b"v".to_vec().into()));
    let to_manager = Command::ToManager {
        to: MANAGER,
        message: FromNode::ReadReply {
            token: 8,
            reply: value,
        },
    };
    assert_eq!(
        replica.handle_manager(MANAGER, stable(1)),
        [found_value(), to_manager]
    );
    assert_eq!(replica.handle_request(CLIENT, &get("a")), [found_value()]);
}

#[test]
fn a_read_that_waited_shows_nothing_that_was_delivered_meanwhile() {
    let mut replica = founded();
    round(&mut replica, 1, vec![write(1, Op::OpenSession), insert(2, "a")]);
    assert_eq!(
        replica.handle_request(
            CLIENT,
            &RequestBody::Read {
                group: GROUP,
                query: Query::All
            }
        ),
        [want_stable()]
    );
    round(&mut replica, 2, vec![insert(3, "b")]);
    let elements = vec![Element {
        key: b"a".to_vec(),
        value: b"v".to_vec(),
    }];
    assert_eq!(
        replica.handle_manager(MANAGER, stable(1)),
        [reply(ReplyBody::Elements { elements, last: true })]
    );
}

#[test]
fn nothing_is_served_before_a_state_is_installed_and_after_await_state() {
    let mut replica = Replica::new(NODE, GROUP, LIMITS);
    replica.handle_manager(MANAGER, ToNode::Heartbeat);
    assert_eq!(
        replica.handle_request(CLIENT, &get("a")),
        refused("the node holds no state yet")
    );
    assert_eq!(replica.handle_manager(MANAGER, propose(1, batch(vec![]))), []);

    let mut member = founded();
    round(&mut member, 1, vec![write(1, Op::OpenSession)]);
    assert_eq!(member.handle_request(CLIENT, &get("a")), [want_stable()]);
    let waiting = member.handle_manager(MANAGER, ToNode::AwaitState { transfer: 1 });
    assert_eq!(waiting, refused("the node is joining its group again"));
    assert_eq!(
        member.handle_request(CLIENT, &get("a")),
        refused("the node holds no state yet")
    );
}

#[test]
fn reads_are_refused_while_no_manager_is_in_touch() {
    let mut replica = founded();
    round(&mut replica, 1, vec![write(1, Op::OpenSession)]);
    assert_eq!(replica.handle_request(CLIENT, &get("a")), [want_stable()]);
    assert_eq!(replica.handle_manager_lost(), refused("no manager is in touch"));
    assert_eq!(
        replica.handle_request(CLIENT, &get("a")),
        refused("no manager is in touch")
    );
    replica.handle_manager(MANAGER, ToNode::Heartbeat);
    assert_eq!(replica.handle_request(CLIENT, &get("a")), [want_stable()]);
}

#[test]
fn reads_of_other_groups_and_other_requests_are_refused() {
    let mut replica = founded();
    let group = GroupId(9);
    let unknown = reply(ReplyBody::Refused(Refusal::UnknownGroup { group }));
    assert_eq!(
        replica.handle_request(
            CLIENT,
            &RequestBody::Read {
                group,
                query: Query::All
            }
        ),
        [unknown]
    );
    let not_here = reply(ReplyBody::Refused(Refusal::NotServedHere {
        role: Role::DataNode,
    }));
    let write = RequestBody::Write {
        group: GROUP,
        write: insert(1, "a"),
    };
    assert_eq!(replica.handle_request(CLIENT, &write), [not_here]);
}

#[test]
fn a_state_is_installed_whether_it_comes_before_or_after_its_announcement() {
    let mut donor = founded();
    round(&mut donor, 1, vec![write(1, Op::OpenSession), insert(2, "a")]);
    let state = state_of(&mut donor);
    let announce = |transfer| ToNode::AwaitState { transfer };

    let mut after = Replica::new(NODE, GROUP, LIMITS);
    assert_eq!(after.handle_manager(MANAGER, announce(5)), []);
    assert_eq!(after.handle_arrived(arrived(5, state.clone())), caught_up(5));

    let mut before = Replica::new(NODE, GROUP, LIMITS);
    assert_eq!(before.handle_arrived(arrived(5, state.clone())), []);
    assert_eq!(before.handle_manager(MANAGER, announce(5)), caught_up(5));

    let mut other = Replica::new(NODE, GROUP, LIMITS);
    assert_eq!(other.handle_arrived(arrived(4, state.clone())), []);
    assert_eq!(
        other.handle_manager(MANAGER, announce(5)),
        [],
        "a state of another transfer is not taken"
    );
    assert_eq!(other.handle_manager(MANAGER, announce(4)), [], "and is forgotten");
    for replica in [&mut after, &mut before] {
        assert_eq!(
            replica.list().map(Structure::elements),
            donor.list().map(Structure::elements)
        );
        assert_eq!(
            images_of(replica).as_ref(),
            Some(&state.images),
            "byte for byte what the donor had"
        );
    }
}

#[test]
fn a_corrupted_image_is_reported_and_nothing_of_it_is_held() {
    let mut donor = founded();
    round(&mut donor, 1, vec![write(1, Op::OpenSession), insert(2, "a")]);
    let sound = state_of(&mut donor);
    for region in 0..REGIONS {
        let mut state = sound.clone();
        state.images[region].push(1);
        let reason = state
            .clone()
            .into_list(LIMITS)
            .map(|_| ())
            .expect_err("a byte too many")
            .to_string();
        let mut joiner = Replica::new(NODE, GROUP, LIMITS);
        joiner.handle_manager(MANAGER, ToNode::AwaitState { transfer: 5 });
        let failed = Command::ToEveryManager(FromNode::TransferFailed { transfer: 5, reason });
        assert_eq!(joiner.handle_arrived(arrived(5, state)), [failed]);
        assert!(joiner.list().is_none());
    }
}

#[test]
fn a_broken_stream_is_reported_under_the_number_it_had_or_the_one_awaited() {
    let failed = |transfer| {
        let reason = "torn".to_owned();
        vec![Command::ToEveryManager(FromNode::TransferFailed {
            transfer,
            reason,
        })]
    };
    let mut replica = Replica::new(NODE, GROUP, LIMITS);
    assert_eq!(replica.handle_broken(None, "torn".to_owned()), []);
    assert_eq!(replica.handle_broken(Some(4), "torn".to_owned()), failed(4));
    replica.handle_manager(MANAGER, ToNode::AwaitState { transfer: 5 });
    assert_eq!(replica.handle_broken(None, "torn".to_owned()), failed(5));
}

#[test]
fn a_donor_without_a_state_says_so() {
    let mut replica = Replica::new(NODE, GROUP, LIMITS);
    let to = std::net::SocketAddr::from(([127, 0, 0, 1], 9));
    let reason = "node 1 holds no state".to_owned();
    let failed = Command::ToEveryManager(FromNode::TransferFailed { transfer: 2, reason });
    assert_eq!(
        replica.handle_manager(MANAGER, ToNode::SendState { transfer: 2, to }),
        [failed]
    );
}

#[test]
fn a_restarted_nodes_clock_goes_on_from_the_donors() {
    let mut donor = founded();
    round(&mut donor, 1, vec![write(1, Op::OpenSession)]);
    donor.handle_manager(MANAGER, finalize(9, 40)); // unknown here: no effect
    donor.handle_manager(MANAGER, propose(2, batch(vec![])));
    let state = state_of(&mut donor);
    assert_eq!((state.snapshot.watermark, state.snapshot.clock), (at(1), 2));
    let mut joiner = Replica::new(NODE, GROUP, LIMITS);
    joiner.handle_manager(MANAGER, ToNode::AwaitState { transfer: 1 });
    joiner.handle_arrived(arrived(1, state));
    let sealed = FromMember::Sealed {
        epoch: Epoch(1),
        clock: 2,
        delivered: at(1),
        held: vec![],
    };
    let seal = ToNode::Multicast(ToMember::Seal { epoch: Epoch(1) });
    assert_eq!(joiner.handle_manager(MANAGER, seal), [says(sealed)]);
    joiner.handle_manager(
        MANAGER,
        ToNode::Multicast(ToMember::View {
            epoch: Epoch(1),
            clock: 2,
        }),
    );
    let proposal = FromMember::Proposal {
        epoch: Epoch(1),
        id: id(3),
        timestamp: at(3),
        is_final: false,
    };
    assert_eq!(
        joiner.handle_manager(MANAGER, propose(3, batch(vec![]))),
        [says(proposal)]
    );
}

#[test]
fn the_word_to_found_does_nothing_to_a_node_that_holds_a_state() {
    let mut replica = founded();
    let payload = batch(vec![write(1, Op::OpenSession), insert(2, "a")]);
    round(&mut replica, 1, vec![write(1, Op::OpenSession), insert(2, "a")]);
    assert_eq!(replica.handle_manager(MANAGER, ToNode::Found), []);
    let standing = Standing::Delivered(at(1));
    let held = vec![HeldMessage {
        id: id(1),
        groups: vec![GROUP],
        payload,
        standing,
    }];
    let sealed = FromMember::Sealed {
        epoch: Epoch(2),
        clock: 1,
        delivered: at(1),
        held,
    };
    let seal = ToNode::Multicast(ToMember::Seal { epoch: Epoch(2) });
    assert_eq!(replica.handle_manager(MANAGER, seal), [says(sealed)]);
}

#[test]
fn of_a_batch_to_several_groups_a_node_carries_out_its_own_part_alone() {
    let mut replica = founded();
    let open = |seq| Entry::Write(write(seq, Op::OpenSession));
    let payload = parts(vec![
        (GROUP, vec![open(1), Entry::Write(insert(2, "a"))]),
        (GroupId(9), vec![Entry::Write(insert(1, "b")), open(2), open(3)]),
    ]);
    replica.handle_manager(MANAGER, propose(1, payload));
    let answers = [Outcome::SessionOpened, Outcome::Inserted];
    assert_eq!(
        replica.handle_manager(MANAGER, finalize(1, 1)),
        [delivered(1, 1, answers.to_vec())]
    );
    let keys = replica.list().map(Structure::elements).unwrap_or_default();
    assert_eq!(keys.len(), 1);
    assert_eq!(keys[0].key, b"a");
}

#[test]
fn a_batch_for_other_groups_alone_has_no_answers() {
    let mut replica = founded();
    let payload = parts(vec![(GroupId(9), vec![Entry::Write(insert(1, "b"))])]);
    replica.handle_manager(MANAGER, propose(1, payload));
    assert_eq!(
        replica.handle_manager(MANAGER, finalize(1, 1)),
        [delivered(1, 1, vec![])]
    );
}

#[test]
fn a_read_within_a_batch_shows_what_stands_before_it_and_changes_nothing() {
    let mut replica = founded();
    let get = |key: &str| {
        let key = key.into();
        Entry::Read(Query::Get { key })
    };
    let entries = vec![
        Entry::Write(write(1, Op::OpenSession)),
        get("a"),
        Entry::Write(insert(2, "a")),
        get("a"),
        Entry::Read(Query::Len),
        Entry::Read(Query::All),
    ];
    replica.handle_manager(MANAGER, propose(1, parts(vec![(GROUP, entries)])));
    let found = |reply| EntryAnswer::Found(Box::new(reply));
    let too_long = Refusal::ReadTooLarge {
        chunks: wire::limits::MAX_READ_CHUNKS,
        limit: 1,
    };
    let answers = vec![
        written(Outcome::SessionOpened),
        found(ReplyBody::Value(None)),
        written(Outcome::Inserted),
        found(ReplyBody::Value(Some(b"v".to_vec().into()))),
        found(ReplyBody::Len(1)),
        found(ReplyBody::Refused(too_long)),
    ];
    assert_eq!(
        replica.handle_manager(MANAGER, finalize(1, 1)),
        [answered(1, 1, answers)]
    );
}

/// Nothing is said before there is a view.
#[test]
fn a_manager_that_calls_is_told_the_epoch() {
    let mut replica = Replica::new(NODE, GROUP, LIMITS);
    assert_eq!(replica.handle_manager_called(MANAGER), []);
    replica.handle_manager(MANAGER, ToNode::Found);
    assert_eq!(replica.handle_manager_called(MANAGER), []);
    enter_epoch_1(&mut replica, 0);
    let in_view = says(FromMember::InView { epoch: Epoch(1) });
    assert_eq!(replica.handle_manager_called(MANAGER), [in_view]);
}

/// A node that was told to join, and votes in epoch 1.
fn joining() -> Replica {
    let mut replica = Replica::new(NodeId(2), GROUP, LIMITS);
    assert_eq!(
        replica.handle_manager(MANAGER, ToNode::Join { epoch: Epoch(1) }),
        []
    );
    enter_epoch_1(&mut replica, 0);
    replica.handle_manager(MANAGER, ToNode::AwaitState { transfer: 1 });
    replica
}

fn holding(seq: u64) -> Command {
    says(FromMember::Holding {
        epoch: Epoch(1),
        id: id(seq),
    })
}

#[test]
fn a_joiner_votes_and_holds_at_once_and_applies_what_its_state_does_not_include() {
    let mut donor = founded();
    let mut joiner = joining();
    let rounds = [
        vec![write(1, Op::OpenSession), insert(2, "a")],
        vec![insert(3, "b")],
        vec![insert(4, "c")],
    ];
    for (seq, writes) in (1..).zip(rounds[..2].iter().cloned()) {
        round(&mut donor, seq, writes.clone());
        assert_eq!(round(&mut joiner, seq, writes), [holding(seq)]);
    }
    let state = state_of(&mut donor);
    round(&mut donor, 3, rounds[2].clone());
    assert_eq!(round(&mut joiner, 3, rounds[2].clone()), [holding(3)]);
    assert_eq!(
        joiner.handle_request(CLIENT, &get("a")),
        refused("the node is joining its group")
    );

    assert_eq!(joiner.handle_arrived(arrived(1, state)), []);
    assert_eq!(
        joiner.handle_request(CLIENT, &get("a")),
        refused("the node is joining its group")
    );
    assert!(joiner.is_catching_up());
    let mut told = vec![delivered(3, 3, vec![Outcome::Inserted])];
    told.extend(caught_up(1));
    assert_eq!(joiner.catch_up(), told);
    assert!(!joiner.is_catching_up());
    assert_eq!(images_of(&joiner), images_of(&donor));
}

#[test]
fn what_is_delivered_behind_a_backlog_waits_for_its_turn() {
    let mut donor = founded();
    let mut joiner = joining();
    round(&mut donor, 1, vec![write(1, Op::OpenSession)]);
    round(&mut joiner, 1, vec![write(1, Op::OpenSession)]);
    let state = state_of(&mut donor);
    for seq in 2..=20 {
        let writes = || vec![insert(seq, &format!("{seq}"))];
        round(&mut donor, seq, writes());
        round(&mut joiner, seq, writes());
    }
    joiner.handle_arrived(arrived(1, state));
    let first_turn = joiner.catch_up();
    assert_eq!(first_turn[0], delivered(2, 2, vec![Outcome::Inserted]));
    round(&mut donor, 21, vec![insert(21, "z")]);
    assert_eq!(round(&mut joiner, 21, vec![insert(21, "z")]), []);
    let mut told = Vec::new();
    while joiner.is_catching_up() {
        told.extend(joiner.catch_up());
    }
    let mut last = vec![delivered(21, 21, vec![Outcome::Inserted])];
    last.extend(caught_up(1));
    assert_eq!(told[told.len() - 2..], last);
    assert_eq!(images_of(&joiner), images_of(&donor));
}

#[test]
fn a_state_of_an_older_view_is_dropped_and_one_who_has_a_state_says_so_again() {
    let mut donor = founded();
    round(&mut donor, 1, vec![write(1, Op::OpenSession)]);
    let mut joiner = joining();
    let mut outdated = state_of(&mut donor);
    outdated.snapshot.epoch = Epoch(0);
    assert_eq!(joiner.handle_arrived(arrived(1, outdated)), []);
    assert!(joiner.list().is_none());

    joiner.handle_manager(MANAGER, ToNode::AwaitState { transfer: 2 });
    assert_eq!(joiner.handle_arrived(arrived(2, state_of(&mut donor))), []);
    assert_eq!(joiner.catch_up(), caught_up(2));
    assert_eq!(
        joiner.handle_manager(MANAGER, ToNode::AwaitState { transfer: 3 }),
        []
    );
    let (transfer_us, install_us) = (0, 0);
    let again = Command::ToEveryManager(FromNode::CaughtUp {
        transfer: 3,
        transfer_us,
        install_us,
    });
    assert_eq!(joiner.catch_up(), [again]);
}

#[test]
fn a_word_to_join_a_view_that_is_no_news_takes_no_state_away() {
    let mut replica = Replica::new(NodeId(2), GROUP, LIMITS);
    replica.handle_manager(MANAGER, ToNode::Found);
    enter_epoch_1(&mut replica, 0);
    assert_eq!(
        replica.handle_manager(MANAGER, ToNode::Join { epoch: Epoch(1) }),
        []
    );
    assert!(replica.list().is_some());
    replica.handle_manager(MANAGER, ToNode::Join { epoch: Epoch(2) });
    assert!(replica.list().is_none());
}
