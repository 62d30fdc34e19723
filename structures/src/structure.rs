//! Any protected structure: what a data node or a primary holds of its group.
//!
//! The mechanisms know this type alone: a further kind of structure changes nothing in them.
//!
//! Invariant: the answer, the delta and the regions are a function of the writes applied, in their order.

use crate::arena::Arena;
use crate::delta::{Delta, REGIONS, RegionId};
use crate::image_error::ImageError;
use crate::keyed_list::{KeyedList, Sizes};
use crate::kind::{StructureKind, StructureSpec};
use crate::op::{Answer, Element, Outcome, Write};
use crate::packed::Packed;
use crate::query::{Found, Query};
use crate::remains::Remains;

/// One structure of any kind. See the module's documentation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Structure {
    spec: StructureSpec,
    body: Body,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Body {
    Linked(KeyedList),
    Packed(Box<Packed>),
    /// It is being taken apart.
    Remains(Remains),
}

impl Structure {
    /// An empty structure without sessions.
    pub fn new(spec: StructureSpec) -> Self {
        let body = match spec.kind {
            StructureKind::LinkedList => Body::Linked(KeyedList::new(spec.limits)),
            _ => Body::Packed(Box::new(Packed::new(spec))),
        };
        Self { spec, body }
    }

    /// The structure that these regions, in the order of [`RegionId::ALL`], are the bytes of.
    ///
    /// Costs one pass over the regions, and rebuilds the derived indexes.
    ///
    /// # Errors
    /// A variant of [`ImageError`] for whatever no structure of this kind and these limits can have written.
    pub fn from_images(spec: StructureSpec, images: [Vec<u8>; REGIONS]) -> Result<Self, ImageError> {
        let body = match spec.kind {
            StructureKind::LinkedList => Body::Linked(KeyedList::from_images(spec.limits, images)?),
            _ => Body::Packed(Box::new(Packed::from_images(spec, images)?)),
        };
        Ok(Self { spec, body })
    }

    /// What was left of a structure that was being taken apart, or a whole one that is to be.
    ///
    /// # Errors
    /// [`ImageError::Arena`] for regions that are too long.
    pub fn from_remains(spec: StructureSpec, images: [Vec<u8>; REGIONS]) -> Result<Self, ImageError> {
        let body = Body::Remains(Remains::of(Arena::from_images(images)?));
        Ok(Self { spec, body })
    }

    /// Takes some of the structure's bytes off, for good, and says what that changed; none if there are no more. From the
    /// first time on it is as if it were empty, and takes no write.
    pub fn take_off(&mut self) -> Option<Delta> {
        let body = std::mem::replace(&mut self.body, Body::Remains(Remains::default()));
        let mut remains = match body {
            Body::Linked(list) => Remains::of(list.into_arena()),
            Body::Packed(packed) => Remains::of(packed.into_arena()),
            Body::Remains(remains) => remains,
        };
        let taken = remains.take_off();
        self.body = Body::Remains(remains);
        taken
    }

    /// Applies one write, or answers it again if it was applied before.
    ///
    /// The delta says what changed in the regions; it has no ranges if nothing did, as for a retry.
    pub fn apply(&mut self, write: &Write) -> (Answer, Delta) {
        match &mut self.body {
            Body::Linked(list) => {
                let (outcome, delta) = list.apply(write);
                (outcome.into(), delta)
            }
            Body::Packed(packed) => packed.apply(write),
            Body::Remains(remains) => {
                let (lengths, ranges) = (remains.arena().lengths(), vec![]);
                (Outcome::NoSession.into(), Delta { lengths, ranges })
            }
        }
    }

    /// Answers a query.
    pub fn query(&self, query: &Query) -> Found {
        match &self.body {
            Body::Linked(list) => list.query(query),
            Body::Packed(packed) => packed.query(query),
            Body::Remains(_) => Self::new(self.spec).query(query),
        }
    }

    /// Bytes of memory that the elements of the answer to a long query ([`Query::is_long`]) will take, or a few more, found
    /// without copying any; 0 for other queries.
    pub fn answer_bytes(&self, query: &Query) -> u64 {
        match &self.body {
            Body::Linked(list) => list.answer_bytes(query),
            Body::Packed(packed) => packed.answer_bytes(query),
            Body::Remains(_) => 0,
        }
    }

    /// The value of a key, if this kind has keys and this one is there.
    pub fn get(&self, key: &[u8]) -> Option<Vec<u8>> {
        match &self.body {
            Body::Linked(list) => list.get(key),
            Body::Packed(packed) => packed.get(key),
            Body::Remains(_) => None,
        }
    }

    /// All elements in the structure's order, copied.
    pub fn elements(&self) -> Vec<Element> {
        match &self.body {
            Body::Linked(list) => list.elements(),
            Body::Packed(packed) => packed.elements(),
            Body::Remains(_) => vec![],
        }
    }

    /// Number of elements.
    pub fn len(&self) -> usize {
        match &self.body {
            Body::Linked(list) => list.len(),
            Body::Packed(packed) => packed.len(),
            Body::Remains(_) => 0,
        }
    }

