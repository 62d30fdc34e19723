//! A primary in the process of an application: its tasks, and the line to it that needs no connection.
//!
//! Invariant: the tasks run as long as any line to them is left; what ends them ends as a primary that stops, so the
//! fused servers still hold all that was answered.

use std::{future::pending, io, sync::Arc, time::Duration};

use collections::{
    Error, OpenError, Site,
    line::{Line, LineError, wait_until_serving},
};
use multicast::id::GroupId;
use serde_bytes::ByteBuf;
use settings::Endpoint;
use structures::{
    op::{Answer, Element, Write},
    query::{Found, Query},
};
use tokio::{
    net::TcpListener,
    sync::{oneshot, watch},
    task::JoinHandle,
    time::{Instant, sleep},
};
use wire::{
    WireError,
    client::ClientError,
    member::MemberEnd,
    message::{
        client::{Refusal, ReplyBody, RequestBody},
        entry::EntryRefused,
    },
};

use crate::{
    Settings,
    locals::{LocalCall, LocalPort, Locals},
    run::run_with,
};

/// How long an address in use is waited for: whoever had it may just be ending.
const LISTEN_PATIENCE: Duration = Duration::from_secs(1);
/// Between two attempts at it.
const LISTEN_PAUSE: Duration = Duration::from_millis(10);
/// After how many times the suspicion time another life of the primary is taken to be here to stay.
const SUSPICIONS_OF_ANOTHER_LIFE: u32 = 2;

/// A line to a structure that this process hosts.
#[derive(Debug)]
pub(crate) struct LocalLine {
    group: GroupId,
    port: LocalPort,
    hosting: Arc<Hosting>,
}

/// The tasks of a hosted primary; they stop when this is dropped.
#[derive(Debug)]
struct Hosting {
    /// Dropped to stop.
    _stop: oneshot::Sender<()>,
    ended: JoinHandle<io::Result<MemberEnd>>,
}

impl LocalLine {
    /// Starts the group's primary in this process, and waits until it serves.
    ///
    /// # Errors
    /// `Listen`, `HostedElsewhere`, `UnknownNode`; `NotServing` when the site's patience has ended.
    pub(crate) async fn host(site: &Site, name: &str) -> Result<Self, OpenError> {
        let settings = settings_of(site, site.described_group(name)?);
        let group = site.group(name).await?;
        let listener = listen_patiently(&settings.listen).await?;
        let (port, locals) = Locals::open();
        let (stop, stopped) = oneshot::channel();
        let ended = tokio::spawn(run_with(listener, settings, locals, async {
            drop(stopped.await)
        }));
        let hosting = Arc::new(Hosting { _stop: stop, ended });
        let mut line = Self { group, port, hosting };
        let settled = site.cluster().suspicion * SUSPICIONS_OF_ANOTHER_LIFE;
        let refused = line.port.refused.clone();
        tokio::select! {
            serves = wait_until_serving(&mut line, site.patience()) => serves?,
            refused = refused_for_good(refused, settled) => return Err(refusal(refused, name)),
        }
        Ok(line)
    }

    async fn ask(&self, body: RequestBody) -> Result<Vec<ReplyBody>, LineError> {
        let (answer, answered) = oneshot::channel();
        let call = LocalCall { body, answer };
        self.port
            .calls
            .send(call)
            .await
            .map_err(|_| LineError::HostStopped)?;
        let replies = answered.await.map_err(|_| ClientError::from(WireError::Closed))?;
        match replies.first() {
            Some(ReplyBody::Refused(refusal)) => Err(ClientError::from(refusal.clone()).into()),
            _ => Ok(replies),
        }
    }
}

impl Line for LocalLine {
    async fn write(&mut self, write: &Write) -> Result<Answer, LineError> {
        let (group, write) = (self.group, write.clone());
        let mut replies = self.ask(RequestBody::Write { group, write }).await?;
        match replies.pop() {
            Some(ReplyBody::Written(answer)) => Ok(answer),
            other => Err(unexpected("write", &other)),
        }
    }

