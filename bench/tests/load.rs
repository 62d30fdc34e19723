//! `bench load` as a user has it: mistaken options, the files it leaves, short runs of every mechanism and of Redis.

#![allow(
    clippy::unwrap_used,
    reason = "a test, its helpers included, may fail by panicking"
)]

mod loads;
mod programs;
mod support;

use std::{path::Path, process::Command};

use bench::{
    load::{RECORD_FILE, SECONDS_FILE, SLICES_FILE},
    mechanism::COMPARED,
};
use loads::{columns, load, number, pick, rows, well};
use programs::{Program, bench, shown};
use settings::{ClusterPlan, Mechanism};
use structures::kind::StructureKind;

#[tokio::test]
async fn mistaken_options_are_bad_usage_and_say_what_was_expected() {
    let cases: [(&[&str], &str); 9] = [
        (
            &["--history", "history.jsonl"],
            "error: --history: what clients see of one cluster; name one mechanism, and no --peer\n",
        ),
        (
            &["--rate", "0"],
            "error: --rate 0: there may be 1 to 1000000 requests a second\n",
        ),
        (
            &["--duration", "99ms"],
            "error: --duration 99ms: a slice takes 100ms to 24 h\n",
        ),
        (
            &["--pipeline", "65"],
            "error: --pipeline 65: a client has 1 to 64 requests under way\n",
        ),
        (
            &["--peer", "redis", "--workload", "mixed:insert=1,read=1"],
            "error: --workload mixed:insert=1,read=1: Redis is pushed to and nothing else; --peer redis takes --workload insert\n",
        ),
        (
            &["--peer", "rediss"],
            "error: invalid value 'rediss' for '--peer <PEER>'\n  [possible values: redis]\n\n  tip: a similar value exists: 'redis'\n",
        ),
        (
            &[
                "--structure",
                "list",
                "--clients",
                "2",
                "--workload",
                "mixed:insert=1,read=1",
                "--mechanisms",
                "replication",
            ],
            "error: --clients 2: a list has places, which are known with 1 client per group\n",
        ),
        (
            &["--cluster", "x.ini", "--groups", "2"],
            "error: the argument '--cluster <FILE>' cannot be used with '--groups <GROUPS>'\n",
        ),
        (
            &["--manager", "localhost:1"],
            "error: the following required arguments were not provided:\n  --cluster <FILE>\n",
        ),
    ];
    for (options, expected) in cases {
        let (lines, ended) = load(options).await;
        assert_eq!((lines, ended.code), (vec![], Some(2)), "{options:?}");
        assert!(
            ended.errors.starts_with(expected),
            "{options:?}:\n{}",
            ended.errors
        );
    }
}

/// What each group holds in the end is counted, so a write that reached one group of two would fail the run.
#[tokio::test]
async fn clients_of_several_managers_write_to_two_groups_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("run");
    let options = "--mechanisms replication,replication-sequencer --managers 2 --far 1ms --together 50 --groups 3 \
                   --clients 2 --pipeline 4 --duration 300ms --warmup 50ms --slices 1 --placement free \
                   --workload mixed:insert=5,update=2,delete=1 --out";
    let options: Vec<&str> = options.split_whitespace().collect();
    let (_, ended) = load(&[&options[..], &[&shown(&out)]].concat()).await;
    assert_eq!(ended, well());
    let slices = rows(&out, SLICES_FILE);
    assert_eq!(
        pick(&slices, "contender"),
        ["replication", "replication-sequencer"]
    );
    for slice in slices {
        assert!(number(&slice, "requests") > 0.0, "{slice:?}");
        assert_eq!((number(&slice, "managers"), number(&slice, "far_ms")), (2.0, 1.0));
        let words = "mixed:insert=5,update=2,delete=1, 50 % of inserts together";
        assert_eq!(slice["workload"], words);
    }
}

