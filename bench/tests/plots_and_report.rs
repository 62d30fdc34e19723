//! Every figure and the page, for full, small, partial and empty runs: all mechanisms appear, nothing is
//! outside its picture, the page needs nothing but itself.

#![allow(
    clippy::unwrap_used,
    reason = "a test, its helpers included, may fail by panicking"
)]

mod synthetic;

use bench::plots::{Figure, Source, figures, render, write_all};
use bench::report;
use bench::results::{Configuration, Period, Run};
use synthetic::Plan;

const THOUSANDS: [u64; 10] = [1000, 2000, 3000, 4000, 5000, 6000, 7000, 8000, 9000, 10_000];

fn full_run() -> Run {
    synthetic::run(&Plan {
        mechanisms: &["replication", "fusion-linked"],
        groups: &[1, 2, 3, 4, 5],
        sizes: &THOUSANDS,
        trials: 1,
    })
}

fn unusual_runs() -> Vec<Run> {
    let plans = [
        Plan {
            mechanisms: &["replication", "fusion-linked"],
            groups: &[1],
            sizes: &[100, 200, 300],
            trials: 1,
        },
        Plan {
            mechanisms: &["fusion-linked"],
            groups: &[2],
            sizes: &[1000],
            trials: 2,
        },
        Plan {
            mechanisms: &["replication"],
            groups: &[5],
            sizes: &[1000],
            trials: 1,
        },
        Plan {
            mechanisms: &["replication"],
            groups: &[1],
            sizes: &[],
            trials: 1,
        },
        Plan {
            mechanisms: &[],
            groups: &[],
            sizes: &[],
            trials: 1,
        },
    ];
    plans.iter().map(synthetic::run).collect()
}

fn figure(run: &Run, file_name: &str) -> Figure {
    figures(run)
        .into_iter()
        .find(|figure| figure.file_name == file_name)
        .unwrap()
}

/// Panel title, label and points of a series.
type Drawn = (String, String, Vec<(f64, f64)>);

/// Every series of one source.
fn points_of(figure: &Figure, source: Source) -> Vec<Drawn> {
    let all = figure
        .panels
        .iter()
        .flat_map(|panel| panel.series.iter().map(move |series| (panel, series)));
    let of_source = all.filter(|(_, series)| series.source == source);
    of_source
        .map(|(panel, series)| (panel.title.clone(), series.label.clone(), series.points.clone()))
        .collect()
}

/// All corners of lines and shapes.
fn corners(svg: &str) -> impl Iterator<Item = (f64, f64)> {
    let lists = svg
        .split(" points=\"")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap());
    lists.flat_map(str::split_whitespace).map(|corner| {
        let (x, y) = corner.split_once(',').unwrap();
        (x.parse().unwrap(), y.parse().unwrap())
    })
}

/// All numbers of an attribute such as `x="`.
fn numbers<'a>(svg: &'a str, attribute: &'a str) -> impl Iterator<Item = f64> + 'a {
    svg.split(attribute)
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap().parse().unwrap())
}

#[test]
fn the_reports_seven_figures_and_our_four_are_written_under_plots() {
    let folder = tempfile::tempdir().unwrap();
    let run = Run {
        path: folder.path().to_owned(),
        ..full_run()
    };
    let names: Vec<_> = write_all(&run)
        .unwrap()
        .iter()
        .map(|path| path.strip_prefix(&run.path).unwrap().to_owned())
        .collect();
    let expected = [
        "plots/table2-update-time.svg",
        "plots/fig7-backup-space.svg",
        "plots/fig8-recovery-replication.svg",
        "plots/fig9-recovery-fusion.svg",
        "plots/fig10-recovery-fusion-by-elements.svg",
        "plots/fig11-recovery-side-by-side.svg",
        "plots/fig12-recovery-side-by-side-log.svg",
        "plots/backup-over-replication.svg",
        "plots/recovery-by-bytes.svg",
        "plots/throughput-through-recovery.svg",
        "plots/pauses-through-recovery.svg",
    ];
    assert_eq!(names, expected.map(std::path::PathBuf::from));
}

