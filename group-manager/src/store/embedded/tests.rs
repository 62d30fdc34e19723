//! The file's promises: old or new but whole, one winner per epoch, garbage refused by name.

mod torn;
mod watch;

use std::{collections::BTreeMap, fs, thread};

use multicast::id::{GroupId, Incarnation, NodeId};
use tempfile::TempDir;
use wire::message::membership::{Addresses, Member, Owner, Role, Standing};

use super::*;

fn membership(epoch: u64) -> Membership {
    let member = Member {
        role: Role::Primary,
        group: Some(GroupId(3)),
        row: None,
        column: None,
        standing: Standing::Active,
        incarnation: Incarnation(u64::MAX),
        addresses: Some(Addresses {
            peers: "127.0.0.1:4001".parse().expect("an address"),
            clients: "[::1]:4002".parse().expect("an address"),
        }),
        since: Epoch(epoch),
    };
    let mut absent = member.clone();
    absent.standing = Standing::Absent;
    absent.addresses = None;
    Membership {
        epoch: Epoch(epoch),
        owner: Some(Owner {
            node: NodeId(1),
            incarnation: Incarnation(u64::MAX),
        }),
        members: BTreeMap::from([(NodeId(7), member), (NodeId(8), absent)]),
        founded: vec![GroupId(3)],
        left: [NodeId(9)].into(),
        began: [(GroupId(3), Epoch(2))].into(),
        ..Membership::default()
    }
}

fn store() -> (TempDir, EmbeddedStore) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = EmbeddedStore::new(folder.path().join("cluster.membership"));
    (folder, store)
}

#[test]
fn what_is_stored_is_loaded_and_before_that_nobody_is_a_member() {
    let (_folder, store) = store();
    assert_eq!(store.load().expect("no file yet"), Membership::default());
    store
        .compare_and_swap(Epoch(0), &membership(1))
        .expect("from nothing");
    store
        .compare_and_swap(Epoch(1), &membership(2))
        .expect("from the first");
    assert_eq!(store.load().expect("stored"), membership(2));
    assert_eq!(
        EmbeddedStore::new(store.path())
            .load()
            .expect("by another process"),
        membership(2)
    );
}

#[test]
fn the_file_is_for_people_too() {
    let (_folder, store) = store();
    store.compare_and_swap(Epoch(0), &membership(1)).expect("stored");
    let text = fs::read_to_string(store.path()).expect("text");
    let (seal, document) = text.split_once('\n').expect("a line of its own");
    assert!(
        seal.starts_with("{\"epoch\":1,\"half\":16384,\"bytes\":"),
        "{seal}"
    );
    let start = "{\n  \"format\": \"fusebox membership\",\n  \"version\": 1,\n  \"membership\": {\n    \"epoch\": 1,\n";
    assert!(document.starts_with(start), "{document}");
    assert!(text.contains(
        "\"7\": {\n        \"role\": \"primary\",\n        \"group\": 3,\n        \"standing\": \"active\""
    ));
}

