//! Where long work goes: a thread that gives way to the one that votes.
//!
//! A large state on its way keeps a core busy for a tenth of a second and more, to send, to receive and to check. On the
//! thread that votes it would hold back every update of the group. A thread of the same rank is hardly better where
//! cores are few: the scheduler lets each of the two run for milliseconds before the other.

use std::{io, thread};

use tokio::runtime::Builder;

/// How far it stands behind the thread that starts it: of a core that both want it gets about a tenth.
#[cfg(target_os = "linux")]
const NICENESS: i32 = 10;

/// Runs `work` to its end in a thread of its own.
///
/// # Errors
/// If the system has no thread or no descriptor left; `work` is dropped then.
pub(crate) fn run(name: &str, work: impl Future<Output = ()> + Send + 'static) -> io::Result<()> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let body = move || {
        give_way();
        runtime.block_on(work);
    };
    thread::Builder::new().name(name.to_owned()).spawn(body)?;
    Ok(())
}

/// On Linux a thread has a niceness of its own; elsewhere it is the process's, which has to vote.
fn give_way() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::nice(NICENESS) {
        tracing::debug!(%error, "the background has the foreground's rank");
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;

    use super::*;

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn the_background_gives_way_and_the_foreground_does_not() {
        let niceness = || rustix::process::getpriority_process(None).expect("it is known");
        let before = niceness();
        let (tell, told) = oneshot::channel();
        run("a test", async move {
            tell.send(niceness()).expect("somebody listens");
        })
        .expect("a thread");
        assert_eq!(told.await, Ok((before + NICENESS).min(19)));
        assert_eq!(niceness(), before);
    }
}
