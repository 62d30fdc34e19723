//! Which groups can be checked key by key.

use std::collections::BTreeSet;

use multicast::id::GroupId;
use structures::{
    kind::StructureKind,
    op::Element,
    query::{Found, Query},
};

use crate::history::{
    model::{is_by_key, is_ordered},
    operation::{Asked, Ending, Entry, History, Part, Told},
};

/// Groups of which nobody asks anything but of single keys, or all elements while nothing else goes on.
pub(super) fn groups_by_key(history: &History) -> BTreeSet<GroupId> {
    if !history.structure.kind.is_keyed() {
        return BTreeSet::new();
    }
    let matters = |entry: &&Entry| match entry.ending {
        Ending::Ok(_) => true,
        Ending::Refused => false,
        Ending::Unknown => entry.parts.iter().any(|part| part.asked.is_write()),
    };
    let entries: Vec<&Entry> = history.entries.iter().filter(matters).collect();
    let mut groups: BTreeSet<GroupId> = parts(&entries).map(|(_, part)| part.group).collect();
    for (entry, part) in parts(&entries) {
        if groups.contains(&part.group) && !is_of_keys(history.structure.kind, entry, part, &entries) {
            groups.remove(&part.group);
        }
    }
    groups
}

fn parts<'e>(entries: &[&'e Entry]) -> impl Iterator<Item = (&'e Entry, &'e Part)> {
    entries
        .iter()
        .flat_map(|entry| entry.parts.iter().map(|part| (*entry, part)))
}

fn is_of_keys(kind: StructureKind, entry: &Entry, part: &Part, entries: &[&Entry]) -> bool {
    match &part.asked {
        Asked::Write(op) => op.key().is_some(),
        Asked::Read(Query::Get { .. }) => true,
        Asked::Read(Query::All) => {
            is_by_key(kind)
                && entry.parts.len() == 1
                && is_in_order(kind, entry)
                && is_alone(entry, part.group, entries)
        }
        Asked::Read(_) => false,
    }
}

/// Whether a read of all shows each key once, and in their order if that is promised; what does not is judged as a whole.
fn is_in_order(kind: StructureKind, entry: &Entry) -> bool {
    let reads = all_reads(entry);
    let in_order = |elements: &[Element]| {
        let mut keys: Vec<&[u8]> = elements.iter().map(|element| element.key.as_slice()).collect();
        if !is_ordered(kind) {
            keys.sort_unstable();
        }
        keys.is_sorted_by(|a, b| a < b)
    };
    !reads.is_empty() && reads.iter().all(|(_, elements)| in_order(elements))
}

/// Whether no other operation on the group that was answered was under way at any moment of this one.
fn is_alone(entry: &Entry, group: GroupId, entries: &[&Entry]) -> bool {
    let overlaps = |other: &Entry| other.call <= entry.end && other.end >= entry.call;
    let is_answered = |other: &Entry| matches!(other.ending, Ending::Ok(_));
    let concerns = |other: &Entry| other.parts.iter().any(|part| part.group == group);
    let mut others = entries.iter().filter(|other| !std::ptr::eq(**other, entry));
    !others.any(|other| is_answered(other) && overlaps(other) && concerns(other))
}

/// The answered reads of all elements among an entry's parts.
pub(super) fn all_reads(entry: &Entry) -> Vec<(&Part, &[Element])> {
    let Ending::Ok(told) = &entry.ending else {
        return Vec::new();
    };
    let parts = entry.parts.iter().zip(told);
    let reads = parts.filter_map(|(part, told)| match (&part.asked, told) {
        (Asked::Read(Query::All), Told::Found(Found::Elements(elements))) => {
            Some((part, elements.as_slice()))
        }
        _ => None,
    });
    reads.collect()
}
