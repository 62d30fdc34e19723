//! The recorder: what it makes of answers, and what is in the file at the end.

use std::path::PathBuf;

use wire::{
    WireError,
    client::ClientError,
    message::client::{Refusal, ReplyBody},
};

use super::*;
use crate::history::{Recorder, read};

fn file() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history.jsonl");
    (folder, path)
}

#[test]
fn answers_refusals_and_broken_connections_are_told_apart() {
    let (_folder, path) = file();
    let recorder = Recorder::create(&path, spec(StructureKind::Queue)).unwrap();
    let mut client = recorder.client();
    let refused = |refusal: Refusal| Err(ClientError::Refused(refusal));
    let (limit, actual) = (1, 2);
    let cases = [
        (Ok(ReplyBody::Written(INSERTED.into())), ok(INSERTED)),
        (Ok(ReplyBody::Len(3)), ok(Found::Len(3))),
        (Ok(ReplyBody::Written(Outcome::NoSession.into())), Ending::Unknown),
        (Ok(ReplyBody::Written(Outcome::Forgotten.into())), Ending::Unknown),
        (refused(Refusal::ValueLength { limit, actual }), Ending::Refused),
        // An earlier attempt at it may have taken effect.
        (
            refused(Refusal::StateLost {
                group: GROUP,
                missing: vec![],
            }),
            Ending::Unknown,
        ),
        (
            refused(Refusal::Unavailable {
                reason: String::new(),
            }),
            Ending::Unknown,
        ),
        (Err(ClientError::Wire(WireError::Closed)), Ending::Unknown),
    ];
    for (answer, _) in &cases {
        let asked = match answer {
            Ok(ReplyBody::Len(_)) => Asked::Read(Query::Len),
            _ => push("v"),
        };
        let call = client.call(GROUP, asked);
        client.answered(call, answer).unwrap();
    }
    client.finish().unwrap();
    let read = read(&path).unwrap();
    assert_eq!(read.structure, spec(StructureKind::Queue));
    let endings: Vec<Ending> = read.entries.into_iter().map(|entry| entry.ending).collect();
    assert_eq!(endings, cases.map(|(_, ending)| ending));
}

#[test]
fn clients_write_to_one_file_and_what_is_under_way_at_the_end_is_unknown() {
    let (_folder, path) = file();
    let recorder = Recorder::create(&path, spec(StructureKind::Queue)).unwrap();
    let mut clients = [recorder.client(), recorder.client()];
    let calls = clients.each_mut().map(|client| client.call(GROUP, push("v")));
    let [first, mut second] = clients;
    drop(first);
    second.ended(calls[1], ok(INSERTED)).unwrap();
    drop(second);
    let entries = read(&path).unwrap().entries;
    let seen: Vec<_> = entries
        .iter()
        .map(|entry| (entry.client, entry.ending.clone()))
        .collect();
    assert_eq!(seen, [(1, Ending::Unknown), (2, ok(INSERTED))]);
    assert!(entries.iter().all(|entry| entry.call <= entry.end));
    assert!(entries[0].end >= entries[1].call, "one clock for all clients");
}

#[test]
fn a_write_of_several_groups_has_an_answer_for_each_operation() {
    let (_folder, path) = file();
    let mut client = Recorder::create(&path, spec(StructureKind::Queue))
        .unwrap()
        .client();
    let part = |group, asked| Part {
        group: GroupId(group),
        asked,
    };
    let parts = vec![part(0, push("a")), part(0, pop()), part(1, push("b"))];
    let call = client.call_together(parts.clone());
    let answer = |outcome: Outcome| structures::op::Answer::from(outcome);
    let inserted = || answer(INSERTED);
    let absent = answer(Outcome::AbsentPlace);
    let together = ReplyBody::WrittenTogether(vec![vec![inserted(), absent.clone()], vec![inserted()]]);
    client.answered(call, &Ok(together)).unwrap();
    client.finish().unwrap();
    let entries = read(&path).unwrap().entries;
    let told = [inserted(), absent, inserted()].map(Told::Answer).to_vec();
    assert_eq!(
        (&entries[0].parts, &entries[0].ending),
        (&parts, &Ending::Ok(told))
    );
}
