//! Several handles of one structure, here and from afar.

use collections::{Collection, Map, Site, shape::MapOf};
use fusion_primary::Fused;
use local_cluster::LocalCluster;
use settings::{Cluster, Mechanism};
use structures::kind::StructureKind;

use crate::{Ended, TheMap, contents, expected, fill, maps};

#[tokio::test]
async fn the_host_and_clients_from_afar_see_one_map() -> Ended {
    let local = maps().await?;
    let mut here = TheMap::host(&local.site(), "A").await?;
    let mut afar = TheMap::connect(&local.site(), "A").await?;
    let mut here_too = here.another().await?;
    assert!(here.insert(&1, &"here".to_owned()).await?);
    assert!(!afar.insert(&1, &"afar".to_owned()).await?);
    assert_eq!(here_too.get(&1).await?.as_deref(), Some("afar"));
    assert_eq!(here_too.remove(&1).await?.as_deref(), Some("afar"));
    assert!(afar.is_empty().await?);
    drop(here);
    assert!(
        afar.insert(&2, &"a handle is left".to_owned()).await?,
        "the other handle still hosts it"
    );
    assert_eq!(here_too.len().await?, 1);
    Ok(())
}

#[tokio::test]
async fn handles_used_at_the_same_moment_lose_nothing() -> Ended {
    let local = maps().await?;
    let host = TheMap::host(&local.site(), "A").await?;
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..4 {
        let mut handle = match writer % 2 {
            0 => host.another().await?,
            _ => TheMap::connect(&local.site(), "A").await?,
        };
        writers.spawn(async move { fill(&mut handle, 100 * writer..100 * writer + 50).await });
    }
    for written in writers.join_all().await {
        written?;
    }
    let mut all: Vec<_> = (0..4)
        .flat_map(|writer| expected(100 * writer..100 * writer + 50))
        .collect();
    all.sort();
    assert_eq!(contents(&mut host.another().await?).await?, all);
    Ok(())
}

#[tokio::test]
async fn a_map_in_a_keyed_list_keeps_the_order_of_insertion() -> Ended {
    let local = LocalCluster::small(Mechanism::FusionArena, StructureKind::KeyedList).await?;
    let mut map = TheMap::host(&local.site(), "A").await?;
    for key in [7, 1, 4] {
        fill(&mut map, key..key + 1).await?;
    }
    let keys: Vec<u64> = map.pages().all().await?.into_iter().map(|(key, _)| key).collect();
    assert_eq!(keys, [7, 1, 4]);
    Ok(())
}

/// What generic code needs of a handle: it may move between threads, and so may its futures.
#[test]
fn handles_and_their_futures_are_send() {
    fn is_send<T: Send>(_: &T) {}
    fn check(map: &mut Collection<Fused, MapOf<u64, String>>) {
        is_send(map);
        is_send(&map.insert(&1, &String::new()));
        is_send(&map.pages());
        is_send(&TheMap::host(&Site::new(unused()), "A"));
    }
    fn unused() -> Cluster {
        unreachable!("only types are checked")
    }
    let _ = check;
}
