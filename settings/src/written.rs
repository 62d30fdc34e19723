//! Stage one, second half: sections to what the user wrote, typed value by value, with every place kept.
//!
//! A value that is absent or cannot be read is `None`, and its problem is noted; so stage two can check all
//! that is there. Invariant: `None` in a required place implies a problem.

mod detector;
mod keys;
mod section_error;
mod store;

pub(crate) use detector::WrittenDetector;
pub use section_error::SectionError;
pub(crate) use store::WrittenStore;

use std::collections::BTreeMap;
use std::path::PathBuf;

use structures::kind::StructureKind;

use crate::ini::{self, Section};
use crate::problem::Problem;
use crate::span::{Span, Spanned};
use crate::suggest::nearest;
use crate::{
    ELEMENT_BYTES, Endpoint, HEARTBEAT_MS, Join, KEY_BYTES, Mechanism, SUSPICION_MS, SectionKind, value,
};
use keys::Keys;

/// All sections of a file, in its order within each kind; the numbers of a kind are unique.
#[derive(Debug, Default)]
pub(crate) struct Written {
    pub cluster: WrittenCluster,
    pub managers: Vec<WrittenManager>,
    pub nodes: Vec<WrittenNode>,
    pub primaries: Vec<WrittenPrimary>,
    pub fusion_servers: Vec<WrittenFusionServer>,
    /// Whether a section was left out because its title was wrong: then counting members proves nothing.
    pub left_out: bool,
}

/// `[cluster]`; all absent where the section is.
#[derive(Debug, Default)]
pub(crate) struct WrittenCluster {
    pub name: Option<Spanned<String>>,
    pub mechanism: Option<Spanned<Mechanism>>,
    pub fault_tolerance: Option<Spanned<u64>>,
    pub structure: Option<Spanned<StructureKind>>,
    pub key_bytes: Option<Spanned<u64>>,
    pub element_bytes: Option<Spanned<u64>>,
    pub min_backups: Option<Spanned<u64>>,
    pub join: Option<Spanned<Join>>,
    pub heartbeat_ms: Option<Spanned<u64>>,
    pub suspicion_ms: Option<Spanned<u64>>,
    pub detector: WrittenDetector,
    pub store: WrittenStore,
}

/// `[manager N]`.
#[derive(Debug)]
pub(crate) struct WrittenManager {
    pub section: Spanned<u32>,
    pub listen: Option<WrittenEndpoint>,
    pub proc_id: Option<Spanned<u32>>,
    pub membership_file: Option<Spanned<PathBuf>>,
}

/// `[node N]`.
#[derive(Debug)]
pub(crate) struct WrittenNode {
    pub section: Spanned<u32>,
    pub multicast: Option<WrittenEndpoint>,
    pub read: Option<WrittenEndpoint>,
    pub group: Option<Spanned<String>>,
    pub proc_id: Option<Spanned<u32>>,
    pub manager: Option<WrittenEndpoint>,
}

/// `[primary N]`.
#[derive(Debug)]
pub(crate) struct WrittenPrimary {
    pub section: Spanned<u32>,
    pub listen: Option<WrittenEndpoint>,
    pub group: Option<Spanned<String>>,
    pub proc_id: Option<Spanned<u32>>,
    pub manager: Option<WrittenEndpoint>,
}

/// `[fusion N]`.
#[derive(Debug)]
pub(crate) struct WrittenFusionServer {
    pub section: Spanned<u32>,
    pub listen: Option<WrittenEndpoint>,
    pub proc_id: Option<Spanned<u32>>,
    pub manager: Option<WrittenEndpoint>,
}

/// A host and a port, with the place of each.
#[derive(Clone, Debug)]
pub(crate) struct WrittenEndpoint {
    pub endpoint: Endpoint,
    pub host_at: Span,
    pub port_at: Span,
}

impl Written {
    /// Reads the text; what is wrong with it goes to `problems`.
    pub(crate) fn read(text: &str, problems: &mut Vec<Problem>) -> Self {
        let mut written = Self::default();
        let mut seen = BTreeMap::new();
        for section in ini::sections(text, problems) {
            match heading(&section, &mut seen) {
                Ok((kind, number)) => written.add(kind, number, &mut Keys::of(kind, &section, problems)),
                Err(problem) => {
                    written.left_out = true;
                    problems.extend(problem);
                }
            }
        }
        written
    }

