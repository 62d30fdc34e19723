//! The one type behind every typed collection: a session with the group that holds the elements.

use std::{fmt, marker::PhantomData};

use structures::{
    op::{Answer, Element as StoredElement, Op},
    query::{Found, Query},
};

use crate::{
    Error, OpenError, Site,
    line::{Connect, Host, Line, RemoteLine},
    session::Session,
    shape::Shape,
};

/// A handle of a protected collection. `L` says how it is reached, `S` what it is; the names to use are
/// [`ReplicatedList`](crate::ReplicatedList), `fusion_primary::FusedMap` and so on, and its operations are
/// those of the traits [`List`](crate::List), [`Map`](crate::Map) and so on.
///
/// A handle does one operation at a time; [`another`](Self::another) opens further ones, which may be used at
/// the same moment, in this process or in others. Every operation of every handle takes effect at one moment, between its
/// call and its return. (Under fusion with one manager, reads rest on a lease of at most half the cluster's `suspicion_ms` or on a round to the
/// backups. A process that was stopped serves nothing outdated; but if a network tears the link between a manager and a
/// primary that both go on, a read may show what was true up to a lease ago.)
///
/// An operation that is given up (its future dropped) has an unknown outcome, like one that ran
/// [out of patience](Error::OutOfPatience): it may have taken effect, or may yet.
pub struct Collection<L, S> {
    session: Session<L>,
    shape: PhantomData<fn() -> S>,
}

impl<L: Connect, S: Shape> Collection<L, S> {
    /// Opens the collection of a group from afar, at the group's door, and waits until it serves.
    ///
    /// # Errors
    /// `WrongKind`, `WrongMechanism`, `NoSuchGroup` at once; `NoManager`, `NotServing` when the site's patience
    /// has ended.
    pub async fn connect(site: &Site, group: &str) -> Result<Self, OpenError> {
        Self::judge(site)?;
        let group = site.group(group).await?;
        let line = RemoteLine::new(site.directory(), group, site.reads());
        Self::open(line.into(), site).await
    }

    /// Whether the cluster has such collections, under such a mechanism.
    fn judge(site: &Site) -> Result<(), OpenError> {
        let cluster = site.cluster();
        if !L::MECHANISMS.contains(&cluster.mechanism) {
            return Err(OpenError::WrongMechanism {
                wanted: L::MECHANISMS,
                found: cluster.mechanism,
            });
        }
        match S::KINDS.contains(&cluster.structure) {
            true => Ok(()),
            false => Err(OpenError::WrongKind {
                collection: S::NAME,
                wanted: S::KINDS,
                found: cluster.structure,
            }),
        }
    }

    async fn open(line: L, site: &Site) -> Result<Self, OpenError> {
        let session = Session::open(line, site.cluster().structure(), site.patience()).await?;
        Ok(session.into())
    }
}

impl<L: Host, S: Shape> Collection<L, S> {
    /// Takes the group's structure into this process, and waits until it is there: empty if the group never held
    /// anything, else recovered from the backups. Operations of this handle then need no connection, but
    /// return all the same only when every active backup has applied them.
    ///
    /// How many backups must be active for a write to be answered is the cluster's `min_backups`: 0 by default, so
    /// that writes go on with whatever tolerance is left.
    ///
    /// What serves it runs as tasks of the current tokio runtime: a runtime that is kept from running them for
    /// longer than the cluster's `suspicion_ms` is taken for crashed.
    ///
    /// When the last handle is dropped, or [closed](Self::close), the structure leaves this process. The
    /// backups still hold it, and whoever hosts it next recovers it.
    ///
    /// # Errors
    /// `WrongKind`, `WrongMechanism`, `NoSuchGroup` at once; `Listen` if the address of the group's primary is in
    /// use; `HostedElsewhere` if another live process hosts it; `NoManager`, `NotServing` when the site's
    /// patience has ended.
    pub async fn host(site: &Site, group: &str) -> Result<Self, OpenError> {
        Self::judge(site)?;
        Self::open(L::host(site, group).await?, site).await
    }
}

impl<L: Line, S> Collection<L, S> {
    /// One more handle of the same collection, with a session of its own. A structure remembers the sessions
    /// used last ([`structures::session::MAX_SESSIONS`]); a handle whose session it forgot opens a new one.
    ///
    /// # Errors
    /// As any operation.
    pub async fn another(&self) -> Result<Self, Error> {
        Ok(self.session.another().await?.into())
    }

    /// Ends this handle. If it is the last one of a collection that is hosted here, the structure leaves this
    /// process, and its address is free when this returns.
    pub async fn close(self) {
        self.session.close().await;
    }

    /// Number of elements.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn len(&mut self) -> Result<u64, Error> {
        match self.session.read(Query::Len).await? {
            Found::Len(count) => Ok(count),
            other => Err(Error::unexpected(&other)),
        }
    }

    /// Whether there are no elements.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn is_empty(&mut self) -> Result<bool, Error> {
        Ok(self.len().await? == 0)
    }

    pub(crate) async fn write(&mut self, op: Op) -> Result<Answer, Error> {
        self.session.write(op).await
    }

    /// The value of a key.
    pub(crate) async fn value(&mut self, key: Vec<u8>) -> Result<Option<Vec<u8>>, Error> {
        match self.session.read(Query::Get { key }).await? {
            Found::Value(value) => Ok(value),
            other => Err(Error::unexpected(&other)),
        }
    }

    /// One element by its place.
    pub(crate) async fn element(&mut self, query: Query) -> Result<Option<StoredElement>, Error> {
        match self.session.read(query).await? {
            Found::Element(element) => Ok(element),
            other => Err(Error::unexpected(&other)),
        }
    }

    /// Several elements.
    pub(crate) async fn elements(&mut self, query: Query) -> Result<Vec<StoredElement>, Error> {
        match self.session.read(query).await? {
            Found::Elements(elements) => Ok(elements),
            other => Err(Error::unexpected(&other)),
        }
    }
}

impl<L, S> Collection<L, S> {
    pub(crate) fn line(&self) -> &L {
        self.session.line()
    }
}

impl<L, S> From<Session<L>> for Collection<L, S> {
    fn from(session: Session<L>) -> Self {
        Self {
            session,
            shape: PhantomData,
        }
    }
}

impl<L: fmt::Debug, S: Shape> fmt::Debug for Collection<L, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct(S::NAME).field("session", &self.session).finish()
    }
}
