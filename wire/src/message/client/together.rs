//! Groups written together: operations on several groups that have one place in the order of all of them.
//!
//! ```text
//! client -> manager  WriteTogether{client, seq, parts: [(A, [op, op]), (B, [op])]}
//! manager -> members of A and of B, and nobody else: one multicast (DESIGN section 3, rule 2)
//! manager -> client  WrittenTogether{answers: [[a, a], [b]]}, once every active member of both delivered it
//! ```
//!
//! What it promises: all parts or none survive whatever crashes; nobody who reads in order sees one part without
//! another; a retry is applied once. What it does not: an operation that has no effect (a key that is not there, a
//! structure that is full) is answered so and keeps no other one from having its own, since a group knows nothing of
//! another group's contents.

use multicast::id::{ClientId, GroupId, Seq};
use serde::{Deserialize, Serialize};
use structures::{
    kind::StructureSpec,
    op::{Op, Write},
    session::WINDOW,
};

use super::Refusal;
use crate::message::admission::judge_op;

/// Groups that one write may address.
pub const MAX_TOGETHER_GROUPS: usize = 16;

/// Operations of one write, of all its groups together. They fit into a client's window of outcomes, so that a
/// retry of any of them finds its own.
pub const MAX_TOGETHER_OPERATIONS: usize = WINDOW as usize;

/// Bytes of keys and values of one write: several such writes under way fit into what a member may have to report.
pub const MAX_TOGETHER_BYTES: usize = 256 * 1024;

/// Operations on several groups, to be applied at one place in the order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WriteTogether {
    /// Who asks. It has a session in each of the groups.
    pub client: ClientId,
    /// In each group the first operation has this number, the next one the next, and so on. A retry repeats it; the
    /// next write's is above all of these.
    pub seq: Seq,
    /// Per group its operations, in order.
    pub parts: Vec<(GroupId, Vec<Op>)>,
}

impl WriteTogether {
    /// The groups, in the order of the parts.
    pub fn groups(&self) -> impl Iterator<Item = GroupId> {
        self.parts.iter().map(|(group, _)| *group)
    }

    /// The last number that it uses in any group.
    pub fn last_seq(&self) -> Seq {
        let longest = self.parts.iter().map(|(_, ops)| ops.len() as u64).max();
        Seq(self.seq.0.saturating_add(longest.unwrap_or(1).max(1) - 1))
    }

    /// Bytes of all keys and values.
    pub fn bytes(&self) -> usize {
        let ops = self.parts.iter().flat_map(|(_, ops)| ops);
        ops.map(Op::bytes).sum()
    }

    /// Each group's operations as writes of their own numbers, by group in the order of the parts.
    pub fn into_writes(self) -> impl Iterator<Item = (GroupId, Vec<Write>)> {
        let (client, first) = (self.client, self.seq.0);
        self.parts.into_iter().map(move |(group, ops)| {
            let numbers = (first..).map(Seq);
            let write = |(seq, op)| Write { client, seq, op };
            (group, numbers.zip(ops).map(write).collect())
        })
    }
}

/// Whether a write of several groups keeps all limits; each group's standing is the door's to judge.
///
/// # Errors
/// `TooManyGroups`, `RepeatedGroup`, `TooManyOperations`, `TooManyBytes`, and those of [`judge_op`].
pub fn judge_together(spec: StructureSpec, write: &WriteTogether) -> Result<(), Refusal> {
    within(write.parts.len(), MAX_TOGETHER_GROUPS, |limit, actual| {
        Refusal::TooManyGroups { limit, actual }
    })?;
    let mut seen = std::collections::BTreeSet::new();
    if let Some(group) = write.groups().find(|group| !seen.insert(*group)) {
        return Err(Refusal::RepeatedGroup { group });
    }
    let counts = || write.parts.iter().map(|(_, ops)| ops.len());
    let operations = if counts().any(|count| count == 0) {
        0
    } else {
        counts().sum()
    };
    within(operations, MAX_TOGETHER_OPERATIONS, |limit, actual| {
        Refusal::TooManyOperations { limit, actual }
    })?;
    if write.bytes() > MAX_TOGETHER_BYTES {
        let (limit, actual) = (MAX_TOGETHER_BYTES, write.bytes());
        return Err(Refusal::TooManyBytes { limit, actual });
    }
    let mut ops = write.parts.iter().flat_map(|(_, ops)| ops);
    ops.try_for_each(|op| judge_op(spec, op))
}

