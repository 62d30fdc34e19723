//! Claim: what an active server holds is the encoding of the primaries' states, byte by byte, each as of the
//! last operation that it applied of that primary.
//!
//! Source: DESIGN section 4, "Fused server".

use erasure::{coefficient, multiply_add};
use multicast::id::NodeId;
use structures::delta::RegionId;

use super::Claim;
use crate::{group::Images, world::World};

impl World {
    pub(crate) fn judge_encoding(&mut self, server: NodeId) {
        if let Some(found) = self.wrong_bytes(server) {
            self.demand(Claim::Encoding, false, || format!("{server}: {found}"));
        }
    }

    /// What is wrong with an active server's bytes. One that does not hold everything yet is not judged here.
    fn wrong_bytes(&self, server: NodeId) -> Option<String> {
        let backup = self.active_backup(server)?;
        let row = usize::from(self.shape.row(server));
        let mut parities = Images::default();
        for (primary, group) in &self.groups {
            let Some(applied) = backup.core.applied(*primary) else {
                match group.holder {
                    None => continue,
                    Some(_) => return None,
                }
            };
            let Some(state) = group.at(applied) else {
                return Some(format!("it applied {applied} of {primary}, which was never sent"));
            };
            for region in self.shape.layout.plain() {
                if backup.core.plain(*primary, region)? != state[usize::from(region.0)] {
                    return Some(format!("{region:?} of {primary} at {applied}"));
                }
            }
            for region in self.shape.layout.coded() {
                let place = usize::from(region.0);
                let (image, parity) = (&state[place], &mut parities[place]);
                parity.resize(parity.len().max(image.len()), 0);
                let factor = coefficient(row, self.shape.column(*primary));
                multiply_add(factor, image, &mut parity[..image.len()]);
            }
        }
        let mut regions = RegionId::ALL.into_iter().zip(&parities);
        let wrong = regions.find(|(region, parity)| backup.core.parity(*region) != parity.as_slice());
        wrong.map(|(region, _)| format!("the parity of {region:?}"))
    }
}
