//! The command line as a user meets it: texts, exit codes, files.

#![allow(
    clippy::unwrap_used,
    reason = "a test, its helpers included, may fail by panicking"
)]

use std::{
    path::Path,
    process::{Command, Output, Stdio},
};

fn bench(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_bench"))
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn code_and_errors(arguments: &[&str]) -> (Option<i32>, String) {
    let output = bench(arguments);
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

fn config(name: &str) -> String {
    let configs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../configs");
    configs.join(name).canonicalize().unwrap().display().to_string()
}

#[test]
fn a_mistyped_option_or_value_is_bad_usage_and_says_what_was_expected() {
    let cases: [(&[&str], &str); 22] = [
        (
            &["--group", "3"],
            "error: unexpected argument '--group' found\n\n  tip: a similar argument exists: '--groups'\n",
        ),
        (
            &["--groups", "5..1"],
            "error: invalid value '5..1' for '--groups <GROUPS>': 5..1 is empty: the first number is the larger one\n",
        ),
        (
            &["--groups", "many"],
            "error: invalid value 'many' for '--groups <GROUPS>': \"many\" is no number; expected 1..5, 3 or 1,5\n",
        ),
        (
            &["--mechanisms", "fusion"],
            "error: invalid value 'fusion' for '--mechanisms <MECHANISMS>': `fusion` is not a mechanism: replication, replication-sequencer, fusion-linked or fusion-arena\n",
        ),
        (
            &["--faults", "5"],
            "error: invalid value '5' for '--faults <FAULTS>': 5 is not in 1..=4\n",
        ),
        (
            &["--ops", "0"],
            "error: invalid value '0' for '--ops <OPS>': 0 is not in 1..=16000000\n",
        ),
        (
            &["--placement", "apart"],
            "error: invalid value 'apart' for '--placement <PLACEMENT>': \"apart\" is no placement; expected split or free\n",
        ),
        (
            &["--clients", "0"],
            "error: invalid value '0' for '--clients <CLIENTS>': 0 is not in 1..=512\n",
        ),
        (
            &["--clients", "513"],
            "error: invalid value '513' for '--clients <CLIENTS>': 513 is not in 1..=512\n",
        ),
        (
            &["--repeat", "0"],
            "error: invalid value '0' for '--repeat <REPEAT>': 0 is not in 1..=1000\n",
        ),
        (
            &["--repeat", "1001"],
            "error: invalid value '1001' for '--repeat <REPEAT>': 1001 is not in 1..=1000\n",
        ),
        (
            &["--value-bytes", "8,65536"],
            "error: invalid value '65536' for '--value-bytes <VALUE_BYTES>': \"65536\" is no number from 0 to 65535; expected 8 or 1..1024\n",
        ),
        (
            &["--value-bytes", "9..8"],
            "error: invalid value '9..8' for '--value-bytes <VALUE_BYTES>': 9..8 is empty: the first number is the larger one\n",
        ),
        (
            &["--element-bytes", "0"],
            "error: --value-bytes 0: values have 1 to 65535 bytes\n",
        ),
        (
            &["--structure", "lits"],
            "error: invalid value 'lits' for '--structure <STRUCTURE>'\n  [possible values: linked-list, keyed-list, list, map, ordered-map, set, queue, stack, priority-queue]\n\n  tip: a similar value exists: 'list'\n",
        ),
        (
            &["--structure", "map", "--mechanisms", "replication,fusion-linked"],
            "error: --structure map: fusion-linked protects no map; leave it out of --mechanisms\n",
        ),
        (
            &["--structure", "list", "--key-bytes", "8"],
            "error: --key-bytes 8: a list has no keys\n",
        ),
        (
            &["--workload", "mixed:insert=1,upsert=1"],
            "error: invalid value 'mixed:insert=1,upsert=1' for '--workload <WORKLOAD>': \"upsert=1\" is no share of a step; expected insert|update|delete|read=SHARE\n",
        ),
        (
            &["--pipeline", "65"],
            "error: --pipeline 65: a client has 1 to 64 requests under way\n",
        ),
        (
            &["--crash-together", "2"],
            "error: --crash-together: 2 crashes at a time, but f = 1 (--faults)\n",
        ),
        (
            &["--crash-at", "10", "--crash-every", "10"],
            "error: the argument '--crash-at <CRASH_AT>' cannot be used with '--crash-every <CRASH_EVERY>'\n",
        ),
        (
            &["upp"],
            "error: unrecognized subcommand 'upp'\n\n  tip: a similar subcommand exists: 'up'\n",
        ),
    ];
    for (arguments, expected) in cases {
        let (code, text) = code_and_errors(arguments);
        assert_eq!(code, Some(2), "{arguments:?}: {text}");
        assert!(text.starts_with(expected), "{arguments:?}:\n{text}");
    }
}

#[test]
fn a_cluster_file_that_is_not_there_or_wrong_is_bad_configuration_everywhere() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("broken.ini");
    std::fs::write(&file, "[node 1]\nmulticast_hots = localhost\n").unwrap();
    let file = file.display().to_string();
    for arguments in [
        vec!["check", &file],
        vec!["up", &file],
        vec!["node", "data-node", &file, "1"],
    ] {
        let (code, text) = code_and_errors(&arguments);
        assert_eq!(code, Some(2), "{arguments:?}");
        assert!(text.contains("did you mean `multicast_host`?"), "{text}");
        assert!(text.contains("broken.ini:2:1"), "{text}");
    }
    let (code, text) = code_and_errors(&["check", "nowhere.ini"]);
    assert_eq!(code, Some(2));
    assert_eq!(
        text,
        "error: cannot read the cluster file nowhere.ini: No such file or directory (os error 2)\n"
    );
}

#[test]
fn a_section_that_is_not_there_is_bad_configuration() {
    let (code, text) = code_and_errors(&["node", "data-node", &config("report.ini"), "11"]);
    assert_eq!(code, Some(2));
    assert_eq!(
        text,
        "error: no section [node 11]: the numbers of [node N] are 1-10\n"
    );
}

#[test]
fn the_reports_own_file_passes_the_check() {
    let output = bench(&["check", &config("report.ini")]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0));
    let shown = text.split_once(": ").unwrap().1;
    assert_eq!(
        shown,
        "replication, 5 groups (A, B, C, D, E), tolerates 1 crashes per group; 11 processes\n"
    );
}

