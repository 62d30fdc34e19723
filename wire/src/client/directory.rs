//! Where a group's door is: any manager under replication, the group's primary under fusion.
//!
//! Managers are tried in turn: the first of [`Directory::managers`] that can be reached. Whoever finds one wanting
//! later (its connection broke, it refuses for now, it does not answer) puts it last.

use std::{net::SocketAddr, time::Duration};

use multicast::id::GroupId;
use settings::{Cluster, Mechanism};
use structures::op::Element;
use tokio::{
    net::lookup_host,
    time::{Instant, sleep, timeout},
};

use super::{Client, ClientError};
use crate::{
    WireError,
    member::redial_pause,
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
}

impl Directory {
    /// The way to this cluster, whose managers listen there.
    pub fn of(cluster: &Cluster, managers: Vec<(String, u16)>) -> Self {
        Self {
            managers,
            cluster: cluster.fingerprint(),
            mechanism: cluster.mechanism,
            suspicion: cluster.suspicion,
        }
    }

    /// A client at the first manager that can be reached.
    ///
    /// # Errors
    /// The last one's, if none can be reached.
    pub async fn manager(&self) -> Result<Client, ClientError> {
        self.reachable().await.map(|(_, client)| client)
    }

    /// The first manager that can be reached, and its place in the list.
    async fn reachable(&self) -> Result<(usize, Client), ClientError> {
        let reason = "no manager is known".to_owned();
        let mut failure = ClientError::NoDoor { reason };
        for (place, (host, port)) in self.managers.iter().enumerate() {
            let attempt = dial(host, *port, self.cluster);
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

    /// The first manager is tried last from now on.
    pub fn turn_away(&mut self) {
        self.managers.rotate_left(1);
    }

    /// A client at the group's door; the manager that led there is tried first from now on.
    ///
    /// # Errors
    /// As [`Directory::door`].
    pub async fn connect(&mut self, group: GroupId) -> Result<Client, ClientError> {
        let (place, manager) = self.reachable().await?;
        self.managers.rotate_left(place);
        self.door_by(manager, group).await
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
            Mechanism::Replication => Ok(manager),
            _ => {
                let members = manager.members().await?;
                match primary_of(&members, group) {
                    Ok(address) => Ok(Client::connect(address, self.cluster).await?),
                    // The manager knows why, and whether waiting can help.
                    Err(no_door) => match manager.get(group, b"?").await {
                        // "Ask the primary": it has become active between the two questions.
                        Err(ClientError::Refused(Refusal::NotServedHere { .. })) => Err(no_door),
                        Err(refused @ ClientError::Refused(_)) => Err(refused),
                        _ => Err(no_door),
                    },
                }
            }
        }
    }

    /// All elements of the group at its door, tried again for up to `patience` while what is in the way may
    /// pass: an active primary may not have heard yet that it is to serve.
    ///
    /// # Errors
    /// What does not pass, or `OutOfPatience`.
    pub async fn read_all(&self, group: GroupId, patience: Duration) -> Result<Vec<Element>, ClientError> {
        let began = Instant::now();
        let mut attempt = 0;
        let mut directory = self.clone();
        loop {
            match directory.try_read_all(group).await {
                Err(error) if error.is_passing() && began.elapsed() >= patience => {
                    let patience_ms = patience.as_millis();
                    return Err(ClientError::OutOfPatience {
                        patience_ms,
                        last: Box::new(error),
                    });
                }
                Err(error) if error.is_passing() => {
                    directory.turn_away();
                    sleep(redial_pause(attempt)).await;
                    attempt += 1;
                }
                ended => return ended,
            }
        }
    }

    async fn try_read_all(&self, group: GroupId) -> Result<Vec<Element>, ClientError> {
        self.door(group).await?.read_all(group).await
    }
}

async fn dial(host: &str, port: u16, cluster: u64) -> Result<Client, ClientError> {
    let addresses = lookup_host((host, port)).await.map_err(WireError::from)?;
    let mut failure = ClientError::NoDoor {
        reason: format!("{host} has no address"),
    };
    for address in addresses {
        match Client::connect(address, cluster).await {
            Ok(client) => return Ok(client),
            Err(error) => failure = error.into(),
        }
    }
    Err(failure)
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
            reason: format!("the primary of {group} is {standing:?}"),
        }),
    }
}
