//! What a node makes of a batch: its own part alone, in order, and nothing of what cannot be read.

use super::*;

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
    let keys = replica.structure().map(Structure::elements).unwrap_or_default();
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