#[test]
fn a_written_cluster_file_passes_the_check_and_impossible_ones_are_bad_usage() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("written.ini").display().to_string();
    let options = [
        "--mechanism",
        "fusion-linked",
        "--groups",
        "5",
        "--faults",
        "2",
        "--out",
        &file,
    ];
    assert_eq!(
        bench(&[&["config"], &options[..]].concat()).status.code(),
        Some(0)
    );
    let checked = String::from_utf8(bench(&["check", &file]).stdout).unwrap();
    assert!(
        checked
            .ends_with("fusion-linked, 5 groups (A, B, C, D, E), tolerates 2 crashes in all; 8 processes\n")
    );

    let again = ["config", "--out", &file];
    let expected = format!("error: {file} is there already; to write over it: --force\n");
    assert_eq!(code_and_errors(&again), (Some(2), expected));
    assert!(std::fs::read_to_string(&file).unwrap().contains("fusion-linked"));
    assert_eq!(bench(&[&again[..], &["--force"]].concat()).status.code(), Some(0));
    assert!(std::fs::read_to_string(&file).unwrap().contains("replication"));

    let impossible = ["config", "--mechanism", "fusion-linked", "--groups", "256"];
    let expected = "error: 256 groups: fusion-linked with f = 1 takes 1 to 255\n";
    assert_eq!(code_and_errors(&impossible), (Some(2), expected.to_owned()));
    let largest = ["config", "--mechanism", "fusion-linked", "--groups", "255"];
    assert_eq!(bench(&largest).status.code(), Some(0));
}

