//! The histories that `bench load --history` leaves: of maps, of queues written together, of a cluster whose node is killed.

#![allow(
    clippy::unwrap_used,
    reason = "a test, its helpers included, may fail by panicking"
)]

mod loads;
mod programs;
mod support;

use std::{
    path::Path,
    time::{Duration, Instant},
};

use bench::{
    history::{Report, Verdict},
    load::SLICES_FILE,
};
use loads::{load, number, rows, well};
use programs::shown;
use settings::{ClusterPlan, Mechanism};
use structures::kind::StructureKind;
use wire::message::membership::{Role, Standing};

/// What was found of a history.
fn checked(file: &str) -> Report {
    let history = bench::history::read(Path::new(file)).unwrap();
    bench::history::check(&history, bench::history::DEFAULT_BUDGET)
}

#[tokio::test]
async fn what_the_clients_of_one_mechanism_see_is_written_down_and_ends_with_what_is_held() {
    let folder = tempfile::tempdir().unwrap();
    let [out, history] = ["out", "history.jsonl"].map(|name| shown(&folder.path().join(name)));
    let options = [
        "--mechanisms",
        "replication",
        "--groups",
        "2",
        "--structure",
        "map",
        "--workload",
        "mixed:insert=5,update=2,delete=1,read=2",
        "--clients",
        "2",
        "--duration",
        "200ms",
        "--warmup",
        "50ms",
        "--history",
        &history,
        "--out",
        &out,
    ];
    let (_, ended) = load(&options).await;
    assert_eq!(ended, well());
    let report = checked(&history);
    assert_eq!(report.verdict, Verdict::Linearizable);
    let measured = number(&rows(Path::new(&out), SLICES_FILE)[0], "requests");
    assert!(
        report.operations as f64 > measured,
        "the warm-up and the last reads too: {report:?}"
    );

    let another = shown(&folder.path().join("another"));
    let written = std::fs::read(&history).unwrap();
    let (_, ended) = load(&[
        "--mechanisms",
        "replication",
        "--history",
        &history,
        "--out",
        &another,
    ])
    .await;
    let taken = format!("error: --history {history}: it is there already; choose another file\n");
    assert_eq!((ended.code, ended.errors), (Some(2), taken));
    assert_eq!(std::fs::read(&history).unwrap(), written);
    assert!(!Path::new(&another).exists(), "nothing was begun");

    let nowhere = shown(&folder.path().join("nowhere").join("history.jsonl"));
    let (_, ended) = load(&[
        "--mechanisms",
        "replication",
        "--history",
        &nowhere,
        "--out",
        &another,
    ])
    .await;
    let failed = format!("error: --history {nowhere}: No such file or directory (os error 2)\n");
    assert_eq!((ended.code, ended.errors), (Some(1), failed));
}

#[tokio::test]
async fn what_is_written_to_two_queues_at_once_is_written_down_and_is_linearizable() {
    let folder = tempfile::tempdir().unwrap();
    let [out, history] = ["out", "history.jsonl"].map(|name| shown(&folder.path().join(name)));
    let options = "--mechanisms replication --groups 2 --managers 2 --structure queue --together 50 --clients 2 \
                   --pipeline 4 --rate 2000 --duration 500ms --warmup 100ms";
    let files = ["--history", history.as_str(), "--out", out.as_str()];
    let options: Vec<&str> = options.split_whitespace().chain(files).collect();
    let (_, ended) = load(&options).await;
    assert_eq!(ended, well());
    let written = bench::history::read(Path::new(&history)).unwrap();
    let of_both = written.entries.iter().filter(|entry| entry.parts.len() == 2);
    assert!(of_both.count() > 100, "half of the inserts");
    let report = checked(&history);
    assert_eq!((report.verdict, report.objects), (Verdict::Linearizable, 1));
}

#[tokio::test]
async fn a_running_cluster_whose_node_is_killed_under_load_leaves_a_history_that_is_linearizable() {
    let folder = tempfile::tempdir().unwrap();
    let mut plan = ClusterPlan::new(Mechanism::Replication, 1, 1);
    plan.structure = StructureKind::Queue;
    let mut cluster = support::Cluster::launch(plan).await;
    let (host, port) = cluster.running.directory.managers[0].clone();
    let [out, history] = ["out", "history.jsonl"].map(|name| shown(&folder.path().join(name)));
    let (file, manager) = (shown(&cluster.file()), format!("{host}:{port}"));
    let options = [
        "--cluster",
        &file,
        "--manager",
        &manager,
        "--clients",
        "2",
        "--duration",
        "2s",
        "--history",
        &history,
        "--out",
        &out,
    ];
    let crash = async {
        let (began, group) = (Instant::now(), cluster.groups()[0]);
        let mut client = cluster.running.directory.manager().await.unwrap();
        while client.len(group).await.unwrap() == 0 {
            assert!(began.elapsed() < programs::PATIENCE, "the load does not begin");
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        let seat = cluster.seats_of(Role::DataNode)[0];
        cluster.kill(seat.node).await;
        cluster.wait_for(seat.node, Standing::Removed).await;
        cluster.restart(seat).await;
    };
    let ((_, ended), ()) = tokio::join!(load(&options), crash);
    assert_eq!(ended, well());
    assert_eq!(checked(&history).verdict, Verdict::Linearizable);
    cluster.stop().await;
}
