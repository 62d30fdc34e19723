//! What can be wrong with a value by itself: in one sentence, in a few words beside it, and with a tip.

use structures::kind::StructureKind;

use crate::{Endpoint, Join, Mechanism, StoreKind, problem::Explain};

/// What is wrong with a value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ValueError {
    /// Nothing follows the `=`.
    #[error("`{key}` has no value")]
    Empty {
        /// The key.
        key: String,
    },
    /// Not decimal digits alone.
    #[error("`{written}` is not a whole number")]
    NotANumber {
        /// The value.
        written: String,
        /// The smallest number of this key.
        from: u64,
        /// The largest.
        to: u64,
    },
    /// A number outside of the range of its key.
    #[error("`{written}` is out of range")]
    OutOfRange {
        /// The value.
        written: String,
        /// The smallest number of this key.
        from: u64,
        /// The largest.
        to: u64,
    },
    /// Neither a host name nor an address.
    #[error("`{written}` is not a host")]
    NotAHost {
        /// The value.
        written: String,
    },
    /// A name with other characters than letters, digits, `_` and `-`.
    #[error("`{written}` is not a name")]
    NotAName {
        /// The value.
        written: String,
    },
    /// A name longer than [`MAX_NAME_BYTES`](crate::MAX_NAME_BYTES).
    #[error("a name of {bytes} bytes is too long")]
    NameTooLong {
        /// Its length.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// A path with a control character.
    #[error("`{written}` is not a path")]
    NotAPath {
        /// The value, its control characters escaped.
        written: String,
    },
    /// A word that names no mechanism.
    #[error("`{written}` is not a mechanism")]
    NotAMechanism {
        /// The value.
        written: String,
        /// The mechanism that was meant, perhaps.
        meant: Option<&'static str>,
    },
    /// Not the name of a structure.
    #[error("`{written}` is not a structure")]
    NotAStructure {
        /// The value.
        written: String,
        /// The structure that was meant, perhaps.
        meant: Option<&'static str>,
    },
    /// Not the name of a membership store.
    #[error("`{written}` is not a membership store")]
    NotAStore {
        /// The value.
        written: String,
        /// The store that was meant, perhaps.
        meant: Option<&'static str>,
    },
    /// Not a way to join.
    #[error("`{written}` is not a way to join")]
    NotAJoin {
        /// The value.
        written: String,
        /// The way that was meant, perhaps.
        meant: Option<&'static str>,
    },
    /// Not a host and a port to connect to.
    #[error("`{written}` is not an endpoint")]
    NotAnEndpoint {
        /// The piece between two commas.
        written: String,
    },
    /// An endpoint that stands before in the same list.
    #[error("`{endpoint}` stands there twice")]
    RepeatedEndpoint {
        /// The endpoint.
        endpoint: Endpoint,
    },
    /// More endpoints than [`crate::MAX_ETCD_ENDPOINTS`].
    #[error("{endpoints} endpoints are too many")]
    TooManyEndpoints {
        /// How many there are.
        endpoints: usize,
        /// The most.
        limit: usize,
    },
    /// What no key's name begins with: a space, or another character than those of ASCII.
    #[error("`{written}` is not a prefix of keys")]
    NotAPrefix {
        /// The value.
        written: String,
    },
    /// A prefix longer than [`crate::MAX_ETCD_PREFIX_BYTES`].
    #[error("a prefix of {bytes} bytes is too long")]
    PrefixTooLong {
        /// Its length.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
}

impl Explain for ValueError {
    fn label(&self) -> String {
        match self {
            Self::Empty { .. } => "expected a value behind the `=`".to_owned(),
            Self::NotANumber { from, to, .. } | Self::OutOfRange { from, to, .. } => {
                format!("expected a number from {from} to {to}")
            }
            Self::NotAHost { .. } => "expected a host name, an IPv4 or an IPv6 address".to_owned(),
            Self::NotAName { .. } => "expected letters, digits, `_` and `-`".to_owned(),
            Self::NameTooLong { limit, .. } | Self::PrefixTooLong { limit, .. } => {
                format!("expected at most {limit} bytes")
            }
            Self::NotAnEndpoint { .. } => "expected host:port, or several with commas between".to_owned(),
            Self::RepeatedEndpoint { .. } => "each endpoint once".to_owned(),
            Self::TooManyEndpoints { limit, .. } => format!("expected at most {limit}"),
            Self::NotAPrefix { .. } => "expected visible ASCII characters".to_owned(),
            Self::NotAPath { .. } => "expected a path without control characters".to_owned(),
            Self::NotAMechanism {
                meant: Some(meant), ..
            }
            | Self::NotAStructure {
                meant: Some(meant), ..
            }
            | Self::NotAStore {
                meant: Some(meant), ..
            }
            | Self::NotAJoin {
                meant: Some(meant), ..
            } => format!("did you mean `{meant}`?"),
            Self::NotAMechanism { meant: None, .. } => {
                format!("expected {}", Mechanism::ALL.map(Mechanism::name).join(", "))
            }
            Self::NotAStore { meant: None, .. } => {
                format!("expected {}", StoreKind::ALL.map(StoreKind::name).join(" or "))
            }
            Self::NotAJoin { meant: None, .. } => {
                format!("expected {}", Join::ALL.map(Join::name).join(" or "))
            }
            Self::NotAStructure { meant: None, .. } => {
                format!(
                    "expected {}",
                    StructureKind::ALL.map(StructureKind::name).join(", ")
                )
            }
        }
    }

    fn help(&self) -> Option<String> {
        match self {
            Self::NotANumber { written, .. }
            | Self::NotAHost { written }
            | Self::NotAName { written }
            | Self::NotAMechanism { written, .. }
            | Self::NotAStructure { written, .. }
            | Self::NotAStore { written, .. }
            | Self::NotAJoin { written, .. }
            | Self::NotAnEndpoint { written }
                if written.contains([';', '#']) =>
            {
                Some("a comment stands on a line of its own".to_owned())
            }
            _ => None,
        }
    }
}
