//! A chain whose records have keys, with the index that finds them.

use super::chain::Chain;
use super::check::read_chain;
use super::format::Format;
use super::page::Geometry;
use super::page_index::PageIndex;
use super::view::{Cursor, View};
use crate::arena::Arena;
use crate::image_error::ImageError;
use crate::kind::StructureLimits;
use crate::op::{Element, Outcome};
use crate::transaction::Transaction;

/// See the module's documentation. No two records have one key.
#[derive(Clone)]
pub(crate) struct KeyedChain {
    chain: Chain,
    index: PageIndex,
    format: Format,
}

impl KeyedChain {
    /// A chain without pages.
    pub(crate) fn new(geometry: Geometry, format: Format) -> Self {
        Self {
            chain: Chain::new(geometry),
            index: PageIndex::new(format),
            format,
        }
    }

    /// The chain in a region that is not empty, checked.
    ///
    /// # Errors
    /// [`ImageError::Chain`], [`ImageError::Record`], [`ImageError::KnownKey`].
    pub(crate) fn from_arena(
        arena: &Arena,
        geometry: Geometry,
        format: Format,
        limits: StructureLimits,
    ) -> Result<Self, ImageError> {
        let chain = read_checked(arena, geometry, format, limits)?;
        let mut index = PageIndex::with_capacity(format, chain.records() as usize);
        let view = chain.view(arena);
        for page in chain.order().iter() {
            for start in view.starts(page) {
                if !index.add_new(view, start) {
                    return Err(ImageError::KnownKey {
                        region: geometry.region.0,
                        page: start.page.0,
                        offset: start.offset,
                    });
                }
            }
        }
        Ok(Self { chain, index, format })
    }

    pub(crate) fn chain(&self) -> &Chain {
        &self.chain
    }

    #[cfg(test)]
    pub(crate) fn chain_mut(&mut self) -> &mut Chain {
        &mut self.chain
    }

    pub(crate) fn find(&self, view: View<'_>, key: &[u8]) -> Option<Cursor> {
        self.index.find(view, key)
    }

    /// Adds an element, whose key is new, behind all others, if it fits.
    pub(crate) fn append(&mut self, tx: &mut Transaction<'_>, key: &[u8], value: &[u8]) -> Outcome {
        let record = self.format.encode(key, value);
        if !self.chain.has_room_for(record.len()) {
            return Outcome::Full;
        }
        self.chain.edit(tx, &mut self.index).push_back(&record);
        Outcome::Inserted
    }

    /// Replaces the value of the element at `at`, if the new one fits.
    pub(crate) fn replace(
        &mut self,
        tx: &mut Transaction<'_>,
        at: Cursor,
        key: &[u8],
        value: &[u8],
    ) -> Outcome {
        let record = self.format.encode(key, value);
        let before = self.chain.view_in(tx).record(at).whole_bytes();
        if !self.chain.has_room_instead(before, record.len()) {
            return Outcome::Full;
        }
        self.chain.edit(tx, &mut self.index).replace(at, &record);
        Outcome::Updated
    }

    /// The element at `at`, copied.
    pub(crate) fn element(&self, tx: &Transaction<'_>, at: Cursor) -> Element {
        self.format.element(self.chain.view_in(tx).record(at))
    }

    /// Removes the element at `at`; those behind it move up.
    pub(crate) fn remove(&mut self, tx: &mut Transaction<'_>, at: Cursor) {
        self.chain.edit(tx, &mut self.index).remove(at);
    }

    /// Puts an element, whose key is new, in the place of the one at `at`, if it takes as many bytes; says whether.
    pub(crate) fn exchange(
        &mut self,
        tx: &mut Transaction<'_>,
        at: Cursor,
        key: &[u8],
        value: &[u8],
    ) -> bool {
        let record = self.format.encode(key, value);
        let fits = self.chain.view_in(tx).record(at).whole_bytes() == record.len();
        if fits {
            self.chain.edit(tx, &mut self.index).exchange(at, &record);
        }
        fits
    }

    /// Removes the element at `at`. If the last one takes as many bytes, it comes into its place, and no other
    /// element moves.
    pub(crate) fn swap_remove(&mut self, tx: &mut Transaction<'_>, at: Cursor) {
        let view = self.chain.view_in(tx);
        let Some(last) = view.last().filter(|last| *last != at) else {
            return self.remove(tx, at);
        };
        let Element { key, value } = self.format.element(view.record(last));
        // For a moment the key is there twice: first in its new place, so that no page moves in between.
        let is_filled = self.exchange(tx, at, &key, &value);
        self.remove(tx, if is_filled { last } else { at });
    }

    /// Heap bytes of what is derived.
    pub(crate) fn heap_bytes(&self) -> usize {
        self.chain.heap_bytes() + self.index.heap_bytes()
    }
}

/// The chain in a region that is not empty, whose records are as operations within the limits write them.
///
/// # Errors
/// [`ImageError::Chain`], [`ImageError::Record`].
pub(crate) fn read_checked(
    arena: &Arena,
    geometry: Geometry,
    format: Format,
    limits: StructureLimits,
) -> Result<Chain, ImageError> {
    let region = geometry.region.0;
    let chain = read_chain(arena.image(geometry.region), geometry)
        .map_err(|error| ImageError::Chain { region, error })?;
    let view = chain.view(arena);
    for page in chain.order().iter() {
        for start in view.starts(page) {
            let Cursor { page, offset } = start;
            format
                .check(view.record(start), limits)
                .map_err(|error| ImageError::Record {
                    region,
                    page: page.0,
                    offset,
                    error,
                })?;
        }
    }
    Ok(chain)
}
