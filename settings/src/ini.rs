//! Stage one, first half: text to sections and keys, each with its place; meaning comes later.
//!
//! The dialect: `[title]`, `key = value`, lines that start with `;` or `#` are comments, blank lines are
//! skipped, white space around titles, keys and values does not count, CRLF and a byte order mark are
//! tolerated. There is nothing else: no includes, no continuation lines, no quotes, no comment behind a value.
//!
//! Invariant: a line that cannot be read costs one problem only. A section that lost a line says so (`torn`),
//! and a broken title opens a section of its own, so that the keys below do not fall into the one above.

use crate::problem::{Explain, Problem};
use crate::span::{Span, Spanned};

/// What is wrong with a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SyntaxError {
    /// A line that starts with `[` and does not end with `]`.
    #[error("a section title without its closing bracket")]
    UnclosedTitle,
    /// A line without `=`.
    #[error("neither a section, nor a key, nor a comment")]
    NoEqualsSign,
    /// A line that starts with `=`.
    #[error("a value without a key")]
    NoKey,
    /// A key above the first section.
    #[error("a key outside of any section")]
    OutsideSection,
}

impl Explain for SyntaxError {
    fn label(&self) -> String {
        match self {
            Self::UnclosedTitle => "the line must end with `]`",
            Self::NoEqualsSign => "expected `key = value`",
            Self::NoKey => "expected `key = value`",
            Self::OutsideSection => "write a section above it, `[cluster]` for instance",
        }
        .to_owned()
    }
}

/// `[title]` and the keys below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Section<'t> {
    /// Between the brackets; absent where the title could not be read.
    pub title: Option<Spanned<&'t str>>,
    /// The line with the brackets.
    pub header: Span,
    /// In the order of the file, repeated ones too.
    pub entries: Vec<Entry<'t>>,
    /// Whether a line of the section could not be read: what seems missing may have stood there.
    pub torn: bool,
}

/// `key = value`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry<'t> {
    /// Before the first `=`, not empty.
    pub key: Spanned<&'t str>,
    /// Behind it, maybe empty.
    pub value: Spanned<&'t str>,
}

/// The sections of a text, in its order; what cannot be read goes to `problems`.
pub(crate) fn sections<'t>(text: &'t str, problems: &mut Vec<Problem>) -> Vec<Section<'t>> {
    let mut sections: Vec<Section<'t>> = Vec::new();
    for line in text.strip_prefix('\u{feff}').unwrap_or(text).lines() {
        let line = line.trim();
        if line.is_empty() || line.starts_with([';', '#']) {
            continue;
        }
        let at = Span::of(line, text);
        let refusal = if line.starts_with('[') {
            let title = title(line).map(|title| Spanned {
                value: title,
                at: Span::of(title, text),
            });
            let refusal = title.is_none().then_some(SyntaxError::UnclosedTitle);
            sections.push(Section {
                title,
                header: at,
                entries: Vec::new(),
                torn: false,
            });
            refusal
        } else {
            match (entry(line, text), sections.last_mut()) {
                (Ok(entry), Some(section)) => {
                    section.entries.push(entry);
                    None
                }
                (Ok(_), None) => Some(SyntaxError::OutsideSection),
                (Err(refusal), section) => {
                    section.into_iter().for_each(|section| section.torn = true);
                    Some(refusal)
                }
            }
        };
        problems.extend(refusal.map(|refusal| Problem::at(refusal, at)));
    }
    sections
}

fn title(line: &str) -> Option<&str> {
    line.strip_prefix('[')?.strip_suffix(']').map(str::trim)
}

fn entry<'t>(line: &'t str, text: &str) -> Result<Entry<'t>, SyntaxError> {
    let (key, value) = line.split_once('=').ok_or(SyntaxError::NoEqualsSign)?;
    let (key, value) = (key.trim(), value.trim());
    if key.is_empty() {
        return Err(SyntaxError::NoKey);
    }
    let spanned = |part: &'t str| Spanned {
        value: part,
        at: Span::of(part, text),
    };
    Ok(Entry {
        key: spanned(key),
        value: spanned(value),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Titles, keys and values without their places; `!` marks a torn section.
    fn outline(text: &str) -> (Vec<String>, Vec<Problem>) {
        let mut problems = Vec::new();
        let sections = sections(text, &mut problems);
        let lines = sections.iter().flat_map(|section| {
            let title = section.title.as_ref().map_or("?", |title| title.value);
            let head = format!("[{title}]{}", if section.torn { "!" } else { "" });
            let entries = section.entries.iter();
            std::iter::once(head).chain(entries.map(|e| format!("{}={}", e.key.value, e.value.value)))
        });
        (lines.collect(), problems)
    }

    #[test]
    fn white_space_comments_crlf_and_a_byte_order_mark_do_not_count() {
        let text =
            "\u{feff}; a\r\n\r\n  # b = c\r\n [ node  1 ] \r\n\tkey=  some value = ; x \r\nempty =\r\n[b]";
        let expected = ["[node  1]", "key=some value = ; x", "empty=", "[b]"]
            .map(str::to_owned)
            .to_vec();
        assert_eq!(outline(text), (expected, vec![]));
    }

    #[test]
    fn spans_are_those_of_the_trimmed_parts() {
        let text = "[a]\n  key =  value \n";
        let read = sections(text, &mut Vec::new());
        let entry = &read[0].entries[0];
        let slices = [
            read[0].header,
            read[0].title.as_ref().unwrap().at,
            entry.key.at,
            entry.value.at,
        ]
        .map(|span| &text[span.start..span.end]);
        assert_eq!(slices, ["[a]", "a", "key", "value"]);
    }

    #[test]
    fn a_line_that_cannot_be_read_tears_its_section_and_a_broken_title_opens_one() {
        let text = "early = 1\n[a]\nnonsense\n= 1\n[b\nkey = 1\n";
        let problem = |error, start, end| Problem::at(error, Span { start, end });
        let expected = ["[a]!", "[?]", "key=1"].map(str::to_owned).to_vec();
        let problems = vec![
            problem(SyntaxError::OutsideSection, 0, 9),
            problem(SyntaxError::NoEqualsSign, 14, 22),
            problem(SyntaxError::NoKey, 23, 26),
            problem(SyntaxError::UnclosedTitle, 27, 29),
        ];
        assert_eq!(outline(text), (expected, problems));
    }
}
