//! What the clients do: inserts alone, or a mix of steps by shares.

use std::{fmt, str::FromStr};

use serde::{Serialize, Serializer};
use structures::kind::StructureKind;
use thiserror::Error;

use super::draws::Draws;

/// One kind of step of a workload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// Puts a new element in.
    Insert,
    /// Changes the value of one that is there.
    Update,
    /// Takes one out.
    Delete,
    /// Looks at one that is there.
    Read,
}

impl Step {
    /// All of them, in the order in which they are written.
    pub const ALL: [Self; 4] = [Self::Insert, Self::Update, Self::Delete, Self::Read];

    /// The word for it on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Insert => "insert",
            Self::Update => "update",
            Self::Delete => "delete",
            Self::Read => "read",
        }
    }

    /// Whether a structure of this kind has such a step.
    pub(crate) fn is_of(self, kind: StructureKind) -> bool {
        use StructureKind::{PriorityQueue, Queue, Set, Stack};
        self != Self::Update || !matches!(kind, Set | Queue | Stack | PriorityQueue)
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The largest share of one step.
pub const MAX_SHARE: u32 = 1_000_000;

/// The shares of the steps, in the order of [`Step::ALL`]; their sum is not 0. Written `insert`, or as in
/// `mixed:insert=50,update=30,delete=10,read=10`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Workload([u32; 4]);

/// A text that is no workload.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BadWorkload {
    /// Neither `insert` nor `mixed:...`.
    #[error("\"{written}\" is no workload; expected insert, or mixed:insert=50,update=30,delete=10,read=10")]
    Unknown {
        /// The text.
        written: String,
    },
    /// A part is not of the form `step=share`.
    #[error("\"{written}\" is no share of a step; expected {steps}=SHARE", steps = step_names("|"))]
    NotAShare {
        /// The part.
        written: String,
    },
    /// A share is no number, or too large.
    #[error("\"{written}\" is no share; expected a number from 0 to {MAX_SHARE}")]
    NotANumber {
        /// The share.
        written: String,
    },
    /// A step has two shares.
    #[error("{step} has two shares")]
    Repeated {
        /// The step.
        step: Step,
    },
    /// No step has a share.
    #[error("the shares of a workload must not all be 0")]
    Nothing,
}

fn step_names(between: &str) -> String {
    Step::ALL.map(Step::name).join(between)
}

impl Workload {
    /// Inserts alone: the report's.
    pub const INSERT: Self = Self([1, 0, 0, 0]);

    /// The share of a step.
    pub fn share(self, step: Step) -> u32 {
        let Self(shares) = self;
        let place = Step::ALL.iter().position(|other| *other == step);
        place.map_or(0, |place| shares[place])
    }

    /// Whether nothing but inserts is asked for.
    pub(crate) fn is_insert_only(self) -> bool {
        Step::ALL[1..].iter().all(|step| self.share(*step) == 0)
    }

    /// The steps with a share that a structure of this kind does not have.
    pub(crate) fn not_of(self, kind: StructureKind) -> Option<Step> {
        let asked = Step::ALL.into_iter().filter(|step| self.share(*step) > 0);
        asked.into_iter().find(|step| !step.is_of(kind))
    }

    /// The next step, by the shares.
    pub(crate) fn draw(self, draws: &mut Draws) -> Step {
        let total: u64 = Step::ALL.iter().map(|step| u64::from(self.share(*step))).sum();
        let mut place = draws.below(total);
        for step in Step::ALL {
            let share = u64::from(self.share(step));
            if place < share {
                return step;
            }
            place -= share;
        }
        Step::Insert
    }
}

impl fmt::Display for Workload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_insert_only() {
            return f.write_str("insert");
        }
        let asked = Step::ALL.into_iter().filter(|step| self.share(*step) > 0);
        let parts: Vec<String> = asked.map(|step| format!("{step}={}", self.share(step))).collect();
        write!(f, "mixed:{}", parts.join(","))
    }
}

impl FromStr for Workload {
    type Err = BadWorkload;

