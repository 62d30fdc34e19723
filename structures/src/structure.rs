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
use crate::op::{Answer, Element, Write};
use crate::packed::Packed;
use crate::query::{Found, Query};

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
        }
    }

    /// Answers a query.
    pub fn query(&self, query: &Query) -> Found {
        match &self.body {
            Body::Linked(list) => list.query(query),
            Body::Packed(packed) => packed.query(query),
        }
    }

    /// The value of a key, if this kind has keys and this one is there.
    pub fn get(&self, key: &[u8]) -> Option<Vec<u8>> {
        match &self.body {
            Body::Linked(list) => list.get(key),
            Body::Packed(packed) => packed.get(key),
        }
    }

    /// All elements in the structure's order, copied.
    pub fn elements(&self) -> Vec<Element> {
        match &self.body {
            Body::Linked(list) => list.elements(),
            Body::Packed(packed) => packed.elements(),
        }
    }

    /// Number of elements.
    pub fn len(&self) -> usize {
        match &self.body {
            Body::Linked(list) => list.len(),
            Body::Packed(packed) => packed.len(),
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
        }
    }

    /// What it occupies.
    pub fn sizes(&self) -> Sizes {
        match &self.body {
            Body::Linked(list) => list.sizes(),
            Body::Packed(packed) => packed.sizes(),
        }
    }
}
