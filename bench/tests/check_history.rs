//! `bench check-history` as a user has it: what it says, and its exit codes.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

use std::process::Command;

const HEAD: &str = r#"{"history":1,"structure":"map","key_bytes":8,"element_bytes":16}"#;
const INSERT: &str = r#"{"client":1,"call":1000,"return":2000,"operations":[{"group":0,"op":"insert","key":"6b","value":"76"}],"outcome":"ok","answers":[{"outcome":"inserted"}]}"#;
const SEEN: &str = r#"{"client":2,"call":3000,"return":4500,"operations":[{"group":0,"op":"get","key":"6b"}],"outcome":"ok","answers":[{"found":[["","76"]]}]}"#;
const NOT_SEEN: &str = r#"{"client":2,"call":3000,"return":4500,"operations":[{"group":0,"op":"get","key":"6b"}],"outcome":"ok","answers":[{"found":[]}]}"#;

/// Exit code, standard output and standard error of a check of a file with these lines.
fn checked(lines: &[&str], options: &[&str]) -> (Option<i32>, String, String) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("history.jsonl");
    std::fs::write(&file, lines.join("\n")).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_bench"));
    let output = command
        .arg("check-history")
        .arg(&file)
        .args(options)
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let errors = text(output.stderr).replace(&file.display().to_string(), "FILE");
    (output.status.code(), text(output.stdout), errors)
}

#[test]
fn a_history_that_can_be_the_truth_is_linearizable() {
    let said = "2 operations, 0 of them with unknown outcome, on 1 objects\nlinearizable\n";
    assert_eq!(
        checked(&[HEAD, INSERT, SEEN], &[]),
        (Some(0), said.to_owned(), String::new())
    );
}

#[test]
fn one_that_cannot_fails_and_shows_the_answer_that_nothing_explains() {
    let said = "2 operations, 0 of them with unknown outcome, on 1 objects\n\n\
        key \"k\" of group 0 is not linearizable:\n\
        no order of its first 2 operations explains the answer marked with >\n\
        possible were: \"v\"\n\
        \x20 called us  ended us  client\n\
        \x20       1.0       2.0       1  insert \"k\" \"v\" -> inserted\n\
        >       3.0       4.5       2  get \"k\" -> nothing\n\n";
    let errors = "error: not linearizable: 1 of 1 objects have no order\n";
    assert_eq!(
        checked(&[HEAD, INSERT, NOT_SEEN], &[]),
        (Some(1), said.to_owned(), errors.to_owned())
    );
}

#[test]
fn a_budget_that_does_not_suffice_is_said_and_is_no_success() {
    let said = "2 operations, 0 of them with unknown outcome, on 1 objects\n";
    let errors = "error: undecided: 1 steps were not enough for key \"k\" of group 0; --budget allows more\n";
    assert_eq!(
        checked(&[HEAD, INSERT, SEEN], &["--budget", "1"]),
        (Some(1), said.to_owned(), errors.to_owned())
    );
}

#[test]
fn what_is_no_history_is_bad_usage() {
    let nothing = (Some(2), String::new());
    let (code, said, errors) = checked(&[HEAD, "?"], &[]);
    assert_eq!((code, said), nothing);
    assert!(
        errors.starts_with("error: FILE: line 2: expected value"),
        "{errors}"
    );
    assert_eq!(checked(&[], &["--budget", "0"]).0, Some(2));
}
