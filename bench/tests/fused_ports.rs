//! Garbage, half frames, lengths over the limit and wrong purposes at every port of a fused cluster: it goes
//! on, and its contents are what they were.

#![allow(
    clippy::unwrap_used,
    reason = "a test, its helpers included, may fail by panicking"
)]

mod support;

use std::{net::SocketAddr, time::Duration};

use multicast::id::{Incarnation, NodeId};
use settings::{ClusterPlan, Mechanism};
use support::Cluster;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};
use wire::{
    Hello, Identity, Purpose, WireError,
    handshake::{self, Rejection},
    limits::MAX_FRAME_BYTES,
    message::membership::{Role, Standing},
};

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(20);

const PURPOSES: [Purpose; 6] = [
    Purpose::Client,
    Purpose::Entry,
    Purpose::Manager,
    Purpose::Transfer,
    Purpose::Delta,
    Purpose::Residual,
];

/// Nodes are believed in for so long that none is lost on a busy machine.
fn plan() -> ClusterPlan {
    let mut plan = ClusterPlan::new(Mechanism::FusionLinked, 2, 1);
    plan.limits.key_bytes = 8;
    plan.limits.element_bytes = 16;
    plan.heartbeat = Duration::from_millis(50);
    plan.suspicion = Duration::from_secs(5);
    plan
}

/// What a process of that role serves.
fn served(role: Role) -> &'static [Purpose] {
    match role {
        Role::GroupManager => &[Purpose::Client, Purpose::Entry],
        Role::DataNode => &[Purpose::Manager, Purpose::Transfer],
        Role::Primary => &[Purpose::Manager, Purpose::Client, Purpose::Residual],
        Role::FusionServer => &[Purpose::Manager, Purpose::Delta, Purpose::Client],
    }
}

/// No handshake, or part of one.
fn beginnings() -> Vec<Vec<u8>> {
    vec![
        Vec::new(),
        b"GET / HTTP/1.1\r\n\r\n".to_vec(),
        b"FUSEBOX\n".to_vec(),
        b"FUSEBOX\n\xff\xff".to_vec(),
        vec![0; 4096],
    ]
}

/// After a good handshake: lengths over the limit, half a frame, no frame, and frames that are no message.
fn frames() -> Vec<Vec<u8>> {
    let over = u32::try_from(MAX_FRAME_BYTES + 1).unwrap();
    vec![
        Vec::new(),
        vec![0xFF; 8],
        over.to_le_bytes().to_vec(),
        over.to_be_bytes().to_vec(),
        vec![9, 0, 0],
        vec![9, 0, 0, 0, 1],
        vec![0; 4],
        vec![3, 0, 0, 0, 0xFF, 0xFF, 0xFF],
        // A sequence in it that says it has 2^64 - 1 members.
        [&[11, 0, 0, 0, 1][..], &[0xFD], &[0xFF; 9]].concat(),
    ]
}

/// Says it, and waits until the other end hangs up.
async fn say(mut stream: TcpStream, words: &[u8]) {
    // The other end may hang up before it has read all.
    let _ = stream.write_all(words).await;
    let _ = stream.shutdown().await;
    let mut rest = Vec::new();
    let _ = timeout(PATIENCE, stream.read_to_end(&mut rest))
        .await
        .expect("it hangs up");
}

fn hello(cluster: &Cluster, node: NodeId, purpose: Purpose) -> Hello {
    let identity = Identity {
        cluster: cluster.running.directory.cluster,
        node,
        incarnation: Incarnation(1),
    };
    Hello { identity, purpose }
}

async fn say_after_handshake(address: SocketAddr, hello: &Hello, words: &[u8]) {
    let (_, stream) = handshake::dial(address, hello).await.unwrap();
    say(stream, words).await;
}

/// Every port: where, whose, and which node.
async fn ports(cluster: &mut Cluster) -> Vec<(SocketAddr, Role)> {
    let (host, port) = cluster.running.directory.managers[0].clone();
    let manager = tokio::net::lookup_host((host, port)).await.unwrap().next();
    let mut ports = vec![(manager.unwrap(), Role::GroupManager)];
    for member in cluster.running.members().await.unwrap().members.values() {
        ports.push((member.addresses.unwrap().peers, member.role));
    }
    ports
}

