//! Several managers under load: one is killed, or stands still longer than anybody believes in it, while clients
//! write through each of them. Every write takes effect exactly once, at every data node.

#![allow(
    clippy::unwrap_used,
    reason = "a test, its helpers included, may fail by panicking"
)]

mod support;

use std::time::{Duration, Instant};

use multicast::id::{GroupId, NodeId};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use settings::{ClusterPlan, Mechanism};
use structures::{
    kind::StructureKind,
    op::{Op, Outcome},
    query::Query,
};
use support::Cluster;
use tokio::{sync::watch, task::JoinHandle};
use wire::{
    client::{Client, ClientError, Directory, Pipeline},
    message::{
        client::ReplyBody,
        membership::{Membership, Owner},
    },
};

/// How long one request is tried, and how long anything may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Requests that each client has under way.
const DEPTH: usize = 16;

/// Answers that each client gets before and after whatever happens.
const ANSWERS: u64 = 60;

const SUSPICION: Duration = Duration::from_millis(500);

/// A list, so that a write that is applied twice shows as an element too many.
fn plan(mechanism: Mechanism, managers: usize) -> ClusterPlan {
    let mut plan = ClusterPlan::new(mechanism, 2, 1);
    plan.managers = managers;
    plan.structure = StructureKind::List;
    plan.limits.element_bytes = 8;
    plan.heartbeat = Duration::from_millis(50);
    plan.suspicion = SUSPICION;
    plan
}

/// A client that pushes numbers of its own until it is told to stop.
struct Writer {
    group: GroupId,
    answered: watch::Receiver<u64>,
    task: JoinHandle<Vec<[u8; 8]>>,
}

/// Clients of every group at every manager.
struct Writers {
    stop: watch::Sender<bool>,
    all: Vec<Writer>,
}

impl Writers {
    async fn start(cluster: &Cluster) -> Self {
        let (stop, stopped) = watch::channel(false);
        let mut all = Vec::new();
        let managers = cluster.running.directory.managers.len();
        for first in 0..managers {
            let mut directory = cluster.running.directory.clone();
            directory.managers.rotate_left(first);
            for group in cluster.groups() {
                let number = all.len() as u64;
                let pipeline = Pipeline::open(directory.clone(), group, DEPTH, PATIENCE)
                    .await
                    .unwrap();
                let (tell, answered) = watch::channel(0);
                let task = tokio::spawn(push_until(pipeline, number << 32, stopped.clone(), tell));
                all.push(Writer {
                    group,
                    answered,
                    task,
                });
            }
        }
        Self { stop, all }
    }

    /// Until each of them got so many more answers.
    async fn get_on(&mut self) {
        for writer in &mut self.all {
            let enough = *writer.answered.borrow() + ANSWERS;
            let waiting = writer.answered.wait_for(|answered| *answered >= enough);
            tokio::time::timeout(PATIENCE, waiting)
                .await
                .expect("writes go on")
                .unwrap();
        }
    }

    /// Everything that was pushed, and therefore answered, by group.
    async fn stop(self) -> Vec<(GroupId, Vec<[u8; 8]>)> {
        self.stop.send_replace(true);
        let mut pushed = Vec::new();
        for writer in self.all {
            pushed.push((writer.group, writer.task.await.unwrap()));
        }
        pushed
    }
}

async fn push_until(
    mut pipeline: Pipeline,
    first: u64,
    stop: watch::Receiver<bool>,
    answered: watch::Sender<u64>,
) -> Vec<[u8; 8]> {
    let mut pushed = Vec::new();
    loop {
        while pipeline.has_room() && !*stop.borrow() {
            let value = (first + pushed.len() as u64).to_le_bytes();
            pipeline.write(Op::PushBack {
                value: value.to_vec(),
            });
            pushed.push(value);
        }
        let Some((_, answer)) = pipeline.next().await else {
            return pushed;
        };
        assert_eq!(answer.unwrap(), ReplyBody::Written(Outcome::Inserted.into()));
        answered.send_modify(|answered| *answered += 1);
    }
}

/// What each group holds: at all its data nodes, or at its primary.
async fn contents(cluster: &mut Cluster, group: GroupId) -> Vec<Vec<Vec<u8>>> {
    let members = cluster.running.members().await.unwrap();
    let holders = members
        .members
        .values()
        .filter(|member| member.group == Some(group));
    let mut all = Vec::new();
    for holder in holders {
        let address = holder.addresses.unwrap().clients;
        all.push(read_at(address, cluster.running.directory.cluster, group).await);
    }
    all
}

/// A node may not have heard yet that all it holds is stable.
async fn read_at(address: std::net::SocketAddr, cluster: u64, group: GroupId) -> Vec<Vec<u8>> {
    let began = Instant::now();
    loop {
        let mut client = Client::connect(address, cluster).await.unwrap();
        match client.elements(group, Query::All).await {
            Ok(elements) => return elements.into_iter().map(|element| element.value).collect(),
            Err(error) if error.is_passing() && began.elapsed() < PATIENCE => {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            Err(error) => panic!("{error}"),
        }
    }
}

/// Every pushed value is there once, and nothing else; all holders have the same order, in which every client's own
/// values rise.
async fn assert_exactly_once(cluster: &mut Cluster, pushed: Vec<(GroupId, Vec<[u8; 8]>)>) {
    for group in cluster.groups() {
        let of_group = pushed.iter().filter(|(of, _)| *of == group);
        let mut expected: Vec<u64> = of_group
            .flat_map(|(_, values)| values.iter().map(|value| u64::from_le_bytes(*value)))
            .collect();
        expected.sort_unstable();
        let holders = contents(cluster, group).await;
        for held in &holders {
            assert_eq!(held, &holders[0], "all holders of {group} have one order");
        }
        let order: Vec<u64> = holders[0]
            .iter()
            .map(|value| u64::from_le_bytes(value.as_slice().try_into().unwrap()))
            .collect();
        let mut sorted = order.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, expected, "{group}");
        for writer in 0..pushed.len() as u64 {
            let own: Vec<u64> = order
                .iter()
                .copied()
                .filter(|value| value >> 32 == writer)
                .collect();
            assert!(own.is_sorted(), "the values of client {writer} are in its order");
        }
    }
}

