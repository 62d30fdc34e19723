//! Whoever watches the file hears of what others store.

use std::{fs, thread, time::Duration};

use multicast::id::Epoch;

use super::{membership, store};
use crate::store::{EmbeddedStore, MembershipStore, StoreError};

/// Longer than any test takes.
pub(super) const LONG: Duration = Duration::from_secs(600);

#[test]
fn a_watch_tells_at_once_what_is_later_and_nothing_that_is_known() {
    let (_folder, store) = store();
    let nobody = store.watch(Epoch(0), Duration::ZERO).expect("no file yet");
    assert_eq!(nobody, None);
    store.compare_and_swap(Epoch(0), &membership(5)).expect("stored");
    assert_eq!(store.watch(Epoch(4), LONG).expect("later"), Some(membership(5)));
    let known = store.watch(Epoch(5), Duration::ZERO).expect("known");
    assert_eq!(known, None);
}

#[test]
fn a_watch_hears_every_swap_of_another_manager_from_the_first_on() {
    let (_folder, store) = store();
    let other = EmbeddedStore::new(store.path());
    thread::scope(|scope| {
        let watcher = scope.spawn(|| {
            let mut known = Epoch(0);
            while known < Epoch(30) {
                let stored = store.watch(known, LONG).expect("readable").expect("in time");
                assert_eq!(stored, membership(stored.epoch.0));
                assert!(stored.epoch > known);
                known = stored.epoch;
            }
        });
        for epoch in 0..30 {
            other
                .compare_and_swap(Epoch(epoch), &membership(epoch + 1))
                .expect("swapped");
        }
        watcher.join().expect("every swap is heard of");
    });
}

#[test]
fn a_watch_on_something_unreadable_says_so() {
    let (_folder, store) = store();
    fs::write(store.path(), b"{").expect("written");
    let refused = store.watch(Epoch(0), LONG).expect_err("garbage");
    assert!(matches!(refused, StoreError::Garbage { place, .. } if place == store.place()));
}
