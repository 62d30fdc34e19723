//! Nodes are added to a running cluster and removed from it under load, by the command that an operator uses. All data
//! nodes of a group, or a fused server, are exchanged for new ones, and no element is lost; whoever would take data along
//! stays unless it is discarded; a change outlives the manager that made it.

#![allow(
    clippy::unwrap_used,
    reason = "a test, its helpers included, may fail by panicking"
)]

mod support;

use std::{path::PathBuf, process::Output, time::Duration};

use bench::cluster::{Seat, seats};
use multicast::id::NodeId;
use settings::{ClusterPlan, DataNode, FusionServer, Mechanism};
use structures::op::{Element, Op, Outcome};
use support::{Cluster, element, key, value};
use tokio::{process::Command, sync::watch, task::JoinHandle};
use wire::{
    client::{Client, Session},
    message::membership::{Role, Standing},
};

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Writes that a client gets answered before and after whatever happens.
const ANSWERS: u64 = 40;

fn plan(mechanism: Mechanism, groups: usize, faults: usize) -> ClusterPlan {
    let mut plan = ClusterPlan::new(mechanism, groups, faults);
    plan.limits.key_bytes = 8;
    plan.limits.element_bytes = 8;
    plan.suspicion = Duration::from_millis(500);
    plan
}

/// A client per group that inserts its numbers one after the other until it is told to stop.
struct Load {
    stop: watch::Sender<bool>,
    clients: Vec<(watch::Receiver<u64>, JoinHandle<u64>)>,
}

impl Load {
    async fn start(cluster: &Cluster) -> Self {
        let (stop, stopped) = watch::channel(false);
        let mut clients = Vec::new();
        for group in cluster.groups() {
            let session = cluster.session(group).await;
            let (tell, answered) = watch::channel(0);
            clients.push((answered, tokio::spawn(insert(session, stopped.clone(), tell))));
        }
        Self { stop, clients }
    }

    /// Until each client got so many more answers.
    async fn get_on(&mut self) {
        for (answered, _) in &mut self.clients {
            let enough = *answered.borrow() + ANSWERS;
            let waiting = answered.wait_for(|answered| *answered >= enough);
            tokio::time::timeout(PATIENCE, waiting)
                .await
                .expect("writes go on")
                .unwrap();
        }
    }

    /// What each group holds now.
    async fn stop(self) -> Vec<Vec<Element>> {
        self.stop.send_replace(true);
        let mut all = Vec::new();
        for (_, client) in self.clients {
            all.push((0..client.await.unwrap()).map(element).collect());
        }
        all
    }
}

async fn insert(mut session: Session, stop: watch::Receiver<bool>, answered: watch::Sender<u64>) -> u64 {
    let mut number = 0;
    while !*stop.borrow() {
        let (key, value) = (key(number), value(number));
        let answer = session.write(Op::Insert { key, value }).await.unwrap();
        assert_eq!(answer.outcome, Outcome::Inserted);
        number += 1;
        answered.send_replace(number);
    }
    number
}

/// `bench member ...` at the cluster's managers, in this order.
async fn member(cluster: &Cluster, words: &[&str], seat: Seat) -> Output {
    let kind = match seat.role {
        Role::Primary => "primary",
        Role::FusionServer => "fusion",
        _ => "node",
    };
    let section = seat.section.to_string();
    let mut command = Command::new(env!("CARGO_BIN_EXE_bench"));
    command
        .args(["member", words[0]])
        .arg(cluster.file())
        .args([kind, &section]);
    for (host, port) in &cluster.running.directory.managers {
        command.args(["--manager", &format!("{host}:{port}")]);
    }
    command.args(&words[1..]).output().await.unwrap()
}

async fn must(cluster: &Cluster, word: &str, seat: Seat) {
    let output = member(cluster, &[word], seat).await;
    assert!(output.status.success(), "{word} {seat:?}: {output:?}");
}

/// Why the cluster does not do it.
async fn refusal(cluster: &Cluster, word: &str, seat: Seat) -> String {
    let output = member(cluster, &[word], seat).await;
    assert_eq!(output.status.code(), Some(1), "{word} {seat:?}: {output:?}");
    String::from_utf8(output.stderr).unwrap().trim().to_owned()
}

/// Writes one more section into the cluster file.
fn write_section(file: PathBuf, change: impl FnOnce(&mut settings::Cluster)) -> Vec<Seat> {
    let mut described = settings::Cluster::load(&file).unwrap();
    let before = seats(&described);
    change(&mut described);
    std::fs::write(&file, described.to_ini()).unwrap();
    let after = seats(&settings::Cluster::load(&file).unwrap());
    after.into_iter().filter(|seat| !before.contains(seat)).collect()
}

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

/// One more fused server.
fn one_more_server(cluster: &Cluster) -> Seat {
    let added = write_section(cluster.file(), |described| {
        let server = described.fusion_servers[0].clone();
        let last = described
            .fusion_servers
            .iter()
            .map(|server| server.section)
            .max()
            .unwrap();
        described.fault_tolerance += 1;
        described.fusion_servers.push(FusionServer {
            section: last + 1,
            id: NodeId(last + 100),
            ..server
        });
    });
    added[0]
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
    must(&cluster, "remove", old).await;
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
