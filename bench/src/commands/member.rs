//! `bench member add|remove|list cluster.ini`: who belongs to a running cluster.
//!
//! The cluster file says what a process is; the running cluster's managers say whether it belongs to them. Whoever is
//! added has a section in the file first, and its process is started as always, before or after.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use clap::{Args, Subcommand};
use comfy_table::{Table, presets::UTF8_FULL_CONDENSED};
use multicast::id::{Epoch, GroupId, NodeId};
use settings::{Cluster, Endpoint, NoSuchSection};
use tokio::{
    net::lookup_host,
    time::{Instant, sleep},
};
use wire::{
    client::Directory,
    message::{
        membership::{Membership, Role, Standing},
        roster::{Change, NewMember},
    },
    role::host_and_port,
};

use super::{
    Failure,
    config::{self, load},
};

/// How long a change is tried: a manager may have just started, or take over.
const PATIENCE: Duration = Duration::from_secs(20);

/// How often it is asked whether a process that hands over has left.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// `bench member`.
#[derive(Debug, Subcommand)]
pub enum MemberCommand {
    /// Tell the running cluster of one more process; it counts once it has started and holds its state
    Add(SectionArguments),
    /// Take a process out of the running cluster, whether it lives or not; it is told, and ends
    Remove {
        /// Which.
        #[command(flatten)]
        section: SectionArguments,
        /// Also if what it holds is lost with it, or what lost primaries held that it is needed for
        #[arg(long)]
        discard: bool,
        /// Also if no more further crashes than this will be survived, which is fewer than now
        #[arg(long, value_name = "CRASHES")]
        tolerating: Option<u32>,
    },
    /// Everyone's standing, and how many crashes the cluster tolerates now
    List(ClusterArguments),
}

/// Which cluster.
#[derive(Debug, Args)]
pub struct ClusterArguments {
    /// The cluster file.
    pub cluster: PathBuf,
    /// Where a manager listens, if not where the cluster file says; once for each.
    #[arg(long = "manager", value_name = "HOST:PORT", value_parser = host_and_port)]
    pub managers: Vec<(String, u16)>,
}

/// Which section of which cluster file.
#[derive(Debug, Args)]
pub struct SectionArguments {
    /// The cluster file.
    pub cluster: PathBuf,
    /// The kind of the section.
    #[arg(value_enum)]
    pub kind: Kind,
    /// The number of the section.
    pub number: u32,
    /// Where a manager listens, if not where the cluster file says; once for each.
    #[arg(long = "manager", value_name = "HOST:PORT", value_parser = host_and_port)]
    pub managers: Vec<(String, u16)>,
}

/// The kinds of sections that can come and go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Kind {
    /// `[node N]`
    Node,
    /// `[primary N]`
    Primary,
    /// `[fusion N]`
    Fusion,
}

/// Carries it out.
///
/// # Errors
/// `Usage` for a bad cluster file or section; `Failed` with the managers' reason, or if none can be reached.
pub fn member(command: &MemberCommand) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let done = async {
            match command {
                MemberCommand::Add(section) => add(section).await,
                MemberCommand::Remove {
                    section,
                    discard,
                    tolerating,
                } => remove(section, *discard, *tolerating).await,
                MemberCommand::List(arguments) => list(arguments).await,
            }
        };
        tokio::select! {
            done = done => done,
            _ = tokio::signal::ctrl_c() => Err(Failure::Interrupted),
        }
    })
}

async fn add(section: &SectionArguments) -> Result<(), Failure> {
    let (cluster, directory) = opened(&section.cluster, &section.managers)?;
    let (mut new, endpoints) = described(&cluster, section.kind, section.number)
        .map_err(|error| Failure::Usage(format!("error: {error}")))?;
    for endpoint in endpoints {
        new.listens.extend(resolved(endpoint).await?);
    }
    let (node, role) = (new.node, new.role);
    config::reach(&directory).await?;
    let epoch = directory.change(Change::Add(new), PATIENCE).await?;
    println!("{node}, a {role}, belongs to the cluster as of {epoch}; it counts once it is active");
    Ok(())
}

async fn remove(section: &SectionArguments, discard: bool, tolerating: Option<u32>) -> Result<(), Failure> {
    let (cluster, directory) = opened(&section.cluster, &section.managers)?;
    let (NewMember { node, role, .. }, _) = described(&cluster, section.kind, section.number)
        .map_err(|error| Failure::Usage(format!("error: {error}")))?;
    config::reach(&directory).await?;
    let change = Change::Remove {
        node,
        discard,
        tolerating,
    };
    let epoch = directory.change(change, PATIENCE).await?;
    match has_left(&directory, node, epoch).await {
        Some(left) => println!("{node}, a {role}, belongs to the cluster no more as of {left}"),
        None => println!("{node}, a {role}, is to leave as of {epoch}, and is not gone yet"),
    }
    Ok(())
}

