//! What is refused, by name and in bounded time.

use std::time::Duration;

use collections::{Error, List, OpenError, ReplicatedMap, Site};
use fusion_primary::FusedList;
use local_cluster::LocalCluster;
use multicast::id::NodeId;
use settings::{Cluster, Mechanism};
use structures::kind::StructureKind;
use tokio::net::TcpListener;

use crate::{Ended, TheMap, fill, maps};

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
        "the cluster's mechanism is fusion-arena, not replication or replication-sequencer"
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

/// A fused cluster whose manager is where nobody listens.
async fn without_manager() -> Result<Site, Box<dyn std::error::Error>> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let port = listener.local_addr()?.port();
    drop(listener);
    let cluster = Cluster::builder(Mechanism::FusionArena, ("127.0.0.1", port))
        .name("elsewhere")
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
