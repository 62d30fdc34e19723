//! `bench up cluster.ini`: launch a cluster here, say where each node listens and which one ends, stop it on Ctrl-C.

use std::path::Path;

use comfy_table::{Table, presets::UTF8_FULL_CONDENSED};
use settings::Cluster;

use super::{Failure, config::load};
use crate::{
    cluster::{Launcher, RunningCluster},
    placement::Placement,
};

/// Launches and waits for Ctrl-C.
///
/// # Errors
/// `Usage` for a bad cluster file or the membership of a run that did not stop in order; `Failed` if the
/// cluster does not start.
pub fn up(file: &Path, fresh: bool) -> Result<(), Failure> {
    let cluster = load(file)?;
    clear_membership(&cluster, file, fresh)?;
    let launcher = Launcher::this_program(None, Placement::Free)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let launched = tokio::select! {
            launched = RunningCluster::launch(launcher, file) => launched?,
            _ = tokio::signal::ctrl_c() => return Err(Failure::Interrupted),
        };
        print_addresses(launched).await
    })?;
    // Stopped in order: nothing of the cluster is left, and the next launch may start anew.
    clear_membership(&cluster, file, true)
}

/// The membership file says which processes held data. Without them it only stands in the way.
fn clear_membership(cluster: &Cluster, file: &Path, fresh: bool) -> Result<(), Failure> {
    for manager in &cluster.managers {
        let path = cluster.membership_file(manager, file);
        if !path.exists() {
            continue;
        }
        if !fresh {
            return Err(Failure::Usage(format!(
                "error: {} shows that a former run of this cluster did not stop in order.\n\
                 If its processes still run, stop them; what they held is lost with them.\n\
                 To start anew with empty structures: bench up --fresh {}",
                path.display(),
                file.display()
            )));
        }
        std::fs::remove_file(&path)
            .map_err(|error| anyhow::anyhow!("cannot remove {}: {error}", path.display()))?;
    }
    Ok(())
}

async fn print_addresses(mut running: RunningCluster) -> Result<(), Failure> {
    let members = running.members().await?;
    let mut table = Table::new();
    table.load_preset(UTF8_FULL_CONDENSED);
    table.set_header(["node", "role", "group", "peers", "clients", "process"]);
    let pid = |pid: Option<u32>| pid.map_or("-".to_owned(), |pid| pid.to_string());
    let several = running.cluster.managers.len() > 1;
    for (id, (host, port), process) in running.managers() {
        let owns = several && members.owner.is_some_and(|owner| owner.node == id);
        let address = format!("{host}:{port}");
        table.add_row([
            id.0.to_string(),
            if owns {
                "group-manager (owner)"
            } else {
                "group-manager"
            }
            .to_owned(),
            "-".to_owned(),
            address.clone(),
            address,
            pid(process),
        ]);
    }
    let pids = running.pids();
    for (node, member) in &members.members {
        let address = |pick: fn(&wire::message::membership::Addresses) -> std::net::SocketAddr| {
            member
                .addresses
                .as_ref()
                .map_or("-".to_owned(), |addresses| pick(addresses).to_string())
        };
        table.add_row([
            node.0.to_string(),
            member.role.to_string(),
            member
                .group
                .map_or("-".to_owned(), |group| members.group_name(group)),
            address(|addresses| addresses.peers),
            address(|addresses| addresses.clients),
            pid(pids
                .iter()
                .find(|(other, _)| other == node)
                .and_then(|(_, pid)| *pid)),
        ]);
    }
    println!("{table}");
    println!("all nodes are active; Ctrl-C stops them");
    tokio::select! {
        stop = wait_for_stop() => stop?,
        () = tell_of_ends(&mut running) => {}
    }
    eprintln!("stopping");
    running.stop().await;
    Ok(())
}

/// Says of every process that ends how it did; the others go on.
async fn tell_of_ends(running: &mut RunningCluster) {
    loop {
        eprintln!("{}", running.next_end().await);
    }
}

async fn wait_for_stop() -> Result<(), Failure> {
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted?,
        _ = terminate.recv() => {}
    }
    Ok(())
}
