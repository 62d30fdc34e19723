//! Structures hosted in this process: what survives their host, who may host, who reaches them, and what is
//! refused. Managers and fused servers are tasks of this process, over real loopback connections.

use std::time::Duration;

use collections::{Collection, Error, List, Map, OpenError, ReplicatedMap, Site, shape::MapOf};
use fusion_primary::{Fused, FusedList, FusedMap};
use local_cluster::{LocalCluster, LocalError};
use multicast::id::NodeId;
use settings::{Cluster, Mechanism};
use structures::kind::StructureKind;
use tokio::{net::TcpListener, time::timeout};

/// How a test ends.
type Ended = Result<(), Box<dyn std::error::Error>>;
type TheMap = FusedMap<u64, String>;

async fn maps() -> Result<LocalCluster, LocalError> {
    LocalCluster::small(Mechanism::FusionArena, StructureKind::Map).await
}

async fn fill(map: &mut TheMap, keys: std::ops::Range<u64>) -> Result<(), Error> {
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

fn expected(keys: std::ops::Range<u64>) -> Vec<(u64, String)> {
    keys.map(|key| (key, format!("value {key}"))).collect()
}

#[tokio::test]
async fn what_was_answered_survives_the_end_of_its_host() -> Ended {
    let local = maps().await?;
    let site = local.site();
    let mut other = TheMap::host(&site, "B").await?;
    fill(&mut other, 500..600).await?;
    for life in 0..3 {
        let mut map = TheMap::host(&site, "A").await?;
        assert_eq!(contents(&mut map).await?, expected(0..100 * life));
        fill(&mut map, 100 * life..100 * (life + 1)).await?;
        match life {
            0 => drop(map),
            _ => map.close().await,
        }
    }
    assert_eq!(contents(&mut other).await?, expected(500..600));
    Ok(())
}

#[tokio::test]
async fn a_write_in_flight_when_its_host_ends_is_there_whole_or_not_at_all() -> Ended {
    let local = maps().await?;
    let mut map = TheMap::host(&local.site(), "A").await?;
    let mut answered = 0;
    let writing = async {
        loop {
            fill(&mut map, answered..answered + 1).await?;
            answered += 1;
        }
    };
    let given_up: Result<Result<(), Error>, _> = timeout(Duration::from_millis(50), writing).await;
    assert!(given_up.is_err(), "{given_up:?}");
    drop(map);
    let mut map = TheMap::host(&local.site(), "A").await?;
    let all = contents(&mut map).await?;
    let in_flight = all.len() as u64 - answered;
    assert!(in_flight <= 1, "{in_flight} more than were answered");
    assert_eq!(all, expected(0..answered + in_flight));
    Ok(())
}

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
async fn a_client_from_afar_goes_on_at_the_next_host() -> Ended {
    let local = maps().await?;
    let site = local.site();
    let host = TheMap::host(&site, "A").await?;
    let mut afar = TheMap::connect(&site, "A").await?;
    fill(&mut afar, 0..10).await?;
    drop(host);
    let (next, filled) = tokio::join!(TheMap::host(&site, "A"), fill(&mut afar, 10..20));
    filled?;
    assert_eq!(contents(&mut next?).await?, expected(0..20));
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
async fn a_second_host_of_one_primary_is_refused_by_name() -> Ended {
    let local = maps().await?;
    let mut first = TheMap::host(&local.site(), "A").await?;
    let refused = TheMap::host(&local.site(), "A").await.unwrap_err();
    assert_eq!(
        refused.to_string(),
        "node 1, the primary of group `A`, is hosted by another live process"
    );
    fill(&mut first, 0..3).await?;
    Ok(())
}

#[tokio::test]
async fn a_collection_of_another_kind_or_mechanism_is_refused_when_opened() -> Ended {
    let local = maps().await?;
    let site = local.site();
    let refused = FusedList::<u64>::host(&site, "A").await.unwrap_err();
    assert_eq!(
        refused.to_string(),
        "a list is kept in a list; the cluster's structure is map"
    );
    let refused = FusedList::<u64>::connect(&site, "A").await.unwrap_err();
    assert!(matches!(refused, OpenError::WrongKind { .. }));
    let refused = ReplicatedMap::<u64, String>::connect(&site, "A")
        .await
        .unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the cluster's mechanism is fusion-arena, not replication"
    );
    let refused = TheMap::host(&site, "C").await.unwrap_err();
    assert_eq!(refused.to_string(), "the cluster has no group `C`: it has A, B");
    Ok(())
}

#[tokio::test]
async fn elements_are_held_to_the_clusters_limits() -> Ended {
    let local = LocalCluster::small(Mechanism::FusionArena, StructureKind::List).await;
    let local = local.expect("it starts");
    let mut list = FusedList::<Vec<u8>>::host(&local.site(), "A").await?;
    // One byte says how long a vector of less than 128 bytes is.
    list.push_back(&vec![7; 63]).await?;
    let refused = list.push_back(&vec![7; 64]).await.unwrap_err();
    assert_eq!(
        refused.to_string(),
        "an element of 65 bytes is over the limit of 64"
    );
    assert_eq!(list.len().await?, 1);
    Ok(())
}

#[tokio::test]
async fn more_crashes_than_the_code_makes_good_are_refused_by_name() -> Ended {
    let mut local = maps().await?;
    let mut map = TheMap::host(&local.site(), "A").await?;
    fill(&mut map, 0..3).await?;
    local.crash(local.backups()[0]);
    map.close().await;
    let refused = TheMap::host(&local.site(), "A").await.unwrap_err();
    let OpenError::NotServing(Error::TooManyFaults {
        tolerated: 1,
        missing,
    }) = refused
    else {
        panic!("{refused}");
    };
    assert_eq!(missing, [NodeId(1), NodeId(3)]);
    Ok(())
}

#[tokio::test]
async fn the_fused_server_may_crash_and_come_back_under_a_host() -> Ended {
    let mut local = maps().await?;
    let mut map = TheMap::host(&local.site(), "A").await?;
    fill(&mut map, 0..30).await?;
    let server = local.backups()[0];
    local.crash(server);
    fill(&mut map, 30..60).await?;
    local.restart(server).await?;
    map.close().await;
    let mut map = TheMap::host(&local.site(), "A").await?;
    assert_eq!(contents(&mut map).await?, expected(0..60));
    Ok(())
}

/// A fused cluster whose manager is where nobody listens.
async fn without_manager() -> Result<Site, Box<dyn std::error::Error>> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let port = listener.local_addr()?.port();
    drop(listener);
    let cluster = Cluster::builder(Mechanism::FusionArena, ("127.0.0.1", port))
        .structure(StructureKind::Map)
        .primary("A", ("127.0.0.1", 0))
        .fusion_server(("127.0.0.1", 0));
    Ok(Site::new(cluster.build()?).with_patience(Duration::from_millis(50)))
}

