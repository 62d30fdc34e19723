//! Typed elements as bytes, and back.
//!
//! The codec is postcard's published format, version 1: little endian, variable-length integers, nothing that
//! describes itself. So types are not told apart by their bytes: a collection must be opened everywhere with
//! the same types.

use serde::{Serialize, de::DeserializeOwned};

use crate::Error;

/// What can be an element, a value, or a key of a [`Map`](crate::Map) or [`Set`](crate::Set): any type of one's
/// own that derives `Serialize` and `Deserialize`.
///
/// As a key, equal values must have equal bytes: a type that holds a `HashMap` is no key, because its entries
/// are written in no order.
pub trait Element: Serialize + DeserializeOwned + Send + Sync {}

impl<T: Serialize + DeserializeOwned + Send + Sync> Element for T {}

pub(crate) fn encode<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, Error> {
    postcard::to_stdvec(value).map_err(|error| Error::Unencodable {
        of: std::any::type_name::<T>(),
        reason: error.to_string(),
    })
}

pub(crate) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Error> {
    let undecodable = |reason: String| Error::Undecodable {
        of: std::any::type_name::<T>(),
        bytes: bytes.to_vec(),
        reason,
    };
    match postcard::take_from_bytes(bytes) {
        Ok((value, [])) => Ok(value),
        Ok((_, rest)) => Err(undecodable(format!("{} bytes follow it", rest.len()))),
        Err(error) => Err(undecodable(error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_element_comes_back_as_it_went() {
        let element = (7_u64, "seven".to_owned(), vec![Some(-7_i32), None]);
        let bytes = encode(&element).unwrap();
        assert_eq!(
            decode::<(u64, String, Vec<Option<i32>>)>(&bytes).unwrap(),
            element
        );
    }

    #[test]
    fn borrowed_forms_have_the_bytes_of_the_owned_ones() {
        assert_eq!(encode("seven").unwrap(), encode(&"seven".to_owned()).unwrap());
        assert_eq!(
            encode(&[1_u64, 300][..]).unwrap(),
            encode(&vec![1_u64, 300]).unwrap()
        );
    }

    #[test]
    fn bytes_of_another_type_are_refused_by_name_if_they_are_too_many_or_too_few() {
        let refused = |ended: Result<u16, Error>| ended.unwrap_err().to_string();
        assert_eq!(
            refused(decode(&[1, 2])),
            "an element of 2 bytes is no u16: 1 bytes follow it"
        );
        assert_eq!(
            refused(decode(&[])),
            "an element of 0 bytes is no u16: Hit the end of buffer, expected more data"
        );
    }
}
