//! What every primary's regions were after each of its operations, and what servers should hold of them.

use erasure::{coefficient, multiply_add};
use fusion_server::backup::FusedBackup;
use multicast::id::{NodeId, Seq};
use structures::{
    Structure,
    delta::{REGIONS, RegionId},
    kind::StructureSpec,
};
use wire::message::fusion::Layout;

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
pub(crate) fn check_server(row: usize, layout: Layout, server: &FusedBackup, histories: &[History]) {
    let mut parities: Images = Default::default();
    for (column, history) in histories.iter().enumerate() {
        let primary = NodeId(column as u32);
        let Some(applied) = server.applied(primary) else {
            return;
        };
        let state = history.at(applied);
        for region in layout.plain() {
            let plain = server.plain(primary, region).expect("wholly held");
            assert!(
                plain == state[usize::from(region.0)],
                "region {region:?} of {primary} at {applied}"
            );
        }
        for region in layout.coded() {
            let place = usize::from(region.0);
            let (image, parity) = (&state[place], &mut parities[place]);
            parity.resize(parity.len().max(image.len()), 0);
            multiply_add(coefficient(row, column), image, &mut parity[..image.len()]);
        }
    }
    for (region, parity) in RegionId::ALL.into_iter().zip(parities) {
        assert_eq!(
            server.parity(region).len(),
            parity.len(),
            "region {region:?} is as long as the longest primary's"
        );
        assert!(
            server.parity(region) == parity,
            "parity of region {region:?}, row {row}"
        );
    }
}
