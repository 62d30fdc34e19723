//! A cluster of one group that holds a list, one backup of which is lost and comes back.
//!
//! Invariant: every answer is held against the only right one, and what came back is looked at where it lies: a data
//! node counts at its own read port, a fused server's bytes are compared with the primary's.

use multicast::id::{GroupId, NodeId};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use settings::{ClusterPlan, Join, Mechanism};
use structures::{
    kind::StructureKind,
    op::{Op, Outcome},
};
use tokio::time::{Duration, Instant, sleep};
use wire::{
    client::{Client, ClientError, MAX_PIPELINE, Pipeline},
    message::{
        client::{RecoveryReport, ReplyBody},
        membership::{Membership, Role, Standing},
    },
};

use super::{contender::Launched, error::LoadError};
use crate::{
    cluster::{ClusterError, Launcher, RunningCluster, Seat, all_active, seats},
    experiment::PATIENCE,
    placement::Placement,
    scrub,
};

/// Pause between two looks at the manager's reports.
const LOOK_PAUSE: Duration = Duration::from_millis(1);

/// The one group.
pub(super) const GROUP: GroupId = GroupId(0);

/// What the cluster is like.
#[derive(Clone, Copy, Debug)]
pub struct CopyPlan {
    /// How the list is kept alive.
    pub mechanism: Mechanism,
    /// Elements before a backup is lost.
    pub elements: u64,
    /// Bytes of each.
    pub element_bytes: usize,
    /// How a data node comes back.
    pub join: Join,
    /// Where the processes run.
    pub placement: Placement,
}

/// The running cluster with its list.
pub(super) struct FilledCluster {
    launched: Launched,
    /// The backup that is lost.
    seat: Seat,
}

impl FilledCluster {
    /// Launches it and fills the list.
    pub(super) async fn launch(plan: CopyPlan) -> Result<Self, LoadError> {
        let launched = launch(plan).await?;
        let is_backup = |seat: &Seat| matches!(seat.role, Role::DataNode | Role::FusionServer);
        let seat = seats(&launched.running.cluster).into_iter().find(is_backup);
        let seat = seat.expect("a cluster that tolerates a fault has backups");
        fill(&launched.running, plan).await?;
        Ok(Self { launched, seat })
    }

    pub(super) fn running(&self) -> &RunningCluster {
        &self.launched.running
    }

    /// Kills the backup, or stops it as a machine that hangs, and waits until it is removed.
    pub(super) async fn lose(&mut self, stopped: bool) -> Result<(), LoadError> {
        let node = self.seat.node;
        match stopped {
            true => self.send(Signal::SIGSTOP)?,
            false => self.kill().await?,
        }
        let is_removed = |members: &Membership| {
            let member = members.members.get(&node);
            member.is_some_and(|member| member.standing == Standing::Removed)
        };
        let removed = self
            .launched
            .running
            .wait_until("the lost backup is not removed", is_removed);
        removed.await?;
        Ok(())
    }

    /// Starts the next life of the backup, and waits until it is active.
    pub(super) async fn bring_back(&mut self) -> Result<(), LoadError> {
        // One that was stopped has not ended yet.
        self.kill().await?;
        self.launched.running.start(self.seat)?;
        let back = self
            .launched
            .running
            .wait_until("the backup is not back", all_active);
        back.await?;
        Ok(())
    }

    /// What the manager says of its return, which it does once the view that makes it active is everyone's.
    pub(super) async fn report(&mut self) -> Result<RecoveryReport, LoadError> {
        let began = Instant::now();
        loop {
            let reports = self.launched.running.questions().recoveries(0).await;
            let mut reports = reports.map_err(ClusterError::from)?.into_iter().rev();
            match reports.find(|report| report.node == self.seat.node) {
                Some(report) if report.active_at_us.is_some() => return Ok(report),
                _ if began.elapsed() > PATIENCE => return Err(self.no_report("its return")),
                _ => sleep(LOOK_PAUSE).await,
            }
        }
    }

    /// That figure of the report, microseconds.
    ///
    /// # Errors
    /// `NoReport` if the manager says nothing of it: that is no zero.
    pub(super) fn reported(&self, figure: Option<u64>, what: &'static str) -> Result<u64, LoadError> {
        figure.ok_or_else(|| self.no_report(what))
    }

    fn no_report(&self, what: &'static str) -> LoadError {
        let node = self.seat.node;
        LoadError::NoReport { node, what }
    }

    /// Looks whether what came back is all that was written: so many elements.
    ///
    /// # Errors
    /// `Count`, `Unsound`, or that it could not be looked at.
    pub(super) async fn check_contents(&mut self, expected: u64) -> Result<(), LoadError> {
        match self.seat.role {
            Role::FusionServer => self.check_parity(expected).await,
            _ => self.check_copy(expected).await,
        }
    }

