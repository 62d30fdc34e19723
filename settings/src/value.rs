//! One value: its text to its type, or what is wrong with it. Nothing is compared with other values here.

mod store;

use std::net::{Ipv4Addr, Ipv6Addr};
use std::ops::RangeInclusive;
use std::path::PathBuf;

use structures::kind::StructureKind;

pub(crate) use store::{endpoints, prefix, store};

use crate::problem::{Explain, quoted};
use crate::suggest::nearest;
use crate::{Endpoint, Join, MAX_HOST_BYTES, MAX_HOST_LABEL_BYTES, MAX_NAME_BYTES, Mechanism, StoreKind};

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
    /// A name longer than [`MAX_NAME_BYTES`].
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

/// A whole number in decimal digits, within a range.
pub(crate) fn number(written: &str, range: &RangeInclusive<u64>) -> Result<u64, ValueError> {
    let (from, to) = (*range.start(), *range.end());
    if !written.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(ValueError::NotANumber {
            written: quoted(written),
            from,
            to,
        });
    }
    let number = written.parse().ok().filter(|number| range.contains(number));
    number.ok_or_else(|| ValueError::OutOfRange {
        written: quoted(written),
        from,
        to,
    })
}

/// A TCP port; 0 asks for a free one.
pub(crate) fn port(written: &str) -> Result<u16, ValueError> {
    let range = 0..=u64::from(u16::MAX);
    number(written, &range).map(|number| u16::try_from(number).expect("the range is that of the type"))
}

/// A section's number or a `proc_id`.
pub(crate) fn id(written: &str) -> Result<u32, ValueError> {
    let range = 0..=u64::from(u32::MAX);
    number(written, &range).map(|number| u32::try_from(number).expect("the range is that of the type"))
}

/// The name of a cluster or a group.
pub(crate) fn name(written: &str) -> Result<String, ValueError> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    if written.is_empty() || !written.bytes().all(allowed) {
        return Err(ValueError::NotAName {
            written: quoted(written),
        });
    }
    match written.len() > MAX_NAME_BYTES {
        true => Err(ValueError::NameTooLong {
            bytes: written.len(),
            limit: MAX_NAME_BYTES,
        }),
        false => Ok(written.to_owned()),
    }
}

/// A host in the form that [`crate::Endpoint::host`] has.
pub(crate) fn host(written: &str) -> Result<String, ValueError> {
    let bracketed = written.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    if let Ok(address) = bracketed.unwrap_or(written).parse::<Ipv6Addr>() {
        return Ok(address.to_string());
    }
    if written.parse::<Ipv4Addr>().is_ok() || is_host_name(written) {
        return Ok(written.to_ascii_lowercase());
    }
    Err(ValueError::NotAHost {
        written: quoted(written),
    })
}

/// Labels of letters, digits, `-` and `_` between dots. One without any letter in its last label is a
/// mistyped IPv4 address.
fn is_host_name(written: &str) -> bool {
    let name = written.strip_suffix('.').unwrap_or(written);
    let is_label = |label: &str| {
        (1..=MAX_HOST_LABEL_BYTES).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    };
    let last = name.rsplit('.').next().unwrap_or(name);
    name.len() <= MAX_HOST_BYTES
        && name.split('.').all(is_label)
        && last.bytes().any(|byte| !byte.is_ascii_digit())
}

/// A path, absolute or relative to where the manager runs.
pub(crate) fn path(written: &str) -> Result<PathBuf, ValueError> {
    match written.contains(char::is_control) {
        true => Err(ValueError::NotAPath {
            written: quoted(written).escape_debug().to_string(),
        }),
        false => Ok(PathBuf::from(written)),
    }
}

/// A mechanism by its name.
pub(crate) fn mechanism(written: &str) -> Result<Mechanism, ValueError> {
    written.parse().map_err(|_| ValueError::NotAMechanism {
        written: quoted(written),
        meant: nearest(written, Mechanism::ALL.map(Mechanism::name)),
    })
}

/// A way to join by its name.
pub(crate) fn join(written: &str) -> Result<Join, ValueError> {
    written.parse().map_err(|_| ValueError::NotAJoin {
        written: quoted(written),
        meant: nearest(written, Join::ALL.map(Join::name)),
    })
}

/// A structure by its name.
pub(crate) fn structure(written: &str) -> Result<StructureKind, ValueError> {
    written.parse().map_err(|_| ValueError::NotAStructure {
        written: quoted(written),
        meant: nearest(written, StructureKind::ALL.map(StructureKind::name)),
    })
}

#[cfg(test)]
mod tests;
