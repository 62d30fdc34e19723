//! The flows of the control plane, as scripts: an event (`> ...`), then every command that it causes.
//!
//! The scripts are the text files beside this one; [`script`] says how to read them.

mod answers;
pub(super) mod script;
pub(super) mod trace;

use super::*;

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
    a_group_is_founded_when_every_server_has_admitted_its_primary,
    changes_that_wait_for_the_store_are_taken_together,
    a_lost_server_is_removed_before_views_do_without_it,
    a_server_that_comes_back_is_rebuilt_by_every_primary,
    a_broken_rebuild_is_ordered_anew_in_another_epoch,
    a_lost_primary_is_decoded_into_its_replacement,
    two_lost_primaries_are_recovered_together,
    three_primaries_lost_at_once_are_decoded_from_three_servers,
    a_primary_and_a_server_lost_at_once_come_back_one_after_the_other,
    a_further_loss_in_each_phase_starts_the_recovery_anew,
    a_replacement_that_is_lost_leaves_the_one_beside_it_what_it_holds,
    a_loss_during_a_recovery_starts_it_anew,
    a_suspected_primary_goes_on_with_its_memory,
    more_losses_than_faults_are_refused_by_name,
    a_failing_recovery_is_given_up_after_five_attempts,
    a_second_life_is_refused_while_the_first_one_lives,
    a_new_manager_expects_the_members_to_come_back,
    another_manager_ends_this_one,
    a_founder_lost_while_the_store_is_busy_is_replaced_by_another,
    a_recovery_waits_until_its_replacement_listens,
    a_founder_that_may_not_have_heard_it_is_told_again,
    a_founder_that_was_never_told_leaves_nothing_behind,
    a_second_call_that_is_answered_ends_both_links,
    a_second_replacement_waits_for_the_recovery_under_way,
    a_complete_recovery_waits_for_a_busy_store,
    a_new_manager_recovers_under_another_number,
    a_word_that_was_lost_with_its_link_is_not_waited_for,
    a_fused_server_that_a_missing_primary_needs_is_waited_for,
    links_that_end_after_a_pause_of_the_manager_prove_nothing,
    a_fused_server_is_added_rebuilt_and_counts,
    a_fused_server_is_removed_unless_data_would_be_lost,
    a_fused_server_is_not_removed_while_a_primary_is_awaited,
    a_primary_is_added_founds_its_group_and_leaves_in_order,
    a_primary_that_crashes_as_it_leaves_is_recovered_and_leaves_then,
    a_primary_leaves_after_the_rebuild_that_counts_on_it,
    a_lost_primary_is_discarded_and_the_servers_are_rebuilt_without_it,
    a_lost_primary_is_not_discarded_while_others_need_what_is_left,
    a_lost_primary_is_not_discarded_while_another_is_awaited,
    lost_primaries_whose_recovery_is_given_up_are_discarded,
    a_fused_server_that_is_lost_is_removed_without_what_others_hold,
    an_id_that_is_given_to_another_group_at_once_begins_anew,
    what_is_lost_already_goes_with_a_fused_server_that_is_discarded,
    fused_servers_are_added_up_to_the_limit_and_not_one_past_it,
    a_lease_is_granted_to_whoever_counts_as_the_holder_alone,
}

#[test]
fn the_stored_membership_of_another_cluster_is_refused() {
    use multicast::id::GroupId;
    use wire::message::membership::Role;
    let refused = |change: fn(&mut Membership)| {
        let cluster = script::cluster(2, 1);
        let mut loaded = Membership {
            epoch: Epoch(4),
            owner: None,
            members: cluster.absent_members(),
            founded: vec![GroupId(0)],
            ..Membership::default()
        };
        change(&mut loaded);
        FusionCoordinator::new(cluster, loaded, Micros(0)).expect_err("not ours")
    };
    let stranger = refused(|loaded| {
        let mut member = loaded.members[&NodeId(1)].clone();
        member.column = None;
        loaded.members.insert(NodeId(5), member);
    });
    assert_eq!(
        stranger,
        ForeignMembership::Member {
            node: NodeId(5),
            role: Role::Primary
        }
    );
    let moved = refused(|loaded| loaded.members.get_mut(&NodeId(1)).expect("there").group = Some(GroupId(1)));
    let (stored, described) = ("B".to_owned(), "A".to_owned());
    assert_eq!(
        moved,
        ForeignMembership::Group {
            node: NodeId(1),
            stored,
            described
        }
    );
    let founded = refused(|loaded| loaded.founded.push(GroupId(7)));
    assert_eq!(founded, ForeignMembership::Founded { group: GroupId(7) });
}
