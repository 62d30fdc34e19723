//! `bench load` as a user has it, and the rows that it leaves.
#![allow(dead_code, unreachable_pub, reason = "each test binary uses a part of it")]

use std::{collections::BTreeMap, path::Path};

use super::programs::{Ended, Program, bench};

/// Runs `bench load` to its end; its lines and how it ended.
pub async fn load(options: &[&str]) -> (Vec<String>, Ended) {
    let mut program = Program::start(&bench(), &[&["load"], options].concat());
    let mut lines = Vec::new();
    while let Some(line) = program.line().await {
        lines.push(line);
    }
    (lines, program.ended().await)
}

/// It ended in order and said nothing on standard error.
pub fn well() -> Ended {
    Ended {
        code: Some(0),
        errors: String::new(),
    }
}

/// A row by its columns.
pub type Row = BTreeMap<String, String>;

pub fn rows(folder: &Path, file: &str) -> Vec<Row> {
    let mut reader = csv::Reader::from_path(folder.join(file)).unwrap();
    reader.deserialize().map(Result::unwrap).collect()
}

pub fn columns(folder: &Path, file: &str) -> String {
    let text = std::fs::read_to_string(folder.join(file)).unwrap();
    text.lines().next().unwrap().to_owned()
}

pub fn number(row: &Row, column: &str) -> f64 {
    row[column].parse().unwrap()
}

pub fn pick(rows: &[Row], column: &str) -> Vec<String> {
    rows.iter().map(|row| row[column].clone()).collect()
}
