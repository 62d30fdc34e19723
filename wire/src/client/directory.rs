//! Where a group's door is: the manager under replication, the group's primary under fusion.

use std::net::SocketAddr;

use multicast::id::GroupId;
use settings::Mechanism;
use tokio::net::lookup_host;

use super::{Client, ClientError};
use crate::{
    WireError,
    message::membership::{Membership, Role, Standing},
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
    /// `NoDoor` if the membership shows none, `Wire` if it cannot be reached.
    pub async fn door(&self, group: GroupId) -> Result<Client, ClientError> {
        let mut manager = self.manager().await?;
        match self.mechanism {
            Mechanism::Replication => Ok(manager),
            _ => {
                let address = primary_of(&manager.members().await?, group)?;
                Ok(Client::connect(address, self.cluster).await?)
            }
        }
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
