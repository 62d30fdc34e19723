//! Elements by place: what a list, a queue or a stack should hold.

use std::collections::VecDeque;

use structures::{kind::StructureKind, op::Op, query::Query};

use super::{Draws, Version};

/// Elements in order.
#[derive(Debug)]
pub(in crate::work) struct Sequence {
    kind: StructureKind,
    /// The number of the next element.
    next: u32,
    order: VecDeque<Version>,
}

impl Sequence {
    pub(super) fn new(kind: StructureKind) -> Self {
        Self {
            kind,
            next: 0,
            order: VecDeque::new(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.order.len()
    }

    /// The elements from the first to the last.
    pub(in crate::work) fn versions(&self) -> impl Iterator<Item = Version> {
        self.order.iter().copied()
    }

    /// Puts an element behind all others.
    pub(super) fn push(&mut self) -> Version {
        let version = Version {
            number: self.next,
            changes: 0,
        };
        self.next += 1;
        self.order.push_back(version);
        version
    }

    /// A place that is not among the busy ones.
    pub(super) fn pick(&self, draws: &mut Draws, busy: &[u32]) -> Option<u32> {
        let len = self.order.len() as u32;
        // All places may be busy only where there are few.
        if len as usize <= busy.len() && (0..len).all(|place| busy.contains(&place)) {
            return None;
        }
        loop {
            let place = draws.below(u64::from(len)) as u32;
            if !busy.contains(&place) {
                return Some(place);
            }
        }
    }

    /// Changes the element at a place that there is.
    pub(super) fn set(&mut self, place: u32) -> Version {
        let version = &mut self.order[place as usize];
        version.changes += 1;
        *version
    }

    /// Takes an element out: of a list any one, of the others the one that comes next.
    pub(super) fn take(&mut self, draws: &mut Draws) -> Option<(Version, Op)> {
        match self.kind {
            StructureKind::Queue => Some((self.order.pop_front()?, Op::PopFront)),
            StructureKind::Stack => Some((self.order.pop_back()?, Op::PopBack)),
            _ => {
                let index = self.draw_place(draws)?;
                let version = self.order.remove(index as usize)?;
                Some((version, Op::RemoveAt { index }))
            }
        }
    }

    /// Looks at an element: of a list any one, of the others the one that comes next.
    pub(super) fn look(&self, draws: &mut Draws) -> Option<(Version, Query)> {
        let (index, query) = match self.kind {
            StructureKind::Stack => (self.order.len().checked_sub(1)? as u64, Query::Last),
            StructureKind::Queue => (0, Query::At { index: 0 }),
            _ => {
                let index = self.draw_place(draws)?;
                (index, Query::At { index })
            }
        };
        Some((*self.order.get(index as usize)?, query))
    }

    fn draw_place(&self, draws: &mut Draws) -> Option<u64> {
        (!self.order.is_empty()).then(|| draws.below(self.order.len() as u64))
    }
}
