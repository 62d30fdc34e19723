//! Which of the two ways protects the groups of a cluster (DESIGN section 1).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// How a cluster survives crashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mechanism {
    /// f + 1 data nodes per group, all applying the same writes in the same order: Skeen's, so that every manager may
    /// send.
    Replication,
    /// The same, with the order of one manager that numbers all writes: one round instead of two. The baseline that
    /// Skeen's second round is compared with.
    ReplicationSequencer,
    /// One primary per group and f fusion servers for all of them, in the report's layout: the values of linked lists
    /// are coded, their keys and order kept as they are.
    FusionLinked,
    /// The same, with every byte of any structure coded.
    FusionArena,
}

impl Mechanism {
    /// Every mechanism there is, in the order in which results are listed.
    pub const ALL: [Self; 4] = [
        Self::Replication,
        Self::ReplicationSequencer,
        Self::FusionLinked,
        Self::FusionArena,
    ];

    /// The name in cluster files, on command lines and in results.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Replication => "replication",
            Self::ReplicationSequencer => "replication-sequencer",
            Self::FusionLinked => "fusion-linked",
            Self::FusionArena => "fusion-arena",
        }
    }

    /// Whether every group has data nodes of its own, each with the whole of it.
    pub const fn is_replication(self) -> bool {
        !self.is_fusion()
    }

    /// Whether primaries share fused backups.
    pub const fn is_fusion(self) -> bool {
        matches!(self, Self::FusionLinked | Self::FusionArena)
    }
}

impl fmt::Display for Mechanism {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A word that names no mechanism.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{written}` is not a mechanism: replication, replication-sequencer, fusion-linked or fusion-arena")]
pub struct UnknownMechanism {
    /// The word.
    pub written: String,
}

impl FromStr for Mechanism {
    type Err = UnknownMechanism;

    fn from_str(written: &str) -> Result<Self, UnknownMechanism> {
        Self::ALL
            .into_iter()
            .find(|mechanism| mechanism.name() == written)
            .ok_or_else(|| UnknownMechanism {
                written: written.to_owned(),
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mechanism_reads_back_from_its_name() {
        let read: Vec<_> = Mechanism::ALL
            .iter()
            .map(|mechanism| mechanism.to_string().parse())
            .collect();
        assert_eq!(read, Mechanism::ALL.map(Ok).to_vec());
    }

    #[test]
    fn another_word_is_refused_with_the_names_there_are() {
        let refusal = "Fusion".parse::<Mechanism>().unwrap_err();
        assert_eq!(
            refusal.to_string(),
            "`Fusion` is not a mechanism: replication, replication-sequencer, fusion-linked or fusion-arena"
        );
    }
}
