//! The order of the bytes is that of the keys, for every type of key.

use std::fmt::Debug;

use proptest::prelude::*;

use super::*;

/// Two keys compare as their bytes do, neither's bytes begin with the other's, and both come back.
fn check<K: OrderedKey + Ord + Debug>(a: &K, b: &K) -> Result<(), TestCaseError> {
    let (bytes, others) = (a.ordered_bytes(), b.ordered_bytes());
    prop_assert_eq!(a.cmp(b), bytes.cmp(&others), "{:?} {:?}", bytes, others);
    prop_assert!(a == b || !others.starts_with(&bytes));
    prop_assert!(!bytes.is_empty());
    prop_assert_eq!(&K::from_ordered_bytes(&bytes).unwrap(), a);
    Ok(())
}

/// Bytes among which 0, 1 and 2 are frequent.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![0_u8..4, any::<u8>(), Just(255)];
    proptest::collection::vec(byte, 0..6)
}

fn text() -> impl Strategy<Value = String> {
    proptest::collection::vec(prop_oneof![Just('\0'), Just('\u{1}'), any::<char>()], 0..6)
        .prop_map(String::from_iter)
}

proptest! {
    #[test]
    fn integers_keep_their_order(a: [i64; 2], b: [u64; 2], c: [i8; 2], d: [u128; 2], e: [i128; 2]) {
        check(&a[0], &a[1])?;
        check(&b[0], &b[1])?;
        check(&c[0], &c[1])?;
        check(&d[0], &d[1])?;
        check(&e[0], &e[1])?;
    }

    #[test]
    fn narrow_integers_and_characters_keep_their_order(a: [i16; 2], b: [u16; 2], c: [i32; 2], d: [char; 2], e: [bool; 2]) {
        check(&a[0], &a[1])?;
        check(&b[0], &b[1])?;
        check(&c[0], &c[1])?;
        check(&d[0], &d[1])?;
        check(&e[0], &e[1])?;
    }

    #[test]
    fn strings_and_byte_vectors_keep_their_order(a in bytes(), b in bytes(), c in text(), d in text()) {
        check(&a, &b)?;
        check(&c, &d)?;
    }

    #[test]
    fn tuples_and_options_keep_their_order(
        a in (bytes(), any::<Option<i8>>(), bytes()),
        b in (bytes(), any::<Option<i8>>(), bytes()),
        c in (text(), 0_u8..3, proptest::option::of(text()), any::<bool>()),
        d in (text(), 0_u8..3, proptest::option::of(text()), any::<bool>()),
    ) {
        check(&a, &b)?;
        check(&(a.0.clone(), a.1), &(a.0.clone(), b.1))?;
        check(&c, &d)?;
        check(&(c.0,), &(d.0,))?;
    }

    #[test]
    fn any_bytes_are_a_key_or_refused(bytes in proptest::collection::vec(0_u8..4, 0..8)) {
        if let Ok(key) = <(Vec<u8>, Option<String>)>::from_ordered_bytes(&bytes) {
            prop_assert_eq!(key.ordered_bytes(), bytes);
        }
    }
}

#[test]
fn the_bytes_are_those_of_the_table() {
    assert_eq!(258_u16.ordered_bytes(), [1, 2]);
    assert_eq!((-1_i16).ordered_bytes(), [0x7F, 0xFF]);
    assert_eq!("a\0\u{1}b".ordered_bytes(), [b'a', 1, 1, 1, 2, b'b', 0]);
    assert_eq!("".ordered_bytes(), [0]);
    assert_eq!((Some(7_u8), "a", None::<u8>).ordered_bytes(), [1, 7, b'a', 0, 0]);
}

#[test]
fn other_bytes_are_refused_by_name() {
    let refused = u16::from_ordered_bytes(&[1, 2, 3]).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "an element of 3 bytes is no u16: more bytes follow it"
    );
    let refused = String::from_ordered_bytes(b"a").unwrap_err();
    assert_eq!(
        refused.to_string(),
        "an element of 1 bytes is no alloc::string::String: not the bytes of such a key"
    );
}
