//! How long a copy takes that has to begin from nothing: a data node that comes back, and a replica of Redis.
//!
//! A list is filled, then one copy of it is lost. Of replication the parts of the recovery count that move and install
//! the state, as in the experiment; of Redis the time from the order to follow until its link is up, with an empty
//! replica that runs already and no delay before the transfer.

use std::time::Duration;

use settings::{Join, Mechanism};

use super::{
    error::LoadError,
    lost_copy::{CopyPlan, FilledCluster, GROUP, element},
};
use crate::{
    placement::Placement,
    redis::{RedisError, RedisPair},
};

/// Bytes of every element.
pub const ELEMENT_BYTES: usize = 8;

/// Fills a replicated list and lets a data node lose it; the time from the fence to the installed state, which is
/// counted at the node.
///
/// # Errors
/// If the cluster does not do what it should.
pub async fn recover_data_node(elements: u64, placement: Placement) -> Result<Duration, LoadError> {
    let mut cluster = FilledCluster::launch(CopyPlan {
        mechanism: Mechanism::Replication,
        elements,
        element_bytes: ELEMENT_BYTES,
        join: Join::Stream,
        placement,
    })
    .await?;
    cluster.lose(false).await?;
    cluster.bring_back().await?;
    let report = cluster.report().await?;
    cluster.check_contents(elements).await?;
    let parts = [
        cluster.reported(report.fence_us, "how long the fence took")?,
        cluster.reported(report.transfer_us, "how long the transfer took")?,
        cluster.reported(report.install_us, "how long the state was installed")?,
    ];
    cluster.stop().await;
    Ok(Duration::from_micros(parts.into_iter().sum()))
}

/// Fills a list of Redis and lets an empty replica follow; until its link is up and it holds as many.
///
/// # Errors
/// `NotInstalled` where there is no such program; the others if it does not do what it should.
pub async fn resynchronise_redis(elements: u64, placement: Placement) -> Result<Duration, RedisError> {
    let pair = RedisPair::start(placement, 1).await?;
    pair.part().await?;
    pair.fill(GROUP, elements, |number| element(number, ELEMENT_BYTES))
        .await?;
    pair.follow_again(GROUP, elements).await
}
