//! What is wrong with a history, for a person: the answer that nothing explains, what it should have been, who brought
//! the values that it shows, and what went on around it.

use std::{collections::BTreeSet, fmt};

use structures::{
    op::{Element, Op},
    query::{Found as Seen, Query},
};

use super::{
    line::{name, outcome_name},
    object::{Object, Place, Step},
    operation::{Asked, Ending, Entry, History, Told},
    search::due,
};

/// Operations that ended before the culprit was called and that are shown.
const SHOWN_BEFORE: usize = 8;

/// Operations that brought a value which the culprit shows, and that are shown.
const SHOWN_ORIGINS: usize = 6;

/// Elements of one answer that are shown.
const SHOWN_ELEMENTS: usize = 12;

/// An answer that no order explains, with what went on around it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flaw {
    /// Which groups or key it is about.
    pub object: String,
    /// Operations in the shortest prefix that has no order.
    pub prefix: usize,
    /// The operation whose answer nothing explains, by its place in the history.
    pub culprit: usize,
    /// What it could have been answered; not all, and nothing if it fits only where others do not.
    pub due: Vec<String>,
    /// The culprit and what is shown with it, by their places in the history, in the order of their calls.
    pub around: Vec<usize>,
    lines: Vec<String>,
}

impl Flaw {
    /// Of the shortest prefix that has no order.
    pub(super) fn of(history: &History, prefix: &Object, budget: u64) -> Self {
        let certain = prefix
            .steps
            .iter()
            .enumerate()
            .filter(|(_, step)| step.is_certain());
        let culprit = certain
            .max_by_key(|(_, step)| step.end)
            .map_or(0, |(number, _)| number);
        let due = due(prefix, culprit, budget);
        let around = around(prefix, culprit);
        let entry = |number: &usize| prefix.steps[*number].entry;
        let line = |number: &usize| {
            let mark = if *number == culprit { '>' } else { ' ' };
            let step = &prefix.steps[*number];
            format!("{mark} {}", shown(&history.entries[step.entry], step))
        };
        Self {
            object: prefix.name(),
            prefix: prefix.steps.len(),
            culprit: entry(&culprit),
            due: due.iter().map(|told| answers(told)).collect(),
            around: around.iter().map(entry).collect(),
            lines: around.iter().map(line).collect(),
        }
    }
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} is not linearizable:", self.object)?;
        writeln!(
            f,
            "no order of its first {} operations explains the answer marked with >",
            self.prefix
        )?;
        match self.due.as_slice() {
            [] => writeln!(f, "(it fits only where an earlier answer does not)")?,
            due => writeln!(f, "possible were: {}", due.join(", or "))?,
        }
        writeln!(f, "  called us  ended us  client")?;
        self.lines.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

impl Object {
    /// Its name in messages.
    pub(super) fn name(&self) -> String {
        let one = |place: &Place| match &place.key {
            Some(key) => format!("key {} of group {}", text(key), place.group.0),
            None => format!("group {}", place.group.0),
        };
        match self.places.as_slice() {
            [place] => one(place),
            places => {
                let names: Vec<String> = places.iter().take(SHOWN_ELEMENTS).map(one).collect();
                let more = if places.len() > SHOWN_ELEMENTS {
                    ", ..."
                } else {
                    ""
                };
                format!("{}{more} together", names.join(", "))
            }
        }
    }
}

/// The culprit, what overlaps it, the last ones before it, and who brought what it shows.
fn around(prefix: &Object, culprit: usize) -> Vec<usize> {
    let steps = &prefix.steps;
    let last = &steps[culprit];
    let shown: BTreeSet<&[u8]> = last.told.iter().flatten().flat_map(Told::values).collect();
    let brings = |step: &Step| {
        let mut values = step.parts.iter().filter_map(|(_, asked)| value_of(asked));
        values.any(|value| shown.contains(value))
    };
    let mut before: Vec<usize> = (0..steps.len())
        .filter(|number| steps[*number].end < last.call)
        .collect();
    before.sort_by_key(|number| std::cmp::Reverse(steps[*number].end));
    before.truncate(SHOWN_BEFORE);
    let overlapping =
        (0..steps.len()).filter(|number| steps[*number].is_certain() && steps[*number].end >= last.call);
    let origins = (0..steps.len())
        .filter(|number| brings(&steps[*number]))
        .take(SHOWN_ORIGINS);
    let open = (0..steps.len())
        .rev()
        .filter(|number| !steps[*number].is_certain())
        .take(SHOWN_BEFORE);
    let all: BTreeSet<usize> = before
        .iter()
        .copied()
        .chain(overlapping)
        .chain(origins)
        .chain(open)
        .collect();
    all.into_iter().collect()
}

