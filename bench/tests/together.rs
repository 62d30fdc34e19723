//! Groups written together, by real processes: clients on several connections write to two groups at once and to
//! each alone, a data node is killed meanwhile, and every node's list is compared.

#![allow(
    clippy::unwrap_used,
    reason = "a test, its helpers included, may fail by panicking"
)]

mod support;

use std::time::Duration;

use multicast::id::{ClientId, GroupId, Seq};
use settings::{ClusterPlan, Mechanism};
use structures::op::{Op, Outcome};
use support::Cluster;
use wire::{
    client::{Client, Directory},
    message::{
        client::{Reads, Refusal, WriteTogether},
        membership::{Role, Standing},
    },
};

/// How long one write is tried.
const PATIENCE: Duration = Duration::from_secs(20);

/// Clients, and writes of each.
const CLIENTS: u64 = 4;
const WRITES: u64 = 150;

fn plan(mechanism: Mechanism) -> ClusterPlan {
    let mut plan = ClusterPlan::new(mechanism, 2, 1);
    plan.limits.key_bytes = 16;
    plan.limits.element_bytes = 16;
    plan.heartbeat = Duration::from_millis(50);
    plan.suspicion = Duration::from_secs(2);
    plan
}

fn insert(key: String) -> Op {
    Op::Insert {
        key: key.into_bytes(),
        value: b"v".to_vec(),
    }
}

/// Sends one request until it is answered; a retry repeats it whole.
async fn persist(directory: &Directory, client: &mut Option<Client>, write: &WriteTogether) -> Vec<Outcome> {
    let began = tokio::time::Instant::now();
    loop {
        if client.is_none() {
            *client = directory.manager().await.ok();
        }
        if let Some(connected) = client {
            match connected.write_together(write.clone()).await {
                Ok(answers) => return answers.iter().flatten().map(|answer| answer.outcome).collect(),
                Err(error) if error.is_passing() => *client = None,
                Err(error) => panic!("{error}"),
            }
        }
        assert!(began.elapsed() < PATIENCE, "no answer");
        tokio::time::sleep(wire::member::redial_pause(1)).await;
    }
}

/// One client: every third write goes to one group alone, the others to both, named in either order.
async fn write(directory: Directory, groups: [GroupId; 2], number: u64) {
    let (id, mut client, mut seq) = (ClientId(100 + number), None, 0);
    let mut next = |parts: Vec<(GroupId, Vec<Op>)>| {
        seq += 1;
        WriteTogether {
            client: id,
            seq: Seq(seq),
            parts,
        }
    };
    let opening = next(groups.map(|group| (group, vec![Op::OpenSession])).to_vec());
    persist(&directory, &mut client, &opening).await;
    for count in 0..WRITES {
        let [one, other] = match count % 2 {
            0 => groups,
            _ => [groups[1], groups[0]],
        };
        let parts = match count % 3 {
            0 => vec![(one, vec![insert(format!("single-{number}-{count}"))])],
            _ => [one, other]
                .map(|group| (group, vec![insert(format!("both-{number}-{count}"))]))
                .to_vec(),
        };
        let outcomes = persist(&directory, &mut client, &next(parts)).await;
        assert!(
            outcomes.iter().all(|outcome| *outcome == Outcome::Inserted),
            "{outcomes:?}"
        );
    }
}

/// The keys that one data node's read port shows.
async fn keys_at(cluster: &mut Cluster, node: multicast::id::NodeId, group: GroupId) -> Vec<String> {
    let members = cluster.running.members().await.unwrap();
    let address = members.members[&node].addresses.unwrap().clients;
    let mut client = Client::connect(address, cluster.running.directory.cluster)
        .await
        .unwrap();
    let elements = client.read_all(group).await.unwrap();
    elements
        .into_iter()
        .map(|element| String::from_utf8(element.key).unwrap())
        .collect()
}

#[tokio::test]
async fn writes_of_both_groups_have_one_order_at_every_node_through_a_crash() {
    one_order_through_a_crash(Mechanism::Replication).await;
}

#[tokio::test]
async fn numbered_writes_of_both_groups_have_one_order_at_every_node_through_a_crash() {
    one_order_through_a_crash(Mechanism::ReplicationSequencer).await;
}

async fn one_order_through_a_crash(mechanism: Mechanism) {
    let mut cluster = Cluster::launch(plan(mechanism)).await;
    let groups: [GroupId; 2] = cluster.groups().try_into().unwrap();
    let writers: Vec<_> = (0..CLIENTS)
        .map(|number| tokio::spawn(write(cluster.running.directory.clone(), groups, number)))
        .collect();
    let seats = cluster.seats_of(Role::DataNode);
    cluster.kill(seats[1].node).await;
    cluster.wait_for(seats[1].node, Standing::Removed).await;
    cluster.restart(seats[1]).await;
    for writer in writers {
        writer.await.unwrap();
    }
    cluster.wait_all_active().await;

    let mut orders = Vec::new();
    for group in groups {
        let members = cluster.running.members().await.unwrap().members;
        let nodes = members.iter().filter(|(_, member)| member.group == Some(group));
        let mut contents = Vec::new();
        for node in nodes.map(|(node, _)| *node).collect::<Vec<_>>() {
            contents.push(keys_at(&mut cluster, node, group).await);
        }
        assert_eq!(contents[0], contents[1], "the nodes of {group}");
        contents[0].retain(|key| key.starts_with("both"));
        orders.push(contents.swap_remove(0));
    }
    let written = (0..WRITES).filter(|count| count % 3 != 0).count() * CLIENTS as usize;
    assert_eq!(orders[0].len(), written);
    assert_eq!(orders[0], orders[1], "both groups have the same order");
    cluster.stop().await;
}

#[tokio::test]
async fn an_ordered_read_shows_what_was_answered_and_a_long_one_too() {
    let cluster = Cluster::launch(plan(Mechanism::Replication)).await;
    let expected = cluster.insert_everywhere(0..50).await;
    let mut client = cluster.manager_client().await;
    client.read_as(Reads::Ordered);
    for (group, elements) in cluster.groups().into_iter().zip(expected) {
        assert_eq!(client.read_all(group).await.unwrap(), elements);
        assert_eq!(client.len(group).await.unwrap(), 50);
        let value = client.get(group, &support::key(7)).await.unwrap();
        assert_eq!(value, Some(support::value(7)));
    }
    cluster.stop().await;
}

#[tokio::test]
async fn the_doors_of_a_fused_cluster_refuse_several_groups_and_serve_ordered_reads() {
    let cluster = Cluster::launch(plan(Mechanism::FusionArena)).await;
    cluster.insert_everywhere(0..3).await;
    let groups = cluster.groups();
    let together = WriteTogether {
        client: ClientId(1),
        seq: Seq(1),
        parts: groups
            .iter()
            .map(|group| (*group, vec![Op::OpenSession]))
            .collect(),
    };
    let mut at_manager = cluster.manager_client().await;
    let mut at_primary = cluster.running.directory.door(groups[0]).await.unwrap();
    for (client, role) in [
        (&mut at_manager, Role::GroupManager),
        (&mut at_primary, Role::Primary),
    ] {
        let refused = client.write_together(together.clone()).await.unwrap_err();
        assert_eq!(refused.to_string(), Refusal::NotServedHere { role }.to_string());
    }
    at_primary.read_as(Reads::Ordered);
    assert_eq!(at_primary.len(groups[0]).await.unwrap(), 3);
    cluster.stop().await;
}
