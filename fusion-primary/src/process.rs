//! A primary as a process: from its arguments to its exit code.

use std::process::ExitCode;

use wire::{
    member::MemberEnd,
    process::HeapProbe,
    role::{RoleArguments, RoleError, listen, run_role},
};

use crate::{Settings, run};

/// Runs `[primary section]` of a cluster file until it is asked to stop. Prints where it listens on standard
/// output.
pub fn main(arguments: RoleArguments, heap: HeapProbe) -> ExitCode {
    run_role(arguments, move |cluster, arguments, shutdown| async move {
        let mut settings = Settings::from_cluster(&cluster, arguments.section, arguments.managers, heap)?;
        settings.member.advertised = arguments.advertised;
        let (listener, address) = listen(&settings.listen).await?;
        println!("listening on {address}");
        let ended = run(listener, settings, shutdown.wait()).await;
        ended.map(MemberEnd::tell).map_err(RoleError::failed)
    })
}
