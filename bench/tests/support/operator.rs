//! An operator at a cluster under load: sections written into its file, the command that adds and removes, and clients
//! that notice nothing.

use std::{path::PathBuf, process::Output, time::Duration};

use bench::cluster::{Seat, seats};
use multicast::id::{GroupId, NodeId};
use settings::{ClusterPlan, FusionServer, Mechanism, Primary};
use structures::op::{Element, Op, Outcome};
use tokio::{process::Command, sync::watch, task::JoinHandle};
use wire::{client::Session, message::membership::Role};

use super::{Cluster, element, key, value};

/// How long anything may take.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Writes that a client gets answered before and after whatever happens.
const ANSWERS: u64 = 40;

pub fn plan(mechanism: Mechanism, groups: usize, faults: usize) -> ClusterPlan {
    let mut plan = ClusterPlan::new(mechanism, groups, faults);
    plan.limits.key_bytes = 8;
    plan.limits.element_bytes = 8;
    plan.suspicion = Duration::from_millis(500);
    plan
}

/// A client per group that inserts its numbers one after the other until it is told to stop.
pub struct Load {
    stop: watch::Sender<bool>,
    clients: Vec<(watch::Receiver<u64>, JoinHandle<u64>)>,
}

impl Load {
    pub async fn start(cluster: &Cluster) -> Self {
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
    pub async fn get_on(&mut self) {
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
    pub async fn stop(self) -> Vec<Vec<Element>> {
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
pub async fn member(cluster: &Cluster, words: &[&str], seat: Seat) -> Output {
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

pub async fn must(cluster: &Cluster, word: &str, seat: Seat) {
    must_with(cluster, &[word], seat).await;
}

pub async fn must_with(cluster: &Cluster, words: &[&str], seat: Seat) {
    let output = member(cluster, words, seat).await;
    assert!(output.status.success(), "{words:?} {seat:?}: {output:?}");
}

/// Why the cluster does not do it.
pub async fn refusal(cluster: &Cluster, word: &str, seat: Seat) -> String {
    let output = member(cluster, &[word], seat).await;
    assert_eq!(output.status.code(), Some(1), "{word} {seat:?}: {output:?}");
    String::from_utf8(output.stderr).unwrap().trim().to_owned()
}

/// Writes one more section into the cluster file.
pub fn write_section(file: PathBuf, change: impl FnOnce(&mut settings::Cluster)) -> Vec<Seat> {
    let mut described = settings::Cluster::load(&file).unwrap();
    let before = seats(&described);
    change(&mut described);
    std::fs::write(&file, described.to_ini()).unwrap();
    let after = seats(&settings::Cluster::load(&file).unwrap());
    after.into_iter().filter(|seat| !before.contains(seat)).collect()
}

/// One more fused server.
pub fn one_more_server(cluster: &Cluster) -> Seat {
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

/// One more primary, of a new group.
pub fn one_more_primary(cluster: &Cluster, group: &str) -> Seat {
    let added = write_section(cluster.file(), |described| {
        let primary = described.primaries[0].clone();
        let last = described.primaries.iter().map(|primary| primary.section).max();
        let last = last.unwrap();
        let number = GroupId(described.groups.len() as u16);
        described.groups.push(group.to_owned());
        described.primaries.push(Primary {
            section: last + 1,
            id: NodeId(last + 200),
            group: number,
            ..primary
        });
    });
    added[0]
}
