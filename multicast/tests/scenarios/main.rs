//! Scenarios of Skeen's multicast as text: a line that begins with `>` is an event, the indented lines below
//! it are all that came of it, lines that begin with `#` say what is shown and where it is claimed.
//!
//! Each script is replayed whole and compared with itself. `FUSEBOX_BLESS=1` writes what happened instead.

mod cluster;
mod parse;
mod render;

use std::{fs, path::PathBuf};

use cluster::Cluster;

/// The script with what really came of each event.
fn replay(script: &str) -> String {
    let mut cluster = Cluster::default();
    let mut replayed = String::new();
    for line in script.lines().filter(|line| !line.starts_with(' ')) {
        replayed.push_str(line);
        replayed.push('\n');
        let outcome = line.strip_prefix("> ").map(|event| cluster.carry_out(event));
        for line in outcome.into_iter().flatten() {
            replayed.push_str(&format!("    {line}\n"));
        }
    }
    replayed
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios")
}

fn check(name: &str) {
    let path = folder().join(format!("{name}.txt"));
    let script = fs::read_to_string(&path).expect("the script is there");
    let replayed = replay(&script);
    if std::env::var_os("FUSEBOX_BLESS").is_some() {
        fs::write(&path, &replayed).expect("the folder can be written");
    } else {
        assert_eq!(script, replayed, "\n{name} went like this:\n{replayed}");
    }
}

macro_rules! scenarios {
    ($($name:ident)*) => {
        const NAMES: &[&str] = &[$(stringify!($name)),*];
        $(
            #[test]
            fn $name() {
                check(stringify!($name));
            }
        )*
    };
}

scenarios! {
    rule_1_a_proposal_is_a_tick_and_repeating_it_is_harmless
    rule_2_final_is_the_largest_proposal_over_all_groups
    rule_2_a_final_moves_the_entry_and_only_final_heads_are_delivered
    rule_2_ties_are_broken_by_node_id
    rule_3_complete_means_delivered_everywhere
    rule_4_another_epoch_is_refused_and_told_the_own_one
    rule_5_a_dead_senders_messages_are_finished_as_a_whole
    rule_5_a_removed_member_completes_nothing_more
    rule_5_a_removed_members_result_is_not_the_groups
    rule_5_nothing_but_seal_leaves_a_sealing_sender
    rule_5_a_second_crash_gives_the_view_change_up_for_the_next
    rule_6_a_joiner_goes_on_from_the_donors_clock
    rule_8_stable_is_delivered_in_every_addressed_group
    rule_8_a_waiting_read_hears_of_the_watermark
    rule_9_a_group_without_members_abandons_its_messages
    a_final_for_an_unknown_message_does_not_block
    a_repeated_final_is_answered_again_until_stable
    messages_to_overlapping_groups_have_one_order
    rule_6_a_joiner_votes_at_once_and_delivers_when_its_state_is_there
    a_follower_proposes_to_members_in_view_and_gives_back_what_it_had
    nobody_outside_the_destinations_hears_of_a_message
    results_that_differ_are_reported
    a_sequencer_numbers_messages_itself_and_sends_each_once
    a_numbered_message_is_left_while_the_one_before_it_is_missing
    a_new_sequencers_numbers_are_above_all_that_members_know
    under_a_sequencer_nobody_else_sends
}

#[test]
fn every_script_is_run() {
    let files = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    let scripts = files.filter(|path| path.extension().is_some_and(|extension| extension == "txt"));
    let mut found: Vec<String> = scripts
        .map(|path| path.file_stem().unwrap().to_string_lossy().into_owned())
        .collect();
    let mut named: Vec<String> = NAMES.iter().map(|name| (*name).to_owned()).collect();
    found.sort();
    named.sort();
    assert_eq!(found, named);
}
