//! Replicated clusters of real processes: crashes of every kind, and what each node holds afterwards.

#![allow(
    clippy::unwrap_used,
    reason = "a test, its helpers included, may fail by panicking"
)]

mod support;

use std::{
    net::SocketAddr,
    process::Stdio,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use multicast::id::{GroupId, Incarnation, NodeId};
use nix::sys::signal::Signal;
use settings::{ClusterPlan, Mechanism};
use structures::op::{Element, Op, Outcome};
use support::{Cluster, element, key, value};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
    process::Command,
    task::JoinHandle,
    time::timeout,
};
use wire::{
    Hello, Identity, Purpose,
    client::{Client, ClientError, Session},
    handshake,
    message::{client::Refusal, membership::Standing},
};

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(20);

fn plan(groups: usize, faults: usize) -> ClusterPlan {
    let mut plan = ClusterPlan::new(Mechanism::Replication, groups, faults);
    plan.limits.key_bytes = 8;
    plan.limits.element_bytes = 16;
    plan.heartbeat = Duration::from_millis(50);
    plan.suspicion = Duration::from_millis(300);
    plan
}

/// A cluster whose nodes are believed in for so long that none is lost on a busy machine.
fn patient_plan() -> ClusterPlan {
    ClusterPlan {
        suspicion: Duration::from_secs(5),
        ..plan(1, 1)
    }
}

/// A client that inserts elements 0.. into a group until it is told to stop; tells how many.
struct Writer {
    stop: Arc<AtomicBool>,
    task: JoinHandle<u64>,
}

impl Writer {
    async fn start(cluster: &Cluster, group: GroupId) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let mut session = cluster.session(group).await;
        let told = Arc::clone(&stop);
        let task = tokio::spawn(async move {
            let mut count = 0;
            while !told.load(Ordering::Relaxed) {
                insert(&mut session, count).await;
                count += 1;
            }
            count
        });
        Self { stop, task }
    }

    async fn stop(self) -> Vec<Element> {
        self.stop.store(true, Ordering::Relaxed);
        (0..self.task.await.unwrap()).map(element).collect()
    }
}

async fn insert(session: &mut Session, number: u64) {
    let op = Op::Insert {
        key: key(number),
        value: value(number),
    };
    assert_eq!(
        session.write(op).await.unwrap(),
        Outcome::Inserted.into(),
        "element {number}"
    );
}

/// What every node of the group holds, by its own read port.
async fn held_by_each(cluster: &mut Cluster, group: GroupId) -> Vec<Vec<Element>> {
    let members = cluster.running.members().await.unwrap();
    let fingerprint = cluster.running.directory.cluster;
    let mut all = Vec::new();
    for member in members
        .members
        .values()
        .filter(|member| member.group == Some(group))
    {
        let address = member.addresses.unwrap().clients;
        all.push(
            Client::connect(address, fingerprint)
                .await
                .unwrap()
                .read_all(group)
                .await
                .unwrap(),
        );
    }
    all
}

async fn assert_each_holds(cluster: &mut Cluster, group: GroupId, expected: &[Element]) {
    let held = held_by_each(cluster, group).await;
    assert_eq!(held.len(), cluster.running.cluster.fault_tolerance + 1);
    for (place, elements) in held.iter().enumerate() {
        assert!(
            elements == expected,
            "node {place} of {group}: {} of {}",
            elements.len(),
            expected.len()
        );
    }
}

