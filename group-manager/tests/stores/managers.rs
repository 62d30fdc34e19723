//! Managers on etcd as processes: one that is killed and started elsewhere, with no file of the first one, and one that
//! takes over from another. etcd has all that they need.

use std::{
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use multicast::id::{ClientId, GroupId, Incarnation, NodeId, Seq};
use settings::{Cluster, Mechanism};
use structures::op::{Op, Outcome, Write};
use tokio::{net::TcpListener, time::sleep};
use wire::{
    client::Client,
    message::membership::{Membership, Standing},
};

use crate::etcd_server::{EtcdServer, free_port};

/// How often the test looks whether something has come about; a run's time limit ends it otherwise.
const LOOK: Duration = Duration::from_millis(20);

const GROUP: GroupId = GroupId(0);

/// A manager as a process of its own, killed when dropped.
struct Manager(Child);

impl Manager {
    /// Runs over a cluster file in this folder.
    fn start(folder: &Path, ini: &str, section: u32) -> Self {
        let file = folder.join("cluster.ini");
        std::fs::write(&file, ini).unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_group-manager"))
            .arg(file)
            .arg(section.to_string())
            .current_dir(folder)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(child.stdout.take().unwrap()).lines();
        let manager = Self(child);
        let first = said.next().unwrap().unwrap();
        assert!(first.starts_with("listening on "), "{first}");
        manager
    }
}

impl Drop for Manager {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

/// Managers 1, 2, ... at these ports, and the two nodes of a group.
fn cluster_file(managers: &[u16], etcd: u16) -> String {
    let first = managers[0];
    let node = |number: u32| {
        format!(
            "[node {number}]\nproc_id = {number}\ngroup_id = A\nmgr_host = 127.0.0.1\nmgr_port = {first}\n\
             multicast_host = 127.0.0.1\nmulticast_port = 0\nread_host = 127.0.0.1\nread_port = 0\n"
        )
    };
    let manager = |(section, port): (usize, &u16)| {
        format!("[manager {}]\nhost = 127.0.0.1\nport = {port}\n", section + 1)
    };
    let managers: String = managers.iter().enumerate().map(manager).collect();
    format!(
        "[cluster]\nname = moved\nstore = etcd\netcd_endpoints = 127.0.0.1:{etcd}\nheartbeat_ms = 50\n{managers}{}{}",
        node(1),
        node(2)
    )
}

async fn start_node(cluster: &Cluster, section: u32) {
    let listener = || TcpListener::bind("127.0.0.1:0");
    let (multicast, read) = (listener().await.unwrap(), listener().await.unwrap());
    let settings = data_node::Settings::from_cluster(cluster, section, Vec::new(), || 0).unwrap();
    tokio::spawn(data_node::run(multicast, read, settings, std::future::pending()));
}

/// Asks the manager until both nodes are active.
async fn whole(door: SocketAddr, cluster: u64) -> (Client, Membership) {
    loop {
        if let Ok(mut client) = Client::connect(door, cluster).await
            && let Ok(members) = client.members().await
            && members.members.values().all(|m| m.standing == Standing::Active)
        {
            return (client, members);
        }
        sleep(LOOK).await;
    }
}

fn lives(membership: &Membership) -> Vec<(NodeId, Incarnation)> {
    let members = membership.members.iter();
    members
        .map(|(node, member)| (*node, member.incarnation))
        .collect()
}

/// Tried again while the view changes.
async fn write(client: &mut Client, seq: u64, op: Op) -> Outcome {
    let write = Write {
        client: ClientId(5),
        seq: Seq(seq),
        op,
    };
    loop {
        match client.write(GROUP, write.clone()).await {
            Ok(answer) => return answer.outcome,
            Err(_) => sleep(LOOK).await,
        }
    }
}

fn insert(number: u64) -> Op {
    Op::Insert {
        key: number.to_be_bytes().to_vec(),
        value: b"kept".to_vec(),
    }
}

#[tokio::test]
async fn a_manager_that_is_killed_and_started_elsewhere_goes_on_where_the_store_says() {
    let Some(etcd) = EtcdServer::start() else { return };
    let port = free_port();
    let door = SocketAddr::from(([127, 0, 0, 1], port));
    let ini = cluster_file(&[port], etcd.port());
    let cluster = Cluster::parse("cluster.ini", &ini).unwrap();
    assert_eq!(cluster.mechanism, Mechanism::Replication);
    let (here, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());

    let first = Manager::start(here.path(), &ini, 1);
    start_node(&cluster, 1).await;
    start_node(&cluster, 2).await;
    let (mut client, before) = whole(door, cluster.fingerprint()).await;
    assert_eq!(
        write(&mut client, 1, Op::OpenSession).await,
        Outcome::SessionOpened
    );
    assert_eq!(write(&mut client, 2, insert(1)).await, Outcome::Inserted);
    drop(first);

    let _second = Manager::start(elsewhere.path(), &ini, 1);
    let (mut client, after) = whole(door, cluster.fingerprint()).await;
    assert!(after.epoch >= before.epoch, "epochs never go back");
    assert_eq!(lives(&after), lives(&before), "nobody was started again");
    assert_eq!(write(&mut client, 3, insert(2)).await, Outcome::Inserted);
    for number in 1..=2_u64 {
        let value = client.get(GROUP, &number.to_be_bytes()).await.unwrap();
        assert_eq!(value, Some(b"kept".to_vec()), "{number}");
    }
    for folder in [here, elsewhere] {
        let left = std::fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(left, 1, "nothing but the cluster file");
    }
}

#[tokio::test]
async fn of_two_managers_on_etcd_the_other_one_takes_over_when_the_owner_is_killed() {
    let Some(etcd) = EtcdServer::start() else { return };
    let ports = [free_port(), free_port()];
    let doors = ports.map(|port| SocketAddr::from(([127, 0, 0, 1], port)));
    let ini = cluster_file(&ports, etcd.port());
    let cluster = Cluster::parse("cluster.ini", &ini).unwrap();
    let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());

    let first = Manager::start(here.path(), &ini, 1);
    start_node(&cluster, 1).await;
    start_node(&cluster, 2).await;
    let (mut client, before) = whole(doors[0], cluster.fingerprint()).await;
    let owner = |membership: &Membership| membership.owner.unwrap().node;
    assert_eq!(owner(&before), cluster.managers[0].id);
    assert_eq!(
        write(&mut client, 1, Op::OpenSession).await,
        Outcome::SessionOpened
    );
    let _second = Manager::start(there.path(), &ini, 2);
    let (mut client, seen) = whole(doors[1], cluster.fingerprint()).await;
    assert_eq!(seen, before, "it reads what the owner stored");
    assert_eq!(write(&mut client, 2, insert(1)).await, Outcome::Inserted);

    drop(first);
    assert_eq!(write(&mut client, 3, insert(2)).await, Outcome::Inserted);
    // A sender needs no owner; it is the membership that waits for one.
    let mut after = client.members().await.unwrap();
    while owner(&after) != cluster.managers[1].id {
        sleep(LOOK).await;
        after = client.members().await.unwrap();
    }
    assert!(after.epoch > before.epoch, "ownership is an epoch of its own");
    assert_eq!(lives(&after), lives(&before), "nobody was started again");
}
