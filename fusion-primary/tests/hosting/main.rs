//! Structures hosted in this process: what survives their host, who reaches them, and what is refused. Managers
//! and fused servers are tasks of this process, over real loopback connections.

mod refusals;
mod sharing;
mod stalled;
mod survival;

use std::ops::Range;

use collections::{Error, Map};
use fusion_primary::FusedMap;
use local_cluster::{LocalCluster, LocalError};
use settings::Mechanism;
use structures::kind::StructureKind;

/// How a test ends.
type Ended = Result<(), Box<dyn std::error::Error>>;
type TheMap = FusedMap<u64, String>;

async fn maps() -> Result<LocalCluster, LocalError> {
    LocalCluster::small(Mechanism::FusionArena, StructureKind::Map).await
}

async fn fill(map: &mut TheMap, keys: Range<u64>) -> Result<(), Error> {
    for key in keys {
        assert!(map.insert(&key, &format!("value {key}")).await?);
    }
    Ok(())
}

async fn contents(map: &mut TheMap) -> Result<Vec<(u64, String)>, Error> {
    let mut all = map.pages().all().await?;
    all.sort();
    Ok(all)
}

fn expected(keys: Range<u64>) -> Vec<(u64, String)> {
    keys.map(|key| (key, format!("value {key}"))).collect()
}
