//! Scrubs of real processes: memory changed behind their backs is found and, with two fused servers, whose it is;
//! writes under way raise no alarm.

#![allow(
    clippy::unwrap_used,
    reason = "a test, its helpers included, may fail by panicking"
)]

mod support;

use std::{process::Stdio, time::Duration};

use multicast::id::NodeId;
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use settings::{ClusterPlan, Mechanism};
use structures::op::Op;
use support::{Cluster, key, memory::corrupt, value};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::Command,
};
use wire::message::membership::{Role, Standing};

const FUSION: [Mechanism; 2] = [Mechanism::FusionLinked, Mechanism::FusionArena];

fn plan(mechanism: Mechanism, faults: usize) -> ClusterPlan {
    let mut plan = ClusterPlan::new(mechanism, 3, faults);
    plan.limits.key_bytes = 16;
    plan.limits.element_bytes = 16;
    plan.heartbeat = Duration::from_millis(50);
    plan.suspicion = Duration::from_secs(5);
    plan
}

fn scrub_command(cluster: &Cluster) -> Command {
    let (host, port) = &cluster.running.directory.managers[0];
    let mut command = Command::new(env!("CARGO_BIN_EXE_bench"));
    command
        .arg("scrub")
        .arg(cluster.file())
        .args(["--manager", &format!("{host}:{port}")]);
    command.kill_on_drop(true);
    command
}

/// Scrubs once: the exit code, what was printed, and what was complained of.
async fn scrub(cluster: &Cluster) -> (i32, String, String) {
    let output = scrub_command(cluster).output().await.unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        output.status.code().unwrap(),
        text(output.stdout),
        text(output.stderr),
    )
}

async fn assert_sound(cluster: &Cluster) {
    let (code, out, complaint) = scrub(cluster).await;
    assert!(out.ends_with("\nsound: all agree\n"), "{out}{complaint}");
    assert_eq!((code, complaint.as_str()), (0, ""));
}

/// Scrubs once, and gives the line about the one finding.
async fn the_finding(cluster: &Cluster) -> String {
    let (code, out, complaint) = scrub(cluster).await;
    let findings: Vec<_> = out
        .lines()
        .filter_map(|line| line.strip_prefix("DIFFERS: "))
        .collect();
    assert_eq!(findings.len(), 1, "{out}{complaint}");
    assert_eq!(complaint, "error: 1 blocks do not agree; nothing was changed\n");
    assert_eq!(code, 1);
    findings[0].to_owned()
}

fn pid(cluster: &Cluster, node: NodeId) -> u32 {
    let pids = cluster.running.pids();
    let of_node = pids.iter().find(|(other, _)| *other == node);
    of_node.and_then(|(_, pid)| *pid).unwrap()
}

/// Three groups of 200 elements, and 200 more in the first: their values lie alone in the parity.
async fn launch(mechanism: Mechanism, faults: usize) -> Cluster {
    let cluster = Cluster::launch(plan(mechanism, faults)).await;
    cluster.insert_everywhere(0..200).await;
    let mut session = cluster.session(cluster.groups()[0]).await;
    for number in 200..400 {
        let (key, value) = (key(number), value(number));
        session.write(Op::Insert { key, value }).await.unwrap();
    }
    cluster
}

#[tokio::test]
async fn a_bit_flipped_in_a_primary_or_a_server_is_found_and_named_with_two_fused_servers() {
    for mechanism in FUSION {
        let cluster = launch(mechanism, 2).await;
        assert_sound(&cluster).await;
        let primary = cluster.seats_of(Role::Primary)[1].node;
        corrupt(pid(&cluster, primary), &value(150));
        let expected = format!(
            "region 0, block 0 (bytes 0 to 65535): {primary} (primary of group B) is corrupt, if only one node is"
        );
        assert_eq!(the_finding(&cluster).await, expected, "{mechanism}");
        cluster.stop().await;

        let cluster = launch(mechanism, 2).await;
        let server = cluster.seats_of(Role::FusionServer)[0].node;
        corrupt(pid(&cluster, server), &value(300));
        let expected = format!(
            "region 0, block 0 (bytes 0 to 65535): {server} (fusion server) is corrupt, if only one node is"
        );
        assert_eq!(the_finding(&cluster).await, expected, "{mechanism}");
        cluster.stop().await;
    }
}

#[tokio::test]
async fn a_bit_flipped_in_a_plain_copy_is_found_and_named() {
    let cluster = launch(Mechanism::FusionLinked, 2).await;
    let mut session = cluster.session(cluster.groups()[2]).await;
    let key = b"a plain key".to_vec();
    let value = vec![1];
    let insert = Op::Insert {
        key: key.clone(),
        value,
    };
    session.write(insert).await.unwrap();
    let server = cluster.seats_of(Role::FusionServer)[1].node;
    corrupt(pid(&cluster, server), &key);
    let primary = cluster.seats_of(Role::Primary)[2].node;
    let expected = format!(
        "region 1 of {primary} (primary of group C), block 0 (bytes 0 to 65535): {server} (fusion server) is corrupt, \
         if only one node is"
    );
    assert_eq!(the_finding(&cluster).await, expected);
    cluster.stop().await;
}

