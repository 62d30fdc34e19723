//! `fusion-server cluster.ini 1`: one fused server as a process of its own.

use std::{alloc::System, process::ExitCode};

use cap::Cap;
use clap::Parser;
use wire::role::RoleArguments;

#[global_allocator]
static ALLOCATOR: Cap<System> = Cap::new(System, usize::MAX);

/// One fused backup of all primaries of a fused cluster: [fusion SECTION] of the cluster file.
#[derive(Parser)]
#[command(version)]
struct CommandLine {
    #[command(flatten)]
    role: RoleArguments,
}

fn main() -> ExitCode {
    fusion_server::main(CommandLine::parse().role, || ALLOCATOR.allocated() as u64)
}
