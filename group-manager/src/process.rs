//! A manager as a process: from its arguments to its exit code.

use std::process::ExitCode;

use wire::{
    process::HeapProbe,
    role::{RoleArguments, RoleError, listen, run_role},
};

use crate::{Settings, run};

/// Runs `[manager section]` of a cluster file (1 where the file implies it) until it is asked to stop.
/// Prints where it listens on standard output.
pub fn main(arguments: RoleArguments, heap: HeapProbe) -> ExitCode {
    run_role(arguments, move |cluster, arguments, shutdown| async move {
        let endpoint = cluster.manager(arguments.section)?.listen.clone();
        let mut settings = Settings::from_cluster(cluster, &arguments.cluster, arguments.section, heap)?;
        if !arguments.managers.is_empty() {
            settings.fellows = arguments.managers;
        }
        let (listener, address) = listen(&endpoint).await?;
        println!("listening on {address}");
        run(listener, settings, shutdown.wait())
            .await
            .map_err(RoleError::failed)
    })
}
