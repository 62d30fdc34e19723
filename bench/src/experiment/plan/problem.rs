//! What an experiment cannot do, said before it begins.

use settings::Mechanism;
use structures::kind::StructureKind;
use thiserror::Error;
use wire::client::MAX_PIPELINE;

use super::{Crashes, ExperimentPlan};
use crate::{
    mechanism::protects,
    results::ValueBytes,
    work::{MAX_KEY_BYTES, MIN_KEY_BYTES, Step},
};

/// A plan that cannot be carried out; each names the option and what it would take.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PlanProblem {
    /// A mechanism does not protect structures of this kind.
    #[error("--structure {structure}: {mechanism} protects no {structure}; leave it out of --mechanisms")]
    NotProtected {
        /// The structure asked for.
        structure: StructureKind,
        /// The mechanism asked for.
        mechanism: Mechanism,
    },
    /// The structure has no such step.
    #[error("--workload: a {structure} has no {step}")]
    NoSuchStep {
        /// The structure.
        structure: StructureKind,
        /// The step with a share.
        step: Step,
    },
    /// Keys of a structure without keys.
    #[error("--key-bytes {key_bytes}: a {structure} has no keys")]
    NoKeys {
        /// What was asked.
        key_bytes: usize,
        /// The structure.
        structure: StructureKind,
    },
    /// Keys that cannot hold an element's number, or that no cluster may have.
    #[error("--key-bytes {key_bytes}: keys have {MIN_KEY_BYTES} to {MAX_KEY_BYTES} bytes")]
    KeyBytes {
        /// What was asked.
        key_bytes: usize,
    },
    /// Values of a set, or empty ones of anything else.
    #[error("--value-bytes {value_bytes}: {}", .why)]
    ValueBytes {
        /// What was asked.
        value_bytes: ValueBytes,
        /// What is possible.
        why: String,
    },
    /// More crashes at once than are tolerated.
    #[error("{options}: {nodes} crashes at a time, but f = {faults} (--faults)")]
    TooManyCrashes {
        /// The options that ask for them.
        options: String,
        /// How many nodes would be down at once.
        nodes: u32,
        /// How many may be.
        faults: u32,
    },
    /// Something about crashes without any.
    #[error("{option}: there are no crashes (--crash-every 0)")]
    NoCrashes {
        /// The option.
        option: &'static str,
    },
    /// Places that do not rise, or are beyond the last step.
    #[error("--crash-at {place}: the places must rise from 1 to {ops} (--ops)")]
    CrashAt {
        /// The first bad one.
        place: u64,
        /// Steps per group.
        ops: u64,
    },
    /// Several clients where only the order of one is known.
    #[error("--clients {clients}: a {structure} has places, which are known with 1 client per group")]
    PlacesOfClients {
        /// What was asked.
        clients: u32,
        /// The structure.
        structure: StructureKind,
    },
    /// Several requests under way where places move.
    #[error("--pipeline {pipeline}: a {structure}'s places move under a mixed workload; 1 request at a time")]
    MovingPlaces {
        /// What was asked.
        pipeline: usize,
        /// The structure.
        structure: StructureKind,
    },
    /// A pipeline that is too deep or too shallow.
    #[error("--pipeline {pipeline}: a client has 1 to {MAX_PIPELINE} requests under way")]
    Pipeline {
        /// What was asked.
        pipeline: usize,
    },
}

impl ExperimentPlan {
    /// Whether the plan can be carried out.
    ///
    /// # Errors
    /// The first thing that stands in its way.
    pub fn check(&self) -> Result<(), PlanProblem> {
        self.check_groups()?;
        self.check_pipeline()?;
        self.check_places_of_clients()?;
        self.check_crashes()
    }

    /// Whether the mechanisms protect such groups, and the workload and the elements fit them.
    pub(crate) fn check_groups(&self) -> Result<(), PlanProblem> {
        self.check_structure()?;
        self.check_elements()
    }