#[tokio::test]
async fn every_mechanism_takes_its_turns_and_leaves_a_row_for_each() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("run");
    let options = "--groups 2 --clients 3 --pipeline 4 --duration 1200ms --warmup 50ms --slices 2 --placement free \
                   --workload mixed:insert=5,update=2,delete=2,read=1 --value-bytes 1..32 --out";
    let options: Vec<&str> = options.split_whitespace().collect();
    let (lines, ended) = load(&[&options[..], &[&shown(&out)]].concat()).await;
    assert_eq!(ended, well());
    let table = lines.join("\n");
    for mechanism in COMPARED {
        assert!(table.contains(mechanism.name()), "{table}");
    }
    assert_eq!(
        columns(&out, SLICES_FILE),
        "contender,managers,far_ms,groups,faults,structure,workload,value_bytes,clients,pipeline,connections,rate_per_s,slice,duration_ms,requests,\
         requests_per_s,not_sent,response_p50_us,response_p90_us,response_p99_us,response_p999_us,response_max_us,\
         service_p50_us,service_p90_us,service_p99_us,service_p999_us,service_max_us,floor_p50_us,batched_floor_per_s,floor_window"
    );
    assert_eq!(
        columns(&out, SECONDS_FILE),
        "contender,managers,far_ms,groups,faults,structure,workload,value_bytes,clients,pipeline,connections,rate_per_s,slice,second,duration_ms,\
         requests,response_p50_us,response_p99_us,response_max_us"
    );
    let slices = rows(&out, SLICES_FILE);
    let names = COMPARED.map(|mechanism| mechanism.name().to_owned());
    assert_eq!(
        pick(&slices, "contender"),
        [names.clone(), names].concat(),
        "in turns"
    );
    let seconds = rows(&out, SECONDS_FILE);
    assert_eq!(seconds.len(), slices.len() * 2, "a second and a fifth");
    for (slice, seconds) in slices.iter().zip(seconds.chunks(2)) {
        assert!(number(slice, "requests") > 0.0, "{slice:?}");
        let sum: f64 = seconds.iter().map(|row| number(row, "requests")).sum();
        assert_eq!(sum, number(slice, "requests"));
        assert_eq!(slice["rate_per_s"], "", "a closed loop");
        for column in ["floor_p50_us", "batched_floor_per_s"] {
            assert!(number(slice, column) > 0.0, "{column}: {slice:?}");
        }
    }
    assert!(out.join(RECORD_FILE).is_file());

    let (_, ended) = load(&["--out", &shown(&out)]).await;
    let taken = format!(
        "error: {} already holds a run (load.json is there); choose another folder\n",
        out.display()
    );
    assert_eq!((ended.code, ended.errors), (Some(2), taken));
}

#[tokio::test]
async fn at_a_rate_requests_are_as_many_as_were_due_and_response_includes_service() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("run");
    let options = "--mechanisms fusion-linked --clients 2 --connections own --rate 200 --duration 1s --warmup 100ms \
                   --placement free --out";
    let options: Vec<&str> = options.split_whitespace().collect();
    let (_, ended) = load(&[&options[..], &[&shown(&out)]].concat()).await;
    assert_eq!(ended, well());
    let slices = rows(&out, SLICES_FILE);
    let [slice] = slices.as_slice() else {
        panic!("{slices:?}")
    };
    assert_eq!((&*slice["rate_per_s"], &*slice["slice"]), ("200", "1"));
    assert_eq!(slice["connections"], "own");
    // What was sent in the warm-up and answered after it, or sent at the end and answered after that.
    let (answered, not_sent) = (number(slice, "requests"), number(slice, "not_sent"));
    assert!(answered + not_sent <= 220.0 && answered > 0.0, "{slice:?}");
    for quantile in ["p50", "p90", "p99", "p999", "max"] {
        let response = number(slice, &format!("response_{quantile}_us"));
        let service = number(slice, &format!("service_{quantile}_us"));
        assert!(response >= service, "{quantile}: {slice:?}");
    }
}

/// Whoever numbers the writes is far from two thirds of the clients, whose requests come as often as anybody's.
#[tokio::test]
async fn a_write_of_a_client_far_from_the_manager_that_numbers_it_takes_the_way_there_and_back() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("run");
    let options = "--mechanisms replication-sequencer --managers 3 --far 20ms --groups 3 --rate 60 --duration 1s \
                   --warmup 100ms --placement free --out";
    let options: Vec<&str> = options.split_whitespace().collect();
    let (_, ended) = load(&[&options[..], &[&shown(&out)]].concat()).await;
    assert_eq!(ended, well());
    let slices = rows(&out, SLICES_FILE);
    assert_eq!((&*slices[0]["managers"], &*slices[0]["far_ms"]), ("3", "20.0"));
    assert!(number(&slices[0], "service_p50_us") >= 40_000.0, "{slices:?}");
}

