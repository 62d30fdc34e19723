//! The table of claims names tests that exist.

#![allow(
    clippy::unwrap_used,
    reason = "a test, its helpers included, may fail by panicking"
)]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Every file under the folder, without build output.
fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && name != "target" && !name.starts_with('.') && name != "runs" {
            files(&path, found);
        } else if path.is_file() {
            found.push(path);
        }
    }
}

/// The names in backquotes in the last column of the table's rows.
fn named_tests(claims: &str) -> Vec<String> {
    let rows = claims
        .lines()
        .filter(|line| line.starts_with("| ") && line.contains('`'));
    let last = |row: &str| {
        row.trim_end_matches(" |")
            .rsplit(" | ")
            .next()
            .unwrap_or_default()
            .to_owned()
    };
    let quoted = |cell: String| {
        cell.split('`')
            .skip(1)
            .step_by(2)
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    rows.map(last).flat_map(quoted).collect()
}

/// The names of the functions that the source marks as tests, and of those inside `proptest!`, where each one
/// is marked too; and those that `every_promise!` is given, which marks them itself.
fn tests_in(source: &str) -> Vec<String> {
    let (mut marked, mut listed) = (false, false);
    let mut names = Vec::new();
    for line in source.lines().map(str::trim) {
        listed = (listed || line.ends_with("every_promise!(")) && line != ");";
        if let Some(name) = line.strip_suffix(',').filter(|_| listed) {
            names.push(name.to_owned());
        }
        let function = line.strip_prefix("async ").unwrap_or(line).strip_prefix("fn ");
        if line == "#[test]" || line.starts_with("#[tokio::test") {
            marked = true;
        } else if let Some(function) = function {
            let name = function.split('(').next().unwrap_or_default();
            names.extend(marked.then(|| name.to_owned()));
            marked = false;
        } else if !line.starts_with("#[") && !line.starts_with("//") {
            marked = false;
        }
    }
    names
}

/// The name of a script that a test runs: `*.script`, or a text in a folder `scenarios`.
fn script(path: &Path) -> Option<String> {
    let in_scenarios = path.parent()?.ends_with("scenarios");
    match path.extension()?.to_str()? {
        "script" => {}
        "txt" if in_scenarios => {}
        _ => return None,
    }
    Some(path.file_stem()?.to_string_lossy().into_owned())
}

#[test]
fn only_marked_functions_count_as_tests() {
    let source = "
#[test]
/// Words.
#[should_panic]
fn plain() {
    fn inner() {}
}
#[tokio::test(start_paused = true)]
async fn with_time() {}
proptest! {
    #[test]
    fn property(number: u8) {}
}
every_promise!(
    store:
    one_promise,
);
// fn commented() {}
fn is_no_test() {}
";
    assert_eq!(
        tests_in(source),
        ["plain", "with_time", "property", "one_promise"]
    );
    let scripts = [
        "a/one.script",
        "a/scenarios/two.txt",
        "a/scenarios/main.rs",
        "docs/one.txt",
    ];
    let names = scripts.map(|path| script(Path::new(path)));
    assert_eq!(
        names,
        [Some("one".to_owned()), Some("two".to_owned()), None, None]
    );
}

#[test]
fn every_test_that_the_claims_name_exists() {
    let claims = fs::read_to_string(root().join("CLAIMS.md")).unwrap();
    let mut all = Vec::new();
    files(&root(), &mut all);
    let mut there: BTreeSet<String> = all.iter().filter_map(|path| script(path)).collect();
    for path in all
        .iter()
        .filter(|path| path.extension().is_some_and(|e| e == "rs"))
    {
        there.extend(tests_in(&fs::read_to_string(path).unwrap()));
    }
    let names = named_tests(&claims);
    assert!(names.len() > 50, "only {} names were found", names.len());
    let missing: Vec<&String> = names.iter().filter(|name| !there.contains(*name)).collect();
    assert_eq!(missing, Vec::<&String>::new());
}
