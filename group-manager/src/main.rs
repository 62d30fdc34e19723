//! `group-manager cluster.ini`: a group manager as a process of its own.

use std::{alloc::System, process::ExitCode};

use cap::Cap;
use clap::Parser;
use wire::role::RoleArguments;

#[global_allocator]
static ALLOCATOR: Cap<System> = Cap::new(System, usize::MAX);

/// Owns the membership of a cluster, and is the door to its replicated groups: [manager SECTION].
#[derive(Parser)]
#[command(version)]
struct CommandLine {
    #[command(flatten)]
    role: RoleArguments,
}

fn main() -> ExitCode {
    group_manager::main(CommandLine::parse().role, || ALLOCATOR.allocated() as u64)
}
