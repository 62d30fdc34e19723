//! Who belongs to a fused cluster, checked once: the part of a cluster file that the core decides by.
//!
//! Invariants: node ids, groups, columns and rows are each unique, and there are as many fused servers as
//! crashes to be survived.

use std::collections::{BTreeMap, BTreeSet};

use multicast::id::{GroupId, NodeId};
use wire::message::membership::{Member, Membership, Role};

/// Why a description is no fused cluster.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FusionClusterError {
    /// Each tolerated crash needs one fused server.
    #[error("{faults} crashes are to be survived, but there are {servers} fusion servers")]
    ServerCount {
        /// f.
        faults: usize,
        /// How many servers are described.
        servers: usize,
    },
    /// Two processes have one id.
    #[error("{node} is described twice")]
    RepeatedNode {
        /// The id.
        node: NodeId,
    },
    /// Two primaries hold one group.
    #[error("{group} has two primaries")]
    RepeatedGroup {
        /// The group.
        group: GroupId,
    },
    /// Two primaries have one column of the code.
    #[error("column {column} is given to two primaries")]
    RepeatedColumn {
        /// The column.
        column: u8,
    },
    /// Two servers have one row of the code.
    #[error("row {row} is given to two fusion servers")]
    RepeatedRow {
        /// The row.
        row: u8,
    },
}

/// One primary of the cluster file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PrimaryPlace {
    /// Its id.
    pub node: NodeId,
    /// The group it holds.
    pub group: GroupId,
    /// Its column of the code.
    pub column: u8,
}

/// One fused server of the cluster file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServerPlace {
    /// Its id.
    pub node: NodeId,
    /// Its row of the code.
    pub row: u8,
}

/// A checked fused cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FusionCluster {
    faults: usize,
    primaries: BTreeMap<NodeId, PrimaryPlace>,
    servers: BTreeMap<NodeId, ServerPlace>,
    groups: BTreeMap<GroupId, String>,
    min_backups: usize,
    suspicion_us: u64,
}

impl FusionCluster {
    /// Checks a description. Writes wait while fewer than `min_backups` servers are active; a member of a
    /// loaded membership that has not entered within `suspicion_us` microseconds counts as lost.
    ///
    /// # Errors
    /// The first invariant that does not hold, with what breaks it.
    pub fn new(
        faults: usize,
        primaries: &[PrimaryPlace],
        servers: &[ServerPlace],
        min_backups: usize,
        suspicion_us: u64,
    ) -> Result<Self, FusionClusterError> {
        use FusionClusterError::*;
        if servers.len() != faults {
            return Err(ServerCount {
                faults,
                servers: servers.len(),
            });
        }
        let nodes = primaries
            .iter()
            .map(|place| place.node)
            .chain(servers.iter().map(|place| place.node));
        first_repeated(nodes).map_or(Ok(()), |node| Err(RepeatedNode { node }))?;
        first_repeated(primaries.iter().map(|place| place.group))
            .map_or(Ok(()), |group| Err(RepeatedGroup { group }))?;
        first_repeated(primaries.iter().map(|place| place.column))
            .map_or(Ok(()), |column| Err(RepeatedColumn { column }))?;
        first_repeated(servers.iter().map(|place| place.row))
            .map_or(Ok(()), |row| Err(RepeatedRow { row }))?;
        Ok(Self {
            faults,
            primaries: primaries.iter().map(|place| (place.node, *place)).collect(),
            servers: servers.iter().map(|place| (place.node, *place)).collect(),
            groups: BTreeMap::new(),
            min_backups,
            suspicion_us,
        })
    }

    /// The same cluster with these names for its groups.
    #[must_use]
    pub fn naming(self, groups: BTreeMap<GroupId, String>) -> Self {
        Self { groups, ..self }
    }

    /// The same cluster with those who belong to it by now: columns and rows were given to them when they were added, and
    /// there are as many servers as crashes to be survived.
    pub(super) fn with_members(&self, membership: &Membership) -> Self {
        let (mut primaries, mut servers) = (BTreeMap::new(), BTreeMap::new());
        for (node, member) in &membership.members {
            let node = *node;
            if let (Some(group), Some(column)) = (member.group, member.column) {
                primaries.insert(node, PrimaryPlace { node, group, column });
            } else if let Some(row) = member.row {
                servers.insert(node, ServerPlace { node, row });
            }
        }
        Self {
            faults: servers.len(),
            primaries,
            servers,
            ..self.clone()
        }
    }

    /// f.
    pub fn faults(&self) -> usize {
        self.faults
    }

    /// Writes wait while fewer servers than this are active.
    pub fn min_backups(&self) -> usize {
        self.min_backups
    }