    async fn read(&mut self, query: &Query) -> Result<Found, LineError> {
        let (group, query) = (self.group, query.clone());
        let mut replies = self.ask(RequestBody::Read { group, query }).await?;
        match replies.pop() {
            Some(ReplyBody::Len(count)) => Ok(Found::Len(count)),
            Some(ReplyBody::Value(value)) => Ok(Found::Value(value.map(ByteBuf::into_vec))),
            Some(ReplyBody::Element(element)) => Ok(Found::Element(element)),
            Some(last @ ReplyBody::Elements { .. }) => {
                replies.push(last);
                Ok(Found::Elements(replies.into_iter().flat_map(elements).collect()))
            }
            other => Err(unexpected("read", &other)),
        }
    }

    fn another(&self) -> Self {
        Self {
            group: self.group,
            port: self.port.clone(),
            hosting: Arc::clone(&self.hosting),
        }
    }

    async fn close(self) {
        let Some(Hosting { _stop, ended }) = Arc::into_inner(self.hosting) else {
            return;
        };
        drop(_stop);
        // Whether it ended well or not, it has ended.
        drop(ended.await);
    }
}

fn elements(piece: ReplyBody) -> Vec<Element> {
    match piece {
        ReplyBody::Elements { elements, .. } => elements,
        _ => Vec::new(),
    }
}

fn unexpected(asked: &'static str, found: &Option<ReplyBody>) -> LineError {
    let found = format!("{found:?}").chars().take(80).collect();
    ClientError::Unexpected { asked, found }.into()
}

/// Of the primary that holds the group, as the site's settings number it.
fn settings_of(site: &Site, group: GroupId) -> Settings {
    let cluster = site.cluster();
    let of_group = |primary: &&settings::Primary| primary.group == group;
    let primary = cluster.primaries.iter().find(of_group);
    let section = primary
        .expect("checked: every group of a fused cluster has a primary")
        .section;
    let managers = site.moved_managers().iter();
    let managers = managers.map(|manager| (manager.host.clone(), manager.port));
    Settings::from_cluster(cluster, section, managers.collect(), no_heap)
        .expect("the section is the cluster's")
}

/// An application's allocator is not counted.
fn no_heap() -> u64 {
    0
}

/// Binds the endpoint; one that is in use is tried again for a moment.
async fn listen_patiently(endpoint: &Endpoint) -> Result<TcpListener, OpenError> {
    let began = Instant::now();
    loop {
        let source = match TcpListener::bind((endpoint.host.as_str(), endpoint.port)).await {
            Ok(listener) => return Ok(listener),
            Err(source) => source,
        };
        if source.kind() != io::ErrorKind::AddrInUse || began.elapsed() >= LISTEN_PATIENCE {
            let endpoint = endpoint.clone();
            return Err(OpenError::Listen { endpoint, source });
        }
        sleep(LISTEN_PAUSE).await;
    }
}

/// Completes with a refusal that waiting does not change; that of another life of the primary only once it has
/// been repeated for as long as it takes to notice that life's crash.
async fn refused_for_good(
    mut refused: watch::Receiver<Option<EntryRefused>>,
    settled: Duration,
) -> EntryRefused {
    let began = Instant::now();
    loop {
        let last = refused.borrow_and_update().clone();
        match last {
            Some(unknown @ EntryRefused::UnknownNode { .. }) => return unknown,
            Some(in_use @ EntryRefused::IdInUse { .. }) if began.elapsed() >= settled => return in_use,
            _ => {}
        }
        if refused.changed().await.is_err() {
            pending::<()>().await;
        }
    }
}

fn refusal(refused: EntryRefused, group: &str) -> OpenError {
    match refused {
        EntryRefused::IdInUse { node } => OpenError::HostedElsewhere {
            node,
            group: group.to_owned(),
        },
        EntryRefused::UnknownNode { node, role } => OpenError::UnknownNode { node, role },
        other => {
            let reason = other.to_string();
            OpenError::NotServing(Error::Refused(Refusal::Unavailable { reason }))
        }
    }
}
