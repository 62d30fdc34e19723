//! A manager that is killed and started again over its membership file, on the same port: the contents are
//! intact, writes go on, and a crash afterwards is recovered like one before.

#![allow(
    clippy::unwrap_used,
    reason = "a test, its helpers included, may fail by panicking"
)]

mod programs;
mod support;

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use bench::{
    cluster::{Launcher, RunningCluster, all_active, seats},
    placement::Placement,
};
use multicast::id::{Epoch, GroupId};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use programs::{PATIENCE, Program, shown, until_none_runs, with_port};
use settings::{ClusterPlan, Mechanism};
use structures::op::{Element, Op, Outcome};
use support::{element, key, value};
use wire::{
    client::{Client, Session},
    message::membership::{Membership, Standing},
};

/// A cluster whose manager has a port of its own, so that the next one can be found there.
struct Managed {
    running: RunningCluster,
    /// The managers started after the first one.
    manager: Option<Program>,
    folder: tempfile::TempDir,
}

/// A port that was free a moment ago.
fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

impl Managed {
    async fn launch(mechanism: Mechanism) -> Self {
        let mut plan = ClusterPlan::new(mechanism, 2, 1);
        plan.host = "127.0.0.1".to_owned();
        plan.heartbeat = Duration::from_millis(50);
        plan.suspicion = Duration::from_millis(1000);
        let port = free_port();
        let ini = with_port(&plan.to_ini().unwrap(), "[manager 1]", "port", port);
        let ini = ini.replace("mgr_port = 0", &format!("mgr_port = {port}"));
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("cluster.ini");
        std::fs::write(&file, ini).unwrap();
        let launcher = Launcher {
            program: programs::bench(),
            log: Some(folder.path().join("nodes.log")),
            placement: Placement::Free,
        };
        let running = RunningCluster::launch(launcher, &file).await.unwrap();
        assert_eq!(running.directory.managers[0].1, port);
        Self {
            running,
            manager: None,
            folder,
        }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("cluster.ini")
    }

    async fn kill_manager(&mut self) {
        let pid = match &self.manager {
            Some(manager) => manager.pid(),
            None => self.running.manager_pids()[0],
        };
        kill(Pid::from_raw(pid as i32), Signal::SIGKILL).unwrap();
        until_none_runs(&[pid]).await;
    }

    /// Starts the next manager and waits until everybody is back with it.
    async fn start_manager(&mut self) {
        let file = shown(&self.file());
        let mut manager = Program::start(&programs::bench(), &["node", "group-manager", &file]);
        let (host, port) = self.running.directory.managers[0].clone();
        assert_eq!(manager.line().await, Some(format!("listening on {host}:{port}")));
        self.manager = Some(manager);
        self.wait_until("not all nodes are active", all_active).await;
    }

    async fn members(&self) -> Membership {
        let mut manager = self.running.directory.manager().await.unwrap();
        manager.members().await.unwrap()
    }