fn within(actual: usize, limit: usize, refusal: impl Fn(usize, usize) -> Refusal) -> Result<(), Refusal> {
    match (1..=limit).contains(&actual) {
        true => Ok(()),
        false => Err(refusal(limit, actual)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPEC: StructureSpec = StructureSpec::linked_list(3, u16::MAX);

    fn insert(value_bytes: usize) -> Op {
        Op::Insert {
            key: vec![1],
            value: vec![2; value_bytes],
        }
    }

    fn write(parts: impl IntoIterator<Item = (u16, Vec<Op>)>) -> WriteTogether {
        WriteTogether {
            client: ClientId(7),
            seq: Seq(3),
            parts: parts
                .into_iter()
                .map(|(group, ops)| (GroupId(group), ops))
                .collect(),
        }
    }

    fn judged(parts: impl IntoIterator<Item = (u16, Vec<Op>)>) -> Result<(), Refusal> {
        judge_together(SPEC, &write(parts))
    }

    #[test]
    fn so_many_groups_may_be_written_together_and_not_one_more() {
        let limit = MAX_TOGETHER_GROUPS;
        let groups = |count: usize| (0..count as u16).map(|group| (group, vec![insert(1)]));
        let refused = |actual| Err(Refusal::TooManyGroups { limit, actual });
        assert_eq!(judged(groups(1)), Ok(()));
        assert_eq!(judged(groups(limit)), Ok(()));
        assert_eq!(judged(groups(limit + 1)), refused(limit + 1));
        assert_eq!(judged(groups(0)), refused(0));
    }

    #[test]
    fn so_many_operations_may_be_in_all_parts_together_and_at_least_one_in_each() {
        let limit = MAX_TOGETHER_OPERATIONS;
        let ops = |count| vec![insert(1); count];
        let refused = |actual| Err(Refusal::TooManyOperations { limit, actual });
        assert_eq!(judged([(0, ops(limit - 1)), (1, ops(1))]), Ok(()));
        assert_eq!(judged([(0, ops(limit)), (1, ops(1))]), refused(limit + 1));
        assert_eq!(judged([(0, ops(1)), (1, ops(0))]), refused(0));
    }

    #[test]
    fn keys_and_values_may_fill_their_limit_and_not_one_byte_more() {
        let limit = MAX_TOGETHER_BYTES;
        let ops = |last: usize| [vec![insert(limit / 8 - 1); 7], vec![insert(last)]].concat();
        assert_eq!(judged([(0, ops(limit / 8 - 1))]), Ok(()));
        let actual = limit + 1;
        assert_eq!(
            judged([(0, ops(limit / 8))]),
            Err(Refusal::TooManyBytes { limit, actual })
        );
    }

    #[test]
    fn each_group_is_named_once_and_each_operation_keeps_the_structures_limits() {
        let group = GroupId(4);
        assert_eq!(
            judged([(4, vec![insert(1)]), (5, vec![insert(1)]), (4, vec![insert(1)])]),
            Err(Refusal::RepeatedGroup { group })
        );
        let key = vec![1; 4];
        let long = judged([(4, vec![insert(1)]), (5, vec![Op::Delete { key }])]);
        assert_eq!(long, Err(Refusal::KeyLength { limit: 3, actual: 4 }));
    }

    #[test]
    fn operations_are_numbered_from_the_writes_number_on_in_every_group() {
        let together = write([(9, vec![insert(1), insert(2)]), (4, vec![insert(3)])]);
        assert_eq!(together.last_seq(), Seq(4));
        let numbered = |seq, value_bytes| Write {
            client: ClientId(7),
            seq: Seq(seq),
            op: insert(value_bytes),
        };
        let writes: Vec<_> = together.into_writes().collect();
        assert_eq!(
            writes,
            [
                (GroupId(9), vec![numbered(3, 1), numbered(4, 2)]),
                (GroupId(4), vec![numbered(3, 3)])
            ]
        );
    }
}
