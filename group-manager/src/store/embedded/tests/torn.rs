//! What a crash in the middle of a swap leaves behind, in every way that a disk can tear it.

use std::{fs, os::unix::fs::MetadataExt, path::Path};

use multicast::id::Epoch;

use super::{large, membership, store};
use crate::store::{EmbeddedStore, MembershipStore, StoreError};

/// What a disk writes as a whole, in bytes.
const SECTOR: usize = 512;

/// The file before and after the third swap, which goes into the half of the first.
fn before_and_after(store: &EmbeddedStore) -> (Vec<u8>, Vec<u8>) {
    let bytes = |path: &Path| fs::read(path).expect("bytes");
    // More than one sector each.
    store.compare_and_swap(Epoch(0), &large(1, 9)).expect("stored");
    store.compare_and_swap(Epoch(1), &large(2, 9)).expect("stored");
    let before = bytes(store.path());
    store.compare_and_swap(Epoch(2), &large(3, 5)).expect("stored");
    let mut after = bytes(store.path());
    // What marks the other half comes once the swap is on the disk.
    let half = after.len() / 2;
    assert_eq!(after[2 * half - 22..], *b">00000000000000000003\n");
    after[half..].copy_from_slice(&before[half..]);
    (before, after)
}

/// One past the last byte of the document in the first half.
fn document_end(file: &[u8]) -> usize {
    let half = &file[..file.len() / 2 - 22];
    1 + half.iter().rposition(|byte| *byte != b' ').expect("a document")
}

/// The epoch that is stored, after it was held against what was stored with it.
fn stored(store: &EmbeddedStore) -> u64 {
    let membership = store.load().expect("one half is whole");
    let expected = match membership.epoch.0 {
        2 => large(2, 9),
        3 => large(3, 5),
        other => panic!("epoch {other} was stored longer ago"),
    };
    assert_eq!(membership, expected);
    membership.epoch.0
}

#[test]
fn a_swap_that_is_torn_at_any_byte_leaves_the_old_membership_or_the_new_one() {
    let (_folder, store) = store();
    let (before, after) = before_and_after(&store);
    let document_end = document_end(&after);
    let changed = (0..before.len()).filter(|at| before[*at] != after[*at]);
    let (mut old, mut new) = (0, 0);
    for at in changed {
        let torn = [&after[..at], &before[at..]].concat();
        fs::write(store.path(), torn).expect("torn");
        // Behind the document only spaces are missing, which nobody reads.
        let expected = if at < document_end { 2 } else { 3 };
        assert_eq!(
            stored(&store),
            expected,
            "torn at {at}, the document ends at {document_end}"
        );
        *(if expected == 2 { &mut old } else { &mut new }) += 1;
    }
    assert!(old > 100 && new > 100, "{old} and {new} places");
}

#[test]
fn a_swap_whose_sectors_reached_the_disk_in_any_order_leaves_the_old_membership_or_the_new_one() {
    let (_folder, store) = store();
    let (before, after) = before_and_after(&store);
    let document_end = document_end(&after);
    let sectors = |file: &[u8]| file.chunks(SECTOR).map(<[u8]>::to_vec).collect::<Vec<_>>();
    let (before, after) = (sectors(&before), sectors(&after));
    let differs: Vec<_> = (0..before.len()).filter(|at| before[*at] != after[*at]).collect();
    assert!((4..=16).contains(&differs.len()), "{} sectors", differs.len());
    for written in 0..1_u32 << differs.len() {
        let mut file = before.clone();
        for (bit, sector) in differs.iter().enumerate() {
            if written >> bit & 1 == 1 {
                file[*sector].clone_from(&after[*sector]);
            }
        }
        fs::write(store.path(), file.concat()).expect("torn");
        let of_document = (1 << differs.iter().filter(|at| **at * SECTOR < document_end).count()) - 1;
        let is_whole = written & of_document == of_document;
        assert_eq!(
            stored(&store),
            if is_whole { 3 } else { 2 },
            "{written:b} of {differs:?}"
        );
    }
}

#[test]
fn after_a_torn_swap_the_next_one_goes_where_the_torn_one_did() {
    let (_folder, store) = store();
    let (before, after) = before_and_after(&store);
    let at = before.len() / 4;
    let first = (0..before.len())
        .find(|at| before[*at] != after[*at])
        .expect("a swap");
    assert!(first < at, "the torn half is the first");
    fs::write(store.path(), [&after[..first + 1], &before[first + 1..]].concat()).expect("torn");
    assert_eq!(stored(&store), 2);
    store.compare_and_swap(Epoch(2), &large(3, 5)).expect("again");
    assert_eq!(stored(&store), 3);
    let half = after.len() / 2;
    assert_eq!(fs::read(store.path()).expect("bytes")[..half], after[..half]);
}