    async fn wait_until(&self, unless: &str, wanted: impl Fn(&Membership) -> bool) {
        let began = Instant::now();
        loop {
            let members = self.members().await;
            if wanted(&members) {
                return;
            }
            assert!(began.elapsed() < PATIENCE, "{unless}: {members:?}");
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    fn groups(&self) -> Vec<GroupId> {
        self.running.cluster.group_ids().collect()
    }

    async fn session(&self, group: GroupId) -> Session {
        let directory = self.running.directory.clone();
        Session::open(directory, group, PATIENCE).await.unwrap()
    }

    /// What each group's door shows, and each process that serves its own reads.
    async fn contents(&self) -> Vec<Vec<Element>> {
        let mut all = Vec::new();
        for group in self.groups() {
            let directory = &self.running.directory;
            all.push(directory.read_all(group, PATIENCE).await.unwrap());
            for member in self.members().await.members.values() {
                if member.group == Some(group) {
                    let clients = member.addresses.unwrap().clients;
                    let mut client = Client::connect(clients, directory.cluster).await.unwrap();
                    all.push(client.read_all(group).await.unwrap());
                }
            }
        }
        all
    }

    async fn assert_all_hold(&self, count: u64, when: &str) {
        let expected: Vec<Element> = (0..count).map(element).collect();
        for (place, found) in self.contents().await.into_iter().enumerate() {
            assert_eq!(found, expected, "{when}, place {place}");
        }
    }

    async fn insert(&self, sessions: &mut [Session], numbers: std::ops::Range<u64>) {
        for session in sessions {
            for number in numbers.clone() {
                let op = Op::Insert {
                    key: key(number),
                    value: value(number),
                };
                assert_eq!(session.write(op).await.unwrap().outcome, Outcome::Inserted);
            }
        }
    }
}

fn stored_epoch(file: &Path) -> Epoch {
    use group_manager::store::{EmbeddedStore, MembershipStore};
    let store = EmbeddedStore::new(file.with_extension("membership"));
    store.load().unwrap().epoch
}

async fn a_restarted_manager_goes_on(mechanism: Mechanism) {
    let mut cluster = Managed::launch(mechanism).await;
    let mut sessions = Vec::new();
    for group in cluster.groups() {
        sessions.push(cluster.session(group).await);
    }
    cluster.insert(&mut sessions, 0..40).await;
    let mut count = 40;
    // Twice: the second manager starts from what the first one's successor stored.
    for round in 0..2 {
        let lives = lives(&cluster.members().await);
        let epoch = stored_epoch(&cluster.file());
        cluster.kill_manager().await;
        cluster.start_manager().await;
        let members = cluster.members().await;
        assert!(members.epoch >= epoch, "epochs never go back");
        assert_eq!(self::lives(&members), lives, "nobody was started again");
        cluster.assert_all_hold(count, "after the restart").await;

        // The sessions that were open before go on.
        cluster.insert(&mut sessions, count..count + 20).await;
        count += 20;
        cluster
            .assert_all_hold(count, "after writes under the new manager")
            .await;

        for seat in seats(&cluster.running.cluster) {
            cluster.running.kill(seat.node).await.unwrap();
            let removed = |members: &Membership| members.members[&seat.node].standing == Standing::Removed;
            cluster.wait_until("it is not removed", removed).await;
            cluster.running.start(seat).unwrap();
            cluster.wait_until("it is not back", all_active).await;
            let when = format!("after the crash of {seat:?}, round {round}");
            cluster.assert_all_hold(count, &when).await;
        }
        cluster.insert(&mut sessions, count..count + 5).await;
        count += 5;
    }
    let Managed { running, manager, .. } = cluster;
    running.stop().await;
    let manager = manager.unwrap();
    manager.signal(Signal::SIGTERM);
    assert_eq!(manager.ended().await.code, Some(0));
}

fn lives(members: &Membership) -> Vec<multicast::id::Incarnation> {
    let members = members.members.values();
    members.map(|member| member.incarnation).collect()
}

#[tokio::test]
async fn a_replicated_cluster_outlives_its_manager() {
    a_restarted_manager_goes_on(Mechanism::Replication).await;
}

#[tokio::test]
async fn a_cluster_whose_manager_numbers_writes_outlives_it() {
    a_restarted_manager_goes_on(Mechanism::ReplicationSequencer).await;
}

#[tokio::test]
async fn a_fused_cluster_outlives_its_manager() {
    a_restarted_manager_goes_on(Mechanism::FusionLinked).await;
}

/// A member that dies while nobody manages is missed by the next manager, and recovered.
#[tokio::test]
async fn a_crash_while_there_is_no_manager_is_recovered_by_the_next_one() {
    for mechanism in [Mechanism::Replication, Mechanism::FusionLinked] {
        let mut cluster = Managed::launch(mechanism).await;
        let mut sessions = Vec::new();
        for group in cluster.groups() {
            sessions.push(cluster.session(group).await);
        }
        cluster.insert(&mut sessions, 0..30).await;
        let seat = seats(&cluster.running.cluster)[0];
        let life = |members: &Membership| members.members[&seat.node].incarnation;
        let before = life(&cluster.members().await);
        cluster.kill_manager().await;
        cluster.running.kill(seat.node).await.unwrap();
        cluster.running.start(seat).unwrap();
        cluster.start_manager().await;
        // The stored membership shows the old life as active until it is missed.
        let is_back = |members: &Membership| all_active(members) && life(members) != before;
        cluster.wait_until("its next life is not active", is_back).await;
        cluster.assert_all_hold(30, "after both crashes").await;
        cluster.insert(&mut sessions, 30..40).await;
        cluster.assert_all_hold(40, "afterwards").await;
        cluster.running.stop().await;
    }
}
