//! What every primary's regions were after each of its operations, and what servers should hold of them.

use erasure::{coefficient, multiply_add};
use fusion_server::backup::FusedBackup;
use multicast::id::{NodeId, Seq};
use structures::{
    Structure,
    delta::{REGIONS, RegionId},
    kind::StructureSpec,
};

/// Long values, so that a few elements cross a block's border.
pub(crate) const LIMITS: StructureSpec = StructureSpec::linked_list(2, 15_000);

pub(crate) type Images = [Vec<u8>; REGIONS];

pub(crate) fn images(list: &Structure) -> Images {
    RegionId::ALL.map(|region| list.image(region).to_vec())
}

/// Everything one group's structure ever was.
pub(crate) struct History {
    /// By sequence number; the first is the empty structure.
    pub(crate) states: Vec<Images>,
}

impl History {
    pub(crate) fn new() -> Self {
        Self {
            states: vec![images(&Structure::new(LIMITS))],
        }
    }

    pub(crate) fn at(&self, seq: Seq) -> &Images {
        &self.states[seq.0 as usize]
    }

    pub(crate) fn last(&self) -> Seq {
        Seq(self.states.len() as u64 - 1)
    }
}

/// Compares a server with the encoding of all histories as of what it applied, if it wholly holds them all.
pub(crate) fn check_server(row: usize, server: &FusedBackup, histories: &[History]) {
    let mut parity = Vec::new();
    for (column, history) in histories.iter().enumerate() {
        let primary = NodeId(column as u32);
        let Some(applied) = server.applied(primary) else {
            return;
        };
        let state = history.at(applied);
        for region in [RegionId::ENTRIES, RegionId::SESSIONS] {
            let plain = server.plain(primary, region).expect("wholly held");
            assert!(
                plain == state[usize::from(region.0)],
                "region {region:?} of {primary} at {applied}"
            );
        }
        let values = &state[usize::from(RegionId::VALUES.0)];
        parity.resize(parity.len().max(values.len()), 0);
        multiply_add(coefficient(row, column), values, &mut parity[..values.len()]);
    }
    assert_eq!(
        server.parity().len(),
        parity.len(),
        "as long as the longest primary"
    );
    assert!(server.parity() == parity, "parity of row {row}");
}
