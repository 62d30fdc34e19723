//! Nodes are added to a running cluster and removed from it under load, by the command that an operator uses. All data
//! nodes of a group, or a fused server, are exchanged for new ones, and no element is lost; whoever would take data along
//! stays unless it is discarded; a change outlives the manager that made it.

#![allow(
    clippy::unwrap_used,
    reason = "a test, its helpers included, may fail by panicking"
)]

mod support;

use bench::cluster::Seat;
use multicast::id::{GroupId, NodeId};
use settings::{DataNode, Mechanism};
use structures::op::{Element, Op, Outcome};
use support::{
    Cluster, element, key,
    operator::{Load, must, must_with, one_more_server, plan, refusal, write_section},
    value,
};
use wire::{
    client::Client,
    message::{
        client::Refusal,
        membership::{Role, Standing},
    },
};

/// One more data node of the first group.
fn one_more_node(cluster: &Cluster) -> Seat {
    let added = write_section(cluster.file(), |described| {
        let node = described.data_nodes[0].clone();
        let last = described
            .data_nodes
            .iter()
            .map(|node| node.section)
            .max()
            .unwrap();
        described.data_nodes.push(DataNode {
            section: last + 1,
            id: NodeId(last + 100),
            ..node
        });
    });
    added[0]
}

/// One more group, of so many data nodes.
fn one_more_group(cluster: &Cluster, name: &str, nodes: u32) -> Vec<Seat> {
    write_section(cluster.file(), |described| {
        let group = GroupId(described.groups.len() as u16);
        described.groups.push(name.to_owned());
        let last = described.data_nodes.iter().map(|node| node.section).max();
        let sections = (1..=nodes).map(|place| last.unwrap() + place);
        for section in sections {
            let node = described.data_nodes[0].clone();
            described.data_nodes.push(DataNode {
                section,
                id: NodeId(section + 100),
                group,
                ..node
            });
        }
    })
}

/// What a node's own read port shows.
async fn held_by(cluster: &mut Cluster, seat: Seat) -> Vec<Element> {
    let members = cluster.running.members().await.unwrap();
    let member = &members.members[&seat.node];
    let (address, group) = (member.addresses.unwrap().clients, member.group.unwrap());
    let mut client = Client::connect(address, cluster.running.directory.cluster)
        .await
        .unwrap();
    client.read_all(group).await.unwrap()
}

#[tokio::test]
async fn the_data_nodes_of_a_group_are_exchanged_under_load() {
    let mut cluster = Cluster::launch(plan(Mechanism::Replication, 2, 1)).await;
    let old = cluster.seats();
    let mut load = Load::start(&cluster).await;
    load.get_on().await;
    let new = one_more_node(&cluster);
    must(&cluster, "add", new).await;
    cluster.restart(new).await;
    cluster.wait_for(new.node, Standing::Active).await;
    load.get_on().await;
    let words = refusal(&cluster, "add", new).await;
    assert_eq!(
        words,
        "error: node 104 belongs to the cluster already, as a data-node"
    );

    // One goes on purpose, and its process ends by itself; the other one crashes.
    must(&cluster, "remove", old[0]).await;
    assert!(
        cluster.running.ended(old[0].node).await.unwrap(),
        "it ends in order"
    );
    load.get_on().await;
    cluster.kill(old[1].node).await;
    cluster.wait_for(old[1].node, Standing::Removed).await;
    load.get_on().await;
    let words = refusal(&cluster, "remove", new).await;
    assert_eq!(words, "error: node 104 is the last that holds group #0");
    must(&cluster, "remove", old[1]).await;
    let words = refusal(&cluster, "remove", old[1]).await;
    assert_eq!(words, "error: the cluster has no process with id node 2");

    let expected = load.stop().await;
    assert_eq!(cluster.read_everywhere().await, expected);
    assert_eq!(held_by(&mut cluster, new).await, expected[0]);
    cluster.wait_all_active().await;
    cluster.stop().await;
}

async fn fused_servers_are_exchanged_under_load(mechanism: Mechanism) {
    let mut cluster = Cluster::launch(plan(mechanism, 3, 1)).await;
    let old = cluster.seats_of(Role::FusionServer)[0];
    let mut load = Load::start(&cluster).await;
    load.get_on().await;
    let new = one_more_server(&cluster);
    must(&cluster, "add", new).await;
    cluster.restart(new).await;
    cluster.wait_for(new.node, Standing::Active).await;
    load.get_on().await;
    must_with(&cluster, &["remove", "--tolerating", "1"], old).await;
    assert!(cluster.running.ended(old.node).await.unwrap(), "it ends in order");
    load.get_on().await;
    let words = refusal(&cluster, "remove", old).await;
    assert_eq!(
        words,
        format!("error: the cluster has no process with id {}", old.node)
    );

    // The new one alone makes good for a primary.
    let primary = cluster.seats_of(Role::Primary)[1];
    cluster.kill(primary.node).await;
    cluster.wait_for(primary.node, Standing::Removed).await;
    let words = refusal(&cluster, "remove", new).await;
    let expected = "what node 101 holds nobody else has; it goes only together with its data (--discard)";
    assert_eq!(words, format!("error: {expected}"));
    cluster.restart(primary).await;
    cluster.wait_all_active().await;
    load.get_on().await;
    let expected = load.stop().await;
    assert_eq!(cluster.read_everywhere().await, expected);
    cluster.stop().await;
}

