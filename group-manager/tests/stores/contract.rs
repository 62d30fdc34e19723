//! What every backend promises, by two handles on the same store, as two managers have them.

use std::{thread, time::Duration};

use group_manager::store::{EmbeddedStore, MembershipStore, StoreError};
use multicast::id::{Epoch, GroupId, Incarnation, NodeId};
use wire::message::membership::{Addresses, Member, Membership, Role, Standing};

/// Longer than any test takes.
pub(crate) const LONG: Duration = Duration::from_secs(600);

/// Two handles on one store that nobody else has.
pub(crate) struct Shared {
    pub one: Box<dyn MembershipStore>,
    pub other: Box<dyn MembershipStore>,
    /// What the store lies in.
    pub _place: Box<dyn std::any::Any>,
}

pub(crate) fn membership(epoch: u64) -> Membership {
    written_by(0, epoch)
}

/// Memberships of different managers differ.
pub(crate) fn written_by(manager: u64, epoch: u64) -> Membership {
    let member = Member {
        role: Role::DataNode,
        group: Some(GroupId(3)),
        row: None,
        column: None,
        standing: Standing::Active,
        incarnation: Incarnation(u64::MAX - manager),
        addresses: Some(Addresses {
            peers: "127.0.0.1:4001".parse().unwrap(),
            clients: "[::1]:4002".parse().unwrap(),
        }),
        since: Epoch(epoch),
    };
    Membership {
        epoch: Epoch(epoch),
        members: [(NodeId(7), member)].into(),
        ..Membership::default()
    }
}

/// What is stored according to a conflict.
pub(crate) fn conflict(outcome: Result<(), StoreError>) -> Membership {
    match outcome {
        Err(StoreError::Conflict { current, .. }) => *current,
        other => panic!("no conflict: {other:?}"),
    }
}

pub(crate) fn what_one_stores_the_other_loads_and_before_that_nobody_is_a_member(store: &Shared) {
    assert_eq!(store.other.load().unwrap(), Membership::default());
    store.one.compare_and_swap(Epoch(0), &membership(1)).unwrap();
    assert_eq!(store.other.load().unwrap(), membership(1));
    store.other.compare_and_swap(Epoch(1), &membership(9)).unwrap();
    assert_eq!(store.one.load().unwrap(), membership(9));
}

pub(crate) fn a_swap_from_another_epoch_gets_what_is_stored_and_changes_nothing(store: &Shared) {
    assert_eq!(
        conflict(store.one.compare_and_swap(Epoch(4), &membership(5))),
        Membership::default()
    );
    store.one.compare_and_swap(Epoch(0), &membership(5)).unwrap();
    for expected in [0, 4] {
        let told = conflict(store.other.compare_and_swap(Epoch(expected), &membership(6)));
        assert_eq!(told, membership(5));
    }
    assert_eq!(store.one.load().unwrap(), membership(5));
}

pub(crate) fn an_epoch_that_does_not_rise_is_refused(store: &Shared) {
    store.one.compare_and_swap(Epoch(0), &membership(5)).unwrap();
    for next in [4, 5] {
        let refused = store
            .one
            .compare_and_swap(Epoch(5), &membership(next))
            .unwrap_err();
        assert_eq!(
            refused.to_string(),
            format!("epoch {next} does not follow epoch 5")
        );
    }
    store.one.compare_and_swap(Epoch(5), &membership(6)).unwrap();
}

pub(crate) fn of_two_that_race_one_wins_each_epoch_and_the_other_is_told_what_it_stored(store: &Shared) {
    const EPOCHS: u64 = 20;
    let race = |manager: u64, handle: &dyn MembershipStore| -> Vec<u64> {
        let wins = |epoch: &u64| match handle.compare_and_swap(Epoch(epoch - 1), &written_by(manager, *epoch))
        {
            Ok(()) => true,
            Err(StoreError::Conflict { current, .. }) => {
                // The other one may be further on by now.
                assert!(current.epoch >= Epoch(*epoch), "{current:?} at {epoch}");
                false
            }
            Err(error) => panic!("{error}"),
        };
        (1..=EPOCHS).filter(wins).collect()
    };
    let (one, other) = thread::scope(|scope| {
        let one = scope.spawn(|| race(1, &*store.one));
        let other = scope.spawn(|| race(2, &*store.other));
        (one.join().unwrap(), other.join().unwrap())
    });
    let mut wins = [one.clone(), other].concat();
    wins.sort_unstable();
    assert_eq!(wins, (1..=EPOCHS).collect::<Vec<_>>());
    let last = if one.contains(&EPOCHS) { 1 } else { 2 };
    assert_eq!(store.one.load().unwrap(), written_by(last, EPOCHS));
}

pub(crate) fn a_watch_tells_at_once_what_is_later_and_nothing_that_is_known(store: &Shared) {
    let patience = Duration::from_millis(30);
    assert_eq!(store.one.watch(Epoch(0), patience).unwrap(), None);
    store.other.compare_and_swap(Epoch(0), &membership(5)).unwrap();
    assert_eq!(store.one.watch(Epoch(4), LONG).unwrap(), Some(membership(5)));
    assert_eq!(store.one.watch(Epoch(5), patience).unwrap(), None);
    assert_eq!(store.one.watch(Epoch(5), Duration::ZERO).unwrap(), None);
}

pub(crate) fn a_watch_hears_what_another_manager_stores_up_to_the_last(store: &Shared) {
    const EPOCHS: u64 = 20;
    thread::scope(|scope| {
        let watcher = scope.spawn(|| {
            let mut known = Epoch(0);
            while known < Epoch(EPOCHS) {
                let stored = store.one.watch(known, LONG).unwrap().unwrap();
                assert!(stored.epoch > known);
                assert_eq!(stored, membership(stored.epoch.0));
                known = stored.epoch;
            }
        });
        for epoch in 1..=EPOCHS {
            store
                .other
                .compare_and_swap(Epoch(epoch - 1), &membership(epoch))
                .unwrap();
        }
        watcher.join().unwrap();
    });
}

/// One test per promise, over the stores that a function makes; none where it makes none.
macro_rules! every_promise {
    ($store:path: $($promise:ident),* $(,)?) => {
        $(
            #[test]
            fn $promise() {
                if let Some(store) = $store() {
                    $crate::contract::$promise(&store);
                }
            }
        )*
    };
    ($store:path) => {
        $crate::contract::every_promise!(
            $store:
            what_one_stores_the_other_loads_and_before_that_nobody_is_a_member,
            a_swap_from_another_epoch_gets_what_is_stored_and_changes_nothing,
            an_epoch_that_does_not_rise_is_refused,
            of_two_that_race_one_wins_each_epoch_and_the_other_is_told_what_it_stored,
            a_watch_tells_at_once_what_is_later_and_nothing_that_is_known,
            a_watch_hears_what_another_manager_stores_up_to_the_last,
        );
    };
}
pub(crate) use every_promise;

mod embedded {
    use super::*;

    fn store() -> Option<Shared> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("cluster.membership");
        Some(Shared {
            one: Box::new(EmbeddedStore::new(&file)),
            other: Box::new(EmbeddedStore::new(&file)),
            _place: Box::new(folder),
        })
    }

    every_promise!(store);
}
