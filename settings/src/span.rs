//! Where something stands in the text: byte ranges, and the line and column that a human counts.

/// A range of bytes of the text, on character boundaries, within one line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The first byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

impl Span {
    /// The span of `part`, which must be a slice of `text`.
    pub(crate) fn of(part: &str, text: &str) -> Self {
        let start = part.as_ptr() as usize - text.as_ptr() as usize;
        debug_assert!(start + part.len() <= text.len(), "a part of another text");
        Self {
            start,
            end: start + part.len(),
        }
    }

    /// Where the span starts in `text`. Costs a walk over the text before it.
    pub fn position(self, text: &str) -> Position {
        let before = &text[..self.start];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Position {
            line: 1 + before.bytes().filter(|byte| *byte == b'\n').count(),
            column: 1 + before[line_start..].chars().count(),
        }
    }
}

/// A place in a text, both counted from 1; columns count characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The character within the line.
    pub column: usize,
}

/// A value and where it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Spanned<T> {
    /// What was written.
    pub value: T,
    /// Where.
    pub at: Span,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_lines_and_characters_from_one() {
        let text = "äb\r\nc = ü d\n";
        let part = &text[text.find('d').unwrap()..][..1];
        assert_eq!(
            Span::of(part, text).position(text),
            Position { line: 2, column: 7 }
        );
        assert_eq!(
            Span { start: 0, end: 0 }.position(text),
            Position { line: 1, column: 1 }
        );
    }
}
