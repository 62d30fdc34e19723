//! Crashing one node and readmitting it, timed part by part; and reading back what it should hold.

use std::time::{Duration, Instant, SystemTime};

use multicast::id::NodeId;
use wire::{
    client::{Client, ClientError},
    message::{client::RecoveryReport, membership::Role},
};

use super::{
    ExperimentError,
    elements::{ElementSource, ReadBack, compare},
};
use crate::{
    cluster::{PATIENCE, RunningCluster, Seat, all_active},
    mechanism::Mechanism,
    results::{Configuration, RecoveryRow},
};

/// Pause between two looks at the manager's recovery reports.
const LOOK_PAUSE: Duration = Duration::from_micros(500);

/// What is known of the groups when a node crashes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Contents {
    /// What was inserted.
    pub(super) source: ElementSource,
    /// Elements 0.. of every group.
    pub(super) per_group: u64,
    /// Clients per group.
    pub(super) clients: u64,
}

/// One crash with its recovery.
#[derive(Clone, Debug)]
pub(super) struct Recovered {
    report: RecoveryReport,
    killed_at_us: u64,
    started_at_us: u64,
}

/// Kills the node, waits until the cluster goes on without it, starts it again, waits until it is active.
///
/// # Errors
/// If any of that takes longer than [`PATIENCE`].
pub(super) async fn crash_and_readmit(
    running: &mut RunningCluster,
    seat: Seat,
) -> Result<Recovered, ExperimentError> {
    let before = running.questions().recoveries(0).await?.len() as u64;
    let killed_at_us = now_us();
    running.kill(seat.node).await?;
    let wanted = |report: &RecoveryReport| report.removed_at_us.is_some();
    wait_for_report(running, before, seat.node, "it was not removed", wanted).await?;
    let started_at_us = now_us();
    running.start(seat)?;
    let wanted = |report: &RecoveryReport| report.active_at_us.is_some();
    let report = wait_for_report(running, before, seat.node, "it did not come back", wanted).await?;
    running
        .wait_until("not all nodes are active after a recovery", all_active)
        .await?;
    Ok(Recovered {
        report,
        killed_at_us,
        started_at_us,
    })
}

async fn wait_for_report(
    running: &mut RunningCluster,
    from: u64,
    node: NodeId,
    unless: &str,
    wanted: impl Fn(&RecoveryReport) -> bool,
) -> Result<RecoveryReport, ExperimentError> {
    let began = Instant::now();
    loop {
        let reports = running.questions().recoveries(from).await?;
        if let Some(report) = reports
            .into_iter()
            .find(|report| report.node == node && wanted(report))
        {
            return Ok(report);
        }
        if began.elapsed() > PATIENCE {
            let what = format!("{node} was killed; {unless}");
            return Err(ExperimentError::NoRecovery {
                what,
                waited_s: PATIENCE.as_secs(),
            });
        }
        tokio::time::sleep(LOOK_PAUSE).await;
    }
}

/// Reads back every element of every group at its door, and what the recovered node itself serves.
///
/// # Errors
/// If a group cannot be read.
pub(super) async fn read_back(
    running: &mut RunningCluster,
    mechanism: &dyn Mechanism,
    node: NodeId,
    contents: &Contents,
) -> Result<ReadBack, ExperimentError> {
    let Contents {
        source,
        per_group,
        clients,
    } = contents;
    let mut result = ReadBack::default();
    for group in running.cluster.group_ids() {
        let found = running.directory.read_all(group, PATIENCE).await?;
        result.add(compare(source, group, *per_group, *clients, &found));
    }
    let members = running.members().await?;
    if let Some((group, address)) = mechanism.own_reads(&members, node) {
        let client = Client::connect(address, running.directory.cluster).await;
        let found = client.map_err(ClientError::from)?.read_all(group).await?;
        result.add(compare(source, group, *per_group, *clients, &found));
    }
    Ok(result)
}

impl Recovered {
    /// The row of `recovery.csv`.
    pub(super) fn row(
        &self,
        configuration: &Configuration,
        trial: u32,
        seat: Seat,
        contents: &Contents,
        read_back: &ReadBack,
    ) -> Option<RecoveryRow> {
        let report = &self.report;
        let part = |us: Option<u64>| us.unwrap_or(0) as f64;
        let since = |end: Option<u64>, start: u64| part(end.map(|end| end.saturating_sub(start)));
        Some(RecoveryRow {
            mechanism: configuration.mechanism.clone(),
            groups: configuration.groups,
            faults: configuration.faults,
            trial,
            elements_per_group: contents.per_group,
            node: seat.node,
            role: crate::mechanism::row_role(seat.role)?,
            detect_us: since(report.detected_at_us, self.killed_at_us),
            restart_us: since(report.entered_at_us, self.started_at_us),
            fence_us: part(report.fence_us),
            transfer_us: part(report.transfer_us),
            decode_us: part(report.decode_us),
            install_us: part(report.install_us),
            total_us: since(report.active_at_us, self.killed_at_us),
            writes_paused_us: self.writes_paused_us(seat.role),
            lost: read_back.lost,
            wrong: read_back.wrong,
        })
    }

    /// From the manager's reports, not from a writer (none runs during a crash). A primary is its group's only
    /// door: no write from the kill until it is back. Without a data node or a
    /// fused server writes go on once it is removed, and stop again while its re-entry freezes them.
    fn writes_paused_us(&self, role: Role) -> f64 {
        let report = &self.report;
        let end = if role == Role::Primary {
            report.active_at_us
        } else {
            report.removed_at_us
        };
        let until = end.unwrap_or_default().saturating_sub(self.killed_at_us);
        (until + report.frozen_us.unwrap_or(0)) as f64
    }
}

fn now_us() -> u64 {
    SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default()
        .as_micros() as u64
}
