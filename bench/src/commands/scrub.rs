//! `bench scrub cluster.ini`: whether a running cluster's parity agrees with its primaries; once, or again and again.

use std::{
    fmt::Write,
    path::{Path, PathBuf},
    time::Duration,
};

use clap::Args;
use multicast::id::NodeId;
use settings::{Cluster, Mechanism};
use tokio::time::{self, MissedTickBehavior};
use wire::{
    client::Directory,
    message::fusion::{BLOCK_BYTES, Layout},
    role::host_and_port,
};

use super::{
    Failure,
    config::{self, load},
    with_causes,
};
use crate::scrub::{Code, Finding, ScrubReport, Suspect, scrub as compare};

/// `bench scrub`.
///
/// Every fused server signs its parity, and every primary its own bytes between two of its operations; the
/// signatures must add up. Nobody stops, and nothing is repaired. What a server keeps uncoded (of fusion-linked
/// the keys, their order and the clients' sessions) is compared as well. With two fused servers or more the node
/// whose memory is wrong is named; one fused server shows that something is wrong, but not where.
///
/// Exit code: 0 if all agrees, 1 if something does not or could not be compared, 130 after Ctrl-C.
#[derive(Debug, Args)]
pub struct ScrubArguments {
    /// The cluster file.
    pub cluster: PathBuf,
    /// Where a manager listens, if not where the cluster file says; once for each.
    #[arg(long = "manager", value_name = "HOST:PORT", value_parser = host_and_port)]
    pub managers: Vec<(String, u16)>,
    /// Again after so long (`60s`, `1h 30m`), counted from beginning to beginning, until Ctrl-C.
    #[arg(long, value_name = "TIME", value_parser = interval)]
    pub every: Option<Duration>,
}

/// The shortest time from one periodic scrub to the next.
const SHORTEST_INTERVAL: Duration = Duration::from_millis(100);

fn interval(text: &str) -> Result<Duration, String> {
    let time = humantime::parse_duration(text).map_err(|error| error.to_string())?;
    match time < SHORTEST_INTERVAL {
        true => Err(format!("it must be at least {SHORTEST_INTERVAL:?}")),
        false => Ok(time),
    }
}

/// Most findings that are printed one by one.
const MAX_FINDINGS: usize = 20;

/// Scrubs, and says what was found.
///
/// # Errors
/// `Usage` for a bad cluster file or a cluster without parity; `Failed` if something does not agree or could not be
/// compared; `Interrupted`.
pub fn scrub(arguments: &ScrubArguments) -> Result<(), Failure> {
    let cluster = load(&arguments.cluster)?;
    let layout = layout(&cluster, &arguments.cluster)?;
    let directory = config::directory(&cluster, &arguments.cluster, &arguments.managers)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let scrubbing = async {
            config::reach(&directory).await?;
            match arguments.every {
                None => once(&cluster, layout, &directory).await,
                Some(pause) => again_and_again(&cluster, layout, &directory, pause).await,
            }
        };
        tokio::select! {
            done = scrubbing => done,
            _ = tokio::signal::ctrl_c() => Err(Failure::Interrupted),
        }
    })
}

async fn once(cluster: &Cluster, layout: Layout, directory: &Directory) -> Result<(), Failure> {
    let report = compare(directory).await?;
    print!("{}", summary(cluster, layout, &report));
    match report.is_sound() {
        true => Ok(()),
        false => Err(Failure::Failed(anyhow::anyhow!(verdict(&report)))),
    }
}

/// Goes on whatever is found, until it is interrupted.
async fn again_and_again(
    cluster: &Cluster,
    layout: Layout,
    directory: &Directory,
    pause: Duration,
) -> Result<(), Failure> {
    let mut beginnings = time::interval(pause);
    beginnings.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        beginnings.tick().await;
        if let Err(Failure::Failed(error)) = once(cluster, layout, directory).await {
            eprintln!("error: {}", with_causes(&error));
        }
    }
}

