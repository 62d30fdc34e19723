//! Experiments that do not end well: interrupted by the user, or with elements that are not as they were
//! inserted. What was measured is kept, the exit code tells, and no process is left.

#![allow(
    clippy::unwrap_used,
    reason = "a test, its helpers included, may fail by panicking"
)]

mod programs;

use std::{path::Path, time::Duration};

use bench::{
    plots,
    results::{Run, RunFolder},
};
use multicast::id::{GroupId, NodeId};
use nix::sys::signal::Signal;
use programs::{Ended, Program, is_running, shown, until};
use settings::Cluster;
use structures::op::{Op, Outcome};
use wire::client::{Directory, Session};

fn experiment(out: &Path, options: &[&str]) -> Program {
    let out = shown(out);
    let common = ["--groups", "1", "--placement", "free", "--out", out.as_str()];
    Program::start(&programs::bench(), &[&common[..], options].concat())
}

fn assert_is_drawn(run: &Run) {
    for figure in plots::figures(run) {
        let plot = std::fs::read_to_string(run.path.join("plots").join(figure.file_name)).unwrap();
        assert!(plot.trim_end().ends_with("</svg>"), "{}", figure.file_name);
    }
    let report = std::fs::read_to_string(run.path.join("report.html")).unwrap();
    assert!(report.trim_end().ends_with("</html>"));
}

#[tokio::test]
async fn an_interrupted_experiment_keeps_its_rows_draws_them_and_leaves_no_process() {
    for mechanism in ["replication", "fusion-linked"] {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("run");
        let endless = [
            "--mechanisms",
            mechanism,
            "--ops",
            "16000000",
            "--crash-every",
            "20",
        ];
        let program = experiment(&out, &endless);
        let recoveries = || std::fs::read_to_string(out.join("recovery.csv")).ok();
        let measured = |text: &String| text.lines().count() >= 4 && text.ends_with('\n');
        let before = until("no rows", || recoveries().filter(measured)).await;
        let children = program.children();
        assert!(!children.is_empty());
        program.signal(Signal::SIGINT);
        let interrupted = Ended {
            code: Some(130),
            errors: "interrupted\n".to_owned(),
        };
        assert_eq!(program.ended().await, interrupted);
        assert!(!children.iter().any(|pid| is_running(*pid)), "{children:?}");

        let run = RunFolder::open(&out).unwrap();
        assert!(run.record.interrupted && run.record.end.is_some());
        assert!(
            recoveries().unwrap().starts_with(&before),
            "the rows that were there"
        );
        let places: Vec<_> = run
            .recoveries
            .iter()
            .take(3)
            .map(|row| (row.elements_per_group, row.node, row.lost, row.wrong))
            .collect();
        let (first, second) = match mechanism {
            "replication" => (NodeId(1), NodeId(2)),
            // The fused server goes first.
            _ => (NodeId(2), NodeId(1)),
        };
        assert_eq!(places, [(20, first, 0, 0), (20, second, 0, 0), (40, first, 0, 0)]);
        assert_eq!(run.updates.len(), 2, "at the door and at the client");
        assert_is_drawn(&run);
    }
}

/// The cluster that the experiment launched, by what it told its node: file and manager.
fn directory_of(program: &Program) -> Option<Directory> {
    program.children().into_iter().find_map(|child| {
        let words = std::fs::read_to_string(format!("/proc/{child}/cmdline")).ok()?;
        let words: Vec<&str> = words.split('\0').collect();
        let after = |name: &str| {
            let place = words.iter().position(|word| *word == name)?;
            words.get(place + 1).copied()
        };
        let cluster = Cluster::load(Path::new(after("primary")?)).ok()?;
        let (host, port) = after("--manager")?.rsplit_once(':')?;
        let manager = (host.trim_matches(['[', ']']).to_owned(), port.parse().ok()?);
        Some(Directory::of(&cluster, vec![manager]))
    })
}

/// Tries until the structure has such an element.
async fn change(session: &mut Session, op: Op, done: Outcome) {
    loop {
        match session.write(op.clone()).await.unwrap().outcome {
            Outcome::AbsentKey => tokio::time::sleep(Duration::from_millis(1)).await,
            outcome => return assert_eq!(outcome, done),
        }
    }
}

/// A stranger changes what the experiment inserted, while it inserts more.
#[tokio::test]
async fn lost_and_wrong_elements_fail_the_run_and_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("run");
    let options = [
        "--mechanisms",
        "fusion-linked",
        "--ops",
        "5000",
        "--crash-every",
        "5000",
    ];
    let program = experiment(&out, &options);
    let directory = until("no cluster", || directory_of(&program)).await;
    let mut stranger = Session::open(directory, GroupId(0), programs::PATIENCE)
        .await
        .unwrap();
    let key = |number: u64| number.to_be_bytes().to_vec();
    change(&mut stranger, Op::Delete { key: key(3) }, Outcome::Deleted).await;
    let value = b"another".to_vec();
    change(&mut stranger, Op::Update { key: key(7), value }, Outcome::Updated).await;
    let failed = Ended {
        code: Some(1),
        errors:
            "error: after the recovery of node 2 (fusion-linked, linked-list, 8 B values, groups = 1, f = 1, \
                 5000 elements per group): 1 lost, 1 wrong: group #0: element 7 is not as it was written; \
                 group #0: element 3 is missing\n"
                .to_owned(),
    };
    assert_eq!(program.ended().await, failed);
    let run = RunFolder::open(&out).unwrap();
    assert!(run.record.interrupted, "it did not take every step");
    let rows: Vec<_> = run
        .recoveries
        .iter()
        .map(|row| (row.node, row.lost, row.wrong))
        .collect();
    assert_eq!(rows, [(NodeId(2), 1, 1)]);
    assert_is_drawn(&run);
}
