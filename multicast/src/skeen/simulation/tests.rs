//! The simulation finds nothing wrong with the cores, and something wrong with each broken variant of them.

use std::{collections::BTreeSet, ops::Range};

use super::{Defect, OrderedBy, Variant, run};

const SEEDS: u64 = 6_000;

/// Each broken variant must be caught within these.
const SEEDS_OF_A_DEFECT: u64 = 3_000;

/// As many as the variable `FUSEBOX_SEEDS` says (`100000`), or those from one to another (`17..18`).
fn seeds() -> Range<u64> {
    let Ok(wanted) = std::env::var("FUSEBOX_SEEDS") else {
        return 0..SEEDS;
    };
    let (first, end) = wanted.split_once("..").unwrap_or(("0", &wanted));
    let number = |text: &str| {
        text.parse()
            .expect("FUSEBOX_SEEDS is a number, or two with .. between")
    };
    number(first)..number(end)
}

const SKEEN: Variant = Variant {
    ordering: OrderedBy::Skeen,
    defect: Defect::None,
};

const SEQUENCER: Variant = Variant {
    ordering: OrderedBy::Sequencer,
    defect: Defect::None,
};

/// The invariants that these seeds find broken.
fn broken_with(defect: Defect, sound: Variant) -> BTreeSet<&'static str> {
    let variant = Variant { defect, ..sound };
    let results = (0..SEEDS_OF_A_DEFECT).map(|seed| run(seed, variant, false).0);
    results
        .filter_map(Result::err)
        .map(|violation| violation.invariant)
        .collect()
}

fn no_seed_breaks_an_invariant(variant: Variant) {
    for seed in seeds() {
        if let Err(violation) = run(seed, variant, false).0 {
            let (_, trace) = run(seed, variant, true);
            let tail = trace.len().saturating_sub(80);
            panic!(
                "seed {seed}: {}\n{}\nthe last of {} events:\n{}",
                violation.invariant,
                violation.how,
                trace.len(),
                trace[tail..].join("\n")
            );
        }
    }
}

#[test]
fn no_seed_breaks_an_invariant_of_skeens_algorithm() {
    no_seed_breaks_an_invariant(SKEEN);
}

#[test]
fn no_seed_breaks_an_invariant_of_the_sequencer() {
    no_seed_breaks_an_invariant(SEQUENCER);
}

#[test]
fn the_same_seed_gives_the_same_trace() {
    for seed in 0..20 {
        assert_eq!(run(seed, SKEEN, true), run(seed, SKEEN, true));
    }
    assert_ne!(run(1, SKEEN, true).1, run(2, SKEEN, true).1);
}

/// DESIGN section 3: the broken variants that must be caught. A clock left behind offers a timestamp below
/// what was delivered.
#[test]
fn no_clock_bump_on_final_is_caught() {
    let broken = broken_with(Defect::NoClockBumpOnFinal, SKEEN);
    assert!(broken.contains("delivered timestamps rise"), "{broken:?}");
}

#[test]
fn ties_not_broken_by_node_id_are_caught() {
    let broken = broken_with(Defect::NoTieBreak, SKEEN);
    assert!(broken.contains("delivered timestamps rise"), "{broken:?}");
}

/// The sender calls complete what a member has only queued.
#[test]
fn acknowledgement_on_receipt_is_caught() {
    let broken = broken_with(Defect::AcknowledgeOnReceipt, SKEEN);
    assert!(
        broken.contains("a complete message is delivered everywhere"),
        "{broken:?}"
    );
}

/// Members that take part in two epochs never come to rest (and with some seeds deliver out of order: a Final
/// of the superseded sender overtakes what its successor proposed anew).
#[test]
fn no_epoch_check_is_caught() {
    let broken = broken_with(Defect::NoEpochCheck, SKEEN);
    assert!(broken.contains("everything pending completes"), "{broken:?}");
}

/// What a sealed member does not report, the next owner neither spreads nor proposes anew.
#[test]
fn a_takeover_without_a_flush_is_caught() {
    let broken = broken_with(Defect::ReportsNothing, SKEEN);
    let lost = "a complete message is delivered everywhere";
    assert!(broken.contains(lost), "{broken:?}");
}

/// A watermark of one sender says nothing of what another one keeps: forgotten in one group, it is delivered anew
/// when the next owner finds it tentative in the other.
#[test]
fn stability_across_keepers_ignored_is_caught() {
    let broken = broken_with(Defect::ForgetForAll, SKEEN);
    assert!(broken.contains("a message is delivered once"), "{broken:?}");
    assert!(broken.contains("one final timestamp per message"), "{broken:?}");
}

/// A member without a state delivers to nothing.
#[test]
fn a_joiner_counted_as_active_is_caught() {
    let broken = broken_with(Defect::JoinerIsActive, SKEEN);
    assert!(broken.contains("same order at all members"), "{broken:?}");
}

/// The members take a new owner's numbers for those of messages that they delivered long ago.
#[test]
fn a_sequencer_that_begins_its_numbers_anew_is_caught() {
    let broken = broken_with(Defect::NumbersFromOne, SEQUENCER);
    assert!(broken.contains("everything pending completes"), "{broken:?}");
}

/// A link that broke lost one message and brings the next.
#[test]
fn a_numbered_message_taken_over_a_gap_is_caught() {
    let broken = broken_with(Defect::TakesGaps, SEQUENCER);
    assert!(broken.contains("same order at all members"), "{broken:?}");
}

/// A run in which nobody joins, follows or is refused would show nothing of it.
#[test]
fn the_seeds_reach_what_they_are_for() {
    for (variant, given_back) in [(SKEEN, " again as "), (SEQUENCER, " back: ")] {
        let traces: Vec<String> = (0..200).flat_map(|seed| run(seed, variant, true).1).collect();
        for what in [
            "is active",
            "is it taken: true",
            "is it taken: false",
            given_back,
            "follows",
            "stands still",
            "Holding",
            "Restate",
        ] {
            assert!(traces.iter().any(|line| line.contains(what)), "{what}");
        }
    }
}
