//! The values of the keys about the membership store.

use super::{ValueError, host as host_value, port as port_value};
use crate::problem::quoted;
use crate::suggest::nearest;
use crate::{Endpoint, MAX_ETCD_ENDPOINTS, MAX_ETCD_PREFIX_BYTES, StoreKind};

/// A membership store by its name.
pub(crate) fn store(written: &str) -> Result<StoreKind, ValueError> {
    written.parse().map_err(|_| ValueError::NotAStore {
        written: quoted(written),
        meant: nearest(written, StoreKind::ALL.map(StoreKind::name)),
    })
}

/// Endpoints to connect to, with commas between.
pub(crate) fn endpoints(written: &str) -> Result<Vec<Endpoint>, ValueError> {
    let mut endpoints = Vec::new();
    for piece in written.split(',').map(str::trim) {
        let endpoint = endpoint(piece).ok_or_else(|| ValueError::NotAnEndpoint {
            written: quoted(piece),
        })?;
        if endpoints.contains(&endpoint) {
            return Err(ValueError::RepeatedEndpoint { endpoint });
        }
        endpoints.push(endpoint);
    }
    match endpoints.len() > MAX_ETCD_ENDPOINTS {
        true => Err(ValueError::TooManyEndpoints {
            endpoints: endpoints.len(),
            limit: MAX_ETCD_ENDPOINTS,
        }),
        false => Ok(endpoints),
    }
}

/// A host, an IPv6 address in brackets, and a port that is not 0.
fn endpoint(written: &str) -> Option<Endpoint> {
    let (host, port) = written.rsplit_once(':')?;
    let bracketed = host.starts_with('[') && host.ends_with(']');
    let host = (bracketed || !host.contains(':')).then_some(host)?;
    Some(Endpoint {
        host: host_value(host).ok()?,
        port: port_value(port).ok().filter(|port| *port != 0)?,
    })
}

/// What the names of keys begin with.
pub(crate) fn prefix(written: &str) -> Result<String, ValueError> {
    if !written.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(ValueError::NotAPrefix {
            written: quoted(written).escape_debug().to_string(),
        });
    }
    match written.len() > MAX_ETCD_PREFIX_BYTES {
        true => Err(ValueError::PrefixTooLong {
            bytes: written.len(),
            limit: MAX_ETCD_PREFIX_BYTES,
        }),
        false => Ok(written.to_owned()),
    }
}
