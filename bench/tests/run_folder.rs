//! The folder of a run: whole files compared, refusals, and what an interrupted run leaves.

#![allow(
    clippy::unwrap_used,
    reason = "a test, its helpers included, may fail by panicking"
)]

mod synthetic;

use std::fs;
use std::path::Path;

use bench::results::{At, Ending, FolderError, RunFolder, compare};
use synthetic::{configuration, nodes, others, record, recovery, size, update};

/// One group, one size, both mechanisms, written as a run writes.
fn write_small_run(path: &Path, ending: Option<Ending>) {
    let mut folder = RunFolder::create(path, record()).unwrap();
    for run in [configuration("replication", 1), configuration("fusion-linked", 1)] {
        let (row, latency) = update(&run, 1, At::Door);
        folder.append_update(&row, &latency).unwrap();
        for node in nodes(&run) {
            folder.append_size(&size(&run, 1, 1000, node)).unwrap();
            folder.append_recovery(&recovery(&run, 1, 1000, node)).unwrap();
        }
        let (periods, stretches) = others(&run, 1, 1);
        folder.append_others(&periods, &stretches).unwrap();
    }
    if let Some(ending) = ending {
        folder.finish(ending).unwrap();
    }
}

fn text(folder: &Path, file: &str) -> String {
    fs::read_to_string(folder.join(file)).unwrap()
}

#[test]
fn csv_files_have_the_promised_headers_and_rows() {
    let folder = tempfile::tempdir().unwrap();
    write_small_run(folder.path(), Some(Ending::Complete));
    let golden = [
        ("updates.csv", include_str!("golden/updates.csv")),
        ("backup_size.csv", include_str!("golden/backup_size.csv")),
        ("recovery.csv", include_str!("golden/recovery.csv")),
        ("others.csv", include_str!("golden/others.csv")),
        ("throughput.csv", include_str!("golden/throughput.csv")),
        ("summary.csv", include_str!("golden/summary.csv")),
    ];
    for (file, expected) in golden {
        assert_eq!(text(folder.path(), file), expected, "{file}");
    }
}

#[test]
fn every_update_row_has_its_histogram_file() {
    let folder = tempfile::tempdir().unwrap();
    write_small_run(folder.path(), None);
    let files = fs::read_dir(folder.path().join("histograms")).unwrap();
    let mut names: Vec<_> = files
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(
        names,
        [
            "fusion-linked-values8-groups1-faults1-trial1-door.hgrm",
            "replication-values8-groups1-faults1-trial1-door.hgrm"
        ]
    );
}

#[test]
fn the_record_says_interrupted_until_the_run_is_complete() {
    let folder = tempfile::tempdir().unwrap();
    write_small_run(folder.path(), None);
    assert_eq!(text(folder.path(), "run.json"), include_str!("golden/run.json"));
    assert_eq!(RunFolder::open(folder.path()).unwrap().record, record());

    let complete = tempfile::tempdir().unwrap();
    write_small_run(complete.path(), Some(Ending::Complete));
    let written = RunFolder::open(complete.path()).unwrap().record;
    assert_eq!((written.interrupted, written.end.is_some()), (false, true));

    let stopped = tempfile::tempdir().unwrap();
    write_small_run(stopped.path(), Some(Ending::Interrupted));
    let written = RunFolder::open(stopped.path()).unwrap().record;
    assert_eq!((written.interrupted, written.end.is_some()), (true, true));
}

#[test]
fn an_interrupted_folder_reads_back_every_whole_row() {
    let folder = tempfile::tempdir().unwrap();
    write_small_run(folder.path(), None);
    let whole = RunFolder::open(folder.path()).unwrap();
    let path = folder.path().join("recovery.csv");
    let rows = fs::read_to_string(&path).unwrap();
    for cut in 1..40 {
        fs::write(&path, &rows[..rows.len() - cut]).unwrap();
        let run = RunFolder::open(folder.path()).unwrap();
        assert_eq!(run.recoveries, whole.recoveries[..3], "{cut} bytes short");
    }
}

#[test]
fn a_torn_row_in_a_complete_run_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    write_small_run(folder.path(), Some(Ending::Complete));
    let path = folder.path().join("recovery.csv");
    let rows = fs::read_to_string(&path).unwrap();
    fs::write(&path, &rows[..rows.len() - 20]).unwrap();
    let error = RunFolder::open(folder.path()).unwrap_err();
    assert!(
        matches!(&error, FolderError::Csv { path: named, .. } if *named == path),
        "{error}"
    );
}