#[tokio::test]
async fn a_fused_server_takes_the_place_of_another_under_load() {
    fused_servers_are_exchanged_under_load(Mechanism::FusionArena).await;
}

#[tokio::test]
async fn a_fused_server_of_linked_lists_takes_the_place_of_another_under_load() {
    fused_servers_are_exchanged_under_load(Mechanism::FusionLinked).await;
}

/// The change is asked of a manager that follows, and lasts although the file of whoever takes over knows nothing of it.
#[tokio::test]
async fn whoever_takes_over_knows_who_was_added_and_removed() {
    let mut plan = plan(Mechanism::Replication, 1, 1);
    plan.managers = 2;
    let mut cluster = Cluster::launch(plan).await;
    let old = cluster.seats();
    let mut load = Load::start(&cluster).await;
    let members = cluster.running.members().await.unwrap();
    let owner = members.owner.unwrap().node;
    let managers: Vec<NodeId> = cluster.running.managers().map(|(node, ..)| node).collect();
    if managers[0] == owner {
        cluster.running.directory.turn_away();
    }
    let new = one_more_node(&cluster);
    must(&cluster, "add", new).await;
    cluster.restart(new).await;
    cluster.wait_for(new.node, Standing::Active).await;
    must(&cluster, "remove", old[0]).await;
    assert!(
        cluster.running.ended(old[0].node).await.unwrap(),
        "it ends in order"
    );
    load.get_on().await;

    cluster.running.kill_manager(owner).await.unwrap();
    load.get_on().await;
    let is_other = |members: &wire::message::membership::Membership| members.owner.unwrap().node != owner;
    let members = cluster
        .running
        .wait_until("nobody takes over", is_other)
        .await
        .unwrap();
    let nodes: Vec<NodeId> = members.members.into_keys().collect();
    assert_eq!(nodes, [old[1].node, new.node]);
    cluster.kill(old[1].node).await;
    load.get_on().await;
    let expected = load.stop().await;
    assert_eq!(cluster.read_everywhere().await, expected);
    assert_eq!(held_by(&mut cluster, new).await, expected[0]);
    cluster.stop().await;
}

#[tokio::test]
async fn a_group_comes_and_goes_under_load() {
    let mut cluster = Cluster::launch(plan(Mechanism::Replication, 2, 1)).await;
    let mut load = Load::start(&cluster).await;
    load.get_on().await;
    // By its name it stands between the two that there are; their numbers stay.
    let nodes = one_more_group(&cluster, "AB", 2);
    for node in &nodes {
        must(&cluster, "add", *node).await;
        cluster.restart(*node).await;
        cluster.wait_for(node.node, Standing::Active).await;
    }
    load.get_on().await;
    let described = settings::Cluster::load(cluster.file()).unwrap();
    assert_eq!(described.group_named("AB"), Some(GroupId(1)));
    let group = cluster
        .running
        .directory
        .group_named("AB")
        .await
        .unwrap()
        .unwrap();
    assert_eq!(group, GroupId(2));
    let mut session = cluster.session(group).await;
    for number in 0..50 {
        let (key, value) = (key(number), value(number));
        let answer = session.write(Op::Insert { key, value }).await.unwrap();
        assert_eq!(answer.outcome, Outcome::Inserted);
    }
    let all: Vec<Element> = (0..50).map(element).collect();
    for node in &nodes {
        assert_eq!(held_by(&mut cluster, *node).await, all);
    }
    cluster.kill(nodes[0].node).await;
    cluster.wait_for(nodes[0].node, Standing::Removed).await;
    cluster.restart(nodes[0]).await;
    cluster.wait_for(nodes[0].node, Standing::Active).await;
    assert_eq!(held_by(&mut cluster, nodes[0]).await, all);

    must(&cluster, "remove", nodes[1]).await;
    let words = refusal(&cluster, "remove", nodes[0]).await;
    assert_eq!(
        words,
        format!("error: {} is the last that holds {group}", nodes[0].node)
    );
    must_with(&cluster, &["remove", "--discard"], nodes[0]).await;
    assert!(
        cluster.running.ended(nodes[0].node).await.unwrap(),
        "it ends in order"
    );
    assert_eq!(cluster.refusal_at_manager(group).await, Refusal::Closed { group });
    load.get_on().await;

    // The same name finds the group empty.
    must(&cluster, "add", nodes[1]).await;
    cluster.restart(nodes[1]).await;
    cluster.wait_for(nodes[1].node, Standing::Active).await;
    assert_eq!(held_by(&mut cluster, nodes[1]).await, []);
    load.get_on().await;
    let expected = load.stop().await;
    assert_eq!(cluster.read_everywhere().await, expected);
    cluster.stop().await;
}
