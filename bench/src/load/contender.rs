//! What is loaded: a cluster's groups or Redis, with its clients. Several are driven in turns.

use std::time::Duration;

use futures_util::future::try_join_all;
use multicast::id::GroupId;
use settings::Cluster;
use structures::query::{Found, Query};
use tokio::time::{Instant, sleep};
use wire::{
    client::{ClientError, Directory},
    member::redial_pause,
    message::client::Refusal,
};

use super::{
    client::{LoadClient, Slice},
    door::Door,
    error::LoadError,
    pace::{Pace, Starts},
    redis_line::RedisLine,
    sites::Sites,
    tally::{Span, Tally},
};
use crate::{
    cluster::RunningCluster,
    experiment::PATIENCE,
    history::{Asked, ClientRecord, Ending, Recorder},
    redis::RedisPair,
    work::{Line, Work},
};

/// Something to load, ready to be driven.
pub(super) enum Contender {
    /// A cluster's groups; launched for the load, or running anyway.
    Groups {
        sites: Sites,
        cluster: Box<Cluster>,
        launched: Option<Box<Launched>>,
        clients: Vec<LoadClient<Door>>,
        history: Option<Recorder>,
    },
    /// Redis with one replica; a list for every group.
    Redis {
        pair: RedisPair,
        clients: Vec<LoadClient<RedisLine>>,
        groups: Vec<GroupId>,
    },
}

/// A cluster of our own; its files lie in the folder.
pub(super) struct Launched {
    pub(super) running: RunningCluster,
    pub(super) _folder: tempfile::TempDir,
}

impl Contender {
    /// Connects the clients to every group of a cluster, all of which must be empty.
    ///
    /// # Errors
    /// `Door`, `NotEmpty`.
    pub(super) async fn of_cluster(
        sites: Sites,
        cluster: Cluster,
        launched: Option<Box<Launched>>,
        work: Work,
        history: Option<Recorder>,
    ) -> Result<Self, LoadError> {
        let mut clients = Vec::new();
        for group in cluster.group_ids() {
            let elements = count(sites.near(), group).await?;
            if elements > 0 {
                return Err(LoadError::NotEmpty { group, elements });
            }
            for number in 0..work.clients {
                let (directory, depth) = (sites.directory_of(clients.len()), work.pipeline);
                let line = Door::open(directory, group, depth, PATIENCE, history.as_ref()).await;
                let mut line = line.map_err(|source| LoadError::Door { group, source })?;
                line.read_as(work.reads);
                if let Some(together) = work.together {
                    let group = together.beside(group);
                    let opened = line.open_beside(group).await;
                    opened.map_err(|source| LoadError::Door { group, source })?;
                }
                clients.push(LoadClient::new(line, work, group, number));
            }
        }
        Ok(Self::Groups {
            sites,
            cluster: Box::new(cluster),
            launched,
            clients,
            history,
        })
    }

    /// Connects the clients to Redis, to a list of its own for every group.
    ///
    /// # Errors
    /// `Redis`.
    pub(super) async fn of_redis(pair: RedisPair, groups: u16, work: Work) -> Result<Self, LoadError> {
        let mut clients = Vec::new();
        for group in (0..groups).map(GroupId) {
            for number in 0..work.clients {
                let line = RedisLine::open(pair.primary(), group, work.pipeline).await?;
                clients.push(LoadClient::new(line, work, group, number));
            }
        }
        let groups = (0..groups).map(GroupId).collect();
        Ok(Self::Redis {
            pair,
            clients,
            groups,
        })
    }