#[tokio::test]
async fn a_missing_manager_ends_the_wait_with_the_patience() -> Ended {
    let site = without_manager().await?;
    for refused in [TheMap::host(&site, "A").await, TheMap::connect(&site, "A").await] {
        let refused = refused.unwrap_err().to_string();
        let manager = format!("no manager at {}: ", site.manager());
        assert!(refused.starts_with(&manager), "{refused}");
    }
    Ok(())
}

#[tokio::test]
async fn a_manager_of_another_cluster_is_refused_at_once() -> Ended {
    let local = maps().await?;
    let (site, manager) = (without_manager().await?, local.site());
    let manager = manager.manager();
    let site = site
        .with_manager((manager.host.as_str(), manager.port))
        .with_patience(collections::PATIENCE);
    let refused = TheMap::connect(&site, "A").await.unwrap_err().to_string();
    assert!(
        refused.ends_with("it belongs to a cluster with other settings"),
        "{refused}"
    );
    Ok(())
}

#[tokio::test]
async fn a_group_whose_primary_is_not_there_ends_the_wait_with_the_patience() -> Ended {
    let local = maps().await?;
    let site = local.site().with_patience(Duration::from_millis(50));
    let refused = TheMap::connect(&site, "A").await.unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the group does not serve: no answer within 50 ms; last: not available now: \
         node 1, the primary of group #0, has not entered yet"
    );
    Ok(())
}

#[tokio::test]
async fn an_address_in_use_is_refused_by_name() -> Ended {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let port = listener.local_addr()?.port();
    let cluster = Cluster::builder(Mechanism::FusionArena, ("127.0.0.1", 0))
        .structure(StructureKind::Map)
        .primary("A", ("127.0.0.1", port))
        .fusion_server(("127.0.0.1", 0));
    let local = LocalCluster::start(cluster.build()?).await.expect("it starts");
    let refused = TheMap::host(&local.site(), "A").await.unwrap_err().to_string();
    let address = format!("cannot listen on 127.0.0.1:{port}: ");
    assert!(refused.starts_with(&address), "{refused}");
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
