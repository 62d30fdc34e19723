//! Each planted fault is caught, by the claim that it breaks, and sound cores pass the same seeds.

use fusion_primary::defect::Defect as PrimaryDefect;
use fusion_server::defect::Defect as ServerDefect;
use group_manager::fusion::Defect as ManagerDefect;

use crate::{claims::Claim, course::run, fault::Fault};

/// Every one is caught within as many seeds as its test says; these are the most that any of them needs.
const SEEDS_OF_ALL: u64 = 100;

/// A world with the fault breaks this claim, and is among so many first ones.
fn assert_caught(fault: Fault, claim: Claim, seeds: u64) {
    assert!(seeds <= SEEDS_OF_ALL, "sound cores are not tried with so many");
    let breaks =
        |seed: &u64| run(*seed, false, Some(fault)).is_err_and(|failure| failure.broken.claim == claim);
    let caught = (0..seeds).find(breaks);
    assert!(
        caught.is_some(),
        "{fault:?} breaks {claim:?} in none of {seeds} worlds"
    );
}

#[test]
fn a_cut_at_the_largest_applied_operation_is_caught() {
    assert_caught(Fault::Manager(ManagerDefect::CutAtTheLargest), Claim::Cuts, 30);
}

#[test]
fn an_answer_before_all_servers_have_applied_is_caught() {
    assert_caught(
        Fault::Primary(PrimaryDefect::AcknowledgeAtTheFirst),
        Claim::Acknowledged,
        10,
    );
}

#[test]
fn a_residual_without_the_block_mark_is_caught() {
    assert_caught(Fault::Server(ServerDefect::NoBlockMark), Claim::Recovered, 100);
}

#[test]
fn a_rebuilt_server_that_counts_before_it_is_complete_is_caught() {
    assert_caught(
        Fault::Manager(ManagerDefect::RebuiltByOne),
        Claim::Acknowledged,
        10,
    );
}

#[test]
fn an_operation_that_is_torn_is_caught() {
    assert_caught(Fault::Server(ServerDefect::TornOperation), Claim::Encoding, 10);
}

#[test]
fn an_operation_that_is_undone_by_half_is_caught() {
    assert_caught(Fault::Server(ServerDefect::TornUndo), Claim::Encoding, 30);
}

#[test]
fn sound_cores_pass_the_same_seeds() {
    for seed in 0..SEEDS_OF_ALL {
        if let Err(failure) = run(seed, false, None) {
            panic!("{failure}");
        }
    }
}