    fn from_str(written: &str) -> Result<Self, BadWorkload> {
        if written == "insert" {
            return Ok(Self::INSERT);
        }
        let shares = written
            .strip_prefix("mixed:")
            .ok_or_else(|| BadWorkload::Unknown {
                written: written.to_owned(),
            })?;
        let mut found: [Option<u32>; 4] = [None; 4];
        for part in shares.split(',') {
            let (place, share) = parse_share(part)?;
            if found[place].replace(share).is_some() {
                let step = Step::ALL[place];
                return Err(BadWorkload::Repeated { step });
            }
        }
        let shares = found.map(Option::unwrap_or_default);
        match shares.iter().all(|share| *share == 0) {
            true => Err(BadWorkload::Nothing),
            false => Ok(Self(shares)),
        }
    }
}

/// The step's place in [`Step::ALL`] and its share.
fn parse_share(part: &str) -> Result<(usize, u32), BadWorkload> {
    let not_a_share = || BadWorkload::NotAShare {
        written: part.to_owned(),
    };
    let (name, share) = part.split_once('=').ok_or_else(not_a_share)?;
    let place = Step::ALL.iter().position(|step| step.name() == name.trim());
    let number = share.trim().parse().ok().filter(|share| *share <= MAX_SHARE);
    let number = number.ok_or_else(|| BadWorkload::NotANumber {
        written: share.to_owned(),
    });
    Ok((place.ok_or_else(not_a_share)?, number?))
}

impl Serialize for Workload {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<Workload, String> {
        text.parse().map_err(|error: BadWorkload| error.to_string())
    }

    #[test]
    fn workloads_are_insert_or_named_shares_in_any_order() {
        assert_eq!(parsed("insert"), Ok(Workload::INSERT));
        let mixed = Workload([50, 30, 10, 10]);
        assert_eq!(parsed("mixed:insert=50,update=30,delete=10,read=10"), Ok(mixed));
        assert_eq!(parsed("mixed:read=10,delete=10,update=30,insert=50"), Ok(mixed));
        assert_eq!(parsed("mixed:read=0,delete=7"), Ok(Workload([0, 0, 7, 0])));
        assert_eq!(mixed.to_string().parse(), Ok(mixed));
        assert_eq!(
            Workload([0, 0, 7, 0]).to_string().parse(),
            Ok(Workload([0, 0, 7, 0]))
        );
    }

    #[test]
    fn what_is_no_workload_is_said() {
        let said = |text| parsed(text).unwrap_err();
        assert_eq!(
            said("inserts"),
            "\"inserts\" is no workload; expected insert, or mixed:insert=50,update=30,delete=10,read=10"
        );
        assert_eq!(
            said("mixed:insert=50,upsert=3"),
            "\"upsert=3\" is no share of a step; expected insert|update|delete|read=SHARE"
        );
        assert_eq!(
            said("mixed:insert"),
            "\"insert\" is no share of a step; expected insert|update|delete|read=SHARE"
        );
        assert_eq!(parsed("mixed:read=1000000"), Ok(Workload([0, 0, 0, MAX_SHARE])));
        assert_eq!(
            said("mixed:read=1000001"),
            "\"1000001\" is no share; expected a number from 0 to 1000000"
        );
        assert_eq!(said("mixed:read=1,read=2"), "read has two shares");
        assert_eq!(
            said("mixed:insert=0,read=0"),
            "the shares of a workload must not all be 0"
        );
    }

    #[test]
    fn steps_come_about_as_often_as_their_shares_say() {
        let mixed: Workload = "mixed:insert=60,delete=40".parse().unwrap();
        let mut draws = Draws::new(1);
        let drawn: Vec<Step> = (0..1000).map(|_| mixed.draw(&mut draws)).collect();
        let inserts = drawn.iter().filter(|step| **step == Step::Insert).count();
        let deletes = drawn.iter().filter(|step| **step == Step::Delete).count();
        assert_eq!(inserts + deletes, 1000);
        assert!((550..650).contains(&inserts), "{inserts}");
    }

    #[test]
    fn only_structures_with_places_or_values_of_keys_have_updates() {
        let mixed: Workload = "mixed:insert=1,update=1".parse().unwrap();
        for kind in StructureKind::ALL {
            let lacking = mixed.not_of(kind);
            let has_none = ["set", "queue", "stack", "priority-queue"].contains(&kind.name());
            assert_eq!(lacking.is_some(), has_none, "{kind}");
            assert_eq!(Workload::INSERT.not_of(kind), None);
        }
    }
}
