//! `bench node ROLE ...`: this program in a node's role.

use std::process::ExitCode;

use clap::ValueEnum;
use wire::{process::HeapProbe, role::RoleArguments};

/// The roles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum NodeRole {
    /// `group-manager`
    GroupManager,
    /// `data-node`
    DataNode,
    /// `primary`
    Primary,
    /// `fusion-server`
    FusionServer,
}

/// Runs the role to its end.
pub fn run(role: NodeRole, arguments: RoleArguments, heap: HeapProbe) -> ExitCode {
    match role {
        NodeRole::GroupManager => group_manager::main(arguments, heap),
        NodeRole::DataNode => data_node::main(arguments, heap),
        NodeRole::Primary => fusion_primary::main(arguments, heap),
        NodeRole::FusionServer => fusion_server::main(arguments, heap),
    }
}
