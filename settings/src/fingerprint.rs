//! A number that tells clusters apart: two processes whose files name different clusters refuse each other.
//!
//! FNV-1a over 64 bits (Fowler, Noll and Vo; draft-eastlake-fnv), because it is stable over builds and
//! machines. It guards against mistakes, not against malice. Addresses, ids, timing and who belongs to the
//! cluster do not count, and so neither do its groups: they may differ between the files of one cluster's machines, and
//! while members are added and removed. Which number a group has the running cluster says, by its name.

use crate::Cluster;

const OFFSET_BASIS: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x0000_0100_0000_01b3;

/// Each field goes in with its length before it, so that no two lists of fields read alike.
struct Fnv1a(u64);

impl Fnv1a {
    fn bytes(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(PRIME);
        }
    }

    fn number(&mut self, number: usize) {
        self.bytes(&(number as u64).to_le_bytes());
    }

    fn text(&mut self, text: &str) {
        self.number(text.len());
        self.bytes(text.as_bytes());
    }
}

impl Cluster {
    /// The cluster's name, mechanism, structure and limits as one number, the same in every build.
    pub fn fingerprint(&self) -> u64 {
        let mut hash = Fnv1a(OFFSET_BASIS);
        hash.text(&self.name);
        hash.text(self.mechanism.name());
        hash.text(self.structure.name());
        hash.number(self.limits.key_bytes);
        hash.number(self.limits.element_bytes);
        hash.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fnv1a(bytes: &[u8]) -> u64 {
        let mut hash = Fnv1a(OFFSET_BASIS);
        hash.bytes(bytes);
        hash.0
    }

    #[test]
    fn the_hash_is_fnv_1a_by_its_published_test_vectors() {
        let hashes = [&b""[..], b"a", b"foobar"].map(fnv1a);
        assert_eq!(
            hashes,
            [
                0xcbf2_9ce4_8422_2325,
                0xaf63_dc4c_8601_ec8c,
                0x8594_4171_f739_67e8
            ]
        );
    }
}
