//! Inserting: closed-loop clients, each with one update under way, timed at both ends.

use std::time::{Duration, Instant};

use hdrhistogram::{Histogram, serialization::Deserializer};
use multicast::id::GroupId;
use structures::op::{Op, Outcome};
use wire::client::{Client, ClientError, Directory, Session};

use super::elements::ElementSource;
use crate::results::Traffic;

/// How long one insert is tried before the run gives up.
const WRITE_PATIENCE: Duration = Duration::from_secs(20);

/// Why a load did not go through.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// A client was refused, or ran out of patience.
    #[error("inserting element {number} into {group}: {source}")]
    Insert {
        /// The group.
        group: GroupId,
        /// Which element.
        number: u64,
        /// Why.
        source: ClientError,
    },
    /// The structure did not take the element as new.
    #[error("element {number} of {group} was not inserted: the answer was {outcome:?}")]
    NotInserted {
        /// The group.
        group: GroupId,
        /// Which element.
        number: u64,
        /// The answer.
        outcome: Outcome,
    },
    /// A session could not be opened, or a report not fetched.
    #[error("at the door of {group}: {source}")]
    Door {
        /// The group.
        group: GroupId,
        /// Why.
        source: ClientError,
    },
    /// The door's histogram is unreadable.
    #[error("the door of {group} sent no histogram: {reason}")]
    NoHistogram {
        /// The group.
        group: GroupId,
        /// Why.
        reason: String,
    },
}

/// Update latencies of one configuration, and what they cost on the network.
#[derive(Debug)]
pub(super) struct Latencies {
    /// At the door, nanoseconds.
    pub(super) door_ns: Histogram<u64>,
    /// At the clients, nanoseconds.
    pub(super) client_ns: Histogram<u64>,
    /// Between the doors and the other members.
    pub(super) traffic: Traffic,
}

impl Default for Latencies {
    fn default() -> Self {
        let histogram = empty_histogram;
        Self {
            door_ns: histogram(),
            client_ns: histogram(),
            traffic: Traffic::default(),
        }
    }
}

/// The clients of one group; they live as long as the experiment's cluster.
#[derive(Debug)]
pub(super) struct Loader {
    group: GroupId,
    directory: Directory,
    source: ElementSource,
    sessions: Vec<Session>,
    /// Elements inserted so far: the numbers below.
    inserted: u64,
}

impl Loader {
    /// Connects `clients` clients to the group.
    ///
    /// # Errors
    /// `Door`.
    pub(super) async fn open(
        directory: &Directory,
        group: GroupId,
        clients: u64,
        source: ElementSource,
    ) -> Result<Self, LoadError> {
        let mut sessions = Vec::new();
        for _ in 0..clients {
            let session = Session::open(directory.clone(), group, WRITE_PATIENCE).await;
            sessions.push(session.map_err(|source| LoadError::Door { group, source })?);
        }
        Ok(Self {
            group,
            directory: directory.clone(),
            source,
            sessions,
            inserted: 0,
        })
    }

    /// The group.
    pub(super) fn group(&self) -> GroupId {
        self.group
    }

    /// Inserts the next `count` elements, shared by the clients, and adds what was measured.
    ///
    /// # Errors
    /// The first client's that fails.
    pub(super) async fn insert(&mut self, count: u64, latencies: &mut Latencies) -> Result<(), LoadError> {
        let group = self.group;
        let at_door = |source| LoadError::Door { group, source };
        let mut door = self.directory.door(group).await.map_err(at_door)?;
        door.door_report(true).await.map_err(at_door)?;
        self.insert_untimed_at_door(count, latencies).await?;
        self.collect(&mut door, latencies).await
    }

    async fn insert_untimed_at_door(
        &mut self,
        count: u64,
        latencies: &mut Latencies,
    ) -> Result<(), LoadError> {
        let numbers = self.inserted..self.inserted + count;
        let clients = self.sessions.len() as u64;
        let (group, source) = (self.group, self.source);
        let works = self.sessions.iter_mut().zip(0..).map(|(session, client)| {
            let own = numbers.clone().filter(move |number| number % clients == client);
            insert_all(session, group, source, own)
        });
        for measured in futures_util::future::join_all(works).await {
            let histogram = measured?;
            latencies
                .client_ns
                .add(histogram)
                .expect("the same digits, and the other one resizes");
        }
        self.inserted += count;
        Ok(())
    }

    async fn collect(&self, door: &mut Client, latencies: &mut Latencies) -> Result<(), LoadError> {
        let group = self.group;
        let report = door
            .door_report(true)
            .await
            .map_err(|source| LoadError::Door { group, source })?;
        let mut bytes = report.latency_histogram.as_slice();
        let histogram: Histogram<u64> =
            Deserializer::new()
                .deserialize(&mut bytes)
                .map_err(|error| LoadError::NoHistogram {
                    group,
                    reason: format!("{error:?}"),
                })?;
        latencies
            .door_ns
            .add(histogram)
            .map_err(|error| LoadError::NoHistogram {
                group,
                reason: error.to_string(),
            })?;
        latencies.traffic.messages += report.traffic.frames;
        latencies.traffic.bytes += report.traffic.bytes;
        Ok(())
    }
}

/// Nanoseconds, three digits, up to a minute: longer than any insert is tried.
fn empty_histogram() -> Histogram<u64> {
    Histogram::new_with_max(60_000_000_000, 3).expect("the bounds are constants that the histogram accepts")
}

async fn insert_all(
    session: &mut Session,
    group: GroupId,
    source: ElementSource,
    numbers: impl Iterator<Item = u64>,
) -> Result<Histogram<u64>, LoadError> {
    let mut latencies_ns = empty_histogram();
    for number in numbers {
        let element = source.element(group, number);
        let began = Instant::now();
        let answer = session
            .write(Op::Insert {
                key: element.key,
                value: element.value,
            })
            .await
            .map_err(|source| LoadError::Insert {
                group,
                number,
                source,
            })?;
        latencies_ns.saturating_record(began.elapsed().as_nanos() as u64);
        if answer.outcome != Outcome::Inserted {
            return Err(LoadError::NotInserted {
                group,
                number,
                outcome: answer.outcome,
            });
        }
    }
    Ok(latencies_ns)
}