#[tokio::test]
async fn nonsense_at_every_port_of_a_fused_cluster_disturbs_nobody() {
    let mut cluster = Cluster::launch(plan()).await;
    let mut expected = cluster.insert_everywhere(0..20).await;
    let before = cluster.running.members().await.unwrap();
    let nodes: Vec<NodeId> = [NodeId(0)]
        .into_iter()
        .chain(before.members.keys().copied())
        .collect();
    for (address, role) in ports(&mut cluster).await {
        for words in beginnings() {
            say(TcpStream::connect(address).await.unwrap(), &words).await;
        }
        // Not Manager: whoever says so and gives the cluster's fingerprint is believed (see below).
        for purpose in served(role)
            .iter()
            .filter(|purpose| **purpose != Purpose::Manager)
        {
            // Also in the name of those that do have something to say there.
            for node in &nodes {
                for words in frames() {
                    say_after_handshake(address, &hello(&cluster, *node, *purpose), &words).await;
                }
            }
        }
        let start = expected[0].len() as u64;
        expected = cluster.insert_everywhere(start..start + 5).await;
        assert_eq!(
            cluster.read_everywhere().await,
            expected,
            "after nonsense at a {role}"
        );
    }
    assert_eq!(
        cluster.running.members().await.unwrap(),
        before,
        "nobody was lost"
    );
    cluster.stop().await;
}

#[tokio::test]
async fn a_purpose_that_a_process_does_not_serve_and_another_cluster_are_turned_away_by_name() {
    let mut cluster = Cluster::launch(plan()).await;
    let expected = cluster.insert_everywhere(0..5).await;
    let before = cluster.running.members().await.unwrap();
    for (address, role) in ports(&mut cluster).await {
        for purpose in PURPOSES {
            let mut hello = hello(&cluster, NodeId(1), purpose);
            if !served(role).contains(&purpose) {
                let refused = handshake::dial(address, &hello).await.unwrap_err();
                assert!(
                    matches!(
                        refused,
                        WireError::Rejected { purpose: asked, rejection: Rejection::Purpose } if asked == purpose
                    ),
                    "{purpose:?} at a {role}: {refused}"
                );
            }
            hello.identity.cluster ^= 1;
            let refused = handshake::dial(address, &hello).await.unwrap_err();
            assert!(
                matches!(
                    refused,
                    WireError::Rejected {
                        rejection: Rejection::Cluster,
                        ..
                    }
                ),
                "{purpose:?} at a {role}: {refused}"
            );
        }
    }
    assert_eq!(cluster.running.members().await.unwrap(), before);
    assert_eq!(cluster.read_everywhere().await, expected);
    cluster.stop().await;
}

/// A caller that passes for the manager displaces it; the member asks to be let in again, with its memory.
#[tokio::test]
async fn nonsense_in_the_managers_name_costs_no_data_and_no_life() {
    let mut cluster = Cluster::launch(plan()).await;
    let mut expected = cluster.insert_everywhere(0..20).await;
    let before = cluster.running.members().await.unwrap();
    for member in before.members.values() {
        let role = member.role;
        for words in frames() {
            let hello = hello(&cluster, NodeId(0), Purpose::Manager);
            say_after_handshake(member.addresses.unwrap().peers, &hello, &words).await;
        }
        let start = expected[0].len() as u64;
        expected = cluster.insert_everywhere(start..start + 5).await;
        assert_eq!(
            cluster.read_everywhere().await,
            expected,
            "after nonsense at a {role}"
        );
        cluster.wait_all_active().await;
    }
    let after = cluster.running.members().await.unwrap();
    for (node, member) in &before.members {
        assert_eq!(
            after.members[node].incarnation, member.incarnation,
            "the same life"
        );
    }
    // The manager has them back: it can lead each through a recovery.
    for seat in cluster.seats() {
        cluster.kill(seat.node).await;
        cluster.wait_for(seat.node, Standing::Removed).await;
        cluster.restart(seat).await;
        cluster.wait_all_active().await;
        assert_eq!(cluster.read_everywhere().await, expected, "after {seat:?}");
    }
    cluster.stop().await;
}
