//! Keeps saying in the store that this manager lives.
//!
//! A thread of its own calls [`MembershipStore::announce`] three times per lease, so that one call may fail. It ends,
//! and with it soon the lease, when the [`Announcer`] is dropped; and at once where the store does not take it.

use std::{
    io,
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    },
    thread,
    time::Duration,
};

use multicast::id::{Incarnation, NodeId};

use super::MembershipStore;

/// How long an announcement holds; etcd knows whole seconds.
pub const ANNOUNCED_FOR: Duration = Duration::from_secs(3);

/// See the module's documentation.
#[derive(Debug)]
pub struct Announcer {
    /// Its end is what the thread waits for.
    _until: Sender<()>,
}

impl Announcer {
    /// Begins.
    ///
    /// # Errors
    /// If the system has no thread left.
    pub fn start(store: Arc<dyn MembershipStore>, manager: NodeId, life: Incarnation) -> io::Result<Self> {
        let (until, ended) = channel();
        thread::Builder::new()
            .name("membership-lease".to_owned())
            .spawn(move || announce(&*store, manager, life, &ended))?;
        Ok(Self { _until: until })
    }
}

fn announce(store: &dyn MembershipStore, manager: NodeId, life: Incarnation, ended: &Receiver<()>) {
    let mut announced = true;
    loop {
        match store.announce(manager, life, ANNOUNCED_FOR) {
            Ok(true) => announced = true,
            Ok(false) => return,
            Err(error) => {
                if announced {
                    tracing::warn!(%error, "the store does not take that this manager lives; trying on");
                }
                announced = false;
            }
        }
        if ended.recv_timeout(ANNOUNCED_FOR / 3) != Err(RecvTimeoutError::Timeout) {
            return;
        }
    }
}
