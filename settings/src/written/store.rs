//! The keys of `[cluster]` about the membership store: `store`, and those that begin with `etcd_`.

use super::keys::Keys;
use crate::span::Spanned;
use crate::{ETCD_TIMEOUT_MS, Endpoint, StoreKind, value};

const ETCD_KEYS: [&str; 3] = ["etcd_endpoints", "etcd_prefix", "etcd_timeout_ms"];

/// See the module's documentation.
#[derive(Debug, Default)]
pub(crate) struct WrittenStore {
    pub kind: Option<Spanned<StoreKind>>,
    pub endpoints: Option<Spanned<Vec<Endpoint>>>,
    pub prefix: Option<Spanned<String>>,
    pub timeout_ms: Option<Spanned<u64>>,
    /// Whether `store` stands in the file, readable or not.
    pub kind_written: bool,
    /// The same of `etcd_endpoints`.
    pub endpoints_written: bool,
    /// The first of etcd's keys in the file, readable or not.
    pub etcd_key: Option<Spanned<&'static str>>,
}

impl WrittenStore {
    pub(super) fn read(keys: &mut Keys<'_, '_>) -> Self {
        Self {
            kind: keys.value("store", value::store),
            endpoints: keys.value("etcd_endpoints", value::endpoints),
            prefix: keys.value("etcd_prefix", value::prefix),
            timeout_ms: keys.value("etcd_timeout_ms", |written| {
                value::number(written, &ETCD_TIMEOUT_MS)
            }),
            kind_written: keys.first_of(&["store"]).is_some(),
            endpoints_written: keys.first_of(&ETCD_KEYS[..1]).is_some(),
            etcd_key: keys.first_of(&ETCD_KEYS),
        }
    }
}
