//! How long a copy takes that has to begin from nothing: a data node that comes back, and a replica of Redis.
//!
//! A list is filled, then one copy of it is lost. Of replication the parts of the recovery count that move and install
//! the state, as in the experiment; of Redis the time from the order to follow until its link is up, with an empty
//! replica that runs already and no delay before the transfer.

use std::time::Duration;

use multicast::id::{GroupId, NodeId};
use settings::{ClusterPlan, Mechanism};
use structures::{kind::StructureKind, op::Op};
use wire::{
    client::{MAX_PIPELINE, Pipeline},
    message::membership::{Role, Standing},
};

use super::{contender::Launched, error::LoadError};
use crate::{
    cluster::{ClusterError, Launcher, RunningCluster, all_active, seats},
    experiment::PATIENCE,
    placement::Placement,
    redis::{RedisError, RedisPair},
};

/// Bytes of every element.
pub const ELEMENT_BYTES: usize = 8;

const GROUP: GroupId = GroupId(0);

/// The element of that number, the same for both.
pub(super) fn element(number: u64) -> [u8; ELEMENT_BYTES] {
    number.wrapping_mul(0x9E37_79B9_7F4A_7C15).to_le_bytes()
}

/// Fills a replicated list and lets a data node lose it; the time from the fence to the installed state.
///
/// # Errors
/// If the cluster does not do what it should.
pub async fn recover_data_node(elements: u64, placement: Placement) -> Result<Duration, LoadError> {
    let mut launched = launch(placement).await?;
    let running = &mut launched.running;
    fill(running, elements).await?;
    let seat = seats(&running.cluster)
        .into_iter()
        .find(|seat| seat.role == Role::DataNode);
    let seat = seat.expect("a replicated cluster has data nodes");
    running.kill(seat.node).await.map_err(LoadError::Scratch)?;
    let is_removed = |node: NodeId| {
        move |members: &wire::message::membership::Membership| {
            members
                .members
                .get(&node)
                .is_some_and(|member| member.standing == Standing::Removed)
        }
    };
    running
        .wait_until("the lost node is not removed", is_removed(seat.node))
        .await?;
    running.start(seat)?;
    running.wait_until("the node is not back", all_active).await?;
    let reports = running
        .questions()
        .recoveries(0)
        .await
        .map_err(ClusterError::from)?;
    let of_node = reports.iter().rev().find(|report| report.node == seat.node);
    let parts = of_node.map(|report| {
        [
            report.fence_us,
            report.transfer_us,
            report.decode_us,
            report.install_us,
        ]
    });
    let took_us: u64 = parts.into_iter().flatten().flatten().sum();
    launched.running.stop().await;
    Ok(Duration::from_micros(took_us))
}

async fn launch(placement: Placement) -> Result<Launched, LoadError> {
    let folder = tempfile::tempdir().map_err(LoadError::Scratch)?;
    let file = folder.path().join("cluster.ini");
    let mut plan = ClusterPlan::new(Mechanism::Replication, 1, 1);
    plan.structure = StructureKind::List;
    plan.limits.element_bytes = ELEMENT_BYTES;
    std::fs::write(&file, plan.to_ini()?).map_err(LoadError::Scratch)?;
    let log = Some(folder.path().join("nodes.log"));
    let launcher = Launcher::this_program(log, placement).map_err(LoadError::Scratch)?;
    let running = RunningCluster::launch(launcher, &file).await?;
    Ok(Launched {
        running,
        _folder: folder,
    })
}

async fn fill(running: &RunningCluster, elements: u64) -> Result<(), LoadError> {
    let door = |source| LoadError::Door { group: GROUP, source };
    let directory = running.directory.clone();
    let mut pipeline = Pipeline::open(directory, GROUP, MAX_PIPELINE, PATIENCE)
        .await
        .map_err(door)?;
    let mut numbers = 0..elements;
    loop {
        while pipeline.has_room() {
            let Some(number) = numbers.next() else { break };
            let value = element(number).to_vec();
            pipeline.write(Op::PushBack { value });
        }
        match pipeline.next().await {
            None => return Ok(()),
            Some((_, answer)) => drop(answer.map_err(door)?),
        }
    }
}

/// Fills a list of Redis and lets an empty replica follow; until its link is up and it holds as many.
///
/// # Errors
/// `NotInstalled` where there is no such program; the others if it does not do what it should.
pub async fn resynchronise_redis(elements: u64, placement: Placement) -> Result<Duration, RedisError> {
    let pair = RedisPair::start(placement, 1).await?;
    pair.part().await?;
    pair.fill(GROUP, elements, element).await?;
    pair.follow_again(GROUP, elements).await
}
