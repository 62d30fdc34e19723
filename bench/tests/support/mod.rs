//! A launched cluster as the tests use it. Which test binary uses what differs.
#![allow(dead_code, unreachable_pub, reason = "each test binary uses a part of it")]

pub mod memory;
pub mod operator;

use std::ops::Range;

use bench::{
    cluster::{Launcher, RunningCluster, Seat, all_active, seats},
    placement::Placement,
};
use multicast::id::{GroupId, NodeId};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use settings::ClusterPlan;
use structures::op::{Element, Op, Outcome};
use wire::{
    client::{Client, ClientError, Session},
    message::{
        client::Refusal,
        membership::{Role, Standing},
    },
};

/// How long a write is tried.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(20);

/// A cluster of real processes whose files lie in a folder of its own.
pub struct Cluster {
    pub running: RunningCluster,
    folder: tempfile::TempDir,
}

pub fn key(number: u64) -> Vec<u8> {
    number.to_be_bytes().to_vec()
}

pub fn value(number: u64) -> Vec<u8> {
    number.wrapping_mul(0x9E37_79B9_7F4A_7C15).to_le_bytes().to_vec()
}

pub fn element(number: u64) -> Element {
    Element {
        key: key(number),
        value: value(number),
    }
}

impl Cluster {
    /// Launches the planned cluster and waits until all nodes are active.
    pub async fn launch(plan: ClusterPlan) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("cluster.ini");
        std::fs::write(&file, plan.to_ini().unwrap()).unwrap();
        let launcher = Launcher {
            program: env!("CARGO_BIN_EXE_bench").into(),
            log: Some(folder.path().join("nodes.log")),
            placement: Placement::Free,
        };
        let running = RunningCluster::launch(launcher, &file).await.unwrap();
        Self { running, folder }
    }

    /// The cluster file.
    pub fn file(&self) -> std::path::PathBuf {
        self.folder.path().join("cluster.ini")
    }

    pub fn groups(&self) -> Vec<GroupId> {
        self.running.cluster.group_ids().collect()
    }

    pub fn seats(&self) -> Vec<Seat> {
        seats(&self.running.cluster)
    }

    pub fn seats_of(&self, role: Role) -> Vec<Seat> {
        self.seats()
            .into_iter()
            .filter(|seat| seat.role == role)
            .collect()
    }

    pub async fn kill(&mut self, node: NodeId) {
        self.running.kill(node).await.unwrap();
    }

    /// Starts the seat's process again; it enters by itself.
    pub async fn restart(&mut self, seat: Seat) {
        self.running.start(seat).unwrap();
    }

    pub fn signal(&self, node: NodeId, signal: Signal) {
        let pids = self.running.pids();
        let pid = pids
            .iter()
            .find(|(other, _)| *other == node)
            .and_then(|(_, pid)| *pid)
            .unwrap();
        kill(Pid::from_raw(pid as i32), signal).unwrap();
    }

    pub async fn wait_for(&mut self, node: NodeId, standing: Standing) {
        let what = format!("{node} is not {standing:?}");
        self.running
            .wait_until(&what, |members| members.members[&node].standing == standing)
            .await
            .unwrap();
    }

    pub async fn wait_all_active(&mut self) {
        self.running
            .wait_until("not all nodes are active", all_active)
            .await
            .unwrap();
    }

    pub async fn standing(&mut self, node: NodeId) -> Standing {
        self.running.members().await.unwrap().members[&node].standing
    }

    pub async fn session(&self, group: GroupId) -> Session {
        Session::open(self.running.directory.clone(), group, PATIENCE)
            .await
            .unwrap()
    }

    /// Questions go to the first manager of the directory's list from now on.
    pub async fn ask_another_manager(&mut self) {
        *self.running.questions() = self.manager_client().await;
    }

    pub async fn manager_client(&self) -> Client {
        self.running.directory.manager().await.unwrap()
    }

    /// Inserts these elements into every group; returns all that is then in each.
    pub async fn insert_everywhere(&self, numbers: Range<u64>) -> Vec<Vec<Element>> {
        let end = numbers.end;
        for group in self.groups() {
            let mut session = self.session(group).await;
            for number in numbers.clone() {
                let op = Op::Insert {
                    key: key(number),
                    value: value(number),
                };
                assert_eq!(session.write(op).await.unwrap().outcome, Outcome::Inserted);
            }
        }
        let all: Vec<Element> = (0..end).map(element).collect();
        vec![all; self.groups().len()]
    }

    pub async fn read(&self, group: GroupId) -> Result<Vec<Element>, ClientError> {
        self.running.directory.door(group).await?.read_all(group).await
    }

    /// What the doors of all groups show.
    pub async fn read_everywhere(&self) -> Vec<Vec<Element>> {
        let mut all = Vec::new();
        for group in self.groups() {
            all.push(self.running.directory.read_all(group, PATIENCE).await.unwrap());
        }
        all
    }

    /// What the manager answers to a read of a group that it cannot serve.
    pub async fn refusal_at_manager(&self, group: GroupId) -> Refusal {
        match self.manager_client().await.read_all(group).await.unwrap_err() {
            ClientError::Refused(refusal) => refusal,
            other => panic!("not refused: {other}"),
        }
    }

    pub async fn stop(self) {
        self.running.stop().await;
    }
}
