//! Keys whose bytes are in the order of the keys: what an ordered map compares.
//!
//! ```text
//! unsigned integers, char   most significant byte first
//! signed integers           the same, with the sign bit flipped: negative ones come first
//! bool                      0, 1
//! strings, byte vectors     their bytes, 00 as 01 01 and 01 as 01 02, then 00: shorter before longer
//! Option                    00, or 01 and the key
//! tuples                    one key after the other; each ends by itself
//! ```
//!
//! Invariants: a < b exactly if the bytes of a come before those of b; no key's bytes are the beginning of
//! another's of its type; none is empty.

use crate::Error;

/// A key as bytes that sort as the keys do. Implement it for a type of one's own by a tuple of its fields.
pub trait ToOrderedBytes {
    /// Appends the key's bytes.
    fn append_to(&self, out: &mut Vec<u8>);

    /// The key's bytes.
    fn ordered_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.append_to(&mut out);
        out
    }
}

/// A key of an [`OrderedMap`](crate::OrderedMap).
pub trait OrderedKey: ToOrderedBytes + Sized + Send + Sync {
    /// Takes a key off the front of the bytes; none if they are no such key's.
    fn take_from(bytes: &mut &[u8]) -> Option<Self>;

    /// The key with exactly these bytes.
    ///
    /// # Errors
    /// `Undecodable`.
    fn from_ordered_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let mut rest = bytes;
        let undecodable = |reason: &str| Error::Undecodable {
            of: std::any::type_name::<Self>(),
            bytes: bytes.to_vec(),
            reason: reason.to_owned(),
        };
        let key = Self::take_from(&mut rest).ok_or_else(|| undecodable("not the bytes of such a key"))?;
        match rest.is_empty() {
            true => Ok(key),
            false => Err(undecodable("more bytes follow it")),
        }
    }
}

macro_rules! integers {
    ($($integer:ty, $flip:expr;)+) => {$(
        impl ToOrderedBytes for $integer {
            fn append_to(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(&(self ^ $flip).to_be_bytes());
            }
        }

        impl OrderedKey for $integer {
            fn take_from(bytes: &mut &[u8]) -> Option<Self> {
                let (first, rest) = bytes.split_first_chunk()?;
                *bytes = rest;
                Some(Self::from_be_bytes(*first) ^ $flip)
            }
        }
    )+};
}

integers! {
    u8, 0; u16, 0; u32, 0; u64, 0; u128, 0;
    i8, i8::MIN; i16, i16::MIN; i32, i32::MIN; i64, i64::MIN; i128, i128::MIN;
}

impl ToOrderedBytes for char {
    fn append_to(&self, out: &mut Vec<u8>) {
        u32::from(*self).append_to(out);
    }
}

impl OrderedKey for char {
    fn take_from(bytes: &mut &[u8]) -> Option<Self> {
        Self::from_u32(u32::take_from(bytes)?)
    }
}

impl ToOrderedBytes for bool {
    fn append_to(&self, out: &mut Vec<u8>) {
        out.push(u8::from(*self));
    }
}

impl OrderedKey for bool {
    fn take_from(bytes: &mut &[u8]) -> Option<Self> {
        match u8::take_from(bytes)? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }
}

/// Ends a string; no byte of a string is written so.
const END: u8 = 0;
/// Stands before the byte that is one less than what follows.
const ESCAPE: u8 = 1;

impl ToOrderedBytes for [u8] {
    fn append_to(&self, out: &mut Vec<u8>) {
        for byte in self.iter().copied() {
            match byte {
                END | ESCAPE => out.extend([ESCAPE, byte + 1]),
                byte => out.push(byte),
            }
        }
        out.push(END);
    }
}

impl OrderedKey for Vec<u8> {
    fn take_from(bytes: &mut &[u8]) -> Option<Self> {
        let mut key = Self::new();
        loop {
            match u8::take_from(bytes)? {
                END => return Some(key),
                ESCAPE => match u8::take_from(bytes)? {
                    escaped @ (1 | 2) => key.push(escaped - 1),
                    _ => return None,
                },
                byte => key.push(byte),
            }
        }
    }
}

impl OrderedKey for String {
    fn take_from(bytes: &mut &[u8]) -> Option<Self> {
        Self::from_utf8(Vec::take_from(bytes)?).ok()
    }
}

impl ToOrderedBytes for str {
    fn append_to(&self, out: &mut Vec<u8>) {
        self.as_bytes().append_to(out);
    }
}

impl ToOrderedBytes for String {
    fn append_to(&self, out: &mut Vec<u8>) {
        self.as_str().append_to(out);
    }
}

impl ToOrderedBytes for Vec<u8> {
    fn append_to(&self, out: &mut Vec<u8>) {
        self.as_slice().append_to(out);
    }
}

impl<K: ToOrderedBytes> ToOrderedBytes for Option<K> {
    fn append_to(&self, out: &mut Vec<u8>) {
        self.is_some().append_to(out);
        if let Some(key) = self {
            key.append_to(out);
        }
    }
}

impl<K: OrderedKey> OrderedKey for Option<K> {
    fn take_from(bytes: &mut &[u8]) -> Option<Self> {
        match bool::take_from(bytes)? {
            true => K::take_from(bytes).map(Some),
            false => Some(None),
        }
    }
}

impl<K: ToOrderedBytes + ?Sized> ToOrderedBytes for &K {
    fn append_to(&self, out: &mut Vec<u8>) {
        (**self).append_to(out);
    }
}

macro_rules! tuples {
    ($(($($part:ident $place:tt),+))+) => {$(
        impl<$($part: ToOrderedBytes),+> ToOrderedBytes for ($($part,)+) {
            fn append_to(&self, out: &mut Vec<u8>) {
                $(self.$place.append_to(out);)+
            }
        }

        impl<$($part: OrderedKey),+> OrderedKey for ($($part,)+) {
            fn take_from(bytes: &mut &[u8]) -> Option<Self> {
                Some(($($part::take_from(bytes)?,)+))
            }
        }
    )+};
}

tuples! {
    (A 0)
    (A 0, B 1)
    (A 0, B 1, C 2)
    (A 0, B 1, C 2, D 3)
}

#[cfg(test)]
mod tests;