/// Waits until the group is refused as lost; returns who is named.
async fn wait_until_lost(cluster: &Cluster, group: GroupId) -> Vec<NodeId> {
    let began = Instant::now();
    loop {
        match cluster.read(group).await {
            Err(ClientError::Refused(Refusal::StateLost { group: of, missing })) if of == group => {
                return missing;
            }
            other => assert!(began.elapsed() < PATIENCE, "not lost: {other:?}"),
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn every_node_is_killed_and_readmitted_under_writes_and_each_holds_every_element() {
    for faults in [1, 2] {
        let mut cluster = Cluster::launch(plan(2, faults)).await;
        let mut writers = Vec::new();
        for group in cluster.groups() {
            writers.push((group, Writer::start(&cluster, group).await));
        }
        for seat in cluster.seats() {
            cluster.kill(seat.node).await;
            cluster.wait_for(seat.node, Standing::Removed).await;
            cluster.restart(seat).await;
            cluster.wait_all_active().await;
        }
        for (group, writer) in writers {
            let expected = writer.stop().await;
            assert!(
                expected.len() > 10,
                "{} elements under {faults} faults",
                expected.len()
            );
            assert_each_holds(&mut cluster, group, &expected).await;
            assert_eq!(cluster.read(group).await.unwrap(), expected);
        }
        cluster.stop().await;
    }
}

#[tokio::test]
async fn two_of_three_killed_at_once_leave_the_third_to_go_on() {
    let mut cluster = Cluster::launch(plan(1, 2)).await;
    let group = cluster.groups()[0];
    let seats = cluster.seats();
    let writer = Writer::start(&cluster, group).await;
    for left in 0..seats.len() {
        let crashed: Vec<_> = seats
            .iter()
            .enumerate()
            .filter(|(place, _)| *place != left)
            .collect();
        for (_, seat) in &crashed {
            cluster.kill(seat.node).await;
        }
        for (_, seat) in &crashed {
            cluster.wait_for(seat.node, Standing::Removed).await;
        }
        for (_, seat) in crashed {
            cluster.restart(*seat).await;
        }
        cluster.wait_all_active().await;
    }
    let expected = writer.stop().await;
    assert_each_holds(&mut cluster, group, &expected).await;
    cluster.stop().await;
}

#[tokio::test]
async fn a_group_that_lost_all_its_nodes_says_so_and_never_comes_back_empty() {
    let mut cluster = Cluster::launch(plan(2, 1)).await;
    let expected = cluster.insert_everywhere(0..50).await;
    let (lost, other) = (cluster.groups()[0], cluster.groups()[1]);
    let seats = cluster.seats();
    cluster.kill(seats[0].node).await;
    cluster.wait_for(seats[0].node, Standing::Removed).await;
    cluster.kill(seats[1].node).await;
    assert_eq!(wait_until_lost(&cluster, lost).await, [seats[1].node]);
    for seat in &seats[..2] {
        cluster.restart(*seat).await;
    }
    let mut session = cluster.session(other).await;
    for number in 50..100 {
        insert(&mut session, number).await;
    }
    assert_eq!(wait_until_lost(&cluster, lost).await, [seats[1].node], "still");
    assert_eq!(cluster.read(other).await.unwrap()[..50], expected[1]);
    cluster.stop().await;
}

#[tokio::test]
async fn the_last_holder_that_was_only_stopped_brings_its_group_back() {
    let mut cluster = Cluster::launch(plan(1, 1)).await;
    let expected = cluster.insert_everywhere(0..50).await;
    let group = cluster.groups()[0];
    let seats = cluster.seats();
    cluster.kill(seats[0].node).await;
    cluster.wait_for(seats[0].node, Standing::Removed).await;
    cluster.signal(seats[1].node, Signal::SIGSTOP);
    assert_eq!(wait_until_lost(&cluster, group).await, [seats[1].node]);
    cluster.restart(seats[0]).await;
    cluster.signal(seats[1].node, Signal::SIGCONT);
    cluster.wait_all_active().await;
    assert_each_holds(&mut cluster, group, &expected[0]).await;
    cluster.stop().await;
}

#[tokio::test]
async fn a_stopped_node_is_removed_and_comes_back_with_what_it_missed() {
    let mut cluster = Cluster::launch(plan(1, 1)).await;
    let group = cluster.groups()[0];
    let stopped = cluster.seats()[0];
    let before = cluster.running.members().await.unwrap().members[&stopped.node].incarnation;
    let mut session = cluster.session(group).await;
    insert(&mut session, 0).await;
    cluster.signal(stopped.node, Signal::SIGSTOP);
    // The first one waits until the node is removed.
    for number in 1..50 {
        insert(&mut session, number).await;
    }
    assert_eq!(cluster.standing(stopped.node).await, Standing::Removed);
    cluster.signal(stopped.node, Signal::SIGCONT);
    cluster.wait_all_active().await;
    insert(&mut session, 50).await;
    let after = cluster.running.members().await.unwrap().members[&stopped.node].incarnation;
    assert_eq!(after, before, "the same process");
    let expected: Vec<Element> = (0..51).map(element).collect();
    assert_each_holds(&mut cluster, group, &expected).await;
    cluster.stop().await;
}

#[tokio::test]
async fn a_second_process_with_an_id_in_use_is_refused_and_the_cluster_goes_on() {
    let mut cluster = Cluster::launch(patient_plan()).await;
    let expected = cluster.insert_everywhere(0..20).await;
    let before = cluster.running.members().await.unwrap();
    let (host, port) = cluster.running.directory.managers[0].clone();
    let mut second = Command::new(env!("CARGO_BIN_EXE_bench"))
        .args(["node", "data-node"])
        .arg(cluster.file())
        .args(["1", "--leash", "--manager", &format!("{host}:{port}")])
        .env("RUST_LOG", "info")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(second.stderr.take().unwrap()).lines();
    let refused = async {
        while let Some(line) = lines.next_line().await.unwrap() {
            if line.contains("is in use by another live process") {
                return;
            }
        }
        panic!("it ended without being refused");
    };
    timeout(PATIENCE, refused).await.unwrap();
    assert_eq!(cluster.running.members().await.unwrap(), before);
    second.kill().await.unwrap();
    let group = cluster.groups()[0];
    assert_each_holds(&mut cluster, group, &expected[0]).await;
    cluster.stop().await;
}

/// Says it, and waits until the other end hangs up.
async fn say_nonsense(mut stream: TcpStream, nonsense: &[u8]) {
    // The other end may hang up before it has read all.
    let _ = stream.write_all(nonsense).await;
    let _ = stream.shutdown().await;
    let mut rest = Vec::new();
    let _ = timeout(PATIENCE, stream.read_to_end(&mut rest))
        .await
        .expect("it hangs up");
}

#[tokio::test]
async fn garbage_at_every_port_ends_its_own_connection_and_nothing_else() {
    let mut cluster = Cluster::launch(patient_plan()).await;
    let expected = cluster.insert_everywhere(0..20).await;
    let before = cluster.running.members().await.unwrap();
    let (host, port) = cluster.running.directory.managers[0].clone();
    let manager = SocketAddr::new(host.parse().unwrap(), port);
    let mut ports = vec![(manager, vec![Purpose::Client, Purpose::Entry])];
    for member in before.members.values() {
        let addresses = member.addresses.unwrap();
        ports.push((addresses.clients, vec![Purpose::Client]));
        // Not Manager: whoever says so and gives the cluster's fingerprint is believed.
        ports.push((addresses.peers, vec![Purpose::Transfer]));
    }
    let fingerprint = cluster.running.directory.cluster;
    for (address, purposes) in ports {
        let nonsense: [&[u8]; 4] = [b"", b"GET / HTTP/1.1\r\n\r\n", b"FUSEBOX\n\xff\xff", &[0; 4096]];
        for words in nonsense {
            say_nonsense(TcpStream::connect(address).await.unwrap(), words).await;
        }
        for purpose in purposes {
            let incarnation = Incarnation(1);
            let identity = Identity {
                cluster: fingerprint,
                node: NodeId(0),
                incarnation,
            };
            // A frame over the limit, one that is torn, and one that is no message.
            let nonsense: [&[u8]; 3] = [&[0xFF; 8], &[9, 0, 0, 0, 1], &[3, 0, 0, 0, 0xFF, 0xFF, 0xFF]];
            for words in nonsense {
                let hello = Hello { identity, purpose };
                let (_, stream) = handshake::dial(address, &hello).await.unwrap();
                say_nonsense(stream, words).await;
            }
        }
    }
    let group = cluster.groups()[0];
    let mut session = cluster.session(group).await;
    insert(&mut session, 20).await;
    let mut expected = expected[0].clone();
    expected.push(element(20));
    assert_each_holds(&mut cluster, group, &expected).await;
    assert_eq!(
        cluster.running.members().await.unwrap(),
        before,
        "nobody was lost"
    );
    cluster.stop().await;
}

#[tokio::test]
async fn no_node_outlives_a_launcher_that_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cluster.ini");
    std::fs::write(&file, plan(1, 1).to_ini().unwrap()).unwrap();
    let mut launcher = Command::new(env!("CARGO_BIN_EXE_bench"))
        .arg("up")
        .arg(&file)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(launcher.stdout.take().unwrap()).lines();
    let active = async {
        while let Some(line) = lines.next_line().await.unwrap() {
            if line.starts_with("all nodes are active") {
                return;
            }
        }
        panic!("it ended before the nodes were active");
    };
    timeout(PATIENCE, active).await.unwrap();
    let pid = launcher.id().unwrap();
    let children = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap();
    let children: Vec<u32> = children
        .split_whitespace()
        .map(|child| child.parse().unwrap())
        .collect();
    assert_eq!(children.len(), 3, "a manager and two data nodes");
    launcher.kill().await.unwrap();
    let began = Instant::now();
    while children.iter().any(|child| is_running(*child)) {
        assert!(began.elapsed() < PATIENCE, "some of {children:?} still run");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Whether the process is there and not only waits to be noticed as ended.
fn is_running(pid: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ")
        .is_some_and(|(_, rest)| !rest.starts_with('Z'))
}

/// How many sockets the process has open.
#[cfg(target_os = "linux")]
fn sockets_of(pid: u32) -> usize {
    let descriptors = std::fs::read_dir(format!("/proc/{pid}/fd")).unwrap();
    let is_socket = |entry: std::io::Result<std::fs::DirEntry>| {
        // A descriptor that was just closed is none.
        let target = entry.and_then(|entry| std::fs::read_link(entry.path()));
        target.is_ok_and(|target| target.to_string_lossy().starts_with("socket:"))
    };
    descriptors.map(is_socket).filter(|socket| *socket).count()
}

/// The report opened a connection per node and phase of every update.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn updates_open_no_connection() {
    let cluster = Cluster::launch(patient_plan()).await;
    let group = cluster.groups()[0];
    let mut session = cluster.session(group).await;
    let manager = cluster.running.manager_pids()[0];
    let mut counts = Vec::new();
    for number in 0..20 {
        let op = Op::Insert {
            key: key(number),
            value: value(number),
        };
        assert_eq!(session.write(op).await.unwrap().outcome, Outcome::Inserted);
        counts.push(sockets_of(manager));
    }
    assert!(counts.iter().all(|count| *count == counts[0]), "{counts:?}");
    cluster.stop().await;
}
