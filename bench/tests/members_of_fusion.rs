//! Primaries come to a running cluster and leave it under load, and what was lost beyond the tolerance is given up without
//! an end for the rest: contents are compared after every step, and the parity with them.

#![allow(
    clippy::unwrap_used,
    reason = "a test, its helpers included, may fail by panicking"
)]

mod support;

use std::{ops::Range, time::Duration};

use bench::cluster::Seat;
use multicast::id::{GroupId, NodeId};
use nix::sys::signal::Signal;
use settings::{Cluster as Described, ClusterPlan, Mechanism};
use structures::op::{Element, Op, Outcome};
use support::{
    Cluster, element, key,
    operator::{Load, PATIENCE, must, must_with, one_more_primary, one_more_server, plan, refusal},
    value,
};
use wire::message::{
    client::Refusal,
    membership::{Membership, Role, Standing},
    roster::Change,
};

/// Crashes are noticed when a link ends; whoever is merely slow, on a machine that runs all these clusters at once, is
/// waited for.
fn patient(mechanism: Mechanism, groups: usize, faults: usize) -> ClusterPlan {
    ClusterPlan {
        suspicion: Duration::from_secs(4),
        ..plan(mechanism, groups, faults)
    }
}

async fn fill(cluster: &Cluster, group: GroupId, numbers: Range<u64>) {
    let mut session = cluster.session(group).await;
    for number in numbers {
        let (key, value) = (key(number), value(number));
        let answer = session.write(Op::Insert { key, value }).await.unwrap();
        assert_eq!(answer.outcome, Outcome::Inserted);
    }
}

async fn contents(cluster: &Cluster, group: GroupId) -> Vec<Element> {
    cluster.running.directory.read_all(group, PATIENCE).await.unwrap()
}

async fn crash_and_recover(cluster: &mut Cluster, seat: Seat) {
    cluster.kill(seat.node).await;
    cluster.wait_for(seat.node, Standing::Removed).await;
    cluster.restart(seat).await;
    cluster.wait_for(seat.node, Standing::Active).await;
}

async fn parity_fits(cluster: &Cluster) {
    let report = bench::scrub::scrub(&cluster.running.directory).await.unwrap();
    assert!(report.is_sound(), "{report:?}");
}

async fn wait_until_gone(cluster: &mut Cluster, node: NodeId) -> Membership {
    let gone = |members: &Membership| !members.members.contains_key(&node);
    cluster
        .running
        .wait_until("it does not leave", gone)
        .await
        .unwrap()
}

async fn a_primary_comes_and_goes_under_load(mechanism: Mechanism) {
    let mut cluster = Cluster::launch(patient(mechanism, 2, 1)).await;
    let [first, second] = cluster.seats_of(Role::Primary)[..] else {
        panic!("two primaries")
    };
    let server = cluster.seats_of(Role::FusionServer)[0];
    let mut load = Load::start(&cluster).await;
    load.get_on().await;

    // By its name it stands between the two that there are; their numbers stay.
    let new = one_more_primary(&cluster, "AB");
    must(&cluster, "add", new).await;
    cluster.restart(new).await;
    cluster.wait_for(new.node, Standing::Active).await;
    let described = Described::load(cluster.file()).unwrap();
    assert_eq!(described.group_named("AB"), Some(GroupId(1)));
    let group = cluster
        .running
        .directory
        .group_named("AB")
        .await
        .unwrap()
        .unwrap();
    assert_eq!(group, GroupId(2));
    fill(&cluster, group, 0..300).await;
    load.get_on().await;
    for seat in [new, first] {
        crash_and_recover(&mut cluster, seat).await;
        load.get_on().await;
    }
    let expected: Vec<Element> = (0..300).map(element).collect();
    assert_eq!(contents(&cluster, group).await, expected);
    let words = refusal(&cluster, "add", new).await;
    assert_eq!(
        words,
        format!("error: {} belongs to the cluster already, as a primary", new.node)
    );

    must(&cluster, "remove", new).await;
    assert!(cluster.running.ended(new.node).await.unwrap(), "it ends in order");
    assert_eq!(cluster.refusal_at_manager(group).await, Refusal::Closed { group });
    load.get_on().await;
    crash_and_recover(&mut cluster, second).await;
    load.get_on().await;

    // Another one gets its column, and the same name finds the group empty.
    let other = one_more_primary(&cluster, "C");
    for seat in [other, new] {
        must(&cluster, "add", seat).await;
        cluster.restart(seat).await;
        cluster.wait_for(seat.node, Standing::Active).await;
    }
    let members = cluster.running.members().await.unwrap();
    assert_eq!(members.members[&other.node].column, Some(2));
    assert_eq!(contents(&cluster, group).await, []);
    fill(&cluster, group, 0..50).await;
    let last = members.group_named("C").unwrap();
    fill(&cluster, last, 50..120).await;
    crash_and_recover(&mut cluster, server).await;
    crash_and_recover(&mut cluster, other).await;
    load.get_on().await;
    assert_eq!(
        contents(&cluster, last).await,
        (50..120).map(element).collect::<Vec<_>>()
    );

    let expected = load.stop().await;
    assert_eq!(cluster.read_everywhere().await, expected);
    parity_fits(&cluster).await;
    cluster.stop().await;
}