/// The owner as the cluster says, another one than this.
async fn owner_after(cluster: &mut Cluster, before: Option<Owner>) -> Owner {
    let changed = |members: &Membership| members.owner.is_some() && members.owner != before;
    let members = cluster
        .running
        .wait_until("no other manager owns the membership", changed)
        .await;
    members.unwrap().owner.unwrap()
}

fn process_of(cluster: &Cluster, manager: NodeId) -> Pid {
    let mut managers = cluster.running.managers();
    let (_, _, pid) = managers.find(|(node, ..)| *node == manager).unwrap();
    Pid::from_raw(pid.unwrap() as i32)
}

async fn killed(mechanism: Mechanism, managers: usize, is_owner: bool) {
    let mut cluster = Cluster::launch(plan(mechanism, managers)).await;
    let owner = owner_after(&mut cluster, None).await;
    let mut writers = Writers::start(&cluster).await;
    writers.get_on().await;
    let victim = match is_owner {
        true => owner.node,
        false => cluster
            .running
            .managers()
            .map(|(node, ..)| node)
            .find(|node| *node != owner.node)
            .unwrap(),
    };
    cluster.running.kill_manager(victim).await.unwrap();
    writers.get_on().await;
    let after = owner_after(&mut cluster, is_owner.then_some(owner)).await;
    assert_eq!(after == owner, !is_owner);
    let pushed = writers.stop().await;
    cluster.wait_all_active().await;
    assert_exactly_once(&mut cluster, pushed).await;
    cluster.stop().await;
}

#[tokio::test]
async fn writes_to_replicas_go_on_when_the_owner_of_two_is_killed() {
    killed(Mechanism::Replication, 2, true).await;
}

#[tokio::test]
async fn writes_to_replicas_go_on_when_the_owner_of_three_is_killed() {
    killed(Mechanism::Replication, 3, true).await;
}

#[tokio::test]
async fn writes_to_replicas_go_on_when_a_follower_is_killed() {
    killed(Mechanism::Replication, 3, false).await;
}

/// Who is not the owner sends the clients that begin at it to the owner.
#[tokio::test]
async fn numbered_writes_go_on_when_the_owner_of_two_is_killed() {
    killed(Mechanism::ReplicationSequencer, 2, true).await;
}

#[tokio::test]
async fn numbered_writes_go_on_when_a_follower_is_killed() {
    killed(Mechanism::ReplicationSequencer, 3, false).await;
}

#[tokio::test]
async fn writes_to_primaries_go_on_when_the_owner_is_killed() {
    killed(Mechanism::FusionArena, 2, true).await;
}

#[tokio::test]
async fn writes_to_primaries_go_on_when_a_follower_is_killed() {
    killed(Mechanism::FusionArena, 2, false).await;
}

/// Asks this very manager.
async fn owner_as_seen_at(directory: &Directory, place: usize) -> Result<Option<Owner>, ClientError> {
    let mut alone = directory.clone();
    alone.managers = vec![directory.managers[place].clone()];
    Ok(alone.manager().await?.members().await?.owner)
}

/// The owner stands still until another one has taken over, and wakes up: it completes nothing, and follows.
async fn paused(mechanism: Mechanism) {
    let mut cluster = Cluster::launch(plan(mechanism, 2)).await;
    let owner = owner_after(&mut cluster, None).await;
    let mut writers = Writers::start(&cluster).await;
    writers.get_on().await;
    let process = process_of(&cluster, owner.node);
    let place = cluster
        .running
        .managers()
        .position(|(node, ..)| node == owner.node)
        .unwrap();
    kill(process, Signal::SIGSTOP).unwrap();
    cluster.running.directory.managers.rotate_left(1 + place);
    cluster.ask_another_manager().await;
    let after = owner_after(&mut cluster, Some(owner)).await;
    writers.get_on().await;
    kill(process, Signal::SIGCONT).unwrap();
    // The one that was paused is last in the list by now.
    let began = Instant::now();
    while owner_as_seen_at(&cluster.running.directory, 1).await.unwrap() != Some(after) {
        assert!(began.elapsed() < PATIENCE, "it does not follow");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    writers.get_on().await;
    let pushed = writers.stop().await;
    cluster.wait_all_active().await;
    assert_exactly_once(&mut cluster, pushed).await;
    cluster.stop().await;
}

#[tokio::test]
async fn an_owner_of_replicas_that_was_paused_completes_nothing_and_follows() {
    paused(Mechanism::Replication).await;
}

#[tokio::test]
async fn an_owner_that_numbers_writes_and_was_paused_completes_nothing_and_follows() {
    paused(Mechanism::ReplicationSequencer).await;
}

#[tokio::test]
async fn an_owner_of_primaries_that_was_paused_completes_nothing_and_follows() {
    paused(Mechanism::FusionArena).await;
}
