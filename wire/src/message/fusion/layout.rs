//! Which regions of a structure the fused servers hold as a sum over all primaries, and which as they are.
//!
//! Source: the report, "Fusing complex data structures" (linked); DESIGN, "Two layouts, one protocol".
//!
//! Invariant: a region is either coded or plain at every fused server, for the life of the cluster.

use settings::Mechanism;
use structures::delta::{REGIONS, RegionId};

/// See the module's documentation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// The report's: values are coded, the auxiliary list and the sessions are kept plain.
    Linked,
    /// Every region is coded; nothing is plain.
    Arena,
}

impl Layout {
    /// The layout of a fused mechanism; none of one that codes nothing.
    pub fn of(mechanism: Mechanism) -> Option<Self> {
        match mechanism {
            Mechanism::Replication | Mechanism::ReplicationSequencer => None,
            Mechanism::FusionLinked => Some(Self::Linked),
            Mechanism::FusionArena => Some(Self::Arena),
        }
    }

    /// Whether this region is held as a sum. A region that no structure has is neither coded nor plain.
    pub fn is_coded(self, region: RegionId) -> bool {
        match self {
            Self::Linked => region == RegionId::VALUES,
            Self::Arena => RegionId::ALL.contains(&region),
        }
    }

    /// Whether this region is held as it is.
    pub fn is_plain(self, region: RegionId) -> bool {
        RegionId::ALL.contains(&region) && !self.is_coded(region)
    }

    /// The coded regions, in order.
    pub fn coded(self) -> impl Iterator<Item = RegionId> {
        RegionId::ALL
            .into_iter()
            .filter(move |region| self.is_coded(*region))
    }

    /// The plain regions, in order.
    pub fn plain(self) -> impl Iterator<Item = RegionId> {
        RegionId::ALL
            .into_iter()
            .filter(move |region| self.is_plain(*region))
    }

    /// These lengths, those of plain regions as zero.
    pub fn coded_lengths(self, lengths: [u64; REGIONS]) -> [u64; REGIONS] {
        self.only(lengths, Self::is_coded)
    }

    /// These lengths, those of coded regions as zero.
    pub fn plain_lengths(self, lengths: [u64; REGIONS]) -> [u64; REGIONS] {
        self.only(lengths, Self::is_plain)
    }

    fn only(self, lengths: [u64; REGIONS], kept: fn(Self, RegionId) -> bool) -> [u64; REGIONS] {
        std::array::from_fn(|place| match kept(self, RegionId::ALL[place]) {
            true => lengths[place],
            false => 0,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_region_is_coded_or_plain_and_a_strange_one_is_neither() {
        let sorted = |layout: Layout| {
            (
                layout.coded().collect::<Vec<_>>(),
                layout.plain().collect::<Vec<_>>(),
            )
        };
        let linked = (
            vec![RegionId::VALUES],
            vec![RegionId::ENTRIES, RegionId::SESSIONS],
        );
        assert_eq!(sorted(Layout::Linked), linked);
        assert_eq!(sorted(Layout::Arena), (RegionId::ALL.to_vec(), vec![]));
        for layout in [Layout::Linked, Layout::Arena] {
            let strange = RegionId(REGIONS as u8);
            assert_eq!(
                (layout.is_coded(strange), layout.is_plain(strange)),
                (false, false)
            );
        }
    }

    #[test]
    fn lengths_are_parted_without_loss() {
        let lengths = [3, 5, 7];
        assert_eq!(Layout::Linked.coded_lengths(lengths), [3, 0, 0]);
        assert_eq!(Layout::Linked.plain_lengths(lengths), [0, 5, 7]);
        assert_eq!(Layout::Arena.coded_lengths(lengths), lengths);
        assert_eq!(Layout::Arena.plain_lengths(lengths), [0; REGIONS]);
    }

    #[test]
    fn a_mechanism_that_codes_has_its_layout() {
        let layouts = Mechanism::ALL.map(Layout::of);
        assert_eq!(layouts, [None, None, Some(Layout::Linked), Some(Layout::Arena)]);
    }
}
