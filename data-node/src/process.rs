//! A data node as a process: from its arguments to its exit code.

use std::process::ExitCode;

use wire::{
    member::MemberEnd,
    process::HeapProbe,
    role::{RoleArguments, RoleError, listen, run_role},
};

use crate::{Settings, run};

/// Runs `[node section]` of a cluster file until it is asked to stop. Prints where it listens on standard
/// output.
pub fn main(arguments: RoleArguments, heap: HeapProbe) -> ExitCode {
    run_role(arguments, move |cluster, arguments, shutdown| async move {
        let mut settings = Settings::from_cluster(&cluster, arguments.section, arguments.managers, heap)?;
        settings.member.advertised = arguments.advertised;
        let (multicast, multicast_address) = listen(&settings.multicast).await?;
        let (read, read_address) = listen(&settings.read).await?;
        println!("listening on {multicast_address} (reads on {read_address})");
        let ended = run(multicast, read, settings, shutdown.wait()).await;
        ended.map(MemberEnd::tell).map_err(RoleError::failed)
    })
}