    /// Its name in rows and tables.
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Groups { cluster, .. } => cluster.mechanism.name(),
            Self::Redis { .. } => super::REDIS,
        }
    }

    /// Drives it for one slice.
    ///
    /// # Errors
    /// The first request's that fails or is answered wrongly.
    pub(super) async fn slice(&mut self, span: Span, pace: Pace) -> Result<Tally, LoadError> {
        match self {
            Self::Groups { clients, .. } => drive(clients, span, pace).await,
            Self::Redis { clients, .. } => drive(clients, span, pace).await,
        }
    }

    /// Counts what it holds against what was answered, and stops it if it was launched for this.
    ///
    /// # Errors
    /// `Count`, or that it could not be counted.
    pub(super) async fn finish(self) -> Result<(), LoadError> {
        match self {
            Self::Groups {
                sites,
                cluster,
                launched,
                clients,
                history,
            } => {
                for group in cluster.group_ids() {
                    let found = count(sites.near(), group).await?;
                    let holder = format!("{group} of {}", cluster.mechanism);
                    check(&holder, found, elements_in(&clients, group))?;
                }
                drop(clients);
                if let Some(history) = history {
                    let groups = cluster.group_ids().collect();
                    record_contents(sites.near(), groups, history.client()).await?;
                }
                if let Some(launched) = launched {
                    launched.running.stop().await;
                }
                Ok(())
            }
            Self::Redis {
                mut pair,
                clients,
                groups,
            } => {
                let (primary, replica) = pair.elements().await?;
                let groups = groups.into_iter().map(|group| elements_in(&clients, group));
                let expected = groups.sum();
                check("Redis", primary, expected)?;
                check("Redis's replica", replica, expected)
            }
        }
    }
}

/// What all clients together put into the group and did not take out.
fn elements_in<L: Line>(clients: &[LoadClient<L>], group: GroupId) -> u64 {
    clients.iter().map(|client| client.elements_in(group)).sum()
}

fn check(holder: &str, found: u64, expected: u64) -> Result<(), LoadError> {
    let holder = holder.to_owned();
    match found == expected {
        true => Ok(()),
        false => Err(LoadError::Count {
            holder,
            found,
            expected,
        }),
    }
}

/// Ends a history with what every group holds, unless that is more than one read shows: then whatever the clients wrote
/// and nobody read is checked by its answers alone.
async fn record_contents(
    directory: &Directory,
    groups: Vec<GroupId>,
    mut record: ClientRecord,
) -> Result<(), LoadError> {
    for group in groups {
        let call = record.call(group, Asked::Read(Query::All));
        let ending = match directory.read_all(group, PATIENCE).await {
            Ok(elements) => Ending::Ok(vec![Found::Elements(elements).into()]),
            Err(ClientError::Refused(Refusal::ReadTooLarge { .. })) => Ending::Refused,
            Err(source) => return Err(LoadError::Door { group, source }),
        };
        record.ended(call, ending).map_err(LoadError::History)?;
    }
    record.finish().map_err(LoadError::History)
}

/// How many elements the group holds; tried again while what is in the way may pass, such as a primary that has not
/// heard yet that it is to serve.
async fn count(directory: &Directory, group: GroupId) -> Result<u64, LoadError> {
    let began = Instant::now();
    let mut attempt = 0;
    loop {
        let asked = async {
            let mut door = directory.door(group).await?;
            door.len(group).await
        };
        match asked.await {
            Err(error) if error.is_passing() && began.elapsed() < PATIENCE => {
                sleep(redial_pause(attempt)).await;
                attempt += 1;
            }
            counted => return counted.map_err(|source| LoadError::Door { group, source }),
        }
    }
}

/// All clients at once, in one task: the runtime looks at the sockets less often for a task than for its own future.
async fn drive<L: Line + 'static>(
    clients: &mut Vec<LoadClient<L>>,
    span: Span,
    pace: Pace,
) -> Result<Tally, LoadError> {
    let mut driven = std::mem::take(clients);
    let task = tokio::spawn(async move {
        let slice = Slice::begin(span);
        let count = driven.len() as u64;
        let works = driven.iter_mut().zip(0..).map(|(client, number)| {
            let starts = Starts::of_client(pace, number, count);
            client.run(&slice, starts)
        });
        try_join_all(works).await?;
        let tally = slice
            .tally
            .into_inner()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        Ok::<_, LoadError>((driven, tally))
    });
    let (driven, tally) = task.await??;
    *clients = driven;
    Ok(tally)
}

/// Between two slices: what the one before left in queues and caches of the system is not the next one's.
pub(super) const PAUSE: Duration = Duration::from_millis(50);
