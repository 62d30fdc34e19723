//! Where a group's door is: the manager under replication, the group's primary under fusion.

use std::{net::SocketAddr, time::Duration};

use multicast::id::GroupId;
use settings::Mechanism;
use structures::op::Element;
use tokio::{
    net::lookup_host,
    time::{Instant, sleep},
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

/// The way to a cluster: its manager, and what it takes to find the doors.
#[derive(Clone, Debug)]
pub struct Directory {
    /// Host and port of the manager.
    pub manager: (String, u16),
    /// The cluster file's fingerprint.
    pub cluster: u64,
    /// How the groups are kept alive.
    pub mechanism: Mechanism,
}

impl Directory {
    /// A client at the manager.
    ///
    /// # Errors
    /// If it cannot be reached.
    pub async fn manager(&self) -> Result<Client, ClientError> {
        let (host, port) = &self.manager;
        let addresses = lookup_host((host.as_str(), *port))
            .await
            .map_err(WireError::from)?;
        let mut failure = ClientError::NoDoor {
            reason: format!("{host} has no address"),
        };
        for address in addresses {
            match Client::connect(address, self.cluster).await {
                Ok(client) => return Ok(client),
                Err(error) => failure = error.into(),
            }
        }
        Err(failure)
    }

    /// A client at the group's door as it is now.
    ///
    /// # Errors
    /// What the manager says of a group without door, such as `TooManyFaults`; `Wire` if the door cannot be
    /// reached.
    pub async fn door(&self, group: GroupId) -> Result<Client, ClientError> {
        let mut manager = self.manager().await?;
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
        loop {
            match self.try_read_all(group).await {
                Err(error) if error.is_passing() && began.elapsed() >= patience => {
                    let patience_ms = patience.as_millis();
                    return Err(ClientError::OutOfPatience {
                        patience_ms,
                        last: Box::new(error),
                    });
                }
                Err(error) if error.is_passing() => {
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
