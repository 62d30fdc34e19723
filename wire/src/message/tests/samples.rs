//! One sample of every variant of everything that crosses a connection.

mod client;
mod fusion;
mod replication;

use std::fmt::Debug;

use bytes::BytesMut;
use serde::{Serialize, de::DeserializeOwned};

use super::fields::Fields;
use crate::codec::{decode, encode};

/// All samples of one type.
pub(super) struct Kind {
    pub(super) name: &'static str,
    pub(super) samples: Vec<Sample>,
    /// Whether the number is one of the type's variants; none for structs.
    pub(super) is_variant: Option<fn(u8) -> bool>,
}

/// Reads bytes; tells why they are not the message, if they are not.
type Reading = dyn Fn(&[u8]) -> Result<(), String>;

/// One message, and what it is checked with.
pub(super) struct Sample {
    /// The variant's name, or the struct's.
    pub(super) variant: String,
    pub(super) bytes: Vec<u8>,
    reads_back_from: Box<Reading>,
}

impl Sample {
    fn of<T: Serialize + DeserializeOwned + PartialEq + Debug + 'static>(message: T) -> Self {
        let mut bytes = BytesMut::new();
        encode(&message, &mut bytes).expect("every message has a length");
        let words = format!("{message:?}");
        let end = words.find(|c: char| !c.is_alphanumeric()).unwrap_or(words.len());
        Self {
            variant: words[..end].to_owned(),
            bytes: bytes.to_vec(),
            reads_back_from: Box::new(move |bytes| match decode::<T>(bytes) {
                Ok(read) if read == message => Ok(()),
                Ok(read) => Err(format!("{read:?} instead of {message:?}")),
                Err(error) => Err(error.to_string()),
            }),
        }
    }

    /// Whether these bytes are this message, and if not, why.
    pub(super) fn reads_back_from(&self, bytes: &[u8]) -> Result<(), String> {
        (self.reads_back_from)(bytes)
    }
}

/// The samples of an enum.
fn variants<T>(name: &'static str, messages: Vec<T>) -> Kind
where
    T: Serialize + DeserializeOwned + PartialEq + Debug + 'static,
{
    Kind {
        name,
        samples: messages.into_iter().map(Sample::of).collect(),
        is_variant: Some(is_variant::<T>),
    }
}

/// The sample of a struct.
fn structure<T>(name: &'static str, message: T) -> Kind
where
    T: Serialize + DeserializeOwned + PartialEq + Debug + 'static,
{
    Kind {
        name,
        samples: vec![Sample::of(message)],
        is_variant: None,
    }
}

/// What is wrong with a lone variant's number: either the number, or that its fields are missing.
fn is_variant<T: DeserializeOwned>(number: u8) -> bool {
    match decode::<T>(&[number]) {
        Ok(_) => true,
        Err(error) => !error.to_string().contains("expected variant index"),
    }
}

/// Everything, by the purpose of its connection.
pub(super) fn kinds(fields: &Fields) -> Vec<Kind> {
    let mut all = replication::kinds(fields);
    all.extend(fusion::kinds(fields));
    all.extend(client::kinds(fields));
    all
}
