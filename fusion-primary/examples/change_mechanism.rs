//! One application, two mechanisms: it is written against `Map`, and names its mechanism in one line.
//!
//! `cargo run -p fusion-primary --example change_mechanism`

use collections::{Error, Map, ReplicatedMap};
use fusion_primary::FusedMap;
use local_cluster::LocalCluster;
use settings::Mechanism;
use structures::kind::StructureKind;

const TEXT: &str = "the crash that takes the process takes the memory and not the map";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let replicated = {
        let local = LocalCluster::small(Mechanism::Replication, StructureKind::Map).await?;
        let mut map = ReplicatedMap::<String, u64>::connect(&local.site(), "A").await?;
        count_words(&mut map, TEXT).await?
    };
    println!("replicated: {replicated:?}");
    let fused = {
        let local = LocalCluster::small(Mechanism::FusionArena, StructureKind::Map).await?;
        let mut map = FusedMap::<String, u64>::host(&local.site(), "A").await?;
        count_words(&mut map, TEXT).await?
    };
    println!("fused:      {fused:?}");
    match replicated == fused {
        true => Ok(()),
        false => Err("the two maps differ".into()),
    }
}

/// The application. It knows no mechanism.
async fn count_words(map: &mut impl Map<String, u64>, text: &str) -> Result<Vec<(String, u64)>, Error> {
    for word in text.split_whitespace() {
        let before = map.get(word).await?.unwrap_or(0);
        map.insert(word, &(before + 1)).await?;
    }
    let mut counts = map.pages().all().await?;
    counts.sort();
    Ok(counts)
}