#[test]
fn a_dry_run_prints_the_plan_and_writes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("run");
    let path = out.display().to_string();
    let output = bench(&["--groups", "1", "--ops", "10", "--dry-run", "--out", &path]);
    assert_eq!(output.status.code(), Some(0));
    assert!(
        String::from_utf8(output.stdout)
            .unwrap()
            .starts_with("replication, groups = 1, linked-list with values of 8 B, trial 1\n")
    );
    assert!(!out.exists());
}

#[test]
fn a_folder_that_cannot_be_made_is_named_with_its_cause_said_once() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let out = file.join("run").display().to_string();
    let (code, text) = code_and_errors(&["--groups", "1", "--ops", "10", "--out", &out]);
    let expected = format!("error: {out}/histograms: Not a directory (os error 20)\n");
    assert_eq!((code, text), (Some(1), expected));
}

#[test]
fn a_folder_that_holds_a_run_is_not_written_over() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("run");
    std::fs::create_dir(&out).unwrap();
    std::fs::write(out.join("run.json"), "{}").unwrap();
    let (code, text) = code_and_errors(&[
        "--groups",
        "1",
        "--ops",
        "10",
        "--out",
        &out.display().to_string(),
    ]);
    let expected = format!(
        "error: {} already holds a run (run.json is there); choose another folder\n",
        out.display()
    );
    assert_eq!((code, text), (Some(2), expected));
    assert_eq!(std::fs::read_to_string(out.join("run.json")).unwrap(), "{}");
    assert_eq!(std::fs::read_dir(&out).unwrap().count(), 1);
}

#[test]
fn comparing_or_drawing_what_is_no_run_is_bad_usage() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().display().to_string();
    for arguments in [vec!["compare", &path, &path], vec!["report", &path]] {
        let expected = format!("error: {path} is not the folder of a run: run.json is missing\n");
        assert_eq!(code_and_errors(&arguments), (Some(2), expected), "{arguments:?}");
    }
    assert_eq!(
        std::fs::read_dir(&folder).unwrap().count(),
        0,
        "nothing is left there"
    );
}

#[test]
fn one_copy_of_a_list_is_lean_and_a_map_takes_less_than_its_keys_and_values_twice() {
    let output = bench(&["lean", "--elements", "50000"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{text}");
    let per_element = |what: &str| -> f64 {
        let mut rows = text
            .lines()
            .filter(|line| line.contains(what) && line.contains("┆ here"));
        let cells: Vec<&str> = rows.next().unwrap().split('┆').collect();
        cells[3].trim().parse().unwrap()
    };
    assert!((8.0..12.0).contains(&per_element("list of")), "{text}");
    assert!((16.0..32.0).contains(&per_element("map of")), "{text}");
    let is_there = text.contains("Redis ");
    assert_eq!(
        text.contains("redis-server is not installed here: its figures are left out"),
        !is_there
    );
    let (code, refused) = code_and_errors(&["lean", "--elements", "0"]);
    let expected = "error: invalid value '0' for '--elements <ELEMENTS>': 0 is not in 1..=16000000\n";
    assert_eq!(code, Some(2));
    assert!(refused.starts_with(expected), "{refused}");
}

#[test]
fn a_small_run_leaves_every_file_and_exits_with_0() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("run");
    let path = out.display().to_string();
    let run = [
        "--groups",
        "2",
        "--ops",
        "60",
        "--crash-every",
        "30",
        "--clients",
        "2",
        "--element-bytes",
        "20",
    ];
    let output = bench(&[&run[..], &["--out", &path]].concat());
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let rows = |name: &str| std::fs::read_to_string(out.join(name)).unwrap().lines().count() - 1;
    // 3 mechanisms; 2 rounds; 4 data nodes, twice 2 primaries and 1 fused server.
    assert_eq!(
        ["updates.csv", "backup_size.csv", "recovery.csv", "summary.csv"].map(rows),
        [6, 20, 20, 3]
    );
    let summary = std::fs::read_to_string(out.join("summary.csv")).unwrap();
    assert!(
        summary.lines().skip(1).all(|row| row.ends_with(",0,0")),
        "{summary}"
    );
    assert!(
        std::fs::read_to_string(out.join("report.html"))
            .unwrap()
            .trim_end()
            .ends_with("</html>")
    );
}
