//! Where a group's door is: any manager under replication, the group's primary under fusion.
//!
//! Managers are tried in turn: the first of [`Directory::managers`] that can be reached. Whoever finds one wanting
//! later (its connection broke, it refuses for now, it does not answer) puts it last.

use std::{net::SocketAddr, time::Duration};

use multicast::id::GroupId;
use settings::{Cluster, Mechanism};
use tokio::{net::lookup_host, time::timeout};

use super::{Client, ClientError, SharedConnections};
use crate::{
    WireError,
    message::{
        client::Refusal,
        membership::{Membership, Role, Standing},
    },
};

/// The way to a cluster: its managers, and what it takes to find the doors.
#[derive(Clone, Debug)]
pub struct Directory {
    /// Host and port of every manager, in the order in which they are tried; not empty.
    pub managers: Vec<(String, u16)>,
    /// The cluster file's fingerprint.
    pub cluster: u64,
    /// How the groups are kept alive.
    pub mechanism: Mechanism,
    /// How long one of several managers may be silent before the next is tried.
    pub suspicion: Duration,
    /// Where sessions take part in shared connections; without, each has its own.
    pub shared: Option<SharedConnections>,
}

impl Directory {
    /// The way to this cluster, whose managers listen there.
    pub fn of(cluster: &Cluster, managers: Vec<(String, u16)>) -> Self {
        Self {
            managers,
            cluster: cluster.fingerprint(),
            mechanism: cluster.mechanism,
            suspicion: cluster.suspicion,
            shared: None,
        }
    }

    /// The same way, for sessions that share connections: those over this directory and its clones, one to each door.
    #[must_use]
    pub fn sharing(mut self) -> Self {
        self.shared.get_or_insert_default();
        self
    }

    /// A client at the first manager that can be reached.
    ///
    /// # Errors
    /// The last one's, if none can be reached.
    pub async fn manager(&self) -> Result<Client, ClientError> {
        self.reachable(Own(self.cluster)).await.map(|(_, client)| client)
    }

    /// A client at the first manager that can be reached, and its place in the list.
    async fn reachable(&self, via: impl Via) -> Result<(usize, Client), ClientError> {
        let reason = "no manager is known".to_owned();
        let mut failure = ClientError::NoDoor { reason };
        for (place, (host, port)) in self.managers.iter().enumerate() {
            let attempt = dial(host, *port, &via);
            let limit = self.silence();
            match timeout(limit.unwrap_or(Duration::MAX), attempt).await {
                Ok(Ok(client)) => return Ok((place, client)),
                Ok(Err(error)) => failure = error,
                Err(_) => {
                    let limit_ms = limit.unwrap_or_default().as_millis();
                    failure = WireError::DialTimeout { limit_ms }.into();
                }
            }
        }
        Err(failure)
    }

    /// How long a door may be silent before another manager is asked; no limit where there is no other.
    pub fn silence(&self) -> Option<Duration> {
        (self.managers.len() > 1).then_some(self.suspicion)
    }

    /// The group of this name, as the running cluster numbers it: the numbers of a cluster file hold for the cluster that
    /// was founded by it, until groups come and go.
    ///
    /// # Errors
    /// As [`Directory::manager`].
    pub async fn group_named(&self, name: &str) -> Result<Option<GroupId>, ClientError> {
        let members = self.manager().await?.members().await?;
        Ok(members.group_named(name))
    }

    /// The first manager is tried last from now on.
    pub fn turn_away(&mut self) {
        self.managers.rotate_left(1);
    }

    /// A client at the group's door; the manager that led there is tried first from now on.
    ///
    /// # Errors
    /// As [`Directory::door`].
    pub async fn connect(&mut self, group: GroupId) -> Result<Client, ClientError> {
        let manager = self.nearest_manager().await?;
        self.door_by(manager, group).await
    }

