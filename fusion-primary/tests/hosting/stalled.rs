//! A host that stalls for longer than the cluster believes in it, and then goes on.

use std::time::Duration;

use collections::{Map, Site};
use tokio::{sync::oneshot, time::timeout};

use crate::{Ended, TheMap, contents, expected, fill, maps};

/// How long a host that was replaced is let try a write.
const PATIENCE_WITH_THE_LATE: Duration = Duration::from_secs(2);

/// A host whose process stalls is suspected and replaced. Once it goes on, it must not answer a write: that
/// would be lost.
#[tokio::test]
async fn a_host_that_was_replaced_while_it_stalled_answers_nothing_more() -> Ended {
    let local = maps().await?;
    let (stall, stalls) = std::sync::mpsc::channel::<()>();
    let (say, said) = oneshot::channel();
    let site = local.site();
    let stalling = std::thread::spawn(move || stalling_host(&site, say, &stalls));
    said.await?;
    let mut map = TheMap::host(&local.site(), "A").await?;
    fill(&mut map, 10..20).await?;
    drop(stall);
    let ended = tokio::task::spawn_blocking(move || stalling.join()).await?;
    ended
        .expect("the thread does not panic")
        .map_err(|error| error.to_string())?;
    assert_eq!(contents(&mut map).await?, expected(0..20));
    Ok(())
}

/// Hosts on a thread of its own: writes, says so, stalls until the other end is dropped, and writes again.
fn stalling_host(
    site: &Site,
    say: oneshot::Sender<()>,
    stall: &std::sync::mpsc::Receiver<()>,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let mut map = TheMap::host(site, "A").await?;
        fill(&mut map, 0..10).await?;
        let _ = say.send(());
        let _ = stall.recv();
        let late = "too late".to_owned();
        match timeout(PATIENCE_WITH_THE_LATE, map.insert(&99, &late)).await {
            Ok(Ok(_)) => Err("a write was answered".into()),
            Ok(Err(_)) | Err(_) => Ok(()),
        }
    })
}