/// The epoch in which the process is no member any more: one that has something to hand over goes a little later than
/// the change is made in `epoch`. A manager that does not know of that yet, or is gone, tells nothing of it.
async fn has_left(directory: &Directory, node: NodeId, epoch: Epoch) -> Option<Epoch> {
    let began = Instant::now();
    while began.elapsed() < PATIENCE {
        let members = async { directory.manager().await?.members().await };
        match members.await {
            Ok(members) if members.epoch >= epoch && !members.leaving.contains(&node) => {
                return Some(members.epoch);
            }
            Ok(_) => {}
            Err(error) => tracing::debug!(%error, "no manager says who belongs to the cluster"),
        }
        sleep(LOOK_AGAIN).await;
    }
    None
}

async fn list(arguments: &ClusterArguments) -> Result<(), Failure> {
    let (_, directory) = opened(&arguments.cluster, &arguments.managers)?;
    config::reach(&directory).await?;
    let members = directory.manager().await?.members().await?;
    let mut table = Table::new();
    table.load_preset(UTF8_FULL_CONDENSED);
    table.set_header(["node", "role", "group", "standing"]);
    for (node, member) in &members.members {
        let group = member.group.map(|group| members.group_name(group));
        let standing = match members.leaving.contains(node) {
            true => "leaving".to_owned(),
            false => member.standing.to_string(),
        };
        table.add_row([
            node.0.to_string(),
            member.role.to_string(),
            group.unwrap_or_default(),
            standing,
        ]);
    }
    for group in members.closed_groups() {
        let name = members.group_name(group);
        table.add_row([String::new(), String::new(), name, "closed".to_owned()]);
    }
    println!("{table}");
    println!(
        "{}, tolerates {} more crashes",
        members.epoch,
        tolerated(&members)
    );
    Ok(())
}

/// How many crashes lose nothing now: of any active members under fusion, of data nodes of one group under replication.
pub fn tolerated(members: &Membership) -> usize {
    let active = |role: Role| {
        let all = members.members.values();
        all.filter(move |member| member.role == role && member.standing == Standing::Active)
    };
    let groups = members.founded.iter();
    let holders = |group| {
        active(Role::DataNode)
            .filter(|node| node.group == Some(group))
            .count()
    };
    let is_replicated = members
        .members
        .values()
        .any(|member| member.role == Role::DataNode);
    match is_replicated {
        true => groups
            .map(|group| holders(*group).saturating_sub(1))
            .min()
            .unwrap_or(0),
        false => {
            let missing =
                groups.filter(|group| active(Role::Primary).all(|primary| primary.group != Some(**group)));
            active(Role::FusionServer).count().saturating_sub(missing.count())
        }
    }
}

fn opened(file: &Path, managers: &[(String, u16)]) -> Result<(Cluster, Directory), Failure> {
    let cluster = load(file)?;
    let directory = config::directory(&cluster, file, managers)?;
    Ok((cluster, directory))
}

/// What the section says of its process, and where it listens.
fn described(
    cluster: &Cluster,
    kind: Kind,
    number: u32,
) -> Result<(NewMember, Vec<&Endpoint>), NoSuchSection> {
    let (node, role, group, endpoints): (NodeId, _, Option<GroupId>, _) = match kind {
        Kind::Node => {
            let node = cluster.data_node(number)?;
            let endpoints = vec![&node.multicast, &node.read];
            (node.id, Role::DataNode, Some(node.group), endpoints)
        }
        Kind::Primary => {
            let primary = cluster.primary(number)?;
            (
                primary.id,
                Role::Primary,
                Some(primary.group),
                vec![&primary.listen],
            )
        }
        Kind::Fusion => {
            let server = cluster.fusion_server(number)?;
            (server.id, Role::FusionServer, None, vec![&server.listen])
        }
    };
    let new = NewMember {
        node,
        role,
        group: group.map(|group| cluster.group_name(group).to_owned()),
        listens: Vec::new(),
    };
    Ok((new, endpoints))
}

/// Where an endpoint is; nowhere yet, if it asks for a free port.
async fn resolved(endpoint: &Endpoint) -> Result<Vec<SocketAddr>, Failure> {
    match endpoint.port {
        0 => Ok(Vec::new()),
        port => Ok(lookup_host((endpoint.host.as_str(), port)).await?.collect()),
    }
}
