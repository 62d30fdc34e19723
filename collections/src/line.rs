//! The way from a collection to the structure that holds its elements: the one thing in which mechanisms, and
//! the hosts of a structure and those who reach it from afar, differ.

use std::{future::Future, time::Duration};

use multicast::id::GroupId;
use settings::Mechanism;
use structures::{
    op::{Answer, Write},
    query::{Found, Query},
};
use tokio::time::timeout;
use wire::{
    WireError,
    client::{Client, ClientError, Directory},
    message::client::Reads,
};

use crate::{Error, OpenError, Site, session::Attempts};

/// Why one attempt failed.
#[derive(Debug, thiserror::Error)]
pub enum LineError {
    /// The door's refusal, or no answer.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The structure was in this process and is not any more.
    #[error("the structure is no longer hosted in this process")]
    HostStopped,
}

/// A way to ask one group's structure. One question at a time; a line whose question was given up (its future
/// dropped) takes the next one all the same.
pub trait Line: Send + Sized {
    /// Sends a write, and waits until every member that must have applied it has.
    fn write(&mut self, write: &Write) -> impl Future<Output = Result<Answer, LineError>> + Send;

    /// Asks a query. The answer shows no write that may yet be lost, and every write that was answered before, but see
    /// [`Reads::Local`].
    fn read(&mut self, query: &Query) -> impl Future<Output = Result<Found, LineError>> + Send;

    /// One more line to the same structure.
    fn another(&self) -> Self;

    /// Ends it, in order.
    fn close(self) -> impl Future<Output = ()> + Send;
}

/// A line from afar, under mechanisms of one kind.
pub trait Connect: Line + From<RemoteLine> {
    /// The mechanisms.
    const MECHANISMS: &'static [Mechanism];
}

/// A line that begins with the structure itself in this process.
pub trait Host: Connect {
    /// Starts to hold the group's structure, and waits until it is there: founded empty, or recovered.
    ///
    /// # Errors
    /// See [`OpenError`].
    fn host(site: &Site, group: &str) -> impl Future<Output = Result<Self, OpenError>> + Send;
}

/// Waits until the structure at the other end serves, or the patience ends.
///
/// # Errors
/// What does not pass, such as `TooManyFaults`; `OutOfPatience`.
pub async fn wait_until_serving(line: &mut impl Line, patience: Duration) -> Result<(), Error> {
    let mut attempts = Attempts::new(patience);
    while attempts.settle(line.read(&Query::Len)).await?.is_none() {}
    Ok(())
}

/// A line over TCP to the group's door, wherever that is now.
#[derive(Debug)]
pub struct RemoteLine {
    directory: Directory,
    group: GroupId,
    reads: Reads,
    clients: Clients,
}

/// Those that are connected. None after an attempt that failed or was given up: what still comes on its connection is
/// nobody's.
#[derive(Debug, Default)]
struct Clients {
    /// For short answers; its connection may be shared.
    short: Option<Client>,
    /// For long ones, behind which others on a shared connection would wait.
    long: Option<Client>,
}

impl Clients {
    fn place(&mut self, is_long: bool) -> &mut Option<Client> {
        match is_long {
            true => &mut self.long,
            false => &mut self.short,
        }
    }
}

impl RemoteLine {
    /// A line that connects when it is asked something, and reads in this way.
    pub fn new(directory: Directory, group: GroupId, reads: Reads) -> Self {
        Self {
            directory,
            group,
            reads,
            clients: Clients::default(),
        }
    }

    pub(crate) fn group(&self) -> GroupId {
        self.group
    }

    pub(crate) fn cluster(&self) -> u64 {
        self.directory.cluster
    }

    async fn take_client(&mut self, is_long: bool) -> Result<Client, ClientError> {
        if let Some(client) = self.clients.place(is_long).take() {
            return Ok(client);
        }
        let mut client = match is_long {
            true => self.directory.connect(self.group).await?,
            false => self.directory.connect_session(self.group).await?,
        };
        client.read_as(self.reads);
        Ok(client)
    }

    /// Asks once. After a failure another manager is asked first, where there are several.
    pub(crate) async fn attempt<T>(
        &mut self,
        is_long: bool,
        asking: impl AsyncFnOnce(&mut Client, GroupId) -> Result<T, ClientError>,
    ) -> Result<T, LineError> {
        let silence = self.directory.silence().filter(|_| !is_long);
        let mut client = match self.take_client(is_long).await {
            Ok(client) => client,
            Err(error) => return Err(self.turned_away(error)),
        };
        let answering = timeout(silence.unwrap_or(Duration::MAX), asking(&mut client, self.group));
        let limit_ms = silence.unwrap_or_default().as_millis();
        let silent = |_| Err(WireError::DialTimeout { limit_ms }.into());
        match answering.await.unwrap_or_else(silent) {
            Ok(answer) => {
                *self.clients.place(is_long) = Some(client);
                Ok(answer)
            }
            Err(error) => {
                client.leave(&error);
                Err(self.turned_away(error))
            }
        }
    }

    fn turned_away(&mut self, error: ClientError) -> LineError {
        self.directory.turn_away();
        error.into()
    }
}

impl Line for RemoteLine {
    async fn write(&mut self, write: &Write) -> Result<Answer, LineError> {
        let write = write.clone();
        self.attempt(false, async move |client, group| client.write(group, write).await)
            .await
    }

    async fn read(&mut self, query: &Query) -> Result<Found, LineError> {
        let query = query.clone();
        self.attempt(query.is_long(), async move |client, group| {
            ask(client, group, query).await
        })
        .await
    }

    fn another(&self) -> Self {
        Self::new(self.directory.clone(), self.group, self.reads)
    }

    async fn close(self) {}
}

async fn ask(client: &mut Client, group: GroupId, query: Query) -> Result<Found, ClientError> {
    Ok(match query {
        Query::Len => Found::Len(client.len(group).await?),
        Query::Get { key } => Found::Value(client.get(group, &key).await?),
        Query::At { .. } | Query::Last => Found::Element(client.element(group, query).await?),
        Query::All | Query::Range { .. } | Query::FromKey { .. } => {
            Found::Elements(client.elements(group, query).await?)
        }
    })
}
