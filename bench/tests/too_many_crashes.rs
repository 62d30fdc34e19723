//! More crashes than a cluster tolerates: refused by name, the rest untouched, and healed once a missing node is
//! back with its memory.

#![allow(
    clippy::unwrap_used,
    reason = "a test, its helpers included, may fail by panicking"
)]

mod support;

use std::time::Duration;

use nix::sys::signal::Signal;
use settings::{ClusterPlan, Mechanism};
use structures::kind::StructureKind;
use support::Cluster;
use wire::message::{
    client::Refusal,
    membership::{Role, Standing},
};

fn plan(groups: usize, faults: usize) -> ClusterPlan {
    let mut plan = ClusterPlan::new(Mechanism::FusionArena, groups, faults);
    plan.structure = StructureKind::KeyedList;
    plan.limits.key_bytes = 8;
    plan.limits.element_bytes = 16;
    plan.heartbeat = Duration::from_millis(50);
    plan.suspicion = Duration::from_millis(400);
    plan
}

/// f primaries are killed and one more is only cut off: f + 1 are missing. The one that is cut off keeps its memory.
#[tokio::test]
async fn f_plus_1_missing_primaries_are_refused_by_name_and_recovered_once_one_is_back_with_its_memory() {
    for faults in [1, 2] {
        let mut cluster = Cluster::launch(plan(faults + 2, faults)).await;
        let expected = cluster.insert_everywhere(0..50).await;
        let primaries = cluster.seats_of(Role::Primary);
        let (killed, cut_off) = (&primaries[..faults], primaries[faults]);
        for seat in killed {
            cluster.kill(seat.node).await;
        }
        cluster.signal(cut_off.node, Signal::SIGSTOP);
        for seat in &primaries[..=faults] {
            cluster.wait_for(seat.node, Standing::Removed).await;
        }
        for seat in killed {
            cluster.restart(*seat).await;
        }
        let refusal = cluster.refusal_at_manager(cluster.groups()[0]).await;
        let too_many = Refusal::TooManyFaults {
            tolerated: faults,
            missing: primaries[..=faults].iter().map(|seat| seat.node).collect(),
        };
        assert_eq!(refusal, too_many);
        let untouched = cluster.groups()[faults + 1];
        assert_eq!(cluster.read(untouched).await.unwrap(), expected[0]);

        cluster.signal(cut_off.node, Signal::SIGCONT);
        cluster.wait_all_active().await;
        assert_eq!(cluster.read_everywhere().await, expected, "f = {faults}");
        cluster.stop().await;
    }
}
