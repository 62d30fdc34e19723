//! Where the managers keep the membership (DESIGN section 5).

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::Endpoint;

/// The membership store of a cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum StoreSettings {
    /// A file beside the managers, which all run on one machine.
    #[default]
    Embedded,
    /// A key of an etcd cluster.
    Etcd(EtcdSettings),
}

/// How to reach etcd, and where in it the membership is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EtcdSettings {
    /// Its members' addresses for clients; the next one is tried when one does not answer. At least one.
    pub endpoints: Vec<Endpoint>,
    /// What the names of all keys begin with.
    pub prefix: String,
    /// How long one endpoint may take for one answer.
    pub timeout: Duration,
}

/// The value of `store`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreKind {
    /// See [`StoreSettings::Embedded`].
    Embedded,
    /// See [`StoreSettings::Etcd`].
    Etcd,
}

impl StoreKind {
    /// Both, the default first.
    pub const ALL: [Self; 2] = [Self::Embedded, Self::Etcd];

    /// As cluster files have it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Embedded => "embedded",
            Self::Etcd => "etcd",
        }
    }
}

impl fmt::Display for StoreKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Not the name of a store.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a membership store")]
pub struct UnknownStore(String);

impl FromStr for StoreKind {
    type Err = UnknownStore;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|kind| kind.name() == name);
        found.ok_or_else(|| UnknownStore(name.to_owned()))
    }
}
