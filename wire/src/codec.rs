//! Messages to bytes and back: the one place that uses `bincode`.
//!
//! Format: bincode 2, `standard` configuration (little endian, variable-length integers). The golden bytes
//! in the tests below keep it from changing unnoticed. Whoever replaces the library edits this file only.

use bincode::config::{Configuration, Limit, LittleEndian, Varint};
use bytes::{BufMut, BytesMut};
use serde::{Serialize, de::DeserializeOwned};

use crate::{error::WireError, limits::MAX_FRAME_BYTES};

const CONFIGURATION: Configuration<LittleEndian, Varint, Limit<MAX_FRAME_BYTES>> =
    bincode::config::standard().with_limit::<MAX_FRAME_BYTES>();

/// Appends the message's bytes to `out`.
///
/// # Errors
/// [`WireError::Unencodable`] if the message has no length that can be known (never for our types).
pub fn encode<T: Serialize>(message: &T, out: &mut BytesMut) -> Result<(), WireError> {
    bincode::serde::encode_into_std_write(message, &mut out.writer(), CONFIGURATION).map_err(|error| {
        WireError::Unencodable {
            kind: std::any::type_name::<T>(),
            reason: error.to_string(),
        }
    })?;
    Ok(())
}

/// Reads one message that fills `bytes` exactly.
///
/// # Errors
/// [`WireError::Garbage`] if the bytes are no `T`, claim more than the frame limit, or are followed by more.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, WireError> {
    let garbage = |reason: String| WireError::Garbage {
        length: bytes.len(),
        expected: std::any::type_name::<T>(),
        reason,
    };
    let (message, used) = bincode::serde::decode_from_slice(bytes, CONFIGURATION)
        .map_err(|error| garbage(error.to_string()))?;
    if used == bytes.len() {
        Ok(message)
    } else {
        Err(garbage(format!(
            "{} bytes follow the message",
            bytes.len() - used
        )))
    }
}

#[cfg(test)]
mod tests {
    use multicast::id::{ClientId, Seq};
    use proptest::prelude::*;
    use structures::op::{Op, Write};

    use super::*;

    fn bytes_of<T: Serialize>(message: &T) -> Vec<u8> {
        let mut out = BytesMut::new();
        encode(message, &mut out).expect("the tests' messages can be encoded");
        out.to_vec()
    }

    #[test]
    fn golden_bytes_of_a_write() {
        let write = Write {
            client: ClientId(0x0102_0304_0506_0708),
            seq: Seq(300),
            op: Op::Insert {
                key: b"key".to_vec(),
                value: vec![0xFF, 0],
            },
        };
        let golden = [
            0xFD, 8, 7, 6, 5, 4, 3, 2, 1, // client: u64 marker, little endian
            0xFB, 0x2C, 1, // seq: u16 marker, 300
            1, // Insert
            3, b'k', b'e', b'y', 2, 0xFF, 0,
        ];
        assert_eq!(bytes_of(&write), golden);
        assert_eq!(decode::<Write>(&golden).expect("golden bytes decode"), write);
    }

    #[test]
    fn bytes_after_the_message_are_garbage() {
        let mut bytes = bytes_of(&7u32);
        bytes.push(0);
        assert!(matches!(
            decode::<u32>(&bytes),
            Err(WireError::Garbage { length: 2, .. })
        ));
    }

    #[test]
    fn a_claimed_length_over_the_limit_is_refused_without_allocating() {
        // A byte string that says it is u64::MAX long.
        let bytes = [0xFD, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF];
        assert!(matches!(
            decode::<Vec<u8>>(&bytes),
            Err(WireError::Garbage { .. })
        ));
    }

    fn op() -> impl Strategy<Value = Op> {
        let bytes = || proptest::collection::vec(any::<u8>(), 0..40);
        prop_oneof![
            Just(Op::OpenSession),
            (bytes(), bytes()).prop_map(|(key, value)| Op::Insert { key, value }),
            (bytes(), bytes()).prop_map(|(key, value)| Op::Update { key, value }),
            bytes().prop_map(|key| Op::Delete { key }),
        ]
    }

    proptest! {
        #[test]
        fn decoding_gives_back_what_was_encoded(client: u64, seq: u64, op in op()) {
            let write = Write { client: ClientId(client), seq: Seq(seq), op };
            prop_assert_eq!(decode::<Write>(&bytes_of(&write)).expect("own bytes decode"), write);
        }

        #[test]
        fn arbitrary_bytes_are_decoded_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(write) = decode::<Write>(&bytes) {
                prop_assert_eq!(decode::<Write>(&bytes_of(&write)).expect("own bytes decode"), write);
            }
        }
    }
}
