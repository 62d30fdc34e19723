//! `bench up`, end to end: the table, stopping in order, and what a former run's membership stands in the way of.

#![allow(
    clippy::unwrap_used,
    reason = "a test, its helpers included, may fail by panicking"
)]

mod programs;

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use programs::{Ended, Program, is_running, shown, until_none_runs};

const ACTIVE: &str = "all nodes are active; Ctrl-C stops them";

/// A copy of one of the cluster files that come with the program, in a folder of its own.
fn copied(name: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(name);
    let original = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../configs")
        .join(name);
    std::fs::copy(original, &file).unwrap();
    (folder, file)
}

fn up(file: &Path, options: &[&str]) -> Program {
    let file = shown(file);
    Program::start(&programs::bench(), &[&["up"], options, &[file.as_str()]].concat())
}

/// The cells of the table, without its frame and its head.
fn rows(lines: &[String]) -> Vec<Vec<String>> {
    let cells = |line: &String| {
        let cells = line.trim_matches('│').split('┆');
        cells.map(|cell| cell.trim().to_owned()).collect()
    };
    lines
        .iter()
        .filter(|line| line.starts_with('│'))
        .skip(1)
        .map(cells)
        .collect()
}

/// Waits until it stopped in order and checks that nothing is left of it.
async fn assert_stops_in_order(program: Program, file: &Path) {
    let children = program.children();
    program.signal(Signal::SIGINT);
    let stopped = Ended {
        code: Some(0),
        errors: "stopping\n".to_owned(),
    };
    assert_eq!(program.ended().await, stopped);
    assert!(!children.iter().any(|pid| is_running(*pid)), "{children:?}");
    assert!(!file.with_extension("membership").exists());
}

#[tokio::test]
async fn the_clusters_that_come_with_the_program_start_are_shown_and_stop_in_order() {
    let replication = [
        ["0", "group-manager", "-"],
        ["1", "data-node", "A"],
        ["2", "data-node", "A"],
        ["3", "data-node", "B"],
        ["4", "data-node", "B"],
        ["5", "data-node", "C"],
        ["6", "data-node", "C"],
    ];
    let fusion = [
        ["0", "group-manager", "-"],
        ["1", "primary", "A"],
        ["2", "primary", "B"],
        ["3", "primary", "C"],
        ["4", "fusion-server", "-"],
    ];
    let arena = [
        ["0", "group-manager", "-"],
        ["1", "primary", "A"],
        ["2", "primary", "B"],
        ["3", "primary", "C"],
        ["4", "primary", "D"],
        ["5", "primary", "E"],
        ["6", "fusion-server", "-"],
    ];
    for (name, expected) in [
        ("replication.ini", &replication[..]),
        ("fusion.ini", &fusion[..]),
        ("fusion-arena-map.ini", &arena[..]),
    ] {
        let (_folder, file) = copied(name);
        let mut program = up(&file, &[]);
        let rows = rows(&program.lines_until(ACTIVE).await);
        let nodes: Vec<&[String]> = rows.iter().map(|row| &row[..3]).collect();
        assert_eq!(nodes, expected, "{name}");
        let mut pids: Vec<u32> = Vec::new();
        for row in &rows {
            let [peers, clients, pid] = &row[3..] else {
                panic!("{row:?}")
            };
            for address in [peers, clients] {
                let port = address.parse::<SocketAddr>().unwrap().port();
                assert_ne!(port, 0);
            }
            pids.push(pid.parse().unwrap());
        }
        let mut children = program.children();
        children.sort_unstable();
        pids.sort_unstable();
        assert_eq!(pids, children);
        assert!(file.with_extension("membership").exists());
        assert_stops_in_order(program, &file).await;
    }
}

#[tokio::test]
async fn a_former_run_that_did_not_stop_in_order_stands_in_the_way_unless_told_to_start_anew() {
    let (_folder, file) = copied("fusion.ini");
    let mut killed = up(&file, &[]);
    killed.lines_until(ACTIVE).await;
    let children = killed.children();
    killed.signal(Signal::SIGKILL);
    assert_eq!(killed.ended().await.code, None);
    until_none_runs(&children).await;

    let membership = file.with_extension("membership");
    let before = std::fs::read(&membership).unwrap();
    let refused = Ended {
        code: Some(2),
        errors: format!(
            "error: {} shows that a former run of this cluster did not stop in order.\n\
             If its processes still run, stop them; what they held is lost with them.\n\
             To start anew with empty structures: bench up --fresh {}\n",
            membership.display(),
            file.display()
        ),
    };
    assert_eq!(up(&file, &[]).ended().await, refused);
    assert_eq!(std::fs::read(&membership).unwrap(), before);

    let mut fresh = up(&file, &["--fresh"]);
    fresh.lines_until(ACTIVE).await;
    assert_stops_in_order(fresh, &file).await;
}

#[tokio::test]
async fn a_process_that_dies_is_named_and_the_others_go_on() {
    let (_folder, file) = copied("replication.ini");
    let mut program = up(&file, &[]);
    let rows = rows(&program.lines_until(ACTIVE).await);
    let pids: Vec<u32> = rows.iter().map(|row| row[5].parse().unwrap()).collect();
    let pid = pids[2];
    kill(Pid::from_raw(pid as i32), Signal::SIGKILL).unwrap();
    let told = format!("data-node 2 (process {pid}) ended by SIGKILL; it said nothing\n");
    program.says(&told).await;
    let running: Vec<u32> = pids.iter().copied().filter(|pid| is_running(*pid)).collect();
    let others: Vec<u32> = pids.iter().copied().filter(|other| *other != pid).collect();
    assert_eq!(running, others, "they go on");
    program.signal(Signal::SIGINT);
    let (code, errors) = (Some(0), format!("{told}stopping\n"));
    assert_eq!(program.ended().await, Ended { code, errors });
    assert!(!pids.iter().any(|pid| is_running(*pid)), "{pids:?}");
}
