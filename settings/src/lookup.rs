//! A member by its section's number, or which numbers there are.

use crate::SectionKind;

/// No section of the cluster file has this number.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no section [{} {number}]: {}", kind.name(), existing(*kind, there))]
pub struct NoSuchSection {
    /// The kind that was asked for.
    pub kind: SectionKind,
    /// The number that was asked for.
    pub number: u32,
    /// The numbers of that kind that the file has, in order.
    pub there: Vec<u32>,
}

/// The member of a section; `members` are sorted by section.
pub(crate) fn by_section<T>(
    kind: SectionKind,
    members: &[T],
    section: impl Fn(&T) -> u32,
    number: u32,
) -> Result<&T, NoSuchSection> {
    match members.binary_search_by_key(&number, &section) {
        Ok(place) => Ok(&members[place]),
        Err(_) => Err(NoSuchSection {
            kind,
            number,
            there: members.iter().map(section).collect(),
        }),
    }
}

fn existing(kind: SectionKind, there: &[u32]) -> String {
    match there {
        [] => format!("the cluster has no {kind}"),
        [only] => format!("the only {kind} is {only}"),
        _ => format!("the numbers of {kind} are {}", runs(there)),
    }
}

/// Consecutive numbers as one run: `1-4, 7`.
fn runs(numbers: &[u32]) -> String {
    let follows = |a: &u32, b: &u32| u64::from(*b) == u64::from(*a) + 1;
    let shown = numbers.chunk_by(follows).map(|run| match run {
        [first, .., last] => format!("{first}-{last}"),
        run => run.iter().map(u32::to_string).collect(),
    });
    shown.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(there: &[u32]) -> String {
        by_section(SectionKind::Node, there, |section| *section, 5)
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn a_section_that_is_there_is_found() {
        assert_eq!(
            by_section(SectionKind::Node, &[1, 5, u32::MAX], |section| *section, 5),
            Ok(&5)
        );
    }

    #[test]
    fn the_refusal_lists_the_sections_that_there_are() {
        assert_eq!(refusal(&[]), "no section [node 5]: the cluster has no [node N]");
        assert_eq!(refusal(&[7]), "no section [node 5]: the only [node N] is 7");
        assert_eq!(
            refusal(&[0, 1, 2, 4, 7, 8, u32::MAX]),
            "no section [node 5]: the numbers of [node N] are 0-2, 4, 7-8, 4294967295"
        );
    }
}
