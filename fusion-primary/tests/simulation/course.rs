//! The course of a world: a beginning, chaos, healing, and what is demanded then.

use std::fmt;

use multicast::id::NodeId;
use rand::{Rng, SeedableRng, rngs::StdRng};

use crate::{
    claims::{Broken, Claim},
    fault::Fault,
    shape::{SUSPICION_US, Shape},
    world::{Happening, World},
};

/// Steps without anything new after which nothing new is expected, unless time alone still brings some.
const QUIET_STEPS: u32 = 1_500;

/// Time without anything new after which nothing new is expected: a manager gives every member that it awaits
/// the suspicion time, and turns other lives of that node away until then.
const QUIET_US: u64 = SUSPICION_US * 3 / 2;

/// Steps within which a world without strikes comes to rest.
const HEALING_STEPS: u32 = 40_000;

/// Happenings that a failure shows.
const SHOWN_HAPPENINGS: usize = 60;

/// How a world runs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Course {
    /// Random steps with strikes.
    steps: u32,
    /// One in so many steps is a strike.
    pub(crate) steps_per_strike: u32,
    /// Whether strikes may take more than the code can make good.
    pub(crate) is_wild: bool,
    /// Whether chaos comes before everyone has entered.
    is_sudden: bool,
}

impl Course {
    pub(crate) fn drawn(dice: &mut impl Rng, is_wild: bool) -> Self {
        Self {
            steps: dice.random_range(1_000..5_000),
            steps_per_strike: dice.random_range(40..160),
            is_wild,
            is_sudden: dice.random_ratio(1, 5),
        }
    }
}

/// A world in which a claim broke.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    seed: u64,
    shape: String,
    pub(crate) broken: Broken,
    last: Vec<Happening>,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            seed,
            shape,
            broken,
            last,
        } = self;
        writeln!(f, "seed {seed}: {broken}\n{shape}\nat last:")?;
        last.iter()
            .try_for_each(|Happening(what, who, with, number)| writeln!(f, "{what} {who} {with} {number}"))
    }
}

/// Runs the random world of a seed: the same seed, the same world. A wild one may lose more than can be made good.
///
/// # Errors
/// The first claim that broke.
pub(crate) fn run(seed: u64, is_wild: bool, fault: Option<Fault>) -> Result<Vec<Happening>, Box<Failure>> {
    let mut dice = StdRng::seed_from_u64(seed);
    let shape = Shape::drawn(&mut dice);
    let course = Course::drawn(&mut dice, is_wild);
    let mut world = World::new(shape, seed, fault);
    if !course.is_sudden {
        world.settle();
    }
    for _ in 0..course.steps {
        if world.broken.is_none() {
            world.step_or_strike(course);
        }
    }
    world.heal();
    world.verdict(seed)
}

impl World {
    /// # Errors
    /// The first claim that broke.
    pub(crate) fn verdict(self, seed: u64) -> Result<Vec<Happening>, Box<Failure>> {
        let Some(broken) = self.broken else {
            return Ok(self.trace);
        };
        let first = self.trace.len().saturating_sub(SHOWN_HAPPENINGS);
        Err(Box::new(Failure {
            seed,
            shape: format!("{:?}", self.shape),
            broken,
            last: self.trace[first..].to_vec(),
        }))
    }

    /// So many steps of ordinary life.
    pub(crate) fn live(&mut self, steps: u32) {
        for _ in 0..steps {
            if self.broken.is_some() {
                return;
            }
            self.step();
        }
    }

    /// Everyone comes back who can, nothing goes wrong any more, and what is demanded then is demanded.
    pub(crate) fn heal(&mut self) {
        self.reconnect_all();
        self.settle();
        self.demand_service();
        self.settle();
        self.judge_rest();
        if self.is_well() {
            self.judge_scrubs();
        }
    }

    /// Steps until all is well, or nothing new happens any more.
    pub(crate) fn settle(&mut self) {
        let (mut quiet, mut news, mut since) = (0, self.news, self.now);
        for _ in 0..HEALING_STEPS {
            let is_over = quiet > QUIET_STEPS && self.now.0 > since.0 + QUIET_US;
            if self.broken.is_some() || self.is_well() || is_over {
                return;
            }
            self.step_quietly();
            quiet += 1;
            if std::mem::replace(&mut news, self.news) < self.news {
                (quiet, since) = (0, self.now);
            }
        }
        self.demand(Claim::Progress, false, || "it never comes to rest".to_owned());
    }

    /// Steps until what is under way has arrived.
    pub(crate) fn settle_messages(&mut self) {
        for _ in 0..HEALING_STEPS {
            if self.broken.is_some() || self.is_quiet() {
                return;
            }
            self.step_quietly();
        }
    }

    /// Every group serves and takes a write, or is refused because too much was lost.
    pub(crate) fn demand_service(&mut self) {
        let all_well = self.is_well();
        let (missing, in_excess) = (self.missing(), self.in_excess);
        self.demand(Claim::Progress, all_well || in_excess, || {
            format!("{missing:?} are still missing")
        });
        let primaries: Vec<NodeId> = self.shape.primary_nodes().collect();
        for primary in primaries {
            match self.serves(primary) {
                true => self.write_once_more(primary),
                false => self.judge_refused(primary),
            }
        }
    }
}
