//! A cluster as an application knows it: its settings, where its manager is, how patient to be with it.

use std::{path::Path, time::Duration};

use multicast::id::GroupId;
use settings::{Cluster, Endpoint, LoadError};
use tokio::time::{Instant, sleep};
use wire::{
    WireError,
    client::{Client, ClientError, Directory, SharedConnections},
    member::redial_pause,
    message::client::Reads,
};

use crate::OpenError;

/// How long an operation is tried if nothing else is said: longer than a crash takes to be noticed and made
/// good with the defaults of cluster files.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// A cluster and the way to it. See the module's documentation.
///
/// ```
/// use collections::Site;
/// use settings::{Cluster, Mechanism};
/// use structures::kind::StructureKind;
///
/// let cluster = Cluster::builder(Mechanism::Replication, ("10.0.0.1", 7000))
///     .structure(StructureKind::Queue)
///     .data_node("orders", ("10.0.0.2", 7000), ("10.0.0.2", 7001))
///     .data_node("orders", ("10.0.0.3", 7000), ("10.0.0.3", 7001))
///     .build()?;
/// let site = Site::new(cluster); // or Site::load("cluster.ini")?
/// # Ok::<(), settings::Problems>(())
/// ```
#[derive(Clone, Debug)]
pub struct Site {
    cluster: Cluster,
    /// Where the managers are, if not where the cluster file says.
    moved: Vec<Endpoint>,
    patience: Duration,
    reads: Reads,
    /// Its collections' connections; none if each has its own.
    shared: Option<SharedConnections>,
}

impl Site {
    /// The cluster of a cluster file.
    ///
    /// # Errors
    /// If it cannot be read, or has mistakes: all of them at once.
    pub fn load(cluster_file: impl AsRef<Path>) -> Result<Self, LoadError> {
        Ok(Self::new(Cluster::load(cluster_file)?))
    }

    /// A cluster whose settings are known.
    pub fn new(cluster: Cluster) -> Self {
        Self {
            cluster,
            moved: Vec::new(),
            patience: PATIENCE,
            reads: Reads::default(),
            shared: Some(SharedConnections::default()),
        }
    }

    /// The same with its manager there, and not where the cluster file says: for one that listens on a free port.
    #[must_use]
    pub fn with_manager(self, manager: impl Into<Endpoint>) -> Self {
        self.with_managers([manager.into()])
    }

    /// The same with its managers there, tried in this order, and not where the cluster file says.
    #[must_use]
    pub fn with_managers(mut self, managers: impl IntoIterator<Item = Endpoint>) -> Self {
        self.moved = managers.into_iter().collect();
        self
    }

    /// The same, with every operation tried for so long instead of [`PATIENCE`].
    #[must_use]
    pub fn with_patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// The same, with replicated collections read in this way instead of [`Reads::Local`].
    #[must_use]
    pub fn with_reads(mut self, reads: Reads) -> Self {
        self.reads = reads;
        self
    }

    /// The same, with a connection of its own for every collection. Otherwise those of a site and its clones share one
    /// to each door, so that what many of them write together costs little; reads of many elements have their own.
    #[must_use]
    pub fn with_own_connections(mut self) -> Self {
        self.shared = None;
        self
    }

    /// How replicated collections are read.
    pub fn reads(&self) -> Reads {
        self.reads
    }

    /// Its settings.
    pub fn cluster(&self) -> &Cluster {
        &self.cluster
    }

    /// Where its (first) manager is.
    pub fn manager(&self) -> &Endpoint {
        let first = || {
            &self
                .cluster
                .managers
                .first()
                .expect("checked: at least one manager")
                .listen
        };
        self.moved.first().unwrap_or_else(first)
    }

    /// Where its managers are, if that was said by [`with_managers`](Self::with_managers); else nothing.
    pub fn moved_managers(&self) -> &[Endpoint] {
        &self.moved
    }

    /// How long every operation is tried.
    pub fn patience(&self) -> Duration {
        self.patience
    }

    /// The way to its doors.
    pub fn directory(&self) -> Directory {
        let of_file = self.cluster.managers.iter().map(|manager| &manager.listen);
        let managers: Vec<&Endpoint> = match self.moved.is_empty() {
            true => of_file.collect(),
            false => self.moved.iter().collect(),
        };
        let place = |manager: &Endpoint| (manager.host.clone(), manager.port);
        let managers = managers.into_iter().map(place).collect();
        Directory {
            shared: self.shared.clone(),
            ..Directory::of(&self.cluster, managers)
        }
    }

    /// The group of this name, as this site's settings number it.
    ///
    /// # Errors
    /// `NoSuchGroup`.
    pub fn described_group(&self, name: &str) -> Result<GroupId, OpenError> {
        let no_such_group = || OpenError::NoSuchGroup {
            name: name.to_owned(),
            there: self.cluster.groups.clone(),
        };
        self.cluster.group_named(name).ok_or_else(no_such_group)
    }

    /// The group of this name, as the running cluster numbers it: groups may have come and gone since these settings
    /// were written. Waits for a manager.
    ///
    /// # Errors
    /// `NoSuchGroup`, if the settings or the cluster have none; `NoManager`.
    pub async fn group(&self, name: &str) -> Result<GroupId, OpenError> {
        self.described_group(name)?;
        let mut manager = self.wait_for_manager().await?;
        let no_manager = |source| OpenError::NoManager {
            manager: self.manager().clone(),
            source,
        };
        let members = manager.members().await.map_err(no_manager)?;
        members.group_named(name).ok_or_else(|| OpenError::NoSuchGroup {
            name: name.to_owned(),
            there: members.groups.into_values().collect(),
        })
    }

    /// Waits until the manager answers.
    ///
    /// # Errors
    /// `NoManager` once the patience has ended, or at once if what is there is no manager of this cluster.
    pub async fn wait_for_manager(&self) -> Result<Client, OpenError> {
        let (began, directory) = (Instant::now(), self.directory());
        let mut attempt = 0;
        loop {
            match directory.manager().await {
                Ok(client) => return Ok(client),
                Err(source) if is_final(&source) || began.elapsed() >= self.patience => {
                    let manager = self.manager().clone();
                    return Err(OpenError::NoManager { manager, source });
                }
                Err(_) => {
                    sleep(redial_pause(attempt)).await;
                    attempt += 1;
                }
            }
        }
    }
}

/// Whether whoever answered will never be a manager of this cluster.
fn is_final(error: &ClientError) -> bool {
    use WireError::{BadMagic, Rejected, WrongVersion};
    matches!(
        error,
        ClientError::Wire(BadMagic { .. } | Rejected { .. } | WrongVersion { .. })
    )
}
