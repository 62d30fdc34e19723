//! `bench config` and `bench check`: writing and checking cluster files.

use std::{
    fs::OpenOptions,
    io::{ErrorKind, IsTerminal, Write},
    path::Path,
};

use settings::{Cluster, ClusterPlan, Endpoint, LoadError, PortPlan};
use wire::client::Directory;

use super::{Failure, arguments::ConfigArguments};

/// Writes a cluster file.
///
/// # Errors
/// `Usage` if the options make no cluster, or the file is there already; `Failed` if the file cannot be written.
pub fn config(arguments: &ConfigArguments) -> Result<(), Failure> {
    let (groups, faults) = (arguments.groups as usize, arguments.faults as usize);
    let mut plan = ClusterPlan::new(arguments.mechanism, groups, faults);
    plan.managers = arguments.managers;
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
            write(path, &text, arguments.force)?;
            println!("wrote {}", path.display());
        }
    }
    Ok(())
}

/// A cluster file may have been edited by hand since it was written.
fn write(path: &Path, text: &str, force: bool) -> Result<(), Failure> {
    let mut options = OpenOptions::new();
    match force {
        true => options.write(true).create(true).truncate(true),
        false => options.write(true).create_new(true),
    };
    let written = options
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => Failure::Usage(format!(
            "error: {} is there already; to write over it: --force",
            path.display()
        )),
        _ => Failure::Failed(anyhow::anyhow!("cannot write {}: {error}", path.display())),
    })
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

/// The way to a running cluster: by its file, or where its managers are said to listen.
///
/// # Errors
/// `Usage` if neither tells.
pub fn directory(cluster: &Cluster, file: &Path, said: &[(String, u16)]) -> Result<Directory, Failure> {
    let of_file = || {
        let listening = cluster.managers.iter().map(|manager| &manager.listen);
        let place = |listen: &Endpoint| (listen.port != 0).then(|| (listen.host.clone(), listen.port));
        listening.map(place).collect::<Option<Vec<_>>>()
    };
    let said = (!said.is_empty()).then(|| said.to_vec());
    let managers = said.or_else(of_file).ok_or_else(|| {
        Failure::Usage(format!(
            "error: {} gives its manager a free port; say which it took: --manager HOST:PORT (`bench up` prints it)",
            file.display()
        ))
    })?;
    Ok(Directory::of(cluster, managers))
}

/// Whether a manager answers, before anything that would wait for one begins.
///
/// # Errors
/// `Failed` if none does, with where it was tried and why the last one does not.
pub async fn reach(directory: &Directory) -> Result<(), Failure> {
    let place = |(host, port): &(String, u16)| Endpoint::from((host.as_str(), *port)).to_string();
    let places: Vec<String> = directory.managers.iter().map(place).collect();
    match directory.manager().await {
        Ok(_) => Ok(()),
        Err(error) => Err(anyhow::anyhow!("no manager answers at {}: {error}", places.join(" or ")).into()),
    }
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
            mechanism if mechanism.is_replication() => " per group",
            _ => " in all",
        },
        cluster.managers.len()
            + cluster.data_nodes.len()
            + cluster.primaries.len()
            + cluster.fusion_servers.len(),
    );
    Ok(())
}
