//! The clients of one group: loading it step by step, timed at both ends, and writing on through a crash of
//! others.

use std::{
    cell::Cell,
    time::{Duration, Instant},
};

use futures_util::future::try_join_all;
use hdrhistogram::{Histogram, serialization::Deserializer};
use multicast::id::GroupId;
use wire::client::{Client, ClientError, Directory, Pipeline};

use crate::{
    results::Traffic,
    work::{Comparison, Contents, Draws, Step, Work, WorkError, Worker},
};

/// How long one request is tried before the run gives up.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Why a load did not go through.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// A client could not go on.
    #[error(transparent)]
    Work(#[from] WorkError),
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
    work: Work,
    group: GroupId,
    directory: Directory,
    /// Each notes when a request was asked.
    workers: Vec<Worker<Pipeline, Instant>>,
}

impl Loader {
    /// Connects the clients to the group.
    ///
    /// # Errors
    /// `Door`.
    pub(super) async fn open(directory: &Directory, group: GroupId, work: Work) -> Result<Self, LoadError> {
        let mut workers = Vec::new();
        for client in 0..work.clients {
            let pipeline = Pipeline::open(directory.clone(), group, work.pipeline, PATIENCE).await;
            let mut pipeline = pipeline.map_err(|source| LoadError::Door { group, source })?;
            pipeline.read_as(work.reads);
            workers.push(Worker::new(pipeline, work, group, client));
        }
        Ok(Self {
            work,
            group,
            directory: directory.clone(),
            workers,
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
        Comparison::new(self.work.structure, self.group, self.work.source, &contents)
    }

    fn contents(&self) -> impl Iterator<Item = &Contents> {
        self.workers.iter().map(Worker::contents)
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
        let Work {
            workload,
            clients,
            pipeline,
            ..
        } = self.work;
        let clients = u64::from(clients);
        let works = self.workers.iter_mut().zip(0..).map(async |(worker, client)| {
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
            run(worker, pipeline, next_step, answered).await?;
            Ok::<_, WorkError>(latencies_ns)
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
        let has_updates = Step::Update.is_of(self.work.structure);
        let works = self.workers.iter_mut().map(async |worker| {
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
            run(worker, 1, next_step, answered).await?;
            Ok::<_, WorkError>(samples)
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

/// One request that was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Answered {
    step: Step,
    asked: Instant,
    answered: Instant,
}

/// Takes steps until there is none, with at most `depth` requests under way, and waits for all answers.
///
/// # Errors
/// As of [`Worker::settle`].
async fn run(
    worker: &mut Worker<Pipeline, Instant>,
    depth: usize,
    mut next_step: impl FnMut(&mut Draws) -> Option<Step>,
    mut tell: impl FnMut(Answered),
) -> Result<(), WorkError> {
    loop {
        while worker.has_room(depth) && worker.start(&mut next_step, Instant::now) {}
        let Some(answer) = worker.next().await else {
            return Ok(());
        };
        let answered = Instant::now();
        if let Some((step, asked)) = worker.settle(answer)? {
            tell(Answered {
                step,
                asked,
                answered,
            });
        }
    }
}

/// Nanoseconds, three digits, up to a minute: longer than any request is tried.
pub(crate) fn empty_histogram() -> Histogram<u64> {
    Histogram::new_with_max(60_000_000_000, 3).expect("the bounds are constants that the histogram accepts")
}