#[tokio::test]
async fn redis_is_driven_in_turns_with_a_mechanism_where_it_is_installed() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("run");
    let options = "--peer redis --structure list --mechanisms replication --groups 2 --clients 4 --pipeline 2 \
                   --duration 300ms --warmup 50ms --slices 2 --placement free --out";
    let options: Vec<&str> = options.split_whitespace().collect();
    let (lines, ended) = load(&[&options[..], &[&shown(&out)]].concat()).await;
    assert_eq!(ended, well());
    let is_installed = Command::new("redis-server").arg("--version").output().is_ok();
    let contenders = pick(&rows(&out, SLICES_FILE), "contender");
    if !is_installed {
        let said = "redis-server is not installed here: its figures are left out";
        assert!(lines.iter().any(|line| line == said), "{lines:?}");
        assert_eq!(contenders, ["replication", "replication"]);
        return;
    }
    assert_eq!(contenders, ["replication", "redis", "replication", "redis"]);
    let connections = pick(&rows(&out, SLICES_FILE), "connections");
    assert_eq!(connections, ["shared", "own", "shared", "own"]);
    let far = pick(&rows(&out, SLICES_FILE), "far_ms");
    assert_eq!(far, ["0.0", "", "0.0", ""]);
    assert!(lines[1].contains("over Redis"), "{lines:?}");
}

#[tokio::test]
async fn a_running_cluster_is_loaded_once_for_its_groups_must_be_empty() {
    let folder = tempfile::tempdir().unwrap();
    let mut plan = ClusterPlan::new(Mechanism::FusionArena, 2, 1);
    plan.structure = StructureKind::Queue;
    let cluster = support::Cluster::launch(plan).await;
    let (host, port) = cluster.running.directory.managers[0].clone();
    let manager = format!("{host}:{port}");
    let file = shown(&cluster.file());
    let out = |name: &str| shown(&folder.path().join(name));
    let (first, second) = (out("first"), out("second"));
    let common = [
        "--cluster",
        &file,
        "--manager",
        &manager,
        "--clients",
        "2",
        "--duration",
        "200ms",
    ];
    let (_, ended) = load(&[&common[..], &["--out", &first]].concat()).await;
    assert_eq!(ended, well());
    let slices = rows(Path::new(&first), SLICES_FILE);
    assert_eq!(
        (
            pick(&slices, "contender"),
            pick(&slices, "structure"),
            pick(&slices, "groups")
        ),
        (
            vec!["fusion-arena".to_owned()],
            vec!["queue".to_owned()],
            vec!["2".to_owned()]
        )
    );
    let (_, ended) = load(&[&common[..], &["--out", &second]].concat()).await;
    assert_eq!(ended.code, Some(1));
    let (began, rest) = ended.errors.split_once(" holds ").unwrap();
    assert!(began.starts_with("error: group #"), "{}", ended.errors);
    assert!(
        rest.ends_with(" elements; a load begins with empty groups\n"),
        "{}",
        ended.errors
    );
    // The cluster itself goes on.
    let held: usize = cluster.read_everywhere().await.iter().map(Vec::len).sum();
    assert!(
        number(&slices[0], "requests") <= held as f64,
        "with those of the warm-up"
    );
    cluster.stop().await;
}

#[tokio::test]
async fn a_load_and_a_scrub_name_the_managers_that_they_do_not_reach_instead_of_waiting_for_them() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cluster.ini");
    let cluster = ClusterPlan::new(Mechanism::FusionArena, 1, 1).cluster().unwrap();
    std::fs::write(&file, cluster.to_ini()).unwrap();
    // Nobody listens there once it is dropped.
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = closed.local_addr().unwrap().to_string();
    drop(closed);
    let (file, out) = (shown(&file), shown(&folder.path().join("out")));
    let managers = ["--manager", &address, "--manager", &address];
    let loaded = [&["load", "--cluster", &file, "--out", &out][..], &managers].concat();
    let scrubbed = [&["scrub", &file][..], &managers].concat();
    for options in [loaded, scrubbed] {
        let ended = Program::start(&bench(), &options).ended().await;
        let nobody = format!("no manager answers at {address} or {address}");
        let errors = format!("error: {nobody}: Connection refused (os error 111)\n");
        assert_eq!((ended.code, ended.errors), (Some(1), errors), "{options:?}");
    }
}
