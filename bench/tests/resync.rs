//! `bench resync` as a user has it.

#![allow(
    clippy::unwrap_used,
    reason = "a test, its helpers included, may fail by panicking"
)]

mod programs;

use std::process::Command;

use programs::{Ended, Program, bench};

#[tokio::test]
async fn a_lost_copy_comes_back_whole_at_both_and_each_is_timed() {
    let options = [
        "resync",
        "--elements",
        "1,2500",
        "--repeat",
        "1",
        "--placement",
        "free",
    ];
    let mut program = Program::start(&bench(), &options);
    let mut lines = Vec::new();
    while let Some(line) = program.line().await {
        lines.push(line);
    }
    let well = Ended {
        code: Some(0),
        errors: String::new(),
    };
    assert_eq!(program.ended().await, well);
    let of = |elements: &str| {
        lines
            .iter()
            .find(|line| line.split('┆').next().unwrap().contains(elements))
            .unwrap()
    };
    let is_installed = Command::new("redis-server").arg("--version").output().is_ok();
    for line in [of(" 1 "), of(" 2500 ")] {
        let times = line.matches('s').count();
        assert_eq!(times, if is_installed { 2 } else { 1 }, "{line}");
    }
}
