//! Fused clusters of real processes: crashes of every kind, and what is read back afterwards.

#![allow(
    clippy::unwrap_used,
    reason = "a test, its helpers included, may fail by panicking"
)]

mod support;

use std::{process::Stdio, time::Duration};

use bench::cluster::Seat;
use settings::{ClusterPlan, Mechanism};
use structures::op::{Element, Op, Outcome};
use support::{Cluster, key, value};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::Command,
    time::timeout,
};
use wire::{
    client::ClientError,
    message::{
        client::Refusal,
        membership::{Role, Standing},
    },
};

fn plan(groups: usize, faults: usize) -> ClusterPlan {
    let mut plan = ClusterPlan::new(Mechanism::FusionLinked, groups, faults);
    plan.limits.key_bytes = 8;
    plan.limits.element_bytes = 16;
    plan.heartbeat = Duration::from_millis(50);
    plan.suspicion = Duration::from_millis(400);
    plan
}

#[tokio::test]
async fn every_node_is_killed_and_readmitted_in_turn_and_nothing_is_lost() {
    for faults in [1, 2] {
        let mut cluster = Cluster::launch(plan(3, faults)).await;
        let mut expected = cluster.insert_everywhere(0..200).await;
        for seat in cluster.seats() {
            cluster.kill(seat.node).await;
            cluster.wait_for(seat.node, Standing::Removed).await;
            cluster.restart(seat).await;
            cluster.wait_all_active().await;
            assert_eq!(
                cluster.read_everywhere().await,
                expected,
                "after {seat:?}, f = {faults}"
            );
            // What comes after a recovery is protected like what came before it.
            let start = expected[0].len() as u64;
            expected = cluster.insert_everywhere(start..start + 20).await;
        }
        cluster.stop().await;
    }
}

#[tokio::test]
async fn any_two_nodes_killed_at_once_are_recovered_with_two_fused_servers() {
    let mut cluster = Cluster::launch(plan(3, 2)).await;
    let mut expected = cluster.insert_everywhere(0..100).await;
    let seats = cluster.seats();
    for first in 0..seats.len() {
        for second in first + 1..seats.len() {
            let pair = [seats[first], seats[second]];
            for seat in pair {
                cluster.kill(seat.node).await;
            }
            for seat in pair {
                cluster.wait_for(seat.node, Standing::Removed).await;
            }
            for seat in pair {
                cluster.restart(seat).await;
            }
            cluster.wait_all_active().await;
            assert_eq!(cluster.read_everywhere().await, expected, "after {pair:?}");
            let start = expected[0].len() as u64;
            expected = cluster.insert_everywhere(start..start + 5).await;
        }
    }
    cluster.stop().await;
}

/// c primaries and f - c fused servers, for every c: what a residual and a rebuild need of each other.
#[tokio::test]
async fn three_or_four_nodes_of_mixed_kinds_killed_at_once_are_recovered() {
    for faults in [3, 4] {
        let mut cluster = Cluster::launch(plan(4, faults)).await;
        let mut expected = cluster.insert_everywhere(0..60).await;
        for lost_primaries in 0..=faults {
            let mut crashed = cluster.seats_of(Role::Primary);
            crashed.truncate(lost_primaries);
            let servers = cluster.seats_of(Role::FusionServer);
            crashed.extend(&servers[lost_primaries..]);
            assert_eq!(crashed.len(), faults);
            for seat in &crashed {
                cluster.kill(seat.node).await;
            }
            for seat in &crashed {
                cluster.wait_for(seat.node, Standing::Removed).await;
            }
            for seat in &crashed {
                cluster.restart(*seat).await;
            }
            cluster.wait_all_active().await;
            assert_eq!(
                cluster.read_everywhere().await,
                expected,
                "f = {faults}, {lost_primaries} primaries"
            );
            let start = expected[0].len() as u64;
            expected = cluster.insert_everywhere(start..start + 5).await;
        }
        cluster.stop().await;
    }
}

#[tokio::test]
async fn a_second_process_with_a_primarys_or_a_servers_id_is_refused_and_the_cluster_goes_on() {
    let mut patient = plan(2, 1);
    patient.suspicion = Duration::from_secs(5);
    let mut cluster = Cluster::launch(patient).await;
    let mut expected = cluster.insert_everywhere(0..20).await;
    let before = cluster.running.members().await.unwrap();
    for role in [Role::Primary, Role::FusionServer] {
        let seat = cluster.seats_of(role)[0];
        let words = refusal_of_a_second(&cluster, seat).await;
        let expected_words = format!("{} is in use by another live process", seat.node);
        assert!(words.contains(&expected_words), "{words}");
        assert_eq!(cluster.running.members().await.unwrap(), before);
        let start = expected[0].len() as u64;
        expected = cluster.insert_everywhere(start..start + 5).await;
        assert_eq!(cluster.read_everywhere().await, expected);
    }
    cluster.stop().await;
}