#[test]
fn the_reports_own_figures_are_drawn_beside_ours() {
    let run = full_run();
    let report = |file_name| points_of(&figure(&run, file_name), Source::Report);
    let point = |panel: &str, label: &str, x, y| (panel.to_owned(), label.to_owned(), vec![(x, y)]);
    let fusion_medians = vec![
        (1.0, 940.0),
        (2.0, 1023.75),
        (3.0, 1001.67),
        (4.0, 1021.5),
        (5.0, 1068.0),
    ];
    assert_eq!(
        report("table2-update-time.svg")[1],
        ("median".to_owned(), "report: fusion".to_owned(), fusion_medians)
    );
    assert_eq!(
        report("fig7-backup-space.svg")[4],
        point("5 groups", "report: fusion", 1e4, 730_000.0)
    );
    assert_eq!(
        report("fig8-recovery-replication.svg"),
        [point("replication", "report, 5 groups", 1e4, 3700.0)]
    );
    assert_eq!(
        report("fig9-recovery-fusion.svg"),
        [
            point("fusion-linked", "report, 2 groups", 1e4, 780_000.0),
            point("fusion-linked", "report, 5 groups", 1e4, 3_400_000.0)
        ]
    );
    for file_name in [
        "fig11-recovery-side-by-side.svg",
        "fig12-recovery-side-by-side-log.svg",
    ] {
        assert_eq!(
            report(file_name),
            [
                point("2 groups", "report: fusion", 1e4, 780_000.0),
                point("5 groups", "report: replication", 1e4, 3700.0),
                point("5 groups", "report: fusion", 1e4, 3_400_000.0)
            ]
        );
    }
}

#[test]
fn backup_space_is_the_sum_beyond_one_copy_with_the_payload_beside_it() {
    let run = synthetic::run(&Plan {
        mechanisms: &["replication", "fusion-linked"],
        groups: &[2],
        sizes: &[1000],
        trials: 3,
    });
    let series = |label: &str, bytes: f64| ("2 groups".to_owned(), label.to_owned(), vec![(1000.0, bytes)]);
    // Replication: 4 nodes of 8,000 + 20,000 + 4,096, half of each. Fusion: 8,000 + 2 x 20,000 + 4,096.
    assert_eq!(
        points_of(&figure(&run, "fig7-backup-space.svg"), Source::Run),
        [
            series("fusion-linked", 52_096.0),
            series("fusion-linked, payload only", 8_000.0),
            series("replication", 64_192.0),
            series("replication, payload only", 16_000.0)
        ]
    );
}

