//! Sound cores keep every claim with every seed; each planted fault breaks the claim that it is said to break.

use multicast::skeen::sequencer::OrderedBy;

use super::{
    claims::Claim,
    course::{Outcome, run, sound, with},
    fault::Fault,
    seeds::seeds,
};

/// Worlds of Skeen's algorithm, and of the sequencer.
const WORLDS: (u64, u64) = (1000, 500);

/// So many worlds reach what they are for; a few, asked for by hand, need not.
const TELLING: usize = 200;

/// The last lines of a failure's trace that are shown.
const TAIL: usize = 80;

fn every_claim_holds(ordering: OrderedBy, worlds: u64) {
    let mut sum = Outcome::default();
    let worlds = seeds(worlds);
    let count = worlds.clone().count();
    for seed in worlds {
        match run(seed, sound(ordering), false).0 {
            Ok(outcome) => add(&mut sum, &outcome),
            Err(failure) => {
                let (_, trace) = run(seed, sound(ordering), true);
                let tail = &trace[trace.len().saturating_sub(TAIL)..];
                panic!("seed {seed}: {}\n{}", failure.broken, tail.join("\n"));
            }
        }
    }
    if count < TELLING {
        return;
    }
    assert!(sum.answered > 5 * count, "the worlds did little: {sum:?}");
    assert!(sum.takeovers > count && sum.conflicts > count, "{sum:?}");
    assert!(sum.left > count / 10 && sum.added > count / 10, "{sum:?}");
    assert!(sum.lost < count && sum.judged_together > count / 3, "{sum:?}");
}

fn add(sum: &mut Outcome, of: &Outcome) {
    sum.answered += of.answered;
    sum.epochs += of.epochs;
    sum.takeovers += of.takeovers;
    sum.conflicts += of.conflicts;
    sum.left += of.left;
    sum.added += of.added;
    sum.lost += of.lost;
    sum.judged_together += of.judged_together;
}

#[test]
fn several_managers_keep_every_claim_whatever_happens() {
    every_claim_holds(OrderedBy::Skeen, WORLDS.0);
}

#[test]
fn several_managers_keep_every_claim_under_a_sequencer_too() {
    every_claim_holds(OrderedBy::Sequencer, WORLDS.1);
}

#[test]
fn the_same_seed_gives_the_same_trace() {
    for seed in 0..10 {
        let variant = sound(OrderedBy::Skeen);
        assert_eq!(run(seed, variant, true), run(seed, variant, true));
    }
    let traces = [1, 2].map(|seed| run(seed, sound(OrderedBy::Skeen), true).1);
    assert_ne!(traces[0], traces[1]);
}

/// The fault breaks this claim, first of all, in one of so many worlds.
fn assert_caught(fault: Fault, claim: Claim, worlds: u64) {
    let breaks = |seed: &u64| {
        run(*seed, with(fault), false)
            .0
            .is_err_and(|failure| failure.broken.claim == claim)
    };
    let caught = (0..worlds).find(breaks);
    assert!(
        caught.is_some(),
        "{fault:?} breaks {claim:?} in none of {worlds} worlds"
    );
}

#[test]
fn an_owner_that_does_not_ask_the_store_is_caught() {
    assert_caught(Fault::IgnoresConflicts, Claim::OneOwner, 20);
}

#[test]
fn a_takeover_without_a_flush_is_caught() {
    assert_caught(Fault::NoFlush, Claim::Acknowledged, 200);
}

#[test]
fn a_manager_that_answers_what_it_lost_is_caught() {
    assert_caught(Fault::AnswersWhatItLost, Claim::Acknowledged, 200);
}
