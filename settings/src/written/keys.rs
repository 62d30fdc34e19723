//! The keys of one section: compared with the schema once, then read one by one.

use std::collections::BTreeMap;

use super::{SectionError, WrittenEndpoint};
use crate::ini::Section;
use crate::problem::Problem;
use crate::span::{Span, Spanned};
use crate::suggest::nearest;
use crate::{Endpoint, SectionKind, ValueError, value};

/// Reads a section's values; of a repeated key the first counts.
pub(crate) struct Keys<'t, 'p> {
    first: BTreeMap<&'static str, (Span, Spanned<&'t str>)>,
    problems: &'p mut Vec<Problem>,
}

impl<'t, 'p> Keys<'t, 'p> {
    /// Notes the unknown, repeated and missing keys of the section.
    pub(crate) fn of(kind: SectionKind, section: &Section<'t>, problems: &'p mut Vec<Problem>) -> Self {
        let mut first: BTreeMap<&'static str, (Span, Spanned<&'t str>)> = BTreeMap::new();
        let mut meant_keys = Vec::new();
        for entry in &section.entries {
            let Some(key) = kind.key_names().find(|key| *key == entry.key.value) else {
                let meant = nearest(entry.key.value, kind.key_names());
                meant_keys.extend(meant);
                let unknown = SectionError::unknown_key(entry.key.value, kind, meant);
                problems.push(Problem::at(unknown, entry.key.at));
                continue;
            };
            match first.get(key) {
                Some((at, _)) => {
                    let repeated = SectionError::RepeatedKey { key };
                    problems.push(Problem::at(repeated, entry.key.at).seeing(*at));
                }
                None => {
                    first.insert(key, (entry.key.at, entry.value.clone()));
                }
            }
        }
        let missing = |key: &str| !section.torn && !first.contains_key(key) && !meant_keys.contains(&key);
        for key in kind.keys().iter().filter(|key| key.required && missing(key.name)) {
            let error = SectionError::MissingKey { key: key.name, kind };
            problems.push(Problem::at(error, section.header));
        }
        Self { first, problems }
    }

    /// The value of a key, if it is there and can be read.
    pub(crate) fn value<T>(
        &mut self,
        key: &'static str,
        read: impl FnOnce(&'t str) -> Result<T, ValueError>,
    ) -> Option<Spanned<T>> {
        let (key_at, written) = self.first.get(key)?;
        let (result, at) = match written.value {
            "" => (Err(ValueError::Empty { key: key.to_owned() }), *key_at),
            text => (read(text), written.at),
        };
        match result {
            Ok(value) => Some(Spanned { value, at }),
            Err(error) => {
                self.problems.push(Problem::at(error, at));
                None
            }
        }
    }

    /// The first of some keys in the file, with its place.
    pub(crate) fn first_of(&self, keys: &[&'static str]) -> Option<Spanned<&'static str>> {
        let written = keys
            .iter()
            .filter_map(|key| self.first.get_key_value(key))
            .map(|(key, (at, _))| Spanned { value: *key, at: *at });
        written.min_by_key(|key| key.at)
    }

    /// A host and a port, if both are there and can be read.
    pub(crate) fn endpoint(&mut self, host: &'static str, port: &'static str) -> Option<WrittenEndpoint> {
        let (host, port) = (self.value(host, value::host), self.value(port, value::port));
        let (host, port) = (host?, port?);
        Some(WrittenEndpoint {
            endpoint: Endpoint {
                host: host.value,
                port: port.value,
            },
            host_at: host.at,
            port_at: port.at,
        })
    }
}
