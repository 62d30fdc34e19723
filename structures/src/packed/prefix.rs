//! The length of a record, in front of it: the length plus one, seven bits a byte, the lowest first.
//!
//! So a prefix never starts with a zero byte, and a zero where a record could start means "no more".

/// Most bytes of a prefix.
pub(crate) const MAX_PREFIX_BYTES: usize = 3;
/// Longest record that a prefix can announce, in bytes.
pub(crate) const MAX_RECORD_BYTES: usize = (1 << (7 * MAX_PREFIX_BYTES)) - 2;

const MORE: u8 = 0x80;

/// What some first bytes of a record say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Prefix {
    /// A whole prefix.
    Whole {
        /// Bytes of the record behind it.
        length: usize,
        /// Bytes of the prefix.
        bytes: usize,
    },
    /// The prefix goes on behind these bytes.
    Cut,
    /// No record starts so: a zero byte, or a prefix longer than it need be.
    Bad,
}

/// Reads a prefix from the bytes at a record's start.
#[inline]
pub(crate) fn decode(bytes: &[u8]) -> Prefix {
    match bytes.first() {
        Some(first @ 1..MORE) => Prefix::Whole {
            length: usize::from(*first) - 1,
            bytes: 1,
        },
        _ => decode_long(bytes),
    }
}

fn decode_long(bytes: &[u8]) -> Prefix {
    let mut number = 0;
    for (place, byte) in bytes.iter().copied().enumerate().take(MAX_PREFIX_BYTES) {
        number |= usize::from(byte & !MORE) << (7 * place);
        if byte & MORE == 0 {
            // A last byte of zero adds nothing; a first byte of zero is no record.
            return match byte {
                0 => Prefix::Bad,
                _ => Prefix::Whole {
                    length: number - 1,
                    bytes: place + 1,
                },
            };
        }
    }
    if bytes.len() < MAX_PREFIX_BYTES {
        Prefix::Cut
    } else {
        Prefix::Bad
    }
}

/// Appends the prefix of a record of `length` bytes, of at most [`MAX_RECORD_BYTES`].
pub(crate) fn encode(length: usize, into: &mut Vec<u8>) {
    let (prefix, bytes) = encoded(length);
    into.extend_from_slice(&prefix[..bytes]);
}

/// The prefix of a record of `length` bytes, of at most [`MAX_RECORD_BYTES`], and how many bytes it has.
pub(crate) fn encoded(length: usize) -> ([u8; MAX_PREFIX_BYTES], usize) {
    let mut prefix = [0; MAX_PREFIX_BYTES];
    let bytes = prefix_bytes(length);
    for (place, byte) in prefix[..bytes].iter_mut().enumerate() {
        *byte = ((length + 1) >> (7 * place)) as u8 | MORE;
    }
    prefix[bytes - 1] &= !MORE;
    (prefix, bytes)
}

/// Bytes of the prefix of a record of `length` bytes.
pub(crate) fn prefix_bytes(length: usize) -> usize {
    match length + 1 {
        0..0x80 => 1,
        0x80..0x4000 => 2,
        _ => 3,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_length_reads_back_from_its_own_bytes_and_not_from_fewer() {
        for length in (0..70_000).chain([MAX_RECORD_BYTES]) {
            let mut prefix = Vec::new();
            encode(length, &mut prefix);
            let bytes = prefix.len();
            assert_eq!(prefix_bytes(length), bytes);
            assert_ne!(prefix[0], 0);
            assert_eq!(decode(&prefix), Prefix::Whole { length, bytes });
            for cut in 0..bytes {
                assert_eq!(decode(&prefix[..cut]), Prefix::Cut);
            }
        }
    }

    #[test]
    fn a_length_has_one_prefix_only() {
        for bad in [
            &[0][..],
            &[0x81, 0],
            &[0x80, 0x80, 0],
            &[0x80, 0x80, 0x80],
            &[0xFF; 4],
        ] {
            assert_eq!(decode(bad), Prefix::Bad, "{bad:?}");
        }
        let longest = Prefix::Whole {
            length: MAX_RECORD_BYTES,
            bytes: 3,
        };
        assert_eq!(decode(&[0xFF, 0xFF, 0x7F]), longest);
    }
}
