//! `fusion-primary cluster.ini 1`: one primary as a process of its own.

use std::{alloc::System, process::ExitCode};

use cap::Cap;
use clap::Parser;
use wire::role::RoleArguments;

#[global_allocator]
static ALLOCATOR: Cap<System> = Cap::new(System, usize::MAX);

/// The holder of one group of a fused cluster: [primary SECTION] of the cluster file.
#[derive(Parser)]
#[command(version)]
struct CommandLine {
    #[command(flatten)]
    role: RoleArguments,
}

fn main() -> ExitCode {
    fusion_primary::main(CommandLine::parse().role, || ALLOCATOR.allocated() as u64)
}
