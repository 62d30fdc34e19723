//! A connection: two ways, each a queue that one end writes and the other reads.
//!
//! What arrives, arrives in order. A break, or the death of the writer, takes a tail of what was under way;
//! a close takes nothing. The reader learns of the end behind what still arrives.

use std::collections::VecDeque;

/// What the reader of a way gets.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Arrival<M> {
    Message(M),
    End,
}

/// One direction of a connection.
#[derive(Debug)]
pub(crate) struct Way<M> {
    under_way: VecDeque<Arrival<M>>,
    writable: bool,
    readable: bool,
}

impl<M> Default for Way<M> {
    fn default() -> Self {
        Self {
            under_way: VecDeque::new(),
            writable: true,
            readable: true,
        }
    }
}

impl<M> Way<M> {
    pub(crate) fn send(&mut self, message: M) {
        if self.writable && self.readable {
            self.under_way.push_back(Arrival::Message(message));
        }
    }

    /// The writer closes: the end comes behind what it wrote.
    pub(crate) fn finish(&mut self) {
        if self.writable && self.readable {
            self.under_way.push_back(Arrival::End);
        }
        self.writable = false;
    }

    /// The way breaks: of what is under way the first `kept` messages arrive, and then the end.
    pub(crate) fn break_off(&mut self, kept: usize) {
        if self.readable {
            self.under_way
                .retain(|arrival| matches!(arrival, Arrival::Message(_)));
            self.under_way.truncate(kept);
            self.under_way.push_back(Arrival::End);
        }
        self.writable = false;
    }

    /// The reader is gone.
    pub(crate) fn hang_up(&mut self) {
        self.under_way.clear();
        self.readable = false;
    }

    pub(crate) fn next(&mut self) -> Option<Arrival<M>> {
        let arrival = self.under_way.pop_front()?;
        if matches!(arrival, Arrival::End) {
            self.readable = false;
        }
        Some(arrival)
    }

    pub(crate) fn len(&self) -> usize {
        self.under_way.len()
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.under_way.is_empty()
    }

    /// Whether somebody reads.
    pub(crate) fn is_read(&self) -> bool {
        self.readable
    }

    fn is_whole(&self) -> bool {
        self.writable && self.readable
    }
}

/// Both directions: `down` from the end that called to the one that was called, `up` back.
#[derive(Debug)]
pub(crate) struct Duplex<Down, Up> {
    pub(crate) down: Way<Down>,
    pub(crate) up: Way<Up>,
}

impl<Down, Up> Default for Duplex<Down, Up> {
    fn default() -> Self {
        Self {
            down: Way::default(),
            up: Way::default(),
        }
    }
}

impl<Down, Up> Duplex<Down, Up> {
    pub(crate) fn caller_leaves(&mut self) {
        self.down.finish();
        self.up.hang_up();
    }

    pub(crate) fn callee_leaves(&mut self) {
        self.up.finish();
        self.down.hang_up();
    }

    pub(crate) fn caller_dies(&mut self, kept: usize) {
        self.down.break_off(kept);
        self.up.hang_up();
    }

    pub(crate) fn callee_dies(&mut self, kept: usize) {
        self.up.break_off(kept);
        self.down.hang_up();
    }

    pub(crate) fn breaks(&mut self, kept_down: usize, kept_up: usize) {
        self.down.break_off(kept_down);
        self.up.break_off(kept_up);
    }

    /// Whether both ends are there and nothing is wrong with it.
    pub(crate) fn is_whole(&self) -> bool {
        self.down.is_whole() && self.up.is_whole()
    }

    /// Whether nobody will ever read anything from it.
    pub(crate) fn is_over(&self) -> bool {
        !self.down.is_read() && !self.up.is_read()
    }
}
