//! How the core begins: from what the store held when the manager started.
//!
//! A manager that starts knows nobody. Those whom the store calls active are given the suspicion time to
//! enter again with the same memory; then they count as lost. Those who were joining count as lost at once:
//! whatever they had received is worth nothing without the talk that it belonged to. That, too, is stored
//! before anybody hears of it: one epoch never shows two different views.

use super::*;
use multicast::id::GroupId;
use wire::message::membership::Role;

/// The stored membership is that of another cluster.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ForeignMembership {
    /// It has a member that the cluster file does not describe.
    #[error("the stored membership has a {role} {node}, the cluster file has none")]
    Member {
        /// Its id.
        node: NodeId,
        /// What it does.
        role: Role,
    },
    /// A member holds another group.
    #[error("the stored membership gives {stored:?} to {node}, the cluster file {described:?}")]
    Group {
        /// Its id.
        node: NodeId,
        /// What the store says.
        stored: Option<GroupId>,
        /// What the cluster file says.
        described: Option<GroupId>,
    },
    /// A group without primary was founded.
    #[error("the stored membership has founded {group}, the cluster file has no primary of it")]
    Founded {
        /// The group.
        group: GroupId,
    },
}

impl FusionCoordinator {
    /// Goes on from the loaded membership (the default one if nothing was ever stored).
    ///
    /// # Errors
    /// If the membership is that of another cluster.
    pub fn new(cluster: FusionCluster, loaded: Membership, now: Micros) -> Result<Self, ForeignMembership> {
        let membership = adopted(&cluster, loaded)?;
        let mut lives = Lives::default();
        let mut holders = BTreeMap::new();
        let until = Micros(now.0 + cluster.suspicion_us());
        for (node, member) in &membership.members {
            if member.standing == Standing::Active {
                lives.expect(*node, member, until);
            }
            let had_memory = matches!(member.standing, Standing::Active | Standing::Removed);
            if member.role == Role::Primary && had_memory && member.incarnation != Incarnation(0) {
                holders.insert(*node, member.incarnation);
            }
        }
        let recoveries = Recoveries::after(membership.epoch);
        Ok(Self {
            cluster,
            membership,
            in_flight: None,
            superseded: false,
            lives,
            servers: BTreeMap::new(),
            primaries: BTreeMap::new(),
            hollow: BTreeMap::new(),
            // Whether they heard the word to begin is not known any more.
            summoned: holders.clone(),
            holders,
            recoveries,
            departures: BTreeMap::new(),
            forgiving_until: Micros(0),
            installed_at: BTreeMap::new(),
            log: RecoveryLog::default(),
            planted: Planted::default(),
        })
    }

    /// Those that should have entered again by now are lost.
    pub(super) fn on_tick(&mut self, now: Micros) -> Vec<Command> {
        let overdue = self.lives.overdue(now).into_iter();
        let reason = "did not enter again in time";
        let mut commands: Vec<Command> = overdue
            .flat_map(|(node, incarnation)| self.handle_lost(now, node, incarnation, reason))
            .collect();
        commands.extend(self.give_up_the_replaceable(now));
        commands
    }
}

/// What a new manager makes of the stored membership. The epoch stays: nothing is stored yet.
pub(super) fn adopted(cluster: &FusionCluster, loaded: Membership) -> Result<Membership, ForeignMembership> {
    let mut members = cluster.absent_members();
    let nothing_founded = loaded.founded.is_empty();
    for (node, stored) in loaded.members {
        let Some(described) = members
            .get_mut(&node)
            .filter(|described| described.role == stored.role)
        else {
            return Err(ForeignMembership::Member {
                node,
                role: stored.role,
            });
        };
        if described.group != stored.group {
            let described = described.group;
            return Err(ForeignMembership::Group {
                node,
                stored: stored.group,
                described,
            });
        }
        if nothing_founded {
            continue; // nobody ever held anything: as if nobody had entered
        }
        *described = stored;
    }
    if let Some(group) = loaded
        .founded
        .iter()
        .find(|group| cluster.primary_of(**group).is_none())
    {
        return Err(ForeignMembership::Founded { group: *group });
    }
    Ok(Membership {
        epoch: loaded.epoch,
        owner: loaded.owner,
        members,
        founded: loaded.founded,
        left: loaded.left,
    })
}