/// Starts a second process of the seat and gives the line of its log that says why it is not let in.
async fn refusal_of_a_second(cluster: &Cluster, seat: Seat) -> String {
    let (host, port) = cluster.running.directory.managers[0].clone();
    let mut second = Command::new(env!("CARGO_BIN_EXE_bench"))
        .args(["node", &seat.role.to_string()])
        .arg(cluster.file())
        .args([&seat.section.to_string(), "--leash", "--manager"])
        .arg(format!("{host}:{port}"))
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
            if line.contains("in use") {
                return line;
            }
        }
        panic!("it ended without being refused");
    };
    let line = timeout(Duration::from_secs(20), refused).await.unwrap();
    second.kill().await.unwrap();
    line
}

#[tokio::test]
async fn deletes_updates_and_their_order_survive_a_primarys_crash() {
    let mut cluster = Cluster::launch(plan(3, 1)).await;
    cluster.insert_everywhere(0..50).await;
    for group in cluster.groups() {
        let mut session = cluster.session(group).await;
        for number in (0..50).step_by(3) {
            let answer = session.write(Op::Delete { key: key(number) }).await.unwrap();
            assert_eq!(answer.outcome, Outcome::Deleted);
        }
        let update = Op::Update {
            key: key(10),
            value: b"other".to_vec(),
        };
        assert_eq!(session.write(update).await.unwrap().outcome, Outcome::Updated);
        assert_eq!(
            session.write(Op::Delete { key: key(0) }).await.unwrap(),
            Outcome::AbsentKey.into()
        );
    }
    let expected = cluster.read_everywhere().await;
    assert_eq!(expected[0].len(), 33);
    assert!(expected[0].contains(&Element {
        key: key(10),
        value: b"other".to_vec()
    }));
    for seat in cluster.seats_of(Role::Primary) {
        cluster.kill(seat.node).await;
        cluster.wait_for(seat.node, Standing::Removed).await;
        cluster.restart(seat).await;
        cluster.wait_all_active().await;
        assert_eq!(cluster.read_everywhere().await, expected);
    }
    cluster.stop().await;
}

#[tokio::test]
async fn the_other_groups_take_writes_while_a_primary_is_gone_and_while_it_is_recovered() {
    let mut cluster = Cluster::launch(plan(3, 1)).await;
    cluster.insert_everywhere(0..100).await;
    let crashed = cluster.seats_of(Role::Primary)[0];
    let other = cluster.groups()[1];
    let mut session = cluster.session(other).await;
    let writer = tokio::spawn(async move {
        for number in 100..1100 {
            let op = Op::Insert {
                key: key(number),
                value: value(number),
            };
            assert_eq!(session.write(op).await.unwrap().outcome, Outcome::Inserted);
        }
    });
    cluster.kill(crashed.node).await;
    cluster.wait_for(crashed.node, Standing::Removed).await;
    cluster.restart(crashed).await;
    cluster.wait_all_active().await;
    writer.await.unwrap();
    let found = cluster.read_everywhere().await;
    assert_eq!(found[0], (0..100).map(support::element).collect::<Vec<_>>());
    assert_eq!(found[1], (0..1100).map(support::element).collect::<Vec<_>>());
    assert_eq!(found[2], found[0]);
    cluster.stop().await;
}

#[tokio::test]
async fn more_than_f_crashes_are_refused_by_name_and_the_rest_goes_on() {
    let mut cluster = Cluster::launch(plan(3, 1)).await;
    let expected = cluster.insert_everywhere(0..50).await;
    let primaries = cluster.seats_of(Role::Primary);
    let (first, second) = (primaries[0], primaries[1]);
    for seat in [first, second] {
        cluster.kill(seat.node).await;
        cluster.wait_for(seat.node, Standing::Removed).await;
    }
    // Empty replacements are not let in.
    cluster.restart(first).await;
    cluster.restart(second).await;
    let refusal = cluster.refusal_at_manager(cluster.groups()[0]).await;
    let missing = vec![first.node, second.node];
    assert_eq!(
        refusal,
        Refusal::TooManyFaults {
            tolerated: 1,
            missing
        }
    );
    let untouched = cluster.groups()[2];
    assert_eq!(cluster.read(untouched).await.unwrap(), expected[2]);
    let standing = cluster.standing(first.node).await;
    assert_eq!(standing, Standing::Removed);
    cluster.stop().await;
}