#[test]
fn rows_read_back_as_they_were_written() {
    let folder = tempfile::tempdir().unwrap();
    write_small_run(folder.path(), Some(Ending::Complete));
    let run = RunFolder::open(folder.path()).unwrap();
    let plan = synthetic::Plan {
        mechanisms: &["replication", "fusion-linked"],
        groups: &[1],
        sizes: &[1000],
        trials: 1,
    };
    let expected = synthetic::run(&plan);
    let at_the_door: Vec<_> = expected
        .updates
        .into_iter()
        .filter(|row| row.at == At::Door)
        .collect();
    assert_eq!(
        (run.updates, run.sizes, run.recoveries),
        (at_the_door, expected.sizes, expected.recoveries)
    );
    assert_eq!(
        (run.others, run.throughput),
        (expected.others, expected.throughput)
    );
}

#[test]
fn a_file_with_other_columns_is_refused_and_both_are_named() {
    let folder = tempfile::tempdir().unwrap();
    write_small_run(folder.path(), Some(Ending::Complete));
    let path = folder.path().join("others.csv");
    let rows = fs::read_to_string(&path).unwrap();
    let (header, _) = rows.split_once('\n').unwrap();
    fs::write(&path, rows.replacen(",structure", "", 1)).unwrap();
    let expected = format!(
        "{} has the columns \"{}\" instead of \"{header}\"",
        path.display(),
        header.replace(",structure", "")
    );
    assert_eq!(RunFolder::open(folder.path()).unwrap_err().to_string(), expected);
}

#[test]
fn a_folder_that_holds_a_run_is_never_written_over() {
    for file in [
        "run.json",
        "updates.csv",
        "backup_size.csv",
        "recovery.csv",
        "others.csv",
        "throughput.csv",
        "summary.csv",
    ] {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(file), "earlier").unwrap();
        let error = RunFolder::create(folder.path(), record()).unwrap_err();
        let expected = format!(
            "{} already holds a run ({file} is there); choose another folder",
            folder.path().display()
        );
        assert_eq!(error.to_string(), expected);
        assert_eq!(text(folder.path(), file), "earlier");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}

#[test]
fn a_folder_with_other_files_may_take_a_run() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("notes.txt"), "mine").unwrap();
    write_small_run(folder.path(), Some(Ending::Complete));
    assert_eq!(text(folder.path(), "notes.txt"), "mine");
}

#[test]
fn what_is_not_a_run_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("nothing");
    let run = folder.path().join("run");
    write_small_run(&run, Some(Ending::Complete));
    let file = run.join("run.json");
    for (path, shown) in [
        (folder.path(), folder.path()),
        (&missing, &missing),
        (&file, &file),
    ] {
        let expected = format!(
            "{} is not the folder of a run: run.json is missing",
            shown.display()
        );
        assert_eq!(RunFolder::open(path).unwrap_err().to_string(), expected);
        assert_eq!(compare(&run, path).unwrap_err().to_string(), expected);
        assert_eq!(compare(path, &run).unwrap_err().to_string(), expected);
    }
    fs::remove_file(run.join("recovery.csv")).unwrap();
    let expected = format!(
        "{} is not the folder of a run: recovery.csv is missing",
        run.display()
    );
    assert_eq!(RunFolder::open(&run).unwrap_err().to_string(), expected);
}

#[test]
fn compare_shows_both_runs_and_their_ratios() {
    let (a, b) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    write_small_run(a.path(), Some(Ending::Complete));
    let mut folder = RunFolder::create(b.path(), record()).unwrap();
    for run in [configuration("replication", 1), configuration("fusion-linked", 2)] {
        let (row, latency) = update(&run, 1, At::Door);
        folder.append_update(&row, &latency).unwrap();
        for node in nodes(&run) {
            folder.append_size(&size(&run, 1, 2000, node)).unwrap();
            folder.append_recovery(&recovery(&run, 1, 2000, node)).unwrap();
        }
    }
    folder.finish(Ending::Complete).unwrap();
    assert_eq!(
        compare(a.path(), b.path()).unwrap() + "\n",
        include_str!("golden/compare.txt")
    );
}
