//! The command line.

mod counts;

use std::path::PathBuf;

use clap::{
    Args, Parser, Subcommand,
    builder::{PossibleValuesParser, TypedValueParser},
};
use settings::{Join, Mechanism};
use structures::kind::StructureKind;
use wire::{message::client::Reads, role::RoleArguments};

pub use self::counts::Counts;
use self::counts::counts;
use super::{
    check_history::CheckHistoryArguments, load::LoadArguments, member::MemberCommand, node::NodeRole,
    rejoin::RejoinArguments, resync::ResyncArguments, scrub::ScrubArguments, takeover::TakeoverArguments,
};
use crate::{floor::MAX_WINDOW, placement::Placement, results::ValueBytes, work::Workload};

/// Compares replication and fusion: launches clusters of real processes, loads them, crashes every node after
/// every so many inserts, reads everything back, and writes CSV, histograms, plots and a report.
#[derive(Debug, Parser)]
#[command(version, args_conflicts_with_subcommands = true)]
pub struct CommandLine {
    /// Without a command: the experiment.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// The experiment's options.
    #[command(flatten)]
    pub experiment: ExperimentArguments,
}

/// Everything but the experiment.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Launch the cluster of a cluster file here; Ctrl-C stops it
    Up {
        /// The cluster file.
        cluster: PathBuf,
        /// Start anew although a former run did not stop in order; its data is gone with its processes.
        #[arg(long)]
        fresh: bool,
    },
    /// Write a cluster file
    Config(ConfigArguments),
    /// Check a cluster file: all errors at once
    Check {
        /// The cluster file.
        cluster: PathBuf,
    },
    /// Add a process to a running cluster, remove one from it, or list them
    #[command(subcommand)]
    Member(MemberCommand),
    /// Compare a running fused cluster's parity with its primaries, block by block, while it serves
    Scrub(ScrubArguments),
    /// Measure requests a second and their times, without crashes; also beside Redis
    Load(LoadArguments),
    /// Time how a lost copy of a list comes back: a data node's, and beside it a replica's of Redis
    Resync(ResyncArguments),
    /// Measure what a group's writers notice while a backup of it is lost and comes back
    Rejoin(RejoinArguments),
    /// Measure the bare loopback rounds that no mechanism can beat
    Floor {
        /// Crashes to tolerate: rounds go to f and f + 1 processes.
        #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=4))]
        faults: u32,
        /// Rounds of each kind.
        #[arg(long, default_value_t = 5000, value_parser = clap::value_parser!(u32).range(1..))]
        samples: u32,
        /// Messages of one piece, for the rounds that carry many at once.
        #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u16).range(2..=MAX_WINDOW as i64))]
        window: u16,
        /// `split`: the sender on one core, the receivers on another; `free`: wherever the system likes.
        #[arg(long, default_value = "split")]
        placement: Placement,
    },
    /// Measure for how long writes stand still when the manager that owns the membership goes
    Takeover(TakeoverArguments),
    /// Weigh one plain copy of a list and of a map, beside Redis where it is installed
    Lean {
        /// How many elements of 8 bytes each, and keys of 8.
        #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(1..=MAX_OPS))]
        elements: u64,
    },
    /// Compare the folders of two runs
    Compare {
        /// A run's folder.
        a: PathBuf,
        /// Another run's folder.
        b: PathBuf,
    },
    /// Check what clients saw of a cluster for linearizability
    CheckHistory(CheckHistoryArguments),
    /// Draw a run's plots and report again from its CSV files
    Report {
        /// The run's folder.
        folder: PathBuf,
    },
    /// A node of a cluster: what the launcher starts, the same as the standalone binaries
    #[command(hide = true)]
    Node {
        /// Which kind.
        #[arg(value_enum)]
        role: NodeRole,
        /// The core to stay on.
        #[arg(long)]
        core: Option<usize>,
        /// As of the standalone binary.
        #[command(flatten)]
        arguments: RoleArguments,
    },
    /// A receiver of the floor's measurement
    #[command(hide = true)]
    FloorEcho {
        /// The core to stay on.
        #[arg(long)]
        core: Option<usize>,
    },
}

/// `bench config`.
#[derive(Debug, Args)]
pub struct ConfigArguments {
    /// How the groups are kept alive.
    #[arg(long, value_parser = mechanism, default_value = "replication")]
    pub mechanism: Mechanism,
    /// How many managers: any of them takes clients, one owns the membership.
    #[arg(long, default_value_t = 1)]
    pub managers: usize,
    /// How many groups.
    #[arg(long, default_value_t = 3)]
    pub groups: u32,
    /// Crashes to tolerate.
    #[arg(long, default_value_t = 1)]
    pub faults: u32,
    /// What every group protects.
    #[arg(long, default_value = "linked-list", value_parser = structure())]
    pub structure: StructureKind,
    /// Longest key, in bytes.
    #[arg(long)]
    pub key_bytes: Option<usize>,
    /// Longest value, in bytes.
    #[arg(long)]
    pub element_bytes: Option<usize>,
    /// First port; consecutive ones follow. Without it every port is 0: a free one.
    #[arg(long)]
    pub port: Option<u16>,
    /// Where to write it; standard output without.
    #[arg(long)]
    pub out: Option<PathBuf>,
    /// Write over a file that is there already.
    #[arg(long, requires = "out")]
    pub force: bool,
}