    /// Whether a client may have so many requests under way.
    pub(crate) fn check_pipeline(&self) -> Result<(), PlanProblem> {
        let pipeline = self.pipeline;
        match (1..=MAX_PIPELINE).contains(&pipeline) {
            true => Ok(()),
            false => Err(PlanProblem::Pipeline { pipeline }),
        }
    }

    fn check_structure(&self) -> Result<(), PlanProblem> {
        let structure = self.structure;
        let unfit = self
            .mechanisms
            .iter()
            .find(|mechanism| !protects(**mechanism, structure));
        if let Some(mechanism) = unfit.copied() {
            return Err(PlanProblem::NotProtected { structure, mechanism });
        }
        match self.workload.not_of(structure) {
            Some(step) => Err(PlanProblem::NoSuchStep { structure, step }),
            None => Ok(()),
        }
    }

    fn check_elements(&self) -> Result<(), PlanProblem> {
        let key_bytes = self.key_bytes;
        if !(MIN_KEY_BYTES..=MAX_KEY_BYTES).contains(&key_bytes) {
            return Err(PlanProblem::KeyBytes { key_bytes });
        }
        let is_set = self.structure == StructureKind::Set;
        let is_fit =
            |bytes: &ValueBytes| is_set == (*bytes == ValueBytes::NONE) && (is_set || bytes.least() > 0);
        match self.value_bytes.iter().find(|bytes| !is_fit(bytes)) {
            None => Ok(()),
            Some(value_bytes) => Err(PlanProblem::ValueBytes {
                value_bytes: *value_bytes,
                why: match is_set {
                    true => "a set has keys alone (--key-bytes)".to_owned(),
                    false => format!("values have 1 to {} bytes", u16::MAX),
                },
            }),
        }
    }

    /// Whether the answers of all requests under way, and what is read back, are known.
    pub(crate) fn check_places_of_clients(&self) -> Result<(), PlanProblem> {
        let Self {
            structure,
            clients,
            pipeline,
            ..
        } = *self;
        if structure.is_keyed() {
            return Ok(());
        }
        if clients > 1 {
            return Err(PlanProblem::PlacesOfClients { clients, structure });
        }
        match pipeline > 1 && !self.workload.is_insert_only() {
            true => Err(PlanProblem::MovingPlaces { pipeline, structure }),
            false => Ok(()),
        }
    }

    fn check_crashes(&self) -> Result<(), PlanProblem> {
        let options = [
            ("--crash-together", self.crash_together > 1),
            ("--crash-during-recovery", self.crash_during_recovery),
            ("--load-during-recovery", self.load_during_recovery),
        ];
        let asked = options.into_iter().filter(|(_, is_asked)| *is_asked);
        let asked: Vec<&'static str> = asked.map(|(option, _)| option).collect();
        match (&self.crashes, asked.first()) {
            (Crashes::Never, Some(option)) => return Err(PlanProblem::NoCrashes { option }),
            (Crashes::Never, None) => return Ok(()),
            (Crashes::At(places), _) => self.check_places(places)?,
            (Crashes::Every(_), _) => {}
        }
        let nodes = self.crash_together + u32::from(self.crash_during_recovery);
        let of_crashes = asked.iter().filter(|option| option.starts_with("--crash"));
        match nodes > self.faults {
            true => Err(PlanProblem::TooManyCrashes {
                options: of_crashes.copied().collect::<Vec<_>>().join(" "),
                nodes,
                faults: self.faults,
            }),
            false => Ok(()),
        }
    }

    fn check_places(&self, places: &[u64]) -> Result<(), PlanProblem> {
        let ops = self.ops;
        let before = std::iter::once(0).chain(places.iter().copied());
        let bad = before
            .zip(places)
            .find(|(before, place)| **place <= *before || **place > ops);
        match bad {
            Some((_, place)) => Err(PlanProblem::CrashAt { place: *place, ops }),
            None => Ok(()),
        }
    }
}