fn layout(cluster: &Cluster, file: &Path) -> Result<Layout, Failure> {
    Layout::of(cluster.mechanism).ok_or_else(|| {
        Failure::Usage(format!(
            "error: {} describes a cluster of mechanism {}, whose nodes hold whole copies: there is no parity to \
             compare.\nbench scrub takes {} and {}",
            file.display(),
            cluster.mechanism,
            Mechanism::FusionLinked,
            Mechanism::FusionArena
        ))
    })
}

/// What was compared, and what does not agree.
fn summary(cluster: &Cluster, layout: Layout, report: &ScrubReport) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = write_summary(&mut text, cluster, layout, report);
    text
}

fn write_summary(
    text: &mut String,
    cluster: &Cluster,
    layout: Layout,
    report: &ScrubReport,
) -> std::fmt::Result {
    let Code { servers, primaries } = &report.code;
    for region in &report.regions {
        let (bytes, blocks) = (region.bytes, region.bytes.div_ceil(BLOCK_BYTES));
        let of_what = match layout.is_coded(region.region) {
            true => "of the parity",
            false => "of the longest of the primaries' plain copies",
        };
        let number = region.region.0;
        writeln!(text, "region {number}: {blocks} blocks, {bytes} bytes {of_what}")?;
    }
    let (count, others) = (servers.len(), primaries.len());
    let took_ms = report.took.as_secs_f64() * 1e3;
    writeln!(
        text,
        "{count} fused servers compared with {others} primaries in {took_ms:.1} ms"
    )?;
    for node in &report.absent {
        writeln!(
            text,
            "not compared: {}, which is not active",
            name(cluster, *node)
        )?;
    }
    for finding in report.findings.iter().take(MAX_FINDINGS) {
        writeln!(text, "{}", describe(cluster, finding))?;
    }
    if let Some(more) = report.findings.len().checked_sub(MAX_FINDINGS + 1) {
        writeln!(text, "and {} more", more + 1)?;
    }
    match report.is_sound() {
        true => writeln!(text, "sound: all agree"),
        false => Ok(()),
    }
}

fn describe(cluster: &Cluster, finding: &Finding) -> String {
    let (from, to) = finding.bytes();
    let last = finding.first + finding.count - 1;
    let blocks = match finding.count {
        1 => format!("block {}", finding.first),
        _ => format!("blocks {} to {last}", finding.first),
    };
    let of = match finding.copy_of {
        None => String::new(),
        Some(primary) => format!(" of {}", name(cluster, primary)),
    };
    let who = match &finding.suspect {
        Suspect::Node(node) => format!("{} is corrupt, if only one node is", name(cluster, *node)),
        Suspect::OneOf(nodes) => format!(
            "with one fused server it cannot be told which of these is corrupt: {}",
            names(cluster, nodes)
        ),
        Suspect::Several => "more than one node is corrupt, so none is named".to_owned(),
    };
    let region = finding.region.0;
    format!(
        "DIFFERS: region {region}{of}, {blocks} (bytes {from} to {}): {who}",
        to - 1
    )
}

/// In one line.
fn verdict(report: &ScrubReport) -> String {
    let differing: u64 = report.findings.iter().map(|finding| finding.count).sum();
    match differing {
        0 => format!("{} fused servers could not be compared", report.absent.len()),
        _ => format!("{differing} blocks do not agree; nothing was changed"),
    }
}

fn names(cluster: &Cluster, nodes: &[NodeId]) -> String {
    let names: Vec<_> = nodes.iter().map(|node| name(cluster, *node)).collect();
    names.join(", ")
}

fn name(cluster: &Cluster, node: NodeId) -> String {
    match cluster.primaries.iter().find(|primary| primary.id == node) {
        Some(primary) => format!("{node} (primary of group {})", cluster.group_name(primary.group)),
        None => format!("{node} (fusion server)"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scrub_is_repeated_after_the_shortest_interval_or_longer() {
        assert_eq!(interval("100ms"), Ok(SHORTEST_INTERVAL));
        assert_eq!(interval("1m 30s"), Ok(Duration::from_secs(90)));
        assert_eq!(interval("99ms"), Err("it must be at least 100ms".to_owned()));
        assert_eq!(
            interval("60"),
            Err("time unit needed, for example 60sec or 60ms".to_owned())
        );
    }
}
