//! `bench takeover`: for how long do writes stand still when the manager that owns the membership goes?
//!
//! One client writes through that very manager, one request at a time; the manager is killed (or stopped, as by a
//! machine that hangs) and the longest time between two answers around that is the pause. A killed process's links end
//! at once; a stopped one has to be silent for a while before anybody suspects it.

use std::time::{Duration, Instant};

use clap::Args;
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use settings::{ClusterPlan, Mechanism, PlanError};
use structures::op::Op;
use wire::client::Session;

use super::Failure;
use crate::{
    cluster::{Launcher, RunningCluster},
    placement::Placement,
};

/// How long one write is tried.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long is written before the owner goes, and after.
const AROUND: Duration = Duration::from_millis(500);

/// `bench takeover`.
#[derive(Debug, Args)]
pub struct TakeoverArguments {
    /// How the groups are kept alive.
    #[arg(long, value_parser = super::arguments::mechanism, default_value = "replication")]
    pub mechanism: Mechanism,
    /// How many managers.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u32).range(2..=9))]
    pub managers: u32,
    /// How many times, each with a cluster of its own.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub repeat: u32,
    /// Stop the owner (SIGSTOP) instead of killing it.
    #[arg(long)]
    pub stopped: bool,
}

/// Measures and prints one line a run.
///
/// # Errors
/// `Usage` for a plan that makes no cluster; `Failed` if a cluster does not start, or writes do not go on.
pub fn takeover(arguments: &TakeoverArguments) -> Result<(), Failure> {
    let mut plan = ClusterPlan::new(arguments.mechanism, 1, 1);
    plan.managers = arguments.managers as usize;
    let ini = plan
        .to_ini()
        .map_err(|error: PlanError| Failure::Usage(format!("error: {error}")))?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    for _ in 0..arguments.repeat {
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("cluster.ini");
        std::fs::write(&file, &ini)?;
        let log = Some(folder.path().join("nodes.log"));
        let launcher = Launcher::this_program(log, Placement::Free)?;
        let pause = runtime.block_on(async {
            let mut running = RunningCluster::launch(launcher, &file).await?;
            let pause = pause(&mut running, arguments.stopped).await;
            running.stop().await;
            pause
        })?;
        println!(
            "{}: writes stood still for {} ms when the owner was {} (suspicion {} ms)",
            arguments.mechanism,
            pause.as_millis(),
            if arguments.stopped { "stopped" } else { "killed" },
            plan.suspicion.as_millis()
        );
    }
    Ok(())
}

/// The longest time between two answers.
async fn pause(running: &mut RunningCluster, is_stopped: bool) -> anyhow::Result<Duration> {
    let owner = running.members().await?.owner.map(|owner| owner.node);
    let place = running.managers().position(|(node, ..)| Some(node) == owner);
    let place = place.ok_or_else(|| anyhow::anyhow!("no manager owns the membership"))?;
    let process = Pid::from_raw(i32::try_from(running.manager_pids()[place])?);
    let mut directory = running.directory.clone();
    directory.managers.rotate_left(place);
    let group = running.cluster.group_ids().next().unwrap_or_default();
    let mut session = Session::open(directory, group, PATIENCE).await?;
    let began = Instant::now();
    let (mut last, mut longest, mut gone) = (began, Duration::ZERO, None);
    for number in 0u64.. {
        let (key, value) = (number.to_be_bytes().to_vec(), number.to_le_bytes().to_vec());
        session.write(Op::Insert { key, value }).await?;
        longest = longest.max(last.elapsed());
        last = Instant::now();
        match gone {
            None if began.elapsed() > AROUND => {
                longest = Duration::ZERO;
                kill(
                    process,
                    if is_stopped {
                        Signal::SIGSTOP
                    } else {
                        Signal::SIGKILL
                    },
                )?;
                gone = Some(last);
            }
            Some(gone) if gone.elapsed() > longest + AROUND => break,
            _ => {}
        }
    }
    if is_stopped {
        kill(process, Signal::SIGCONT)?;
    }
    Ok(longest)
}
