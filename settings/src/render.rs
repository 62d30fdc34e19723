//! Problems as a human reads them: title, file, line, caret, and what to do.
//!
//! Only the lines that a problem speaks of are handed to the renderer, so that the cost does not grow with the
//! size of the file.

use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use crate::{MAX_RENDERED_PROBLEMS, Problem, Span};

/// Two places at most this far apart share one snippet, in bytes.
const NEARBY_BYTES: usize = 2000;

/// For a file or for a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// Text alone.
    Plain,
    /// With ANSI colours.
    Coloured,
}

/// All problems, a blank line between them.
pub(crate) fn render(file_name: &str, text: &str, problems: &[Problem], style: Style) -> String {
    let renderer = match style {
        Style::Plain => Renderer::plain(),
        Style::Coloured => Renderer::styled(),
    };
    let mut blocks: Vec<String> = problems
        .iter()
        .take(MAX_RENDERED_PROBLEMS)
        .map(|problem| trim_lines(&renderer.render(&[group(file_name, text, problem)])))
        .collect();
    if problems.len() > MAX_RENDERED_PROBLEMS {
        blocks.push(format!(
            "and {} more problems",
            problems.len() - MAX_RENDERED_PROBLEMS
        ));
    }
    blocks.join("\n\n")
}

/// The renderer pads some lines with blanks.
fn trim_lines(block: &str) -> String {
    block.lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}

fn group<'a>(file_name: &'a str, text: &'a str, problem: &'a Problem) -> Group<'a> {
    let explanation = problem.kind.explanation();
    let title = Group::with_title(Level::ERROR.primary_title(problem.kind.to_string()));
    let group = match problem.at {
        None => title.element(Origin::path(file_name)),
        Some(at) => title.elements(snippets(file_name, text, at, problem)),
    };
    match explanation.help() {
        Some(help) => group.element(Level::HELP.message(help)),
        None => group,
    }
}

/// One snippet, or two where the second place is far from the first.
fn snippets<'a>(
    file_name: &'a str,
    text: &'a str,
    at: Span,
    problem: &'a Problem,
) -> Vec<Snippet<'a, Annotation<'a>>> {
    let explanation = problem.kind.explanation();
    let primary = (AnnotationKind::Primary, at, explanation.label());
    let Some(see) = problem.see else {
        return vec![snippet(file_name, text, vec![primary])];
    };
    let second = (AnnotationKind::Context, see, explanation.see_label().to_owned());
    match at.start.abs_diff(see.start) <= NEARBY_BYTES {
        true => vec![snippet(file_name, text, vec![primary, second])],
        false => vec![
            snippet(file_name, text, vec![primary]),
            snippet(file_name, text, vec![second]),
        ],
    }
}

fn snippet<'a>(
    file_name: &'a str,
    text: &'a str,
    places: Vec<(AnnotationKind, Span, String)>,
) -> Snippet<'a, Annotation<'a>> {
    let first = places.iter().map(|(_, span, _)| span.start).min().unwrap_or(0);
    let last = places.iter().map(|(_, span, _)| span.end).max().unwrap_or(0);
    let lines = whole_lines(
        text,
        Span {
            start: first,
            end: last,
        },
    );
    let annotations = places.into_iter().map(|(kind, span, label)| {
        kind.span(span.start - lines.start..span.end - lines.start)
            .label(label)
    });
    Snippet::source(&text[lines.start..lines.end])
        .path(file_name)
        .line_start(lines.position(text).line)
        .annotations(annotations)
}

/// The span widened to the lines that it touches, without the last line break.
fn whole_lines(text: &str, span: Span) -> Span {
    let start = text[..span.start].rfind('\n').map_or(0, |newline| newline + 1);
    let end = text[span.end..]
        .find('\n')
        .map_or(text.len(), |newline| span.end + newline);
    Span { start, end }
}
