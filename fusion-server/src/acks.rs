//! Acknowledgements of one turn: the last one on a connection says what those before it would have said.
//!
//! A turn is what the shell takes from its inboxes before it lets go. Invariant: on a connection nothing overtakes
//! an acknowledgement, so whoever sends anything else there takes these out first.

use multicast::id::Seq;

/// See the module's documentation.
#[derive(Debug, Default)]
pub(crate) struct Acks {
    /// Connection and last applied operation; as many as there are primaries, at most.
    pending: Vec<(u64, Seq)>,
}

impl Acks {
    /// Keeps an acknowledgement until the turn ends.
    pub(crate) fn keep(&mut self, connection: u64, applied: Seq) {
        match self.pending.iter_mut().find(|(kept, _)| *kept == connection) {
            Some((_, last)) => *last = applied,
            None => self.pending.push((connection, applied)),
        }
    }

    /// The next one to send, in no order: each has a connection of its own.
    pub(crate) fn pop(&mut self) -> Option<(u64, Seq)> {
        self.pending.pop()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_acknowledgement_of_a_connection_stands_for_those_before_it() {
        let mut acks = Acks::default();
        for (connection, applied) in [(1, 7), (2, 3), (1, 8), (1, 9)] {
            acks.keep(connection, Seq(applied));
        }
        let mut sent: Vec<_> = std::iter::from_fn(|| acks.pop()).collect();
        sent.sort_unstable();
        assert_eq!(sent, [(1, Seq(9)), (2, Seq(3))]);
    }
}
