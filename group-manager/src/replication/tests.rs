//! The flows of a replicated cluster, as scripts: an event (`> ...`), then every command that it causes.
//!
//! The scripts are the text files beside this one; [`script`] says how to read them. The data nodes in them are
//! the real cores, so that a script shows both sides of every flow.

mod arriving_together;
mod limits;
mod managers;
mod other_manager;
mod script;
mod simulation;
mod told_to_operators;
mod trace;
mod world;

macro_rules! scripts {
    ($($name:ident),* $(,)?) => {
        $(
            #[test]
            fn $name() {
                script::play(include_str!(concat!("tests/", stringify!($name), ".script")));
            }
        )*
    };
}

scripts! {
    the_first_node_founds_its_group_and_the_second_gets_its_state,
    a_write_is_answered_when_every_active_member_delivered_it,
    a_crash_during_rounds_lets_the_others_go_on_and_the_replies_come_after_the_view,
    a_lost_donor_is_replaced_by_another_one,
    a_lost_joiner_lets_the_writers_go_on,
    a_follower_that_cannot_reach_a_voter_refuses_what_it_has_not_sent,
    a_manager_is_not_kept_out_by_a_late_swap_of_its_former_life,
    a_long_ordered_read_goes_to_who_was_active_at_its_place,
    a_sender_that_members_miss_is_replaced_by_a_view,
    a_joiner_lost_while_its_admission_is_stored_keeps_the_door_shut,
    a_transfer_that_keeps_failing_lets_the_joiner_go,
    a_loss_while_members_are_sealed_makes_another_view,
    a_sealed_member_that_is_lost_does_not_end_the_way_to_the_next_view,
    a_member_back_before_its_removal_is_stored_enters_anew,
    a_member_back_while_its_removal_is_stored_is_not_the_last_holder,
    a_second_process_with_an_id_in_use_is_refused,
    the_last_holder_keeps_its_place_and_only_its_memory_opens_the_group,
    a_founder_that_missed_the_word_hears_it_again,
    a_new_manager_waits_for_the_members_of_the_last_view,
    a_new_manager_goes_on_without_those_that_do_not_come_back,
    a_new_manager_without_any_member_answers_state_lost,
    an_owner_calls_members_that_a_former_owner_let_in,
    a_manager_that_loses_the_swap_follows,
    an_answer_of_the_store_that_is_no_news_dethrones_nobody,
    a_follower_sends_again_what_was_orphaned_once_the_members_are_in_the_view,
    a_follower_takes_over_when_the_owners_link_ends,
    a_call_that_was_let_go_of_before_its_answer_lets_nobody_in,
    a_follower_that_may_still_hear_of_members_claims_first_and_gathers,
    an_owner_that_never_shows_up_is_succeeded_after_the_suspicion_time,
    the_owner_seals_anew_when_another_sender_is_gone_or_stuck,
    a_follower_that_cannot_reach_a_member_asks_for_a_new_view,
    a_manager_that_a_member_calls_late_waits_for_the_stores_word,
    writes_wait_while_too_few_backups_are_left,
    reads_are_passed_on_and_a_lost_node_ends_them,
    writes_wait_while_a_view_change_is_given_up_for_the_next,
    nodes_enter_a_group_one_after_the_other,
    a_node_gets_its_state_while_writes_go_on,
    a_joiner_lost_while_it_votes_is_removed_like_any_other,
    a_donor_lost_while_it_streams_is_replaced_after_the_next_view,
    a_view_change_while_a_state_is_streamed_begins_it_anew,
    a_manager_that_takes_up_a_join_lets_the_node_begin_anew,
    groups_written_together_hear_of_it_and_nobody_else,
    writes_of_one_group_and_of_several_share_no_round_and_one_order,
    a_write_of_several_groups_is_refused_as_a_whole,
    a_write_of_a_lost_group_is_refused_before_and_while_it_is_under_way,
    a_view_change_finishes_a_write_of_several_groups_in_all_of_them,
    ordered_reads_have_a_place_among_the_writes,
    a_node_is_added_and_counts_from_its_activation_on,
    a_node_is_removed_and_no_update_waits_for_it,
    changes_of_members_that_may_not_be_are_refused_with_the_reason,
    what_was_discarded_does_not_come_back_with_an_id_that_is_added_again,
    a_node_removed_and_added_at_once_enters_anew,
    a_group_is_added_founded_closed_and_begins_empty_again,
    a_dead_node_goes_and_a_lost_state_only_when_it_is_discarded,
    changes_are_the_owners_to_make,
    an_ordered_read_waits_for_members_that_a_local_one_does_not_ask,
    a_sequencer_answers_after_one_round,
    a_sequencer_that_loses_the_swap_sends_its_clients_to_the_owner,
    a_follower_that_takes_over_numbers_above_what_members_know,
}
