//! One group as it must be: every operation that its holder applied, and the structure after each of them,
//! made by a structure that never crashed.
//!
//! A recovery cuts the history off; what was answered is never cut off.

use std::collections::BTreeMap;

use multicast::id::{ClientId, Incarnation, Seq};
use structures::{
    Structure,
    delta::{REGIONS, RegionId},
    kind::StructureSpec,
    op::{Answer, Write},
};

use crate::client::Client;

pub(crate) type Images = [Vec<u8>; REGIONS];

pub(crate) fn images(structure: &Structure) -> Images {
    RegionId::ALL.map(|region| structure.image(region).to_vec())
}

/// Whether a structure's bytes are these.
pub(crate) fn is_image(structure: &Structure, images: &Images) -> bool {
    RegionId::ALL
        .iter()
        .zip(images)
        .all(|(region, image)| structure.image(*region) == image)
}

#[derive(Debug)]
pub(crate) struct Group {
    /// As of the last operation.
    reference: Structure,
    /// The writes that were operations, from number 1, and their answers.
    operations: Vec<(Write, Answer)>,
    /// By number; the first is the empty structure.
    states: Vec<Images>,
    numbers: BTreeMap<(ClientId, Seq), Seq>,
    /// The largest operation that a client may know of.
    pub(crate) answered: Seq,
    /// The life whose operations these are; none before the group begins.
    pub(crate) holder: Option<Incarnation>,
    /// Where the history was cut off, recovery by recovery.
    cuts: Vec<Seq>,
    pub(crate) client: Client,
}

impl Group {
    pub(crate) fn new(spec: StructureSpec, client: Client) -> Self {
        let reference = Structure::new(spec);
        Self {
            states: vec![images(&reference)],
            reference,
            operations: Vec::new(),
            numbers: BTreeMap::new(),
            answered: Seq(0),
            holder: None,
            cuts: Vec::new(),
            client,
        }
    }

    pub(crate) fn reference(&self) -> &Structure {
        &self.reference
    }

    /// The last operation.
    pub(crate) fn last(&self) -> Seq {
        Seq(self.operations.len() as u64)
    }

    /// The bytes after an operation.
    pub(crate) fn at(&self, number: Seq) -> Option<&Images> {
        self.states.get(usize::try_from(number.0).ok()?)
    }

    /// Which operation a client's write was, and its answer.
    pub(crate) fn operation_of(&self, client: ClientId, seq: Seq) -> Option<(Seq, &Answer)> {
        let number = *self.numbers.get(&(client, seq))?;
        Some((number, &self.operations[number.0 as usize - 1].1))
    }

    /// The holder applied a write; one that was applied before is no operation.
    pub(crate) fn apply(&mut self, write: Write) {
        let (answer, delta) = self.reference.apply(&write);
        if !delta.ranges.is_empty() {
            self.states.push(images(&self.reference));
            self.numbers
                .insert((write.client, write.seq), Seq(self.states.len() as u64 - 1));
            self.operations.push((write, answer));
        }
    }

    /// Another life goes on after `cut`, with a structure that is built anew from the writes.
    pub(crate) fn cut(&mut self, cut: Seq) {
        let spec = self.reference.spec();
        self.operations.truncate(cut.0 as usize);
        self.states.truncate(cut.0 as usize + 1);
        self.numbers.retain(|_, number| *number <= cut);
        self.reference = Structure::new(spec);
        for (write, _) in &self.operations {
            self.reference.apply(write);
        }
        self.cuts.push(cut);
    }

    /// How many recoveries there were.
    pub(crate) fn recoveries(&self) -> usize {
        self.cuts.len()
    }

    /// Whether an operation that was there after so many recoveries still is.
    pub(crate) fn still_holds(&self, number: Seq, recoveries: usize) -> bool {
        self.cuts[recoveries..].iter().all(|cut| number <= *cut)
    }
}
