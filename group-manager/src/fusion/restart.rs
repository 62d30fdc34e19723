//! How the core begins: from what the store held when the manager started.
//!
//! A manager that starts knows nobody. Those whom the store calls active are given the suspicion time to
//! enter again with the same memory; then they count as lost. Those who were joining count as lost at once:
//! whatever they had received is worth nothing without the talk that it belonged to. That, too, is stored
//! before anybody hears of it: one epoch never shows two different views.

use super::*;
use multicast::id::GroupId;
use wire::message::membership::{Member, Role};

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
    #[error("the stored membership gives {stored} to {node}, the cluster file {described}")]
    Group {
        /// Its id.
        node: NodeId,
        /// What the store says.
        stored: String,
        /// What the cluster file says.
        described: String,
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
        Ok(Self::going_on(cluster, membership, now))
    }

    /// The same from what [`adopted`] has made of a membership.
    pub(super) fn going_on(cluster: FusionCluster, membership: Membership, now: Micros) -> Self {
        let cluster = cluster.with_members(&membership);
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
        Self {
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
            roster: RosterDesk::default(),
            departures: BTreeMap::new(),
            forgiving_until: Micros(0),
            installed_at: BTreeMap::new(),
            log: RecoveryLog::default(),
            planted: Planted::default(),
        }
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

/// What a new manager makes of the stored membership. The epoch stays: nothing is stored yet. What says itself who everyone is
/// is believed, whatever the cluster file has: members may have gone and come under the same ids since it was written.
pub(super) fn adopted(cluster: &FusionCluster, loaded: Membership) -> Result<Membership, ForeignMembership> {
    let described = cluster.absent_members();
    let nothing_founded = loaded.founded.is_empty();
    let mut members = match loaded.members.is_empty() {
        true => described.clone(),
        false => loaded.members,
    };
    let are_settled = !loaded.groups.is_empty();
    let groups = match are_settled {
        false => cluster.groups().clone(),
        true => loaded.groups,
    };
    let names = Names {
        are_settled,
        stored: &groups,
        described: cluster.groups(),
    };
    for (node, stored) in &mut members {
        let described = described.get(node);
        judge(*node, stored, described, &names)?;
        let described = described.filter(|described| described.role == stored.role);
        stored.row = stored.row.or(described.and_then(|member| member.row));
        stored.column = stored.column.or_else(|| counted_column(stored.group));
        if nothing_founded {
            // Nobody ever held anything: as if nobody had entered.
            let (row, column) = (stored.row, stored.column);
            *stored = Member {
                row,
                column,
                ..Member::absent(stored.role, stored.group)
            };
        }
    }
    if let Some(group) = loaded
        .founded
        .iter()
        .find(|group| !members.values().any(|member| member.group == Some(**group)))
    {
        return Err(ForeignMembership::Founded { group: *group });
    }
    Ok(Membership {
        epoch: loaded.epoch,
        owner: loaded.owner,
        members,
        groups,
        ..loaded
    })
}

/// Before columns were stored, a primary's was its group's number.
fn counted_column(group: Option<GroupId>) -> Option<u8> {
    group.and_then(|group| u8::try_from(group.0).ok())
}

/// The groups' names: those that the store goes by, and those of the cluster file.
struct Names<'a> {
    /// Whether the store has said them itself.
    are_settled: bool,
    stored: &'a BTreeMap<GroupId, String>,
    described: &'a BTreeMap<GroupId, String>,
}

fn name(groups: &BTreeMap<GroupId, String>, group: Option<GroupId>) -> String {
    let name = |group: GroupId| groups.get(&group).cloned().unwrap_or_else(|| group.to_string());
    group.map_or_else(|| "no group".to_owned(), name)
}

/// Whether the member can be one of this cluster: as the file has it, or as it has become since.
fn judge(
    node: NodeId,
    stored: &Member,
    described: Option<&Member>,
    names: &Names<'_>,
) -> Result<(), ForeignMembership> {
    let role = stored.role;
    let has_place = stored.row.is_some() || stored.column.is_some();
    if has_place && names.are_settled {
        return Ok(());
    }
    let Some(described) = described else {
        let stranger = ForeignMembership::Member { node, role };
        return has_place.then_some(()).ok_or(stranger);
    };
    if described.role != role {
        return Err(ForeignMembership::Member { node, role });
    }
    let (stored, described) = (
        name(names.stored, stored.group),
        name(names.described, described.group),
    );
    match stored == described {
        true => Ok(()),
        false => Err(ForeignMembership::Group {
            node,
            stored,
            described,
        }),
    }
}