    /// How long the members of a loaded membership may take to enter again, in microseconds.
    pub fn suspicion_us(&self) -> u64 {
        self.suspicion_us
    }

    /// The primaries, by id.
    pub fn primaries(&self) -> impl Iterator<Item = &PrimaryPlace> {
        self.primaries.values()
    }

    /// The names of the groups, by the numbers that they have in the cluster file's terms.
    pub(super) fn groups(&self) -> &BTreeMap<GroupId, String> {
        &self.groups
    }

    /// The primary with this id.
    pub fn primary(&self, node: NodeId) -> Option<&PrimaryPlace> {
        self.primaries.get(&node)
    }

    /// The primary of this group.
    pub fn primary_of(&self, group: GroupId) -> Option<&PrimaryPlace> {
        self.primaries.values().find(|place| place.group == group)
    }

    /// The fused server with this id.
    pub fn server(&self, node: NodeId) -> Option<&ServerPlace> {
        self.servers.get(&node)
    }

    /// What the process with this id does.
    pub fn role(&self, node: NodeId) -> Option<Role> {
        if self.primaries.contains_key(&node) {
            Some(Role::Primary)
        } else {
            self.servers.contains_key(&node).then_some(Role::FusionServer)
        }
    }

    /// Everyone, as they stand before anybody entered.
    pub(super) fn absent_members(&self) -> BTreeMap<NodeId, Member> {
        let primaries = self.primaries.values().map(|place| {
            let mut member = absent(Some(place.group));
            member.column = Some(place.column);
            (place.node, member)
        });
        let servers = self.servers.values().map(|place| {
            let mut member = absent(None);
            member.row = Some(place.row);
            (place.node, member)
        });
        primaries.chain(servers).collect()
    }
}

fn absent(group: Option<GroupId>) -> Member {
    let role = match group {
        Some(_) => Role::Primary,
        None => Role::FusionServer,
    };
    Member::absent(role, group)
}

fn first_repeated<T: Ord + Copy>(values: impl Iterator<Item = T>) -> Option<T> {
    let mut seen = BTreeSet::new();
    values.into_iter().find(|value| !seen.insert(*value))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRIMARIES: [PrimaryPlace; 2] = [
        PrimaryPlace {
            node: NodeId(1),
            group: GroupId(0),
            column: 0,
        },
        PrimaryPlace {
            node: NodeId(2),
            group: GroupId(1),
            column: 1,
        },
    ];
    const SERVER: ServerPlace = ServerPlace {
        node: NodeId(9),
        row: 0,
    };

    fn refused(primary: PrimaryPlace, servers: &[ServerPlace]) -> FusionClusterError {
        let primaries = [PRIMARIES[0], primary];
        FusionCluster::new(servers.len(), &primaries, servers, 0, 1).expect_err("an invariant is broken")
    }

    #[test]
    fn every_broken_invariant_is_named_with_what_breaks_it() {
        use FusionClusterError::*;
        let good = PRIMARIES[1];
        let again = ServerPlace {
            node: NodeId(10),
            row: 0,
        };
        assert_eq!(
            refused(
                PrimaryPlace {
                    node: NodeId(9),
                    ..good
                },
                &[SERVER]
            ),
            RepeatedNode { node: NodeId(9) }
        );
        assert_eq!(
            refused(
                PrimaryPlace {
                    group: GroupId(0),
                    ..good
                },
                &[SERVER]
            ),
            RepeatedGroup { group: GroupId(0) }
        );
        assert_eq!(
            refused(PrimaryPlace { column: 0, ..good }, &[SERVER]),
            RepeatedColumn { column: 0 }
        );
        assert_eq!(refused(good, &[SERVER, again]), RepeatedRow { row: 0 });
        for faults in [0, 2] {
            let refused = FusionCluster::new(faults, &PRIMARIES, &[SERVER], 0, 1);
            assert_eq!(refused, Err(ServerCount { faults, servers: 1 }));
        }
    }

    #[test]
    fn before_anybody_entered_everyone_is_absent() {
        let cluster = FusionCluster::new(1, &PRIMARIES, &[SERVER], 0, 1).expect("sound");
        let members = cluster.absent_members();
        assert_eq!(
            members.keys().copied().collect::<Vec<_>>(),
            [NodeId(1), NodeId(2), NodeId(9)]
        );
        let column = Some(1);
        let second = Member {
            column,
            ..absent(Some(GroupId(1)))
        };
        assert_eq!(members[&NodeId(2)], second);
        let row = Some(0);
        assert_eq!(members[&NodeId(9)], Member { row, ..absent(None) });
    }
}
