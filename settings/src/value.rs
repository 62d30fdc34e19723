//! One value: its text to its type, or what is wrong with it. Nothing is compared with other values here.

mod error;
mod store;

use std::net::{Ipv4Addr, Ipv6Addr};
use std::ops::RangeInclusive;
use std::path::PathBuf;

use structures::kind::StructureKind;

pub use error::ValueError;
pub(crate) use store::{endpoints, prefix, store};

use crate::problem::quoted;
use crate::suggest::nearest;
use crate::{Join, MAX_HOST_BYTES, MAX_HOST_LABEL_BYTES, MAX_NAME_BYTES, Mechanism};

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
