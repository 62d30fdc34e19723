//! `data-node cluster.ini 3`: one data node as a process of its own.

use std::{alloc::System, process::ExitCode};

use cap::Cap;
use clap::Parser;
use wire::role::RoleArguments;

#[global_allocator]
static ALLOCATOR: Cap<System> = Cap::new(System, usize::MAX);

/// One replica of one group of a replicated cluster: [node SECTION] of the cluster file.
#[derive(Parser)]
#[command(version)]
struct CommandLine {
    #[command(flatten)]
    role: RoleArguments,
}

fn main() -> ExitCode {
    data_node::main(CommandLine::parse().role, || ALLOCATOR.allocated() as u64)
}
