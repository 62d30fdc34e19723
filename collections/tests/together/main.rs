//! Collections written together over real loopback connections: what a commit gives, through a crash, and what it
//! refuses.

use collections::{Error, Map, Moved, OpenError, Queue, Reads, ReplicatedMap, ReplicatedQueue, Together};
use local_cluster::LocalCluster;
use settings::Mechanism;
use structures::kind::StructureKind;
use wire::message::client::{Refusal, together::MAX_TOGETHER_OPERATIONS};

/// How a test ends.
type Ended = Result<(), Box<dyn std::error::Error>>;

async fn maps() -> Result<LocalCluster, local_cluster::LocalError> {
    LocalCluster::small(Mechanism::Replication, StructureKind::Map).await
}

#[tokio::test]
async fn a_transaction_gives_each_operations_own_result() -> Ended {
    let local = maps().await?;
    let site = local.site().with_reads(Reads::Ordered);
    let mut one = ReplicatedMap::<u16, u16>::connect(&site, "A").await?;
    let mut other = ReplicatedMap::<u16, u16>::connect(&site, "B").await?;
    one.insert(&1, &10).await?;
    let mut together = Together::connect(&site).await?;

    let mut transaction = together.transaction();
    let replaced = transaction.on(&one).insert(&1, &11)?;
    let put = transaction.on(&other).insert(&2, &20)?;
    let absent = transaction.on(&other).remove(&3)?;
    let taken = transaction.on(&one).remove(&1)?;
    let mut committed = transaction.commit().await?;
    assert!(!committed.take(replaced)?);
    assert!(committed.take(put)?);
    assert_eq!(committed.take(absent)?, None);
    assert_eq!(committed.take(taken)?, Some(11), "operations keep their order");
    assert_eq!((one.len().await?, other.get(&2).await?), (0, Some(20)));
    Ok(())
}

#[tokio::test]
async fn an_entry_moves_and_the_answer_tells_whether_it_was_still_the_same() -> Ended {
    let local = maps().await?;
    let site = local.site();
    let mut one = ReplicatedMap::<String, u32>::connect(&site, "A").await?;
    let mut other = ReplicatedMap::<String, u32>::connect(&site, "B").await?;
    one.insert("ada", &1).await?;
    let mut together = Together::connect(&site).await?;
    let moved = together.move_entry(&one, &other, "ada", &1).await?;
    assert_eq!(
        moved,
        Moved {
            taken: Some(1),
            is_new: true
        }
    );
    assert_eq!((one.get("ada").await?, other.get("ada").await?), (None, Some(1)));

    let gone = together.move_entry(&one, &other, "ada", &2).await?;
    assert_eq!(
        gone,
        Moved {
            taken: None,
            is_new: false
        }
    );
    Ok(())
}

#[tokio::test]
async fn a_transaction_goes_through_the_crash_of_a_member_of_each_group() -> Ended {
    let mut local = LocalCluster::small(Mechanism::Replication, StructureKind::Queue).await?;
    let site = local.site();
    let mut one = ReplicatedQueue::<u32>::connect(&site, "A").await?;
    let mut other = ReplicatedQueue::<u32>::connect(&site, "B").await?;
    let mut together = Together::connect(&site).await?;
    let nodes = local.backups();
    for number in 0..40 {
        let mut transaction = together.transaction();
        transaction.on(&one).push(&number)?;
        transaction.on(&other).push(&number)?;
        transaction.commit().await?;
        match number {
            10 => local.crash(nodes[0]),
            20 => local.restart(nodes[0]).await?,
            30 => local.crash(nodes[nodes.len() - 1]),
            _ => {}
        }
    }
    let expected: Vec<u32> = (0..40).collect();
    assert_eq!(one.pages().all().await?, expected);
    assert_eq!(other.pages().all().await?, expected);
    Ok(())
}

#[tokio::test]
async fn too_many_operations_and_none_are_refused_and_change_nothing() -> Ended {
    let local = maps().await?;
    let site = local.site();
    let mut one = ReplicatedMap::<u64, u64>::connect(&site, "A").await?;
    let mut together = Together::connect(&site).await?;
    let limit = MAX_TOGETHER_OPERATIONS;
    for (count, refused) in [(limit, None), (limit + 1, Some(limit + 1))] {
        let mut transaction = together.transaction();
        for number in 0..count as u64 {
            transaction.on(&one).insert(&number, &number)?;
        }
        let refusal = transaction.commit().await.err().map(|error| error.to_string());
        let expected = refused.map(|actual| Error::Refused(Refusal::TooManyOperations { limit, actual }));
        assert_eq!(refusal, expected.map(|error| error.to_string()));
        assert_eq!(one.len().await?, limit as u64);
    }
    let nothing = together.transaction().commit().await.expect_err("no operation");
    assert!(matches!(
        nothing,
        Error::Refused(Refusal::TooManyGroups { actual: 0, .. })
    ));
    Ok(())
}

#[tokio::test]
async fn fused_collections_cannot_be_written_together() -> Ended {
    let local = LocalCluster::small(Mechanism::FusionArena, StructureKind::Map).await?;
    let refused = Together::connect(&local.site())
        .await
        .expect_err("no order in common");
    let expected = OpenError::WrongMechanism {
        wanted: &[Mechanism::Replication, Mechanism::ReplicationSequencer],
        found: Mechanism::FusionArena,
    };
    assert_eq!(refused.to_string(), expected.to_string());
    Ok(())
}
