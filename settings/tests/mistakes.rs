//! Every mistake a cluster file can have, with the whole text that its author is shown.
//!
//! The cases stand in `mistakes/*.txt`: a line `==== ` with the statement, the file, a line `----`, and what is
//! rendered. With `UPDATE_MISTAKES=1` in the environment the expected texts are written anew; read the diff.

use std::path::{Path, PathBuf};

use settings::Cluster;

struct Case {
    statement: String,
    file: String,
    expected: String,
}

fn cases(script: &str) -> Vec<Case> {
    let blocks = script.split("==== ").skip(1);
    let case = |block: &str| {
        let (statement, rest) = block.split_once('\n').expect("a statement has its line");
        let (file, expected) = rest.split_once("----\n").expect("a case has its expected text");
        let [statement, file, expected] = [statement, file, expected].map(str::to_owned);
        Case {
            statement,
            file,
            expected: expected.trim_end().to_owned(),
        }
    };
    blocks.map(case).collect()
}

fn rendered(case: &Case) -> String {
    match Cluster::parse("cluster.ini", &case.file) {
        Ok(_) => "no problem".to_owned(),
        Err(problems) => problems.plain(),
    }
}

fn run(script_name: &str) {
    let path: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/mistakes")
        .join(script_name);
    let script = std::fs::read_to_string(&path).expect("the script is there");
    let cases = cases(&script);
    assert!(!cases.is_empty(), "{script_name} has no case");
    if std::env::var_os("UPDATE_MISTAKES").is_some() {
        let blocks = cases.iter().map(|case| {
            let Case { statement, file, .. } = case;
            format!("==== {statement}\n{file}----\n{}\n\n", rendered(case))
        });
        std::fs::write(&path, blocks.collect::<String>().trim_end().to_owned() + "\n")
            .expect("the script can be written");
        return;
    }
    for case in &cases {
        let shown = rendered(case);
        assert_eq!(shown, case.expected, "{script_name}: {}\n{shown}", case.statement);
    }
}

#[test]
fn lines_that_cannot_be_read() {
    run("syntax.txt");
}

#[test]
fn unknown_missing_and_repeated_sections_and_keys() {
    run("sections.txt");
}

#[test]
fn values_that_are_not_of_their_keys_kind() {
    run("values.txt");
}

#[test]
fn members_that_contradict_each_other() {
    run("members.txt");
}

#[test]
fn a_store_and_a_detector_that_cannot_be() {
    run("store.txt");
}

#[test]
fn many_mistakes_are_reported_at_once_in_the_order_of_the_file() {
    run("many.txt");
}