#[tokio::test]
async fn one_fused_server_shows_that_something_is_wrong_and_names_nobody() {
    for mechanism in FUSION {
        let cluster = launch(mechanism, 1).await;
        assert_sound(&cluster).await;
        corrupt(
            pid(&cluster, cluster.seats_of(Role::Primary)[0].node),
            &value(150),
        );
        let finding = the_finding(&cluster).await;
        let expected = "region 0, block 0 (bytes 0 to 65535): with one fused server it cannot be told which of these is \
                        corrupt: node 1 (primary of group A), node 2 (primary of group B), node 3 (primary of group C), \
                        node 4 (fusion server)";
        assert_eq!(finding, expected, "{mechanism}");
        cluster.stop().await;
    }
}

#[tokio::test]
async fn writes_under_way_raise_no_alarm_and_go_on() {
    for mechanism in FUSION {
        let cluster = launch(mechanism, 2).await;
        let (stop, stopped) = tokio::sync::watch::channel(false);
        let mut writers = tokio::task::JoinSet::new();
        for group in cluster.groups() {
            let (mut session, stopped) = (cluster.session(group).await, stopped.clone());
            writers.spawn(async move {
                let mut writes = 0;
                while !*stopped.borrow() {
                    // Inserts, updates and deletes of the first and the last ones by turns.
                    let key = key(400 + writes % 7 * (writes % 3));
                    let value = value(writes);
                    let op = match writes % 5 {
                        0 | 1 => Op::Insert { key, value },
                        2 | 3 => Op::Update { key, value },
                        _ => Op::Delete { key },
                    };
                    session.write(op).await.unwrap();
                    writes += 1;
                }
                writes
            });
        }
        for _ in 0..10 {
            assert_sound(&cluster).await;
        }
        stop.send(true).unwrap();
        while let Some(writes) = writers.join_next().await {
            assert!(writes.unwrap() > 0);
        }
        assert_sound(&cluster).await;
        cluster.stop().await;
    }
}

#[tokio::test]
async fn who_is_not_there_is_named_and_was_not_compared() {
    let mut cluster = launch(Mechanism::FusionArena, 2).await;
    let server = cluster.seats_of(Role::FusionServer)[0].node;
    cluster.kill(server).await;
    cluster.wait_for(server, Standing::Removed).await;
    let (code, out, complaint) = scrub(&cluster).await;
    let absent = format!("not compared: {server} (fusion server), which is not active\n");
    assert!(out.contains(&absent), "{out}");
    let expected = (1, "error: 1 fused servers could not be compared\n");
    assert_eq!((code, complaint.as_str()), expected);
    let primary = cluster.seats_of(Role::Primary)[0].node;
    cluster.kill(primary).await;
    cluster.wait_for(primary, Standing::Removed).await;
    let complaint = format!(
        "error: {primary}, a primary, is removed: what the parity holds of them cannot be compared; scrub again \
         when they are active\n"
    );
    assert_eq!(scrub(&cluster).await, (1, String::new(), complaint));
    cluster.stop().await;
}

#[tokio::test]
async fn a_periodic_scrub_goes_on_until_it_is_interrupted() {
    let cluster = launch(Mechanism::FusionLinked, 1).await;
    let mut scrubbing = scrub_command(&cluster)
        .args(["--every", "100ms"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(scrubbing.stdout.take().unwrap()).lines();
    let mut sound = 0;
    while sound < 3 {
        let line = lines.next_line().await.unwrap().unwrap();
        sound += usize::from(line == "sound: all agree");
    }
    let pid = Pid::from_raw(scrubbing.id().unwrap() as i32);
    kill(pid, Signal::SIGINT).unwrap();
    assert_eq!(scrubbing.wait().await.unwrap().code(), Some(130));
    cluster.stop().await;
}

/// A cluster file alone: nothing of it runs.
async fn usage_of(plan: &ClusterPlan) -> (i32, String) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("cluster.ini"), plan.to_ini().unwrap()).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_bench"))
        .args(["scrub", "cluster.ini"])
        .current_dir(folder.path())
        .output()
        .await
        .unwrap();
    let complaint = String::from_utf8(output.stderr).unwrap();
    (output.status.code().unwrap(), complaint)
}

#[tokio::test]
async fn a_cluster_without_parity_and_a_manager_on_a_free_port_are_bad_usage() {
    let replicated = ClusterPlan::new(Mechanism::Replication, 1, 1);
    let no_parity = "error: cluster.ini describes a cluster of mechanism replication, whose nodes hold whole copies: \
                     there is no parity to compare.\nbench scrub takes fusion-linked and fusion-arena\n";
    assert_eq!(usage_of(&replicated).await, (2, no_parity.to_owned()));
    let free_port = "error: cluster.ini gives its manager a free port; say which it took: --manager HOST:PORT (`bench up` \
                     prints it)\n";
    let fused = plan(Mechanism::FusionArena, 1);
    assert_eq!(usage_of(&fused).await, (2, free_port.to_owned()));
}
