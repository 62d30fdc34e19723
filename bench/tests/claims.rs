//! The table of claims names tests that exist.

#![allow(
    clippy::unwrap_used,
    reason = "a test, its helpers included, may fail by panicking"
)]

use std::{
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

#[test]
fn every_test_that_the_claims_name_exists() {
    let claims = fs::read_to_string(root().join("CLAIMS.md")).unwrap();
    let mut all = Vec::new();
    files(&root(), &mut all);
    let sources: String = all
        .iter()
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .map(|path| fs::read_to_string(path).unwrap())
        .collect();
    let stems: Vec<String> = all
        .iter()
        .filter_map(|path| Some(path.file_stem()?.to_string_lossy().into_owned()))
        .collect();
    let names = named_tests(&claims);
    assert!(names.len() > 50, "only {} names were found", names.len());
    let missing: Vec<&String> = names
        .iter()
        .filter(|name| {
            let is_path = name.contains('/') && root().join(name).exists();
            let is_function = sources.contains(&format!("fn {name}("));
            !is_path && !is_function && !stems.contains(name)
        })
        .collect();
    assert_eq!(missing, Vec::<&String>::new());
}
