//! The clients of one group: loading it step by step, timed at both ends, and writing on through a crash of
//! others.

use std::{
    cell::Cell,
    time::{Duration, Instant},
};

use futures_util::future::try_join_all;
use hdrhistogram::{Histogram, serialization::Deserializer};
use multicast::id::GroupId;
use structures::kind::StructureKind;
use wire::{
    client::{Client, ClientError, Directory, Pipeline},
    message::client::Reads,
};

use super::{
    comparison::Comparison,
    contents::Contents,
    draws::Draws,
    elements::ElementSource,
    workload::{Step, Workload},
    writer::{Answered, Writer, WriterError},
};
use crate::results::Traffic;

/// How long one request is tried before the run gives up.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Why a load did not go through.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// A client could not go on.
    #[error(transparent)]
    Writer(#[from] WriterError),
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

/// What the clients of every group do.
#[derive(Clone, Copy, Debug)]
pub(super) struct Load {
    /// What the group protects.
    pub(super) structure: StructureKind,
    pub(super) workload: Workload,
    pub(super) reads: Reads,
    pub(super) source: ElementSource,
    /// Clients per group.
    pub(super) clients: u32,
    /// Requests that each may have under way.
    pub(super) pipeline: usize,
}

/// The clients of one group; they live as long as the experiment's cluster.
#[derive(Debug)]
pub(super) struct Loader {
    load: Load,
    group: GroupId,
    directory: Directory,
    writers: Vec<Writer>,
}

impl Loader {
    /// Connects the clients to the group.
    ///
    /// # Errors
    /// `Door`.
    pub(super) async fn open(directory: &Directory, group: GroupId, load: Load) -> Result<Self, LoadError> {
        let mut writers = Vec::new();
        for client in 0..load.clients {
            let pipeline = Pipeline::open(directory.clone(), group, load.pipeline, PATIENCE).await;
            let mut pipeline = pipeline.map_err(|source| LoadError::Door { group, source })?;
            pipeline.read_as(load.reads);
            let place = (client, load.clients);
            let contents = Contents::new(load.structure, load.source, group, place);
            let seed = load.source.seed ^ u64::from(group.0) << 32 ^ u64::from(client);
            writers.push(Writer::new(group, pipeline, contents, Draws::new(seed)));
        }
        Ok(Self {
            load,
            group,
            directory: directory.clone(),
            writers,
        })
    }

    /// The group.
    pub(super) fn group(&self) -> GroupId {
        self.group
    }

    /// Elements that the group should hold.
    pub(super) fn elements(&self) -> u64 {
        self.contents().map(|contents| contents.len() as u64).sum()
    }

    /// Bytes of their keys and values.
    pub(super) fn bytes(&self) -> u64 {
        self.contents().map(Contents::bytes).sum()
    }

    /// A comparison of the group with what it should hold.
    pub(super) fn comparison(&self) -> Comparison<'_> {
        let contents: Vec<&Contents> = self.contents().collect();
        Comparison::new(self.load.structure, self.group, self.load.source, &contents)
    }

    fn contents(&self) -> impl Iterator<Item = &Contents> {
        self.writers.iter().map(Writer::contents)
    }

    /// Takes the next `count` steps of the workload, shared by the clients, and adds what was measured.
    ///
    /// # Errors
    /// The first client's that fails.
    pub(super) async fn take_steps(
        &mut self,
        count: u64,
        latencies: &mut Latencies,
    ) -> Result<(), LoadError> {
        let group = self.group;
        let at_door = |source| LoadError::Door { group, source };
        let mut door = self.directory.door(group).await.map_err(at_door)?;
        door.door_report(true).await.map_err(at_door)?;
        self.take_steps_untimed_at_door(count, latencies).await?;
        self.collect(&mut door, latencies).await
    }

    async fn take_steps_untimed_at_door(
        &mut self,
        count: u64,
        latencies: &mut Latencies,
    ) -> Result<(), LoadError> {
        let Load {
            workload,
            clients,
            pipeline,
            ..
        } = self.load;
        let clients = u64::from(clients);
        let works = self.writers.iter_mut().zip(0..).map(async |(writer, client)| {
            let mut left = count / clients + u64::from(client < count % clients);
            let mut latencies_ns = empty_histogram();
            let next_step = |draws: &mut Draws| {
                left = left.checked_sub(1)?;
                Some(workload.draw(draws))
            };
            let answered = |answered: Answered| {
                if answered.step != Step::Read {
                    let took = answered.answered - answered.asked;
                    latencies_ns.saturating_record(took.as_nanos() as u64);
                }
            };
            writer.run(pipeline, next_step, answered).await?;
            Ok::<_, WriterError>(latencies_ns)
        });
        for measured in try_join_all(works).await? {
            latencies
                .client_ns
                .add(measured)
                .expect("the same digits, and the other one resizes");
        }
        Ok(())
    }

    /// Writes without a pause until `stop`, so that the number of elements stays as it is; tells of every update
    /// when it was asked and answered. Each client has one request under way, however deep its pipeline is: more
    /// would only wait for one another.
    ///
    /// # Errors
    /// The first client's that fails.
    pub(super) async fn keep_writing(
        &mut self,
        stop: &Cell<bool>,
    ) -> Result<Vec<(Instant, Instant)>, LoadError> {
        let has_updates = Step::Update.is_of(self.load.structure);
        let works = self.writers.iter_mut().map(async |writer| {
            let mut samples = Vec::new();
            let mut is_extra = false;
            let next_step = |_: &mut Draws| match (has_updates, is_extra) {
                (true, _) => (!stop.get()).then_some(Step::Update),
                (false, true) => {
                    is_extra = false;
                    Some(Step::Delete)
                }
                (false, false) => {
                    is_extra = !stop.get();
                    is_extra.then_some(Step::Insert)
                }
            };
            let answered = |answered: Answered| samples.push((answered.asked, answered.answered));
            writer.run(1, next_step, answered).await?;
            Ok::<_, WriterError>(samples)
        });
        Ok(try_join_all(works).await?.concat())
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

/// Nanoseconds, three digits, up to a minute: longer than any request is tried.
pub(crate) fn empty_histogram() -> Histogram<u64> {
    Histogram::new_with_max(60_000_000_000, 3).expect("the bounds are constants that the histogram accepts")
}