/// The groups and what their clients do: the same for the experiment and for a load without crashes.
#[derive(Debug, Args)]
pub struct GroupArguments {
    /// Which mechanisms, separated by commas; without, all that protect the structure but replication-sequencer, a baseline.
    #[arg(long, value_delimiter = ',', value_parser = mechanism)]
    pub mechanisms: Vec<Mechanism>,
    /// Crashes to tolerate (fusion: 1 to 4).
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=4))]
    pub faults: u32,
    /// What every group protects.
    #[arg(long, default_value = "linked-list", value_parser = structure())]
    pub structure: StructureKind,
    /// What the elements are made from, and who crashes with whom.
    #[arg(long, default_value_t = 1, allow_negative_numbers = true)]
    pub seed: u64,
    /// `split`: doors and clients on one core, backups on another, as on two machines; `free`: wherever the
    /// system likes.
    #[arg(long, default_value = "split")]
    pub placement: Placement,

    /// `insert`, or the shares of steps: `mixed:insert=50,update=30,delete=10,read=10`.
    #[arg(long, default_value = "insert", help_heading = "Load")]
    pub workload: Workload,
    /// How replicated groups are read: `local`, at one member up to what is stable, or `ordered`, at a place of the read's own
    /// among the writes.
    #[arg(long, default_value = "local", help_heading = "Load")]
    pub reads: Reads,
    /// Bytes of every key, 8 to 255; without, 8.
    #[arg(long, help_heading = "Load")]
    pub key_bytes: Option<usize>,
    /// Clients per group.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=512),
          help_heading = "Load")]
    pub clients: u32,
    /// Requests that each client has under way, 1 to 64.
    #[arg(long, default_value_t = 1, help_heading = "Load")]
    pub pipeline: usize,
}

/// The experiment.
#[derive(Debug, Args)]
pub struct ExperimentArguments {
    /// Numbers of groups: `1..5` (both ends included), `3`, or `1,5`.
    #[arg(long, default_value = "1..5", value_parser = counts)]
    pub groups: Counts,
    /// The groups themselves.
    #[command(flatten)]
    pub group: GroupArguments,
    /// Trials of each configuration.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub repeat: u32,

    /// Steps of the workload per group.
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u64).range(1..=MAX_OPS),
          help_heading = "Load")]
    pub ops: u64,
    /// Bytes of the values: `8`, or a range to draw from, `1..1024`; several, separated by commas, are
    /// configurations of their own. Without: 8, and none in a set.
    #[arg(
        long,
        visible_alias = "element-bytes",
        value_delimiter = ',',
        help_heading = "Load"
    )]
    pub value_bytes: Vec<ValueBytes>,

    /// Crash every node after this many steps per group; 0 means never.
    #[arg(long, default_value_t = 1000, help_heading = "Crashes")]
    pub crash_every: u64,
    /// Crash every node after these numbers of steps per group, separated by commas.
    #[arg(
        long,
        value_delimiter = ',',
        conflicts_with = "crash_every",
        help_heading = "Crashes"
    )]
    pub crash_at: Vec<u64>,
    /// How many nodes crash at once, up to f; which ones, the seed decides.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=4),
          help_heading = "Crashes")]
    pub crash_together: u32,
    /// What writers notice when a data node is readmitted: `stream`, two short pauses; `freeze`, they are held back until it
    /// has its state, as in the report.
    #[arg(long, default_value = "stream", help_heading = "Crashes")]
    pub join: Join,
    /// Crash another node whenever one is being recovered.
    #[arg(long, help_heading = "Crashes")]
    pub crash_during_recovery: bool,
    /// Write to the other groups through every crash, each client one request at a time, and record what they see.
    #[arg(long, help_heading = "Crashes")]
    pub load_during_recovery: bool,

    /// The folder of results; without, one under `runs/` named by the time.
    #[arg(long, help_heading = "Output")]
    pub out: Option<PathBuf>,
    /// Only print what would be done: processes, ports, steps.
    #[arg(long, help_heading = "Output")]
    pub dry_run: bool,
}

/// The most steps per group: as many elements as a structure may hold.
pub(super) const MAX_OPS: u64 = 16_000_000;

/// The names of structures, with a tip where one is mistyped.
fn structure() -> impl TypedValueParser<Value = StructureKind> {
    PossibleValuesParser::new(StructureKind::ALL.map(StructureKind::name))
        .try_map(|name| name.parse::<StructureKind>())
}

pub(super) fn mechanism(text: &str) -> Result<Mechanism, String> {
    text.parse()
        .map_err(|error: settings::UnknownMechanism| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        use clap::CommandFactory;
        CommandLine::command().debug_assert();
    }
}
