//! A client with many requests under way, while the very node that serves it is killed: each of its writes takes
//! effect exactly once.

#![allow(
    clippy::unwrap_used,
    reason = "a test, its helpers included, may fail by panicking"
)]

mod support;

use std::time::Duration;

use settings::{ClusterPlan, Mechanism};
use structures::{
    kind::StructureKind,
    op::{Op, Outcome},
};
use support::{Cluster, value};
use tokio::sync::watch;
use wire::{
    client::{MAX_PIPELINE, Pipeline},
    message::{client::ReplyBody, membership::Standing},
};

const PATIENCE: Duration = Duration::from_secs(20);

/// A list, so that a write that is applied twice shows as an element too many.
fn plan(mechanism: Mechanism) -> ClusterPlan {
    let mut plan = ClusterPlan::new(mechanism, 2, 1);
    plan.structure = StructureKind::List;
    plan.limits.element_bytes = 8;
    plan.heartbeat = Duration::from_millis(50);
    plan.suspicion = Duration::from_millis(400);
    plan
}

/// Pushes numbers from 0 on until it is told to stop; tells how many were answered, gives how many were pushed.
async fn push_until(
    mut pipeline: Pipeline,
    stop: watch::Receiver<bool>,
    answered: watch::Sender<u64>,
) -> u64 {
    let mut pushed = 0;
    loop {
        while pipeline.has_room() && !*stop.borrow() {
            pipeline.write(Op::PushBack { value: value(pushed) });
            pushed += 1;
        }
        let Some((_, answer)) = pipeline.next().await else {
            return pushed;
        };
        assert_eq!(answer.unwrap(), ReplyBody::Written(Outcome::Inserted.into()));
        answered.send_modify(|answered| *answered += 1);
    }
}

#[tokio::test]
async fn every_write_that_was_under_way_in_a_crash_takes_effect_exactly_once() {
    for mechanism in [
        Mechanism::Replication,
        Mechanism::ReplicationSequencer,
        Mechanism::FusionArena,
    ] {
        let mut cluster = Cluster::launch(plan(mechanism)).await;
        let group = cluster.groups()[0];
        let directory = cluster.running.directory.clone();
        let pipeline = Pipeline::open(directory, group, MAX_PIPELINE, PATIENCE).await;
        let (stop, stopped) = watch::channel(false);
        let (progress, mut answered) = watch::channel(0);
        let pushing = tokio::spawn(push_until(pipeline.unwrap(), stopped, progress));
        // The first seat of every mechanism holds the first group.
        let seat = cluster.seats()[0];
        for crash in 1..=3 {
            answered
                .wait_for(|answered| *answered >= crash * 300)
                .await
                .unwrap();
            cluster.kill(seat.node).await;
            cluster.wait_for(seat.node, Standing::Removed).await;
            cluster.restart(seat).await;
            cluster.wait_all_active().await;
        }
        stop.send_replace(true);
        let pushed = pushing.await.unwrap();
        let elements = cluster.read(group).await.unwrap();
        let mut found: Vec<Vec<u8>> = elements.into_iter().map(|element| element.value).collect();
        let mut expected: Vec<Vec<u8>> = (0..pushed).map(value).collect();
        found.sort_unstable();
        expected.sort_unstable();
        assert!(
            found == expected,
            "{mechanism}: {} of {pushed} found",
            found.len()
        );
        cluster.stop().await;
    }
}