#[test]
fn a_third_mechanism_is_in_every_figure_of_its_kind_and_in_every_table() {
    let run = synthetic::run(&Plan {
        mechanisms: &["replication", "fusion-linked", "quorum-of-mine"],
        groups: &[1, 2],
        sizes: &[1000, 2000],
        trials: 1,
    });
    for figure in figures(&run) {
        if figure.file_name != "fig8-recovery-replication.svg" {
            assert!(
                render(&figure).unwrap().contains("quorum-of-mine"),
                "{}",
                figure.file_name
            );
        }
    }
    let page = report::page(&run).unwrap();
    assert_eq!(
        page.matches(r#"<td class="word">quorum-of-mine</td>"#).count(),
        2 + 4 + 4 + 2
    );
}

/// The points of a figure's series with this label, panel by panel.
fn series_points(figure: &Figure, label: &str) -> Vec<Vec<(f64, f64)>> {
    let of_panel = |panel: &bench::plots::Panel| {
        let mut found = panel.series.iter().filter(|series| series.label == label);
        found.next().map(|series| series.points.clone())
    };
    figure.panels.iter().filter_map(of_panel).collect()
}

/// The same run with values of 1 to 1024 bytes behind it.
fn with_longer_values(run: &Run) -> Run {
    let mut both = run.clone();
    let longer = |configuration: &mut Configuration| configuration.value_bytes = "1..1024".parse().unwrap();
    both.updates.extend(run.updates.iter().cloned().map(|mut row| {
        longer(&mut row.configuration);
        row
    }));
    both.sizes.extend(run.sizes.iter().cloned().map(|mut row| {
        longer(&mut row.configuration);
        row
    }));
    both.recoveries
        .extend(run.recoveries.iter().cloned().map(|mut row| {
            longer(&mut row.configuration);
            row.contents_bytes *= 32;
            row
        }));
    both
}

#[test]
fn backup_over_replication_is_drawn_by_groups_beside_one_over_n() {
    let figure = figure(&with_longer_values(&full_run()), "backup-over-replication.svg");
    let titles: Vec<&str> = figure.panels.iter().map(|panel| panel.title.as_str()).collect();
    assert_eq!(titles, ["values of 8 B", "values of 1..1024 B"]);
    let one_over_n = (1..=5)
        .map(|n| (f64::from(n), 1.0 / f64::from(n)))
        .collect::<Vec<_>>();
    assert_eq!(series_points(&figure, "1 / n"), [one_over_n.clone(), one_over_n]);
    // 80,000 + n x 200,000 + 4,096 bytes of the fused server over n x (80,000 + 200,000 + 4,096).
    let fused = |n: f64| (84_096.0 + n * 200_000.0) / (n * 284_096.0);
    let expected: Vec<(f64, f64)> = (1..=5)
        .map(f64::from)
        .map(|n| (n, (fused(n) * 1000.0).round() / 1000.0))
        .collect();
    assert_eq!(
        series_points(&figure, "fusion-linked"),
        [expected.clone(), expected]
    );
    assert_eq!(series_points(&figure, "replication"), Vec::<Vec<_>>::new());
}

#[test]
fn recovery_is_drawn_by_the_bytes_of_a_group_with_a_line_per_length_of_values() {
    let run = synthetic::run(&Plan {
        mechanisms: &["replication"],
        groups: &[1],
        sizes: &[1000, 2000],
        trials: 1,
    });
    // 300 + 0.05 x elements + 4 x node + 0.02 x elements, in the middle of nodes 1 and 2.
    let medians = |bytes: f64| vec![(16_000.0 * bytes, 376.0), (32_000.0 * bytes, 446.0)];
    let alone = figure(&run, "recovery-by-bytes.svg");
    assert_eq!(series_points(&alone, "replication"), [medians(1.0)]);
    let both = figure(&with_longer_values(&run), "recovery-by-bytes.svg");
    assert_eq!(series_points(&both, "replication, 8 B values"), [medians(1.0)]);
    assert_eq!(
        series_points(&both, "replication, 1..1024 B values"),
        [medians(32.0)]
    );
}

#[test]
fn the_reports_figures_show_the_shortest_values_alone() {
    let run = full_run();
    for (ours, both) in figures(&run)
        .iter()
        .zip(figures(&with_longer_values(&run)))
        .take(7)
    {
        assert_eq!(*ours, both);
    }
}

#[test]
fn throughput_is_drawn_through_the_crash_whose_recovery_took_the_median_time() {
    let mut run = synthetic::run(&Plan {
        mechanisms: &["fusion-arena"],
        groups: &[1, 3],
        sizes: &[1000],
        trials: 1,
    });
    // Three primaries, whose recoveries take longer the larger their number is; of the second one the others
    // saw a longer outage.
    let largest = synthetic::configuration("fusion-arena", 3);
    for crash in [2, 3] {
        let (periods, stretches) = synthetic::others(&largest, 1, crash);
        run.others.extend(periods);
        run.throughput.extend(stretches);
    }
    let outage = run
        .others
        .iter_mut()
        .filter(|row| row.crash == 2 && row.period == Period::Outage);
    outage.for_each(|row| row.duration_ms = 35.0);
    let throughput = figure(&run, "throughput-through-recovery.svg");
    assert_eq!(throughput.panels[0].title, "fusion-arena, 3 groups");
    let points = &series_points(&throughput, "fusion-arena")[0];
    assert_eq!((points.len(), points[0]), (20, (-95_000.0, 10_000.0)));
    assert_eq!(
        points[10..13],
        [(5000.0, 5000.0), (15_000.0, 5000.0), (25_000.0, 10_000.0)]
    );
    let total_us = run
        .recoveries
        .iter()
        .find(|row| row.configuration == largest && row.crash == 2);
    let mark = |label| series_points(&throughput, label)[0][0].0;
    assert_eq!(mark("killed"), 0.0);
    assert_eq!(mark("asks to be let in"), 35_000.0);
    assert_eq!(Some(mark("active again")), total_us.map(|row| row.total_us));
    let longest = figure(&run, "pauses-through-recovery.svg");
    assert_eq!(series_points(&longest, "fusion-arena")[0][3], (-65_000.0, 950.0));
}

#[test]
fn every_figure_of_every_run_is_drawn_inside_its_picture() {
    for run in unusual_runs().into_iter().chain([full_run()]) {
        for figure in figures(&run) {
            let svg = render(&figure).unwrap();
            let height = numbers(&svg, "height=\"").next().unwrap();
            for attribute in [" cx=\"", " x=\"", " x1=\"", " x2=\""] {
                assert!(
                    numbers(&svg, attribute).all(|x| (0.0..=960.0).contains(&x)),
                    "{}",
                    figure.file_name
                );
            }
            for attribute in [" cy=\"", " y=\"", " y1=\"", " y2=\""] {
                assert!(
                    numbers(&svg, attribute).all(|y| (0.0..=height).contains(&y)),
                    "{}",
                    figure.file_name
                );
            }
            // Strictly: the backend moves what lies outside onto the edge.
            let inside = |(x, y): (f64, f64)| 0.0 < x && x < 959.0 && 0.0 < y && y < height - 1.0;
            assert!(
                corners(&svg).count() > 0 && corners(&svg).all(inside),
                "{}",
                figure.file_name
            );
            assert!(
                !svg.contains("NaN") && !svg.contains("inf"),
                "{}",
                figure.file_name
            );
        }
    }
}

#[test]
fn what_would_flatten_our_lines_is_marked_with_its_value_and_the_rest_is_drawn() {
    let run = full_run();
    let marked = |file_name, words| render(&figure(&run, file_name)).unwrap().contains(words);
    // Ours end at 3.1 ms: 3.7 ms fits, 3.4 s does not, except on a log scale.
    let linear = "fig11-recovery-side-by-side.svg";
    assert!(marked(linear, "report: fusion, 3.4 s") && marked(linear, "report: fusion, 780 ms"));
    assert!(!marked(linear, "report: replication, 3.7 ms"));
    assert!(!marked("fig12-recovery-side-by-side-log.svg", "report: fusion, "));

    // Figure 8: ours ends at 1.0 ms, too far below 3.7 ms; twice as long it is near enough.
    let figure_8 = "fig8-recovery-replication.svg";
    assert!(marked(figure_8, "report, 5 groups, 3.7 ms"));
    let mut slower = run.clone();
    slower
        .recoveries
        .iter_mut()
        .for_each(|row| row.fence_us += 1000.0);
    assert!(
        !render(&figure(&slower, figure_8))
            .unwrap()
            .contains("report, 5 groups, 3.7 ms")
    );

    let small = &unusual_runs()[0];
    let backup = render(&figure(small, "fig7-backup-space.svg")).unwrap();
    assert!(backup.contains("report: fusion, 730 kB at 10,000"));
}

#[test]
fn what_was_not_measured_is_said_so() {
    let run = &unusual_runs()[1];
    let said = |file_name| {
        render(&figure(run, file_name))
            .unwrap()
            .contains("not measured in this run")
    };
    assert_eq!(
        [
            said("fig8-recovery-replication.svg"),
            said("fig9-recovery-fusion.svg")
        ],
        [true, false],
        "only fusion was run"
    );
}

#[test]
fn the_page_needs_nothing_but_itself() {
    let page = report::page(&full_run()).unwrap();
    for reference in ["src=", "href=", "url(", "@import", "<script", "<link", "<iframe"] {
        assert!(!page.contains(reference), "{reference}");
    }
    // The one address in an SVG is the name of its language.
    let addresses = page.matches("http").count();
    assert_eq!(
        addresses,
        page.matches(r#"xmlns="http://www.w3.org/2000/svg""#).count()
    );
    assert_eq!(page.matches("<svg").count(), 11);
}

#[test]
fn the_page_escapes_words_and_tells_of_interruption_and_failure() {
    let mut run = full_run();
    run.recoveries[0].lost = 2;
    let page = report::page(&run).unwrap();
    assert!(page.contains("Imaginary &lt;i7&gt; &amp; Sons"));
    assert!(page.contains("This run was interrupted."));
    assert!(
        page.contains(
            "<strong>replication, linked-list, 8 B values, groups = 1, f = 1:</strong> 2 acknowledged elements lost, 0 wrong"
        )
    );

    run.recoveries[0].lost = 0;
    run.record.interrupted = false;
    assert!(!report::page(&run).unwrap().contains("alarm\""));
}