#[test]
fn a_crash_between_write_and_rename_leaves_the_old_membership() {
    let (_folder, store) = store();
    store.compare_and_swap(Epoch(0), &membership(1)).expect("stored");
    let written = store.write_beside(&large(2, 1000)).expect("written beside");
    assert_eq!(store.load().expect("the old one"), membership(1));
    // The crash may also tear what it was writing; the next swap does not care.
    fs::write(&written, b"{\"format\": \"fus").expect("torn");
    assert_eq!(store.load().expect("the old one"), membership(1));
    store
        .compare_and_swap(Epoch(1), &large(3, 1000))
        .expect("the next swap");
    assert_eq!(store.load().expect("the next one"), large(3, 1000));
    assert!(!written.exists());
}

#[test]
fn a_file_that_lost_its_end_is_refused_by_name() {
    let (_folder, store) = store();
    store.compare_and_swap(Epoch(0), &membership(1)).expect("stored");
    store.compare_and_swap(Epoch(1), &membership(2)).expect("stored");
    let whole = fs::read(store.path()).expect("bytes");
    let lengths = (0..3000).chain((3000..whole.len()).step_by(61));
    for length in lengths.chain([whole.len() - 1]) {
        fs::write(store.path(), &whole[..length]).expect("torn");
        let refused = store.load().expect_err("torn");
        assert!(
            matches!(&refused, StoreError::Garbage { place, .. } if *place == store.place()),
            "{length}: {refused}"
        );
    }
}

#[test]
fn damage_of_the_latest_half_is_refused_and_not_taken_for_a_torn_swap() {
    for swaps in [2, 3] {
        let (_folder, store) = store();
        for epoch in 0..swaps {
            store
                .compare_and_swap(Epoch(epoch), &membership(epoch + 1))
                .expect("stored");
        }
        let mut damaged = fs::read(store.path()).expect("bytes");
        let latest = (swaps as usize + 1) % 2 * damaged.len() / 2;
        damaged[latest + 200] ^= 1;
        fs::write(store.path(), &damaged).expect("damaged");
        let refused = store.load().expect_err("one half is outdated");
        assert_eq!(
            refused.to_string(),
            format!(
                "{} holds no membership: the later one of its two halves is damaged, the other one is outdated",
                store.path().display()
            )
        );
        let swap = store.compare_and_swap(Epoch(swaps), &membership(swaps + 1));
        assert!(matches!(swap, Err(StoreError::Garbage { .. })));
        assert_eq!(fs::read(store.path()).expect("bytes"), damaged);
    }
}

#[test]
fn two_halves_of_damage_are_refused_and_overwritten_by_nobody() {
    let (_folder, store) = store();
    store.compare_and_swap(Epoch(0), &membership(1)).expect("stored");
    store.compare_and_swap(Epoch(1), &membership(2)).expect("stored");
    let mut damaged = fs::read(store.path()).expect("bytes");
    let half = damaged.len() / 2;
    damaged[200] ^= 1;
    damaged[half + 200] ^= 1;
    fs::write(store.path(), &damaged).expect("damaged");
    assert!(matches!(store.load(), Err(StoreError::Garbage { .. })));
    let swap = store.compare_and_swap(Epoch(2), &membership(3));
    assert!(matches!(swap, Err(StoreError::Garbage { .. })));
    assert_eq!(fs::read(store.path()).expect("bytes"), damaged);
}

/// What a failed sync leaves behind: the swap is in the file and may not be on the disk.
#[test]
fn a_swap_that_is_tried_again_is_written_anew_before_it_counts() {
    let (_folder, store) = store();
    store.compare_and_swap(Epoch(0), &membership(1)).expect("stored");
    store.compare_and_swap(Epoch(1), &membership(2)).expect("stored");
    let inode = || fs::metadata(store.path()).expect("a file").ino();
    let written_first = inode();
    match store.compare_and_swap(Epoch(1), &membership(2)) {
        Err(StoreError::Conflict { current, .. }) => assert_eq!(*current, membership(2)),
        other => panic!("{other:?}"),
    }
    assert_ne!(inode(), written_first, "a file that was synced took its place");
    let rewritten = inode();
    store
        .compare_and_swap(Epoch(1), &large(2, 1))
        .expect_err("somebody else's is stored");
    assert_eq!(inode(), rewritten, "what somebody else stored is theirs to sync");
    assert_eq!(store.load().expect("stored"), membership(2));
}
