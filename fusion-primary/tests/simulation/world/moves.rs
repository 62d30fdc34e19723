//! Ordinary life: one of the things that wait to happen happens.

use multicast::id::NodeId;
use rand::Rng;

use super::World;
use crate::course::Course;

/// What can happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Move {
    Order,
    Speech,
    Frame,
    Ack,
    Connect,
    Dial,
    Swap,
    Enter,
    Start,
    Portion,
    Residual,
    Check,
    Ask,
    AskAgain,
    Tick,
    Beat,
    Scrub,
    Patience,
    Manager,
}

/// How often each is tried in a world of even tempo.
const WEIGHTS: [(Move, u32); 19] = [
    (Move::Order, 40),
    (Move::Speech, 40),
    (Move::Frame, 40),
    (Move::Ack, 40),
    (Move::Connect, 16),
    (Move::Dial, 16),
    (Move::Swap, 16),
    (Move::Enter, 12),
    (Move::Start, 10),
    (Move::Portion, 12),
    (Move::Residual, 16),
    (Move::Check, 6),
    (Move::Ask, 50),
    (Move::AskAgain, 12),
    (Move::Tick, 3),
    (Move::Beat, 3),
    (Move::Scrub, 2),
    (Move::Patience, 2),
    (Move::Manager, 2),
];

/// How often each is tried in one world: what is slow there and what is quick differs from world to world.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tempo {
    weights: [(Move, u32); 19],
    sum: u32,
}

impl Tempo {
    const EVEN: Self = Self::of(WEIGHTS);

    const fn of(weights: [(Move, u32); 19]) -> Self {
        let (mut sum, mut place) = (0, 0);
        while place < weights.len() {
            sum += weights[place].1;
            place += 1;
        }
        Self { weights, sum }
    }

    /// Each move up to four times as often as in the even tempo, or as seldom.
    pub(super) fn drawn(dice: &mut impl Rng) -> Self {
        let factors = [1, 2, 4, 8, 16];
        Self::of(WEIGHTS.map(|(chosen, weight)| (chosen, weight * factors[dice.random_range(0..5)])))
    }

    fn draw(&self, dice: &mut impl Rng) -> Move {
        let mut chance = dice.random_range(0..self.sum);
        for (chosen, weight) in self.weights {
            match chance.checked_sub(weight) {
                Some(rest) => chance = rest,
                None => return chosen,
            }
        }
        unreachable!("the chance is below the sum of all weights")
    }
}

impl World {
    /// One thing happens, or turns out not to be there to happen.
    pub(crate) fn step(&mut self) {
        let chosen = self.tempo.draw(&mut self.dice);
        self.make(chosen);
    }

    /// One step of chaos.
    pub(crate) fn step_or_strike(&mut self, course: Course) {
        match self.ambush {
            Some(0) => {
                self.ambush = None;
                self.strike_process(course.is_wild);
            }
            _ if self.dice.random_ratio(1, course.steps_per_strike) => self.strike(course.is_wild),
            _ => {
                self.ambush = self.ambush.map(|steps| steps - 1);
                self.step();
            }
        }
    }

    /// The same, but no client begins anything.
    pub(crate) fn step_quietly(&mut self) {
        let chosen = Tempo::EVEN.draw(&mut self.dice);
        if !matches!(chosen, Move::Ask | Move::Scrub) {
            self.make(chosen);
        }
    }

    fn make(&mut self, chosen: Move) -> bool {
        match chosen {
            Move::Order => self.deliver_order(),
            Move::Speech => self.deliver_speech(),
            Move::Frame => self.deliver_frame(),
            Move::Ack => self.deliver_ack(),
            Move::Connect => self.connect(),
            Move::Dial => self.finish_dial(),
            Move::Swap => self.finish_swap(),
            Move::Enter => self.let_one_enter(),
            Move::Start => self.start_one(),
            Move::Portion => self.send_portion(),
            Move::Residual => self.deliver_residual(),
            Move::Check => self.finish_check(),
            Move::Ask => self.ask(),
            Move::AskAgain => self.send_again(),
            Move::Scrub => self.scrub_something(),
            Move::Patience => self.lose_patience(),
            Move::Tick => {
                self.tick();
                true
            }
            Move::Beat => {
                let nodes: Vec<NodeId> = self.shape.nodes().collect();
                let node = self.pick(&nodes).expect("a world has nodes");
                self.beat(node);
                self.primary_event(node, fusion_primary::primary::Event::Tick);
                true
            }
            Move::Manager => {
                let is_wanted = self.office.is_none();
                if is_wanted {
                    self.appoint_manager();
                }
                is_wanted
            }
        }
    }

    fn let_one_enter(&mut self) -> bool {
        let outside = |node: &NodeId| {
            self.life(*node)
                .is_some_and(|life| life.line.is_none() && !life.cut_off)
        };
        let nodes: Vec<NodeId> = self.shape.nodes().filter(outside).collect();
        let Some(node) = self.pick(&nodes) else {
            return false;
        };
        self.enter(node);
        true
    }

    fn start_one(&mut self) -> bool {
        let Some(node) = self.pick(&self.dead()) else {
            return false;
        };
        self.start(node);
        true
    }

    /// Whether nothing is under way but knocks, calls into the void, and time.
    pub(crate) fn is_quiet(&self) -> bool {
        let dials = self
            .office
            .as_ref()
            .is_some_and(|office| !office.dials.is_empty());
        self.swap.is_none()
            && !dials
            && self.lines_are_idle()
            && self.channels_are_idle()
            && self.streams_are_idle()
    }
}
