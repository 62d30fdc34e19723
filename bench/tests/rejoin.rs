//! `bench rejoin` as a user has it.

#![allow(
    clippy::unwrap_used,
    reason = "a test, its helpers included, may fail by panicking"
)]

mod programs;

use programs::{Ended, Program, bench};

/// Runs it to its end: the cells of its table's rows, its last line, and how it ended.
async fn rejoin(options: &str) -> (Vec<Vec<String>>, String, Ended) {
    let options: Vec<&str> = ["rejoin"].into_iter().chain(options.split_whitespace()).collect();
    let mut program = Program::start(&bench(), &options);
    let mut lines = Vec::new();
    while let Some(line) = program.line().await {
        lines.push(line);
    }
    let cells = |line: &String| {
        line.split(['│', '┆'])
            .map(|cell| cell.trim().to_owned())
            .collect()
    };
    let rows = lines
        .iter()
        .filter(|line| line.starts_with('│'))
        .map(cells)
        .collect();
    (
        rows,
        lines.last().cloned().unwrap_or_default(),
        program.ended().await,
    )
}

#[tokio::test]
async fn writers_go_on_while_a_backup_is_lost_and_comes_back() {
    for (mechanism, how) in [
        ("replication", "--stopped"),
        ("replication", "--rate 3000 --stopped"),
        ("fusion-arena", "--pipeline 4"),
    ] {
        let options =
            format!("--mechanism {mechanism} --elements 300 --value-bytes 9 --placement free {how}");
        let (rows, last, ended) = rejoin(&options).await;
        assert_eq!((ended.code, ended.errors), (Some(0), String::new()));
        let names: Vec<&str> = rows.iter().map(|row| row[1].as_str()).collect();
        assert_eq!(names, ["phase", "before", "loss", "rejoin"]);
        for row in &rows[1..] {
            assert_ne!(row[2], "0 µs", "it takes its time: {row:?}");
            let updates: u64 = row[3].parse().unwrap();
            assert!(updates > 0, "whoever is under way is counted: {row:?}");
            assert_ne!(row[8], "0 µs", "there are answers before and after: {row:?}");
        }
        assert!(
            last.starts_with(&format!("{mechanism}, 300 elements of 9 bytes")),
            "{last}"
        );
    }
}

#[tokio::test]
async fn a_rate_that_nobody_keeps_up_with_comes_to_an_end_and_its_waiting_counts() {
    let options = "--elements 300 --placement free --rate 1000000";
    let (rows, _, ended) = rejoin(options).await;
    assert_eq!((ended.code, ended.errors), (Some(0), String::new()));
    let updates = |row: &[String]| row[3].parse::<u64>().unwrap();
    assert!(
        updates(&rows[2]) > updates(&rows[1]),
        "who was due waits: {rows:?}"
    );
}

#[tokio::test]
async fn mistaken_options_are_told() {
    for (options, said) in [
        ("--elements 0", "0 is not in 1..="),
        ("--value-bytes 1025", "1025 is not in 1..=1024"),
        ("--pipeline 65", "65 is not in 1..=64"),
        ("--rate 0", "0 is not in 1..="),
        ("--join thaw", "thaw"),
        (
            "--mechanism fusion-arena --join freeze",
            "fusion-arena has no data nodes",
        ),
    ] {
        let (_, _, ended) = rejoin(options).await;
        assert_eq!(ended.code, Some(2));
        assert!(ended.errors.contains(said), "{}", ended.errors);
    }
}