    /// Whether there are no elements; there may be sessions.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What it is and how large its elements may be.
    pub fn spec(&self) -> StructureSpec {
        self.spec
    }

    /// Which kind it is.
    pub fn kind(&self) -> StructureKind {
        self.spec.kind
    }

    /// All bytes of one region.
    pub fn image(&self, region: RegionId) -> &[u8] {
        self.arena().image(region)
    }

    /// The regions.
    pub fn arena(&self) -> &Arena {
        match &self.body {
            Body::Linked(list) => list.arena(),
            Body::Packed(packed) => packed.arena(),
            Body::Remains(remains) => remains.arena(),
        }
    }

    /// What it occupies.
    pub fn sizes(&self) -> Sizes {
        match &self.body {
            Body::Linked(list) => list.sizes(),
            Body::Packed(packed) => packed.sizes(),
            Body::Remains(remains) => Sizes {
                payload_bytes: remains.arena().lengths().iter().sum::<u64>() as usize,
                auxiliary_bytes: 0,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use multicast::id::{ClientId, Seq};

    use super::*;
    use crate::kind::StructureLimits;
    use crate::op::Op;

    fn spec(kind: StructureKind) -> StructureSpec {
        let (key_bytes, element_bytes) = (4, 16);
        let limits = StructureLimits {
            key_bytes,
            element_bytes,
        };
        StructureSpec { kind, limits }
    }

    /// One element of key `key`, where there are keys, and value `value`, where there are values.
    fn add(kind: StructureKind) -> Op {
        let (key, value) = (b"key".to_vec(), b"value".to_vec());
        match kind {
            StructureKind::Set => Op::Insert { key, value: vec![] },
            StructureKind::PriorityQueue => Op::PushRanked { priority: 1, value },
            kind if kind.is_keyed() => Op::Insert { key, value },
            _ => Op::PushBack { value },
        }
    }

    #[test]
    fn every_kind_answers_is_read_and_is_the_same_from_its_images() {
        for kind in StructureKind::ALL {
            let mut structure = Structure::new(spec(kind));
            let mut copy = Arena::new();
            for (seq, op, outcome) in [
                (1, Op::OpenSession, Outcome::SessionOpened),
                (2, add(kind), Outcome::Inserted),
                (2, add(kind), Outcome::Inserted),
            ] {
                let (client, seq) = (ClientId(1), Seq(seq));
                let (answer, delta) = structure.apply(&Write { client, seq, op });
                assert_eq!(answer, outcome.into(), "{kind}");
                copy.apply(&delta).unwrap();
            }
            assert_eq!(
                (structure.kind(), structure.spec(), structure.arena()),
                (kind, spec(kind), &copy)
            );
            assert_eq!((structure.len(), structure.is_empty()), (1, false));
            let all = structure.elements();
            assert_eq!(structure.query(&Query::All), Found::Elements(all.clone()));
            let value = kind.is_keyed().then(|| all[0].value.clone());
            assert_eq!(structure.get(b"key"), value, "{kind}");

            let images = RegionId::ALL.map(|region| structure.image(region).to_vec());
            assert_eq!(
                Structure::from_images(spec(kind), images.clone()).as_ref(),
                Ok(&structure)
            );
            for other in StructureKind::ALL.into_iter().filter(|other| *other != kind) {
                let refused = Structure::from_images(spec(other), images.clone());
                let refusal = refused.expect_err("the images of another kind");
                let is_of_header = matches!(refusal, ImageError::Kind { .. } | ImageError::Magic { .. });
                let is_too_short = matches!(refusal, ImageError::HeaderTruncated { .. });
                assert!(is_of_header || is_too_short, "{kind} as {other}: {refusal}");
            }
        }
    }

    #[test]
    fn a_structure_of_any_kind_is_taken_apart_from_where_it_was_left_and_serves_nothing_meanwhile() {
        for kind in StructureKind::ALL {
            let mut structure = Structure::new(spec(kind));
            let (client, open) = (ClientId(1), Op::OpenSession);
            for (seq, op) in [(1, open), (2, add(kind))] {
                let seq = Seq(seq);
                structure.apply(&Write { client, seq, op });
            }
            let mut copy = structure.arena().clone();
            copy.apply(&structure.take_off().unwrap()).unwrap();
            let seq = Seq(3);
            let (answer, delta) = structure.apply(&Write {
                client,
                seq,
                op: add(kind),
            });
            assert_eq!(
                (answer, delta.ranges),
                (Outcome::NoSession.into(), vec![]),
                "{kind}"
            );
            assert_eq!(structure.query(&Query::All), Found::Elements(vec![]));
            assert_eq!((structure.len(), structure.get(b"key")), (0, None));

            let images = RegionId::ALL.map(|region| copy.image(region).to_vec());
            let mut rest = Structure::from_remains(spec(kind), images).unwrap();
            while let Some(delta) = rest.take_off() {
                copy.apply(&delta).unwrap();
            }
            assert_eq!(copy, Arena::new(), "{kind}");
        }
    }
}
