//! Histories as files: everything written is read back, and mistakes are named with their lines.

use rand::SeedableRng;

use super::*;
use crate::history::{
    line::{Head, Line},
    read::{LineError, read_from},
};

const HEAD: &str = r#"{"history":1,"structure":"queue","key_bytes":8,"element_bytes":16}"#;

fn text(history: &History) -> String {
    let mut text = serde_json::to_string(&Head::from(history.structure)).unwrap();
    for entry in &history.entries {
        text.push('\n');
        text += &serde_json::to_string(&Line::from(entry)).unwrap();
    }
    text
}

#[test]
fn a_line_is_as_documented() {
    let pushed = entry(1, (70, 190), push("ab"), ok(INSERTED));
    let counted = entry(2, (95, 230), Asked::Read(Query::Len), ok(Found::Len(1)));
    let ordered = Entry {
        reads: Reads::Ordered,
        ..counted.clone()
    };
    let moved = Entry {
        parts: [(0, pop()), (1, push("b"))]
            .map(|(group, asked)| Part {
                group: GroupId(group),
                asked,
            })
            .to_vec(),
        ..entry(
            3,
            (95, 330),
            pop(),
            Ending::Ok(vec![popped("ab"), INSERTED.into()]),
        )
    };
    let text = text(&history(
        StructureKind::Queue,
        vec![pushed, counted, ordered, moved],
    ));
    let lines = [
        HEAD,
        r#"{"client":1,"call":70,"return":190,"operations":[{"group":0,"op":"push-back","value":"6162"}],"outcome":"ok","answers":[{"outcome":"inserted"}]}"#,
        r#"{"client":2,"call":95,"return":230,"operations":[{"group":0,"op":"len"}],"outcome":"ok","answers":[{"len":1}]}"#,
        r#"{"client":2,"call":95,"return":230,"operations":[{"group":0,"op":"len"}],"reads":"ordered","outcome":"ok","answers":[{"len":1}]}"#,
        r#"{"client":3,"call":95,"return":330,"operations":[{"group":0,"op":"pop-front"},{"group":1,"op":"push-back","value":"62"}],"outcome":"ok","answers":[{"outcome":"removed","taken":"6162"},{"outcome":"inserted"}]}"#,
    ];
    assert_eq!(text.lines().collect::<Vec<_>>(), lines);
}

#[test]
fn every_operation_and_answer_is_read_back_as_it_was_written() {
    for kind in StructureKind::ALL {
        let random = &mut StdRng::seed_from_u64(3);
        let mut structure = structures::Structure::new(spec(kind));
        let client = multicast::id::ClientId(1);
        let mut entries = vec![
            entry(1, (0, 0), push("x"), Ending::Unknown),
            entry(1, (0, 0), push("x"), Ending::Refused),
        ];
        for number in 1..300 {
            let asked = match number {
                1 => Asked::Write(Op::OpenSession),
                _ => random_asked(kind, random),
            };
            let told = match &asked {
                Asked::Write(op) => {
                    let (seq, op) = (multicast::id::Seq(number), op.clone());
                    Told::Answer(structure.apply(&structures::op::Write { client, seq, op }).0)
                }
                Asked::Read(query) => Told::Found(structure.query(query)),
            };
            if number > 1 {
                entries.push(Entry {
                    reads: Reads::ALL[number as usize % 2],
                    ..entry(number, (number, 2 * number), asked, ok(told))
                });
            }
        }
        let written = history(kind, entries);
        assert_eq!(read_from(text(&written).as_bytes()).unwrap(), written, "{kind}");
    }
}

#[test]
fn mistakes_are_named_with_their_lines() {
    let error = |lines: &[&str]| read_from(lines.join("\n").as_bytes()).unwrap_err().to_string();
    assert_eq!(
        error(&[]),
        "it is empty: the first line says what the groups protect"
    );
    let later = HEAD.replace("\"history\":1", "\"history\":2");
    assert_eq!(error(&[&later]), "it has format 2; this program reads format 1");
    let line = r#"{"client":1,"call":7,"return":9,"operations":[{"group":0,"op":"pop-front"}],"outcome":"ok","answers":[{"outcome":"absent-place"}]}"#;
    let with = |from: &str, to: &str| error(&[HEAD, line, &line.replace(from, to)]);
    let of_line = |source: LineError| format!("line 3: {source}");
    assert_eq!(with("9", "6"), of_line(LineError::Times { call: 7, end: 6 }));
    let op = || "set-at".to_owned();
    assert_eq!(
        with("pop-front", "set-at"),
        of_line(LineError::Operation { op: op() })
    );
    let op = || "len".to_owned();
    assert_eq!(with("pop-front", "len"), of_line(LineError::Answer { op: op() }));
    let (operations, answers) = (1, 1);
    assert_eq!(
        with("\"ok\"", "\"unknown\""),
        of_line(LineError::Answers { operations, answers })
    );
    assert!(with("\"client\"", "\"clients\"").starts_with("line 3: unknown field `clients`"));
    assert!(error(&[HEAD, "?"]).starts_with("line 2: expected value"));
    let odd = r#""op":"push-back","value":"616""#;
    assert!(with(r#""op":"pop-front""#, odd).starts_with("line 3: bytes are pairs of hexadecimal digits"));
}
