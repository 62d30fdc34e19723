//! `bench config` and `bench check`: writing and checking cluster files.

use std::{io::IsTerminal, path::Path};

use settings::{Cluster, ClusterPlan, LoadError, PortPlan};

use super::{Failure, arguments::ConfigArguments};

/// Writes a cluster file.
///
/// # Errors
/// `Usage` if the options make no cluster; `Failed` if the file cannot be written.
pub fn config(arguments: &ConfigArguments) -> Result<(), Failure> {
    let (groups, faults) = (arguments.groups as usize, arguments.faults as usize);
    let mut plan = ClusterPlan::new(arguments.mechanism, groups, faults);
    plan.structure = arguments.structure;
    plan.limits.key_bytes = arguments.key_bytes.unwrap_or(plan.limits.key_bytes);
    plan.limits.element_bytes = arguments.element_bytes.unwrap_or(plan.limits.element_bytes);
    plan.ports = arguments.port.map_or(PortPlan::Free, PortPlan::From);
    let text = plan
        .to_ini()
        .map_err(|error| Failure::Usage(format!("error: {error}")))?;
    match &arguments.out {
        None => print!("{text}"),
        Some(path) => {
            let failed = |error| anyhow::anyhow!("cannot write {}: {error}", path.display());
            std::fs::write(path, text).map_err(failed)?;
            println!("wrote {}", path.display());
        }
    }
    Ok(())
}

/// Loads a cluster file, or tells all that is wrong with it.
///
/// # Errors
/// `Usage`.
pub fn load(path: &Path) -> Result<Cluster, Failure> {
    Cluster::load(path).map_err(|error| {
        Failure::Usage(match error {
            LoadError::Problems(problems) if std::io::stderr().is_terminal() => problems.coloured(),
            LoadError::Problems(problems) => problems.plain(),
            LoadError::Read { path, source } => {
                format!("error: cannot read the cluster file {}: {source}", path.display())
            }
        })
    })
}

/// Checks a cluster file and says what it describes.
///
/// # Errors
/// `Usage` with all that is wrong.
pub fn check(path: &Path) -> Result<(), Failure> {
    let cluster = load(path)?;
    println!(
        "{}: {}, {} groups ({}), tolerates {} crashes{}; {} processes",
        path.display(),
        cluster.mechanism,
        cluster.groups.len(),
        cluster.groups.join(", "),
        cluster.fault_tolerance,
        match cluster.mechanism {
            settings::Mechanism::Replication => " per group",
            _ => " in all",
        },
        cluster.managers.len()
            + cluster.data_nodes.len()
            + cluster.primaries.len()
            + cluster.fusion_servers.len(),
    );
    Ok(())
}