#[tokio::test]
async fn a_primary_of_any_structure_comes_and_goes_under_load() {
    a_primary_comes_and_goes_under_load(Mechanism::FusionArena).await;
}

#[tokio::test]
async fn a_primary_of_linked_lists_comes_and_goes_under_load() {
    a_primary_comes_and_goes_under_load(Mechanism::FusionLinked).await;
}

/// The fused server does not answer, so that nothing is taken out of it before the primary is killed, or the manager, or
/// both; then half of it may be.
async fn a_crash_as_a_primary_leaves(with_primary: bool, with_manager: bool) {
    let mut plan = patient(Mechanism::FusionArena, 2, 1);
    plan.managers = 2;
    plan.suspicion = Duration::from_secs(8);
    let mut cluster = Cluster::launch(plan).await;
    let expected = cluster.insert_everywhere(0..3000).await;
    let [stays, leaves] = cluster.seats_of(Role::Primary)[..] else {
        panic!("two primaries")
    };
    let server = cluster.seats_of(Role::FusionServer)[0];
    cluster.signal(server.node, Signal::SIGSTOP);
    let node = leaves.node;
    let change = Change::Remove {
        node,
        discard: false,
        tolerating: None,
    };
    cluster.running.directory.change(change, PATIENCE).await.unwrap();
    let members = cluster.running.members().await.unwrap();
    assert!(members.leaving.contains(&node) && members.members.contains_key(&node));
    if with_primary {
        cluster.kill(node).await;
    }
    if with_manager {
        let owner = members.owner.unwrap().node;
        cluster.running.kill_manager(owner).await.unwrap();
        let is_other = |members: &Membership| members.owner.unwrap().node != owner;
        let waiting = cluster.running.wait_until("nobody takes over", is_other);
        waiting.await.unwrap();
    }
    cluster.signal(server.node, Signal::SIGCONT);
    if with_primary {
        cluster.wait_for(node, Standing::Removed).await;
        cluster.restart(leaves).await;
    }
    let members = wait_until_gone(&mut cluster, node).await;
    assert_eq!((members.leaving.len(), members.left.contains(&node)), (0, true));
    assert!(cluster.running.ended(node).await.unwrap(), "it ends in order");
    crash_and_recover(&mut cluster, stays).await;
    assert_eq!(contents(&cluster, GroupId(0)).await, expected[0]);
    parity_fits(&cluster).await;
    cluster.stop().await;
}

#[tokio::test]
async fn a_primary_that_is_killed_as_it_leaves_is_recovered_and_leaves_then() {
    a_crash_as_a_primary_leaves(true, false).await;
}

#[tokio::test]
async fn whoever_takes_over_lets_the_primary_go_that_was_to_leave() {
    a_crash_as_a_primary_leaves(false, true).await;
}

#[tokio::test]
async fn a_primary_that_is_killed_with_the_manager_as_it_leaves_is_recovered_and_leaves_then() {
    a_crash_as_a_primary_leaves(true, true).await;
}

