//! Questions that are asked again, at one manager after the other, while what is in the way may pass.
//!
//! Invariants: none takes longer than its patience, however long a door is silent; a change of members that was made,
//! but whose answer got lost, is reported as made.

use std::time::Duration;

use multicast::id::{Epoch, GroupId};
use structures::op::Element;
use tokio::time::{Instant, sleep, timeout};

use super::{ClientError, Directory};
use crate::{
    WireError,
    member::redial_pause,
    message::{
        client::Refusal,
        membership::{Member, Membership},
        roster::{Change, ChangeRefused},
    },
};

/// Attempts at one thing, until its time is up.
struct Patience {
    limit: Duration,
    began: Instant,
    attempt: u32,
    /// Why the attempt before failed.
    setback: Option<ClientError>,
}

impl Patience {
    fn begin(limit: Duration) -> Self {
        Self {
            limit,
            began: Instant::now(),
            attempt: 0,
            setback: None,
        }
    }

    /// One attempt, in the time that is left.
    async fn attempt<T>(
        &mut self,
        attempt: impl Future<Output = Result<T, ClientError>>,
    ) -> Result<T, ClientError> {
        let left = self.limit.saturating_sub(self.began.elapsed());
        let limit_ms = left.as_millis();
        let silent = |_| Err(WireError::DialTimeout { limit_ms }.into());
        timeout(left, attempt).await.unwrap_or_else(silent)
    }

    /// Pauses before the next attempt.
    ///
    /// # Errors
    /// `OutOfPatience`, with the failure that says most: the last attempt may have had next to no time.
    async fn set_back(&mut self, failure: ClientError) -> Result<(), ClientError> {
        if self.began.elapsed() >= self.limit {
            return Err(ClientError::OutOfPatience {
                patience_ms: self.limit.as_millis(),
                last: Box::new(self.setback.take().unwrap_or(failure)),
            });
        }
        self.setback = Some(failure);
        let left = self.limit.saturating_sub(self.began.elapsed());
        sleep(redial_pause(self.attempt).min(left)).await;
        self.attempt += 1;
        Ok(())
    }
}

impl Directory {
    /// All elements of the group at its door, tried again for up to `patience` while what is in the way may
    /// pass: an active primary may not have heard yet that it is to serve.
    ///
    /// # Errors
    /// What does not pass, or `OutOfPatience`.
    pub async fn read_all(&self, group: GroupId, patience: Duration) -> Result<Vec<Element>, ClientError> {
        let mut patience = Patience::begin(patience);
        let mut directory = self.clone();
        loop {
            match patience.attempt(directory.try_read_all(group)).await {
                Err(error) if error.is_passing() => patience.set_back(error).await?,
                ended => return ended,
            }
            directory.turn_away();
        }
    }

    /// Changes who belongs to the cluster, at whichever manager owns the membership, tried again for up to `patience`
    /// while what is in the way may pass. The epoch of a stored membership that contains the change: if an answer got
    /// lost, one that it was found in later.
    ///
    /// # Errors
    /// What does not pass, or `OutOfPatience`.
    pub async fn change(&self, change: Change, patience: Duration) -> Result<Epoch, ClientError> {
        let mut patience = Patience::begin(patience);
        let mut directory = self.clone();
        let mut may_be_made = false;
        loop {
            let failure = match patience.attempt(directory.try_change(&change, may_be_made)).await {
                Err(error) if error.is_passing() || is_asked_elsewhere(&error) => error,
                ended => return ended,
            };
            may_be_made |= leaves_open(&failure);
            patience.set_back(failure).await?;
            directory.turn_away();
        }
    }

    /// A refusal of the owner because the change is made already is none if it may have been made for us.
    async fn try_change(&self, change: &Change, may_be_made: bool) -> Result<Epoch, ClientError> {
        let mut manager = self.manager().await?;
        let refused = match manager.change(change.clone()).await {
            Err(refused) if may_be_made && is_made_already(&refused) => refused,
            ended => return ended,
        };
        let members = manager.members().await?;
        match contains(&members, change) {
            true => Ok(members.epoch),
            false => Err(refused),
        }
    }

    async fn try_read_all(&self, group: GroupId) -> Result<Vec<Element>, ClientError> {
        self.door(group).await?.read_all(group).await
    }
}

fn is_asked_elsewhere(error: &ClientError) -> bool {
    matches!(
        error,
        ClientError::Refused(Refusal::Change(ChangeRefused::NotOwner { .. }))
    )
}

/// Whether the change may have been stored all the same: the connection broke, or the owner lost the membership.
fn leaves_open(failure: &ClientError) -> bool {
    matches!(
        failure,
        ClientError::Wire(_) | ClientError::Refused(Refusal::Unavailable { .. })
    )
}

fn is_made_already(refused: &ClientError) -> bool {
    use ChangeRefused::{IdInUse, Leaving, UnknownNode};
    matches!(
        refused,
        ClientError::Refused(Refusal::Change(
            IdInUse { .. } | Leaving { .. } | UnknownNode { .. }
        ))
    )
}

fn contains(members: &Membership, change: &Change) -> bool {
    match change {
        Change::Add(new) => {
            let member = members.members.get(&new.node);
            let of_group = |member: &Member| member.group.map(|group| members.group_name(group));
            member.is_some_and(|member| member.role == new.role && of_group(member) == new.group)
        }
        Change::Remove { node, .. } => members.left.contains(node) || members.leaving.contains(node),
    }
}

#[cfg(test)]
mod tests;
