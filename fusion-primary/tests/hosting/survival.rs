//! What was answered survives its host.

use std::time::Duration;

use collections::Error;
use tokio::time::timeout;

use crate::{Ended, TheMap, contents, expected, fill, maps};

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