fn value_of(asked: &Asked) -> Option<&[u8]> {
    match asked {
        Asked::Write(op) => op.value(),
        Asked::Read(_) => None,
    }
}

/// One operation in a line, as far as it was known at the end of the prefix.
fn shown(entry: &Entry, step: &Step) -> String {
    let asked: Vec<String> = entry.parts.iter().map(|part| question(&part.asked)).collect();
    let end = match step.is_certain() {
        true => micros(entry.end),
        false => "-".to_owned(),
    };
    let told = match (&entry.ending, step.is_certain()) {
        (Ending::Ok(told), true) => answers(told),
        _ => "not known".to_owned(),
    };
    format!(
        "{:>9} {end:>9}  {:>6}  {} -> {told}",
        micros(entry.call),
        entry.client,
        asked.join(" and ")
    )
}

fn micros(nanoseconds: u64) -> String {
    format!("{}.{}", nanoseconds / 1000, nanoseconds % 1000 / 100)
}

fn question(asked: &Asked) -> String {
    let mut words = vec![name(asked).to_owned()];
    words.extend(asked.key().map(text));
    match asked {
        Asked::Write(op) => {
            match op {
                Op::InsertAt { index, .. } | Op::SetAt { index, .. } | Op::RemoveAt { index } => {
                    words.push(index.to_string());
                }
                Op::PushRanked { priority, .. } => words.push(priority.to_string()),
                _ => {}
            }
            words.extend(op.value().map(text));
        }
        Asked::Read(Query::At { index }) => words.push(index.to_string()),
        Asked::Read(Query::Range { from, count }) => words.push(format!("{from} {count}")),
        Asked::Read(Query::FromKey { count, .. }) => words.push(count.to_string()),
        Asked::Read(_) => {}
    }
    words.join(" ")
}

fn answers(told: &[Told]) -> String {
    let all: Vec<String> = told.iter().map(answer).collect();
    all.join(" and ")
}

fn answer(told: &Told) -> String {
    match told {
        Told::Answer(answer) => match &answer.value {
            Some(value) => format!("{} {}", outcome_name(answer.outcome), text(value)),
            None => outcome_name(answer.outcome).to_owned(),
        },
        Told::Found(Seen::Len(len)) => len.to_string(),
        Told::Found(Seen::Value(value)) => value.as_ref().map_or("nothing".to_owned(), |value| text(value)),
        Told::Found(Seen::Element(found)) => found.as_ref().map_or("nothing".to_owned(), element),
        Told::Found(Seen::Elements(elements)) => {
            let shown: Vec<String> = elements.iter().take(SHOWN_ELEMENTS).map(element).collect();
            let more = elements.len().saturating_sub(SHOWN_ELEMENTS);
            match more {
                0 => format!("[{}]", shown.join(", ")),
                more => format!("[{}, and {more} more]", shown.join(", ")),
            }
        }
        Told::Found(Seen::Unsupported) => "unsupported".to_owned(),
    }
}

fn element(element: &Element) -> String {
    match element.key.as_slice() {
        [] => text(&element.value),
        key => format!("{}: {}", text(key), text(&element.value)),
    }
}

/// Bytes as text where they are printable, else as digits.
fn text(bytes: &[u8]) -> String {
    let is_plain = |byte: &u8| byte.is_ascii_graphic() && *byte != b'"';
    match bytes.iter().all(is_plain) {
        true => format!("\"{}\"", String::from_utf8_lossy(bytes)),
        false => bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
    }
}
