//! One trial: a cluster under load while faults strike, healed and judged at the end.

use std::time::{Duration, Instant};

use bench::history::{Asked, ClientRecord, DEFAULT_BUDGET, Recorder, Verdict, check, read};
use multicast::id::GroupId;
use rand::{SeedableRng, rngs::StdRng};
use settings::{ClusterPlan, Mechanism, StoreSettings};
use structures::{kind::StructureKind, op::Element, query::Query};
use tokio::{sync::watch, task::JoinHandle};
use wire::{
    client::{Client, Directory},
    message::client::ReplyBody,
};

use super::{
    clients::{self, Assignment},
    etcd::Etcd,
    evidence::Evidence,
    faults::{Kind, strike},
    world::{PATIENCE, World},
};

/// Clients of each group, and of all groups together.
const CLIENTS: usize = 3;
const CLIENTS_TOGETHER: usize = 2;

fn from_environment(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name} is a number")))
}

/// A cluster, and what happens to it.
#[derive(Debug)]
pub struct Trial<'a> {
    pub mechanism: Mechanism,
    pub structure: StructureKind,
    pub managers: usize,
    /// Whether clients write to both groups at once, beside those of each.
    pub with_together: bool,
    pub kinds: &'a [Kind],
}

impl Trial<'_> {
    /// Two groups that survive one crash, quick to suspect.
    fn plan(&self) -> ClusterPlan {
        let mut plan = ClusterPlan::new(self.mechanism, 2, 1);
        plan.structure = self.structure;
        plan.managers = self.managers;
        plan.limits.element_bytes = 8;
        plan.heartbeat = Duration::from_millis(50);
        plan.suspicion = Duration::from_millis(500);
        plan
    }

    /// Runs a cluster under load while the faults strike, and judges it at the end.
    pub async fn survives(self) {
        let evidence = Evidence::of(&format!("{self:?}"), seed());
        self.survives_over(StoreSettings::Embedded, evidence).await;
    }

    /// The same with the membership in etcd, where that is installed.
    pub async fn survives_over_etcd(self) {
        let evidence = Evidence::of(&format!("{self:?} over etcd"), seed());
        if let Some(etcd) = Etcd::start(evidence.folder()) {
            self.survives_over(etcd.settings(), evidence).await;
        }
    }

    async fn survives_over(self, store: StoreSettings, evidence: Evidence) {
        let seconds = from_environment("FUSEBOX_CHAOS_SECONDS").unwrap_or(4);
        let folder = evidence.folder().to_owned();
        let mut world = World::start(self.plan(), store, folder, seed()).await;
        let recorder = Recorder::create(&evidence.history(), world.cluster.structure()).unwrap();

        let (stop, stopped) = watch::channel(false);
        let running = self.start_clients(&world, &recorder, &stopped);
        let mut random = StdRng::seed_from_u64(seed());
        let began = Instant::now();
        while began.elapsed() < Duration::from_secs(seconds) {
            strike(&mut world, self.kinds, &mut random).await;
        }
        stop.send_replace(true);
        println!("the faults are over");
        for client in running {
            let answered = client.await.unwrap();
            assert!(answered > 0, "a client was never answered");
        }
        assert_all_copies_agree(&world, &mut recorder.client()).await;
        drop((recorder, world));
        assert_linearizable(&evidence);
    }

    /// Clients of every group, and of all together, each beginning at another manager.
    fn start_clients(
        &self,
        world: &World,
        recorder: &Recorder,
        stop: &watch::Receiver<bool>,
    ) -> Vec<JoinHandle<u64>> {
        let alone = world.groups().into_iter().map(|group| vec![group]);
        let mut places: Vec<Vec<GroupId>> = alone.flat_map(|alone| vec![alone; CLIENTS]).collect();
        if self.with_together {
            places.extend(vec![world.groups(); CLIENTS_TOGETHER]);
        }
        let start = |(number, groups)| {
            let assignment = Assignment {
                directory: world.directory(number),
                kind: self.structure,
                groups,
                recorder: recorder.clone(),
                stop: stop.clone(),
            };
            clients::start(assignment, number as u64, seed())
        };
        places.into_iter().enumerate().map(start).collect()
    }
}

fn seed() -> u64 {
    from_environment("FUSEBOX_CHAOS_SEED").unwrap_or(1)
}

/// Reads every group at its door, which is recorded, and compares all copies with that.
async fn assert_all_copies_agree(world: &World, record: &mut ClientRecord) {
    let directory = world.directory(0);
    for group in world.groups() {
        let call = record.call(group, Asked::Read(Query::All));
        let elements = all_elements(&directory, group).await;
        let last = true;
        let body = ReplyBody::Elements {
            elements: elements.clone(),
            last,
        };
        record.answered(call, &Ok(body)).unwrap();
        for replica in world.replicas(group).await {
            assert_eq!(all_of_replica(replica, group).await, elements, "{group}");
        }
    }
    if !world.cluster.primaries.is_empty() {
        let report = bench::scrub::scrub(&directory).await.unwrap();
        assert!(report.is_sound(), "{report:?}");
    }
}

async fn all_elements(directory: &Directory, group: GroupId) -> Vec<Element> {
    directory.read_all(group, PATIENCE).await.unwrap()
}

/// A node may not have heard yet that all it holds is stable.
async fn all_of_replica(mut replica: Client, group: GroupId) -> Vec<Element> {
    let began = Instant::now();
    loop {
        match replica.read_all(group).await {
            Err(error) if error.is_passing() && began.elapsed() < PATIENCE => {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            read => return read.unwrap(),
        }
    }
}

fn assert_linearizable(evidence: &Evidence) {
    let history = read(&evidence.history()).unwrap();
    let began = Instant::now();
    let report = check(&history, DEFAULT_BUDGET);
    match &report.verdict {
        Verdict::Linearizable => println!("{report:?} in {:?}", began.elapsed()),
        Verdict::Flawed(flaws) => {
            let flaws: Vec<String> = flaws.iter().map(ToString::to_string).collect();
            panic!("{}", flaws.join("\n"));
        }
        Verdict::Undecided(objects) => panic!("undecided: {objects:?}"),
    }
}