    async fn check_copy(&mut self, expected: u64) -> Result<(), LoadError> {
        let node = self.seat.node;
        let members = self.launched.running.members().await;
        let members = members.map_err(ClusterError::from)?.members;
        let addresses = members.get(&node).and_then(|member| member.addresses);
        let address = addresses
            .ok_or_else(|| self.no_report("where it listens"))?
            .clients;
        let client = Client::connect(address, self.running().directory.cluster).await;
        let mut client = client.map_err(ClientError::from).map_err(at_door)?;
        let found = client.len(GROUP).await.map_err(at_door)?;
        check_count(&format!("{node}, which came back,"), found, expected)
    }

    async fn check_parity(&self, expected: u64) -> Result<(), LoadError> {
        let RunningCluster { directory, .. } = self.running();
        let mut door = directory.door(GROUP).await.map_err(at_door)?;
        let found = door.len(GROUP).await.map_err(at_door)?;
        check_count("the primary", found, expected)?;
        match scrub::scrub(directory).await?.is_sound() {
            true => Ok(()),
            false => Err(LoadError::Unsound(self.seat.node)),
        }
    }

    pub(super) async fn stop(self) {
        self.launched.running.stop().await;
    }

    async fn kill(&mut self) -> Result<(), LoadError> {
        let killed = self.launched.running.kill(self.seat.node).await;
        killed.map_err(LoadError::Scratch)
    }

    fn send(&self, signal: Signal) -> Result<(), LoadError> {
        let of_seat = |(node, pid): (NodeId, Option<u32>)| pid.filter(|_| node == self.seat.node);
        let pid = self.launched.running.pids().into_iter().find_map(of_seat);
        let pid = pid.and_then(|pid| i32::try_from(pid).ok());
        let pid = pid.expect("it was launched and has not ended");
        kill(Pid::from_raw(pid), signal).map_err(|error| LoadError::Scratch(error.into()))
    }
}

async fn launch(plan: CopyPlan) -> Result<Launched, LoadError> {
    let folder = tempfile::tempdir().map_err(LoadError::Scratch)?;
    let file = folder.path().join("cluster.ini");
    let mut cluster = ClusterPlan::new(plan.mechanism, 1, 1);
    cluster.structure = StructureKind::List;
    cluster.limits.element_bytes = plan.element_bytes;
    cluster.join = plan.join;
    std::fs::write(&file, cluster.to_ini()?).map_err(LoadError::Scratch)?;
    let log = Some(folder.path().join("nodes.log"));
    let launcher = Launcher::this_program(log, plan.placement).map_err(LoadError::Scratch)?;
    let running = RunningCluster::launch(launcher, &file).await?;
    Ok(Launched {
        running,
        _folder: folder,
    })
}

async fn fill(running: &RunningCluster, plan: CopyPlan) -> Result<(), LoadError> {
    let mut pipeline = pipeline(running, MAX_PIPELINE).await?;
    let mut numbers = 0..plan.elements;
    loop {
        while pipeline.has_room() {
            let Some(number) = numbers.next() else { break };
            let value = element(number, plan.element_bytes);
            pipeline.write(Op::PushBack { value });
        }
        match pipeline.next().await {
            None => return Ok(()),
            Some((_, answer)) => check_inserted(answer)?,
        }
    }
}

/// A client of the group with so many requests under way.
pub(super) async fn pipeline(running: &RunningCluster, depth: usize) -> Result<Pipeline, LoadError> {
    let directory = running.directory.clone();
    let opened = Pipeline::open(directory, GROUP, depth, PATIENCE).await;
    opened.map_err(at_door)
}

pub(super) fn at_door(source: ClientError) -> LoadError {
    LoadError::Door { group: GROUP, source }
}

/// The only right answer to a push.
pub(super) fn check_inserted(answer: Result<ReplyBody, ClientError>) -> Result<(), LoadError> {
    match answer.map_err(at_door)? {
        ReplyBody::Written(written) if written.outcome == Outcome::Inserted => Ok(()),
        other => Err(LoadError::NotInserted {
            group: GROUP,
            answer: format!("{other:?}"),
        }),
    }
}

fn check_count(holder: &str, found: u64, expected: u64) -> Result<(), LoadError> {
    match found == expected {
        true => Ok(()),
        false => Err(LoadError::Count {
            holder: holder.to_owned(),
            found,
            expected,
        }),
    }
}

/// The element of that number.
pub(super) fn element(number: u64, bytes: usize) -> Vec<u8> {
    let word = number.wrapping_mul(0x9E37_79B9_7F4A_7C15).to_le_bytes();
    word.into_iter().cycle().take(bytes).collect()
}