    fn add(&mut self, kind: SectionKind, section: Spanned<u32>, keys: &mut Keys<'_, '_>) {
        match kind {
            SectionKind::Cluster => self.cluster = WrittenCluster::read(keys),
            SectionKind::Manager => self.managers.push(WrittenManager {
                section,
                listen: keys.endpoint("host", "port"),
                proc_id: keys.value("proc_id", value::id),
                membership_file: keys.value("membership_file", value::path),
            }),
            SectionKind::Node => self.nodes.push(WrittenNode {
                section,
                multicast: keys.endpoint("multicast_host", "multicast_port"),
                read: keys.endpoint("read_host", "read_port"),
                group: keys.value("group_id", value::name),
                proc_id: keys.value("proc_id", value::id),
                manager: keys.endpoint("mgr_host", "mgr_port"),
            }),
            SectionKind::Primary => self.primaries.push(WrittenPrimary {
                section,
                listen: keys.endpoint("host", "port"),
                group: keys.value("group_id", value::name),
                proc_id: keys.value("proc_id", value::id),
                manager: keys.endpoint("mgr_host", "mgr_port"),
            }),
            SectionKind::Fusion => self.fusion_servers.push(WrittenFusionServer {
                section,
                listen: keys.endpoint("host", "port"),
                proc_id: keys.value("proc_id", value::id),
                manager: keys.endpoint("mgr_host", "mgr_port"),
            }),
        }
    }
}

impl WrittenCluster {
    fn read(keys: &mut Keys<'_, '_>) -> Self {
        let any = 0..=u64::from(u32::MAX);
        Self {
            name: keys.value("name", value::name),
            mechanism: keys.value("mechanism", value::mechanism),
            fault_tolerance: keys.value("fault_tolerance", |written| value::number(written, &any)),
            structure: keys.value("structure", value::structure),
            key_bytes: keys.value("key_bytes", |written| value::number(written, &KEY_BYTES)),
            element_bytes: keys.value("element_bytes", |written| value::number(written, &ELEMENT_BYTES)),
            min_backups: keys.value("min_backups", |written| value::number(written, &any)),
            join: keys.value("join", value::join),
            heartbeat_ms: keys.value("heartbeat_ms", |written| value::number(written, &HEARTBEAT_MS)),
            suspicion_ms: keys.value("suspicion_ms", |written| value::number(written, &SUSPICION_MS)),
            detector: WrittenDetector::read(keys),
            store: WrittenStore::read(keys),
        }
    }
}

/// The kind and number of a section that is not yet in `seen`; 0 stands for the number of `[cluster]`.
/// The error is empty where the title has its problem already.
fn heading(
    section: &Section<'_>,
    seen: &mut BTreeMap<(SectionKind, u32), Span>,
) -> Result<(SectionKind, Spanned<u32>), Option<Problem>> {
    let title = section.title.as_ref().ok_or(None)?;
    let (word, rest) = match title.value.split_once(char::is_whitespace) {
        Some((word, rest)) => (word, rest.trim()),
        None => (title.value, ""),
    };
    let at = |error: SectionError| Some(Problem::at(error, section.header));
    let kind = SectionKind::named(word).ok_or_else(|| {
        let meant = nearest(word, SectionKind::ALL.map(SectionKind::name)).and_then(SectionKind::named);
        at(SectionError::unknown_section(title.value, meant))
    })?;
    let number = match (kind.is_numbered(), rest.is_empty()) {
        (false, true) => 0,
        (false, false) => return Err(at(SectionError::NumberNotWanted { kind })),
        (true, true) => return Err(at(SectionError::NumberMissing { kind })),
        (true, false) => value::id(rest).map_err(|error| Some(Problem::at(error, section.header)))?,
    };
    let first = *seen.entry((kind, number)).or_insert(section.header);
    if first != section.header {
        let repeated = SectionError::RepeatedSection { kind, number };
        return Err(Some(Problem::at(repeated, section.header).seeing(first)));
    }
    Ok((
        kind,
        Spanned {
            value: number,
            at: section.header,
        },
    ))
}
