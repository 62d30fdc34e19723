//! What the managers say of the membership, asked beside all proxies.

use std::time::{Duration, Instant};

use bench::cluster::all_active;
use futures_util::future::join_all;
use multicast::id::{Epoch, GroupId, NodeId};
use tokio::time::timeout;
use wire::{
    client::Client,
    message::membership::{Membership, Role},
};

use super::World;

/// How long the cluster may take to become as it should. A node that was suspected often is let in after a pause.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Between two looks at the membership.
const LOOK_PAUSE: Duration = Duration::from_millis(10);

/// How long a manager may take to answer: one that stands still never does.
const ANSWER_PATIENCE: Duration = Duration::from_millis(300);

impl World {
    /// The membership as each manager knows it; none of one that does not answer.
    async fn seen_by_managers(&self) -> Vec<Option<Membership>> {
        let ask = async |address| {
            let mut client = Client::connect(address, self.cluster.fingerprint()).await.ok()?;
            client.members().await.ok()
        };
        let asked = self.managers.iter().map(|manager| async move {
            match manager.process {
                Some(_) => timeout(ANSWER_PATIENCE, ask(manager.address))
                    .await
                    .ok()
                    .flatten(),
                None => None,
            }
        });
        join_all(asked).await
    }

    /// The latest membership that any manager knows; none if none answers.
    async fn members(&self) -> Option<Membership> {
        let seen = self.seen_by_managers().await;
        seen.into_iter().flatten().max_by_key(|members| members.epoch)
    }

    /// The place of the manager that owns the membership, if any knows of one.
    pub async fn owner(&self) -> Option<usize> {
        let owner = self.members().await?.owner?;
        self.managers
            .iter()
            .position(|manager| manager.node == owner.node)
    }

    /// Looks at the membership until it is as wanted.
    async fn wait_until(&self, unless: &str, wanted: impl Fn(&Membership) -> bool) {
        let began = Instant::now();
        let mut last = None;
        while began.elapsed() < PATIENCE {
            last = self.members().await;
            if last.as_ref().is_some_and(&wanted) {
                return;
            }
            tokio::time::sleep(LOOK_PAUSE).await;
        }
        panic!("{unless}: {last:?}");
    }

    /// Waits until all are active, every manager knows, and it has been so for longer than it takes to notice that one
    /// is not.
    pub async fn wait_settled(&self) {
        let longer = self.cluster.suspicion + self.cluster.heartbeat;
        let began = Instant::now();
        let mut since: Option<(Epoch, Instant)> = None;
        loop {
            let seen = self.seen_by_managers().await;
            let epoch = agreed(&seen);
            since = match (epoch, since) {
                (Some(epoch), Some((same, since))) if epoch == same => Some((epoch, since)),
                (epoch, _) => epoch.map(|epoch| (epoch, Instant::now())),
            };
            if since.is_some_and(|(_, since)| since.elapsed() > longer) {
                return;
            }
            assert!(
                began.elapsed() < PATIENCE,
                "the cluster does not settle: {seen:#?}"
            );
            tokio::time::sleep(LOOK_PAUSE).await;
        }
    }

    /// Waits until this life of the node is out, or another node is missed: then it may be the last that holds its
    /// group, which stays a member.
    pub async fn wait_missed(&self, node: NodeId) {
        let life = self
            .members()
            .await
            .map(|members| members.members[&node].incarnation);
        self.wait_until(&format!("{node} is not missed"), |members| {
            !all_active(members) || Some(members.members[&node].incarnation) != life
        })
        .await;
    }

    /// Waits until another manager than this owns the membership.
    pub async fn wait_taken_over(&self, place: usize) {
        let node = self.manager_node(place);
        self.wait_until(&format!("nobody takes over from manager {node}"), |members| {
            members.owner.is_some_and(|owner| owner.node != node)
        })
        .await;
    }

    /// The way to every data node of the group.
    pub async fn replicas(&self, group: GroupId) -> Vec<Client> {
        let members = self.members().await.expect("a manager answers");
        let mut replicas = Vec::new();
        for member in members.members.values() {
            if member.role == Role::DataNode && member.group == Some(group) {
                let address = member.addresses.expect("it has entered").clients;
                let client = Client::connect(address, self.cluster.fingerprint()).await;
                replicas.push(client.unwrap());
            }
        }
        replicas
    }
}

/// The epoch in which every manager knows everybody to be active.
fn agreed(seen: &[Option<Membership>]) -> Option<Epoch> {
    let first = seen.first()?.as_ref()?;
    let agrees = |other: &Option<Membership>| other.as_ref() == Some(first);
    (all_active(first) && seen.iter().all(agrees)).then_some(first.epoch)
}