/// A fused server and a primary at once, which no other can make good for. `old` is what becomes of the lost primary's
/// process: it is killed, or it wakes up again when its group has been given up.
async fn what_is_lost_is_given_up(old: Signal) {
    let mut cluster = Cluster::launch(patient(Mechanism::FusionArena, 3, 1)).await;
    let mut expected = cluster.insert_everywhere(0..200).await;
    let lost = cluster.seats_of(Role::Primary)[1];
    let server = cluster.seats_of(Role::FusionServer)[0];
    cluster.kill(server.node).await;
    cluster.wait_for(server.node, Standing::Removed).await;
    match old {
        Signal::SIGSTOP => cluster.signal(lost.node, old),
        _ => cluster.kill(lost.node).await,
    }
    cluster.wait_for(lost.node, Standing::Removed).await;
    let missing = Refusal::TooManyFaults {
        tolerated: 1,
        missing: vec![lost.node, server.node],
    };
    assert_eq!(cluster.refusal_at_manager(GroupId(1)).await, missing);
    let words = refusal(&cluster, "remove", lost).await;
    let expected_words = format!(
        "what {} holds nobody else has; it goes only together with its data",
        lost.node
    );
    assert_eq!(words, format!("error: {expected_words} (--discard)"));

    must_with(&cluster, &["remove", "--discard"], server).await;
    cluster.wait_for(lost.node, Standing::Absent).await;
    if old == Signal::SIGSTOP {
        cluster.signal(lost.node, Signal::SIGCONT);
        assert!(
            cluster.running.ended(lost.node).await.unwrap(),
            "it ends in order"
        );
    }
    let new = one_more_server(&cluster);
    must(&cluster, "add", new).await;
    cluster.restart(new).await;
    cluster.wait_for(new.node, Standing::Active).await;
    cluster.restart(lost).await;
    cluster.wait_for(lost.node, Standing::Active).await;
    expected[1].clear();
    assert_eq!(cluster.read_everywhere().await, expected);

    // As good as new: each of them may crash again.
    fill(&cluster, GroupId(1), 7..80).await;
    expected[1] = (7..80).map(element).collect();
    for seat in cluster.seats_of(Role::Primary) {
        crash_and_recover(&mut cluster, seat).await;
    }
    assert_eq!(cluster.read_everywhere().await, expected);
    parity_fits(&cluster).await;
    cluster.stop().await;
}

#[tokio::test]
async fn what_was_lost_beyond_the_tolerance_begins_empty_and_the_rest_goes_on() {
    what_is_lost_is_given_up(Signal::SIGKILL).await;
}

#[tokio::test]
async fn a_life_whose_data_was_discarded_ends_when_it_wakes_up() {
    what_is_lost_is_given_up(Signal::SIGSTOP).await;
}

#[tokio::test]
async fn a_lost_primary_goes_with_its_group_and_the_servers_are_rebuilt_without_it() {
    let mut cluster = Cluster::launch(patient(Mechanism::FusionLinked, 3, 2)).await;
    let expected = cluster.insert_everywhere(0..200).await;
    let primaries = cluster.seats_of(Role::Primary);
    cluster.kill(primaries[0].node).await;
    cluster.wait_for(primaries[0].node, Standing::Removed).await;
    must_with(&cluster, &["remove", "--discard"], primaries[0]).await;
    let group = GroupId(0);
    assert_eq!(cluster.refusal_at_manager(group).await, Refusal::Closed { group });
    cluster.wait_all_active().await;
    for seat in &primaries[1..] {
        crash_and_recover(&mut cluster, *seat).await;
    }
    for group in [1, 2] {
        assert_eq!(
            contents(&cluster, GroupId(group)).await,
            expected[usize::from(group)]
        );
    }
    parity_fits(&cluster).await;
    cluster.stop().await;
}

#[tokio::test]
async fn fewer_crashes_are_tolerated_only_where_that_is_meant() {
    let mut cluster = Cluster::launch(patient(Mechanism::FusionArena, 2, 1)).await;
    let expected = cluster.insert_everywhere(0..20).await;
    let server = cluster.seats_of(Role::FusionServer)[0];
    let words = refusal(&cluster, "remove", server).await;
    let expected_words = "0 more crashes would be survived, 1 are now; if that is meant: --tolerating 0";
    assert_eq!(words, format!("error: {expected_words}"));
    must_with(&cluster, &["remove", "--tolerating", "0"], server).await;
    assert!(
        cluster.running.ended(server.node).await.unwrap(),
        "it ends in order"
    );
    assert_eq!(cluster.read_everywhere().await, expected);
    cluster.stop().await;
}
