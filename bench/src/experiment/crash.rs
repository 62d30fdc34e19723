//! Crashing nodes and readmitting them, timed part by part.

mod parties;

use std::time::{Duration, Instant, SystemTime};

use multicast::id::NodeId;
use wire::message::{client::RecoveryReport, membership::Role};

pub(super) use self::parties::{Party, parties};
use super::{ExperimentError, trial::Contained};
use crate::{
    cluster::{PATIENCE, RunningCluster, Seat, all_active},
    results::{Circumstance, Configuration, RecoveryRow},
    work::ReadBack,
};

/// Pause between two looks at the manager's recovery reports.
const LOOK_PAUSE: Duration = Duration::from_micros(500);

/// One crashed node with its recovery.
#[derive(Clone, Debug)]
pub(super) struct Recovered {
    pub(super) seat: Seat,
    circumstance: Circumstance,
    report: RecoveryReport,
    pub(super) killed_at_us: u64,
    started_at_us: u64,
}

/// One crash with all its recoveries, and what they moved.
#[derive(Clone, Debug)]
pub(super) struct Crash {
    /// In the order in which the nodes were killed.
    pub(super) recovered: Vec<Recovered>,
    moved_bytes: u64,
}

/// Kills the party's nodes at once, waits until the cluster goes on without them, starts them again, waits until
/// all are active; kills the interrupting one as soon as the first of them enters.
///
/// # Errors
/// If any of that takes longer than [`PATIENCE`].
pub(super) async fn crash_and_readmit(
    running: &mut RunningCluster,
    party: &Party,
) -> Result<Crash, ExperimentError> {
    let seen = running.questions().recoveries(0).await?.len() as u64;
    let together = match party.together.len() {
        1 => Circumstance::Alone,
        _ => Circumstance::Together,
    };
    let mut received_before = running.received_bytes().await?;
    let mut crashed = kill(running, &party.together, together, seen).await?;
    restart(running, &mut crashed)?;
    if let Some(interrupting) = party.interrupting {
        let first = party.together[0];
        let entered = |report: &RecoveryReport| report.entered_at_us.is_some();
        wait_for_report(running, seen, first.node, "it did not come back", entered).await?;
        let second = [interrupting];
        let mut second = kill(running, &second, Circumstance::DuringRecovery, seen).await?;
        restart(running, &mut second)?;
        crashed.extend(second);
    }
    let wanted = |report: &RecoveryReport| report.active_at_us.is_some();
    for one in &mut crashed {
        one.report = wait_for_report(running, seen, one.seat.node, "it did not come back", wanted).await?;
    }
    running
        .wait_until("not all nodes are active after a recovery", all_active)
        .await?;
    settle_circumstances(&mut crashed, together);
    for one in &crashed {
        received_before.insert(one.seat.node, 0);
    }
    let received = running.received_bytes().await?;
    let moved = received.iter().map(|(node, bytes)| {
        let before = received_before.get(node).copied().unwrap_or_default();
        bytes.saturating_sub(before)
    });
    Ok(Crash {
        moved_bytes: moved.sum(),
        recovered: crashed,
    })
}

/// Kills the nodes and waits until the manager has removed all of them.
async fn kill(
    running: &mut RunningCluster,
    seats: &[Seat],
    circumstance: Circumstance,
    seen: u64,
) -> Result<Vec<Recovered>, ExperimentError> {
    let killed_at_us = now_us();
    let nodes: Vec<NodeId> = seats.iter().map(|seat| seat.node).collect();
    running.kill_together(&nodes).await?;
    let wanted = |report: &RecoveryReport| report.removed_at_us.is_some();
    let mut crashed = Vec::new();
    for seat in seats.iter().copied() {
        let report = wait_for_report(running, seen, seat.node, "it was not removed", wanted).await?;
        crashed.push(Recovered {
            seat,
            circumstance,
            report,
            killed_at_us,
            started_at_us: killed_at_us,
        });
    }
    Ok(crashed)
}

fn restart(running: &mut RunningCluster, crashed: &mut [Recovered]) -> Result<(), ExperimentError> {
    for one in crashed {
        one.started_at_us = now_us();
        running.start(one.seat)?;
    }
    Ok(())
}

/// A short recovery may be over before the node that was to interrupt it is dead: then it did not.
fn settle_circumstances(crashed: &mut [Recovered], together: Circumstance) {
    let first_active_at_us = crashed.first().and_then(|first| first.report.active_at_us);
    for one in crashed {
        let is_late = first_active_at_us.is_none_or(|active| active <= one.killed_at_us);
        if one.circumstance == Circumstance::DuringRecovery && is_late {
            one.circumstance = together;
        }
    }
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

impl Crash {
    /// When the first node was killed, when its next life asked to be let in, and when all were active again;
    /// microseconds since 1970.
    pub(super) fn times_us(&self) -> [u64; 3] {
        let of = |time: fn(&Recovered) -> u64| self.recovered.iter().map(time);
        let killed = of(|one| one.killed_at_us).min().unwrap_or_default();
        let entered = of(|one| one.report.entered_at_us.unwrap_or_default()).min();
        let active = of(|one| one.report.active_at_us.unwrap_or_default()).max();
        [
            killed,
            entered.unwrap_or_default().max(killed),
            active.unwrap_or_default().max(killed),
        ]
    }

    /// The rows of `recovery.csv`; what was lost or wrong after the crash stands in the last one.
    pub(super) fn rows(
        &self,
        configuration: &Configuration,
        (trial, number): (u32, u32),
        contained: Contained,
        read_back: &ReadBack,
    ) -> Vec<RecoveryRow> {
        let last = self.recovered.len().saturating_sub(1);
        let row = |(place, one): (usize, &Recovered)| {
            let found = if place == last {
                read_back
            } else {
                &ReadBack::default()
            };
            one.row(configuration, (trial, number), contained, self.moved_bytes, found)
        };
        self.recovered.iter().enumerate().filter_map(row).collect()
    }
}

impl Recovered {
    fn row(
        &self,
        configuration: &Configuration,
        (trial, crash): (u32, u32),
        contained: Contained,
        moved_bytes: u64,
        read_back: &ReadBack,
    ) -> Option<RecoveryRow> {
        let report = &self.report;
        let part = |us: Option<u64>| us.unwrap_or(0) as f64;
        let since = |end: Option<u64>, start: u64| part(end.map(|end| end.saturating_sub(start)));
        Some(RecoveryRow {
            configuration: configuration.clone(),
            trial,
            crash,
            circumstance: self.circumstance,
            elements_per_group: contained.elements,
            contents_bytes: contained.bytes,
            node: self.seat.node,
            role: crate::mechanism::row_role(self.seat.role)?,
            detect_us: since(report.detected_at_us, self.killed_at_us),
            restart_us: since(report.entered_at_us, self.started_at_us),
            fence_us: part(report.fence_us),
            transfer_us: part(report.transfer_us),
            decode_us: part(report.decode_us),
            install_us: part(report.install_us),
            total_us: since(report.active_at_us, self.killed_at_us),
            writes_paused_us: self.writes_paused_us(self.seat.role),
            moved_bytes,
            lost: read_back.lost,
            wrong: read_back.wrong,
        })
    }

    /// From the manager's reports, not from a writer (in this group none runs). A primary is its group's only
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