    /// A client for a session with the group, whose questions have short answers: over a shared connection if
    /// [`Directory::shared`] says so, else as [`Directory::connect`].
    ///
    /// # Errors
    /// As [`Directory::door`].
    pub async fn connect_session(&mut self, group: GroupId) -> Result<Client, ClientError> {
        let Some(shared) = self.shared.clone() else {
            return self.connect(group).await;
        };
        if self.mechanism.is_replication() {
            let (place, client) = self.reachable(Shared(shared, self.cluster)).await?;
            self.managers.rotate_left(place);
            return Ok(client);
        }
        let mut manager = self.nearest_manager().await?;
        let address = primary_by(&mut manager, group).await?;
        Ok(Client::on(shared.lane(address, self.cluster).await?))
    }

    /// A client at the first manager that can be reached, which is tried first from now on.
    async fn nearest_manager(&mut self) -> Result<Client, ClientError> {
        let (place, manager) = self.reachable(Own(self.cluster)).await?;
        self.managers.rotate_left(place);
        Ok(manager)
    }

    /// A client at the group's door as it is now.
    ///
    /// # Errors
    /// What the manager says of a group without door, such as `TooManyFaults`; `Wire` if the door cannot be
    /// reached.
    pub async fn door(&self, group: GroupId) -> Result<Client, ClientError> {
        let manager = self.manager().await?;
        self.door_by(manager, group).await
    }

    async fn door_by(&self, mut manager: Client, group: GroupId) -> Result<Client, ClientError> {
        match self.mechanism {
            Mechanism::Replication | Mechanism::ReplicationSequencer => Ok(manager),
            _ => {
                let address = primary_by(&mut manager, group).await?;
                Ok(Client::connect(address, self.cluster).await?)
            }
        }
    }
}

/// A kind of connection to a cluster's processes.
trait Via {
    fn connect(&self, address: SocketAddr) -> impl Future<Output = Result<Client, WireError>> + Send;
}

/// One of its own, to the cluster with this fingerprint.
struct Own(u64);

impl Via for Own {
    async fn connect(&self, address: SocketAddr) -> Result<Client, WireError> {
        Client::connect(address, self.0).await
    }
}

/// A lane of one that is shared, to the cluster with this fingerprint.
struct Shared(SharedConnections, u64);

impl Via for Shared {
    async fn connect(&self, address: SocketAddr) -> Result<Client, WireError> {
        Ok(Client::on(self.0.lane(address, self.1).await?))
    }
}

/// Connects to the first of the host's addresses that can be reached.
async fn dial(host: &str, port: u16, via: &impl Via) -> Result<Client, ClientError> {
    let addresses = lookup_host((host, port)).await.map_err(WireError::from)?;
    let mut failure = ClientError::NoDoor {
        reason: format!("{host} has no address"),
    };
    for address in addresses {
        match via.connect(address).await {
            Ok(client) => return Ok(client),
            Err(error) => failure = error.into(),
        }
    }
    Err(failure)
}

/// Where the group's primary serves, as this manager knows; else what it says of a group without door.
async fn primary_by(manager: &mut Client, group: GroupId) -> Result<SocketAddr, ClientError> {
    let members = manager.members().await?;
    let no_door = match primary_of(&members, group) {
        Ok(address) => return Ok(address),
        Err(no_door) => no_door,
    };
    // The manager knows why, and whether waiting can help.
    match manager.get(group, b"?").await {
        // "Ask the primary": it has become active between the two questions.
        Err(ClientError::Refused(Refusal::NotServedHere { .. })) => Err(no_door),
        Err(refused @ ClientError::Refused(_)) => Err(refused),
        _ => Err(no_door),
    }
}

/// Where the active primary of the group serves.
fn primary_of(members: &Membership, group: GroupId) -> Result<SocketAddr, ClientError> {
    let mut primaries = members
        .members
        .values()
        .filter(|member| member.role == Role::Primary && member.group == Some(group));
    let Some(primary) = primaries.next() else {
        return Err(ClientError::NoDoor {
            reason: format!("{group} has no primary"),
        });
    };
    match (primary.standing, primary.addresses) {
        (Standing::Active, Some(addresses)) => Ok(addresses.clients),
        (standing, _) => Err(ClientError::NoDoor {
            reason: format!("the primary of {group} is {standing}"),
        }),
    }
}