#[test]
fn a_swap_from_another_epoch_gets_what_is_stored_and_changes_nothing() {
    let (_folder, store) = store();
    store.compare_and_swap(Epoch(0), &membership(5)).expect("stored");
    for expected in [0, 4] {
        match store.compare_and_swap(Epoch(expected), &membership(6)) {
            Err(StoreError::Conflict {
                expected: told,
                current,
            }) => {
                assert_eq!((told, *current), (Epoch(expected), membership(5)));
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(store.load().expect("stored"), membership(5));
}

#[test]
fn an_epoch_that_does_not_rise_is_refused() {
    let (_folder, store) = store();
    store.compare_and_swap(Epoch(0), &membership(5)).expect("stored");
    for next in [4, 5] {
        let refused = store
            .compare_and_swap(Epoch(5), &membership(next))
            .expect_err("not rising");
        assert_eq!(
            refused.to_string(),
            format!("epoch {next} does not follow epoch 5")
        );
    }
    store
        .compare_and_swap(Epoch(5), &membership(6))
        .expect("one past it rises");
}

#[test]
fn a_foreign_file_is_refused_and_never_overwritten() {
    let (_folder, store) = store();
    let foreign = r#"{"format": "something else", "version": 1, "membership": {"epoch": 0, "members": {}, "founded": []}}"#;
    fs::write(store.path(), foreign).expect("written");
    let refused = store.load().expect_err("foreign");
    let text = format!(
        "{} holds no membership: it says to be \"something else\", not \"fusebox membership\"",
        store.path().display()
    );
    assert_eq!(refused.to_string(), text);
    assert!(matches!(
        store.compare_and_swap(Epoch(0), &membership(1)),
        Err(StoreError::Garbage { .. })
    ));
    assert_eq!(fs::read_to_string(store.path()).expect("text"), foreign);
}

#[test]
fn another_version_is_told_from_garbage() {
    let (_folder, store) = store();
    fs::write(
        store.path(),
        r#"{"format": "fusebox membership", "version": 2, "new": true}"#,
    )
    .expect("written");
    assert!(matches!(
        store.load(),
        Err(StoreError::Version {
            found: 2,
            ours: 1,
            ..
        })
    ));
}

/// A file as versions before this one wrote it: one document and nothing else.
fn one_document(membership: &Membership) -> Vec<u8> {
    crate::store::envelope::sealed("a test", membership).expect("text")
}

#[test]
fn a_file_of_one_document_is_read_and_the_next_swap_makes_halves_of_it() {
    let (_folder, store) = store();
    fs::write(store.path(), one_document(&membership(4))).expect("written");
    assert_eq!(store.load().expect("one document"), membership(4));
    assert_eq!(
        store.watch(Epoch(3), watch::LONG).expect("later"),
        Some(membership(4))
    );
    store.compare_and_swap(Epoch(4), &membership(5)).expect("stored");
    assert_eq!(store.load().expect("halves"), membership(5));
    assert_eq!(fs::metadata(store.path()).expect("a file").len(), 2 * 16 * 1024);
}

#[test]
fn the_limit_of_the_file_holds_at_it_and_one_past_it() {
    let (_folder, store) = store();
    let mut bytes = one_document(&membership(1));
    bytes.resize(MAX_FILE_BYTES as usize, b' ');
    fs::write(store.path(), &bytes).expect("padded");
    assert_eq!(store.load().expect("at the limit"), membership(1));
    bytes.push(b' ');
    fs::write(store.path(), &bytes).expect("padded");
    let refused = store.load().expect_err("one past the limit");
    assert!(
        matches!(refused, StoreError::TooLarge { actual, limit: MAX_FILE_BYTES, .. } if actual == MAX_FILE_BYTES + 1)
    );
}

/// With so many members more.
fn large(epoch: u64, members: u32) -> Membership {
    let mut large = membership(epoch);
    let member = large.members[&NodeId(7)].clone();
    large
        .members
        .extend((100..100 + members).map(|node| (NodeId(node), member.clone())));
    large
}

#[test]
fn halves_grow_with_the_membership_and_what_never_fits_is_refused_and_changes_nothing() {
    let (_folder, store) = store();
    store.compare_and_swap(Epoch(0), &large(1, 10)).expect("small");
    store
        .compare_and_swap(Epoch(1), &large(2, 1000))
        .expect("longer than a half");
    assert_eq!(store.load().expect("grown"), large(2, 1000));
    let grown = fs::metadata(store.path()).expect("a file").len();
    store
        .compare_and_swap(Epoch(2), &large(3, 1000))
        .expect("in the other half");
    assert_eq!(fs::metadata(store.path()).expect("a file").len(), grown);
    let refused = store
        .compare_and_swap(Epoch(3), &large(4, 20_000))
        .expect_err("too long for any file");
    assert!(
        matches!(refused, StoreError::TooLarge { actual, .. } if actual > MAX_FILE_BYTES),
        "{refused}"
    );
    assert_eq!(store.load().expect("as before"), large(3, 1000));
}

#[test]
fn of_many_managers_on_one_file_one_wins_each_epoch() {
    const MANAGERS: usize = 4;
    const EPOCHS: u64 = 20;
    let (_folder, store) = store();
    let wins: usize = thread::scope(|scope| {
        let managers: Vec<_> = (0..MANAGERS)
            .map(|_| {
                scope.spawn(|| {
                    let swap = |epoch| {
                        store
                            .compare_and_swap(Epoch(epoch), &membership(epoch + 1))
                            .is_ok()
                    };
                    (0..EPOCHS).filter(|epoch| swap(*epoch)).count()
                })
            })
            .collect();
        managers
            .into_iter()
            .map(|manager| manager.join().expect("no panic"))
            .sum()
    });
    let stored = store.load().expect("stored").epoch.0;
    assert_eq!(wins as u64, stored, "every win raised the epoch by one");
    assert!(stored >= 1);
}

#[test]
fn a_missing_folder_is_an_error_that_names_the_path() {
    let (folder, _) = store();
    let store = EmbeddedStore::new(folder.path().join("absent/cluster.membership"));
    let refused = store
        .compare_and_swap(Epoch(0), &membership(1))
        .expect_err("no folder");
    let lock = folder.path().join("absent/cluster.membership.lock");
    assert!(
        refused
            .to_string()
            .starts_with(&format!("could not open {}: ", lock.display())),
        "{refused}"
    );
}