#[tokio::test]
async fn losing_every_fused_server_loses_no_data_and_writes_go_on() {
    let mut cluster = Cluster::launch(plan(2, 2)).await;
    cluster.insert_everywhere(0..30).await;
    let servers = cluster.seats_of(Role::FusionServer);
    for seat in &servers {
        cluster.kill(seat.node).await;
    }
    for seat in &servers {
        cluster.wait_for(seat.node, Standing::Removed).await;
    }
    let expected = cluster.insert_everywhere(30..60).await;
    for seat in &servers {
        cluster.restart(*seat).await;
    }
    cluster.wait_all_active().await;
    let primary = cluster.seats_of(Role::Primary)[1];
    cluster.kill(primary.node).await;
    cluster.wait_for(primary.node, Standing::Removed).await;
    cluster.restart(primary).await;
    cluster.wait_all_active().await;
    assert_eq!(cluster.read_everywhere().await, expected);
    cluster.stop().await;
}

#[tokio::test]
async fn a_stopped_primary_is_removed_and_comes_back_with_its_memory() {
    let mut cluster = Cluster::launch(plan(2, 1)).await;
    let expected = cluster.insert_everywhere(0..40).await;
    let primary = cluster.seats_of(Role::Primary)[0];
    cluster.signal(primary.node, nix::sys::signal::Signal::SIGSTOP);
    cluster.wait_for(primary.node, Standing::Removed).await;
    cluster.signal(primary.node, nix::sys::signal::Signal::SIGCONT);
    cluster.wait_all_active().await;
    assert_eq!(cluster.read_everywhere().await, expected);
    cluster.stop().await;
}

#[tokio::test]
async fn keys_and_values_over_the_limit_and_absent_keys_are_typed_refusals() {
    let cluster = Cluster::launch(plan(1, 1)).await;
    let group = cluster.groups()[0];
    let mut session = cluster.session(group).await;
    let insert = |key: usize, value: usize| Op::Insert {
        key: vec![7; key],
        value: vec![7; value],
    };
    assert_eq!(
        session.write(insert(8, 16)).await.unwrap().outcome,
        Outcome::Inserted
    );
    let refused = |error: ClientError| match error {
        ClientError::Refused(refusal) => refusal,
        other => panic!("not refused: {other}"),
    };
    let long_key = refused(session.write(insert(9, 1)).await.unwrap_err());
    assert_eq!(long_key, Refusal::KeyLength { limit: 8, actual: 9 });
    let long_value = refused(session.write(insert(1, 17)).await.unwrap_err());
    assert_eq!(
        long_value,
        Refusal::ValueLength {
            limit: 16,
            actual: 17
        }
    );
    assert_eq!(
        session.write(Op::Delete { key: vec![1] }).await.unwrap(),
        Outcome::AbsentKey.into()
    );
    let unknown = multicast::id::GroupId(9);
    let mut manager = cluster.manager_client().await;
    let error = manager.get(unknown, b"k").await.unwrap_err();
    assert_eq!(refused(error), Refusal::UnknownGroup { group: unknown });
    assert_eq!(cluster.read(group).await.unwrap().len(), 1);
    cluster.stop().await;
}

/// The members hang up on a manager that is stopped; that must not cost the fused server what it holds of a
/// primary that crashes meanwhile.
#[tokio::test]
async fn a_primary_that_crashes_while_the_manager_is_stopped_is_recovered() {
    use nix::sys::signal::{Signal, kill};
    let mut cluster = Cluster::launch(plan(2, 1)).await;
    let expected = cluster.insert_everywhere(0..40).await;
    let manager = nix::unistd::Pid::from_raw(cluster.running.manager_pids()[0] as i32);
    let primary = cluster.seats_of(Role::Primary)[0];
    kill(manager, Signal::SIGSTOP).unwrap();
    cluster.kill(primary.node).await;
    // Longer than the suspicion time: everyone hangs up.
    tokio::time::sleep(Duration::from_millis(1200)).await;
    kill(manager, Signal::SIGCONT).unwrap();
    cluster.wait_for(primary.node, Standing::Removed).await;
    cluster.restart(primary).await;
    cluster.wait_all_active().await;
    assert_eq!(cluster.read_everywhere().await, expected);
    cluster.stop().await;
}

/// With a primary missing, the only fused server is stopped for longer than the suspicion time.
#[tokio::test]
async fn a_fused_server_that_is_stopped_while_a_primary_is_missing_still_recovers_it() {
    use nix::sys::signal::Signal;
    let mut cluster = Cluster::launch(plan(2, 1)).await;
    let expected = cluster.insert_everywhere(0..40).await;
    let primary = cluster.seats_of(Role::Primary)[0];
    let server = cluster.seats_of(Role::FusionServer)[0];
    cluster.kill(primary.node).await;
    cluster.wait_for(primary.node, Standing::Removed).await;
    cluster.signal(server.node, Signal::SIGSTOP);
    tokio::time::sleep(Duration::from_millis(1200)).await;
    cluster.signal(server.node, Signal::SIGCONT);
    cluster.restart(primary).await;
    cluster.wait_all_active().await;
    assert_eq!(cluster.read_everywhere().await, expected);
    cluster.stop().await;
}
