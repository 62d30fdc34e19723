//! The group beside a client's own: some of its inserts go into both, at one place in the order of both.
//!
//! Invariant: no two clients have a key in common in any group. In its own group client k of n has the numbers that leave
//! k when divided by 2 n, in the other one those that leave n + k.

use multicast::id::GroupId;
use structures::op::{Answer, Op, Outcome};
use wire::message::client::ReplyBody;

use super::{
    Contents, Draws, Work,
    contents::{Planned, Request},
    workload::Step,
};

/// How many inserts go into two groups.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Together {
    /// Of 100 inserts; at least 1.
    pub(crate) percent: u32,
    /// How many groups there are; at least 2.
    pub(crate) groups: u16,
}

/// One client's part of the group beside its own.
#[derive(Debug)]
pub(super) struct Beside {
    own: GroupId,
    group: GroupId,
    percent: u32,
    contents: Contents,
}

impl Together {
    /// The group beside this one; the first is beside the last.
    pub(crate) fn beside(self, group: GroupId) -> GroupId {
        GroupId((group.0 + 1) % self.groups)
    }
}

impl Beside {
    /// Of client `number` of its own group, if there are such inserts.
    pub(super) fn of(work: Work, own: GroupId, number: u32) -> Option<Self> {
        let together = work.together?;
        let group = together.beside(own);
        let place = (work.clients + number, 2 * work.clients);
        // Its values are nobody else's, there as in its own group.
        let source = work.source.of_client(work.clients + number);
        Some(Self {
            own,
            group,
            percent: together.percent,
            contents: Contents::new(work.structure, source, group, place),
        })
    }

    pub(super) fn group(&self) -> GroupId {
        self.group
    }

    pub(super) fn contents(&self) -> &Contents {
        &self.contents
    }

    /// The insert, with another one beside it if it is its turn.
    pub(super) fn join(&mut self, mut planned: Planned, draws: &mut Draws) -> Planned {
        let Request::Write(own) = &planned.request else {
            return planned;
        };
        if planned.step != Step::Insert || draws.below(100) >= u64::from(self.percent) {
            return planned;
        }
        let Some(beside) = self.contents.plan(Step::Insert, draws) else {
            return planned;
        };
        // Nothing else is ever asked of it there.
        self.contents.settle(&beside);
        if let Request::Write(op) = beside.request {
            let part = |group: GroupId, op: &Op| (group, vec![op.clone()]);
            planned.request = Request::Together(vec![part(self.own, own), part(self.group, &op)]);
            let inserted = vec![Answer::from(Outcome::Inserted)];
            planned.expected = ReplyBody::WrittenTogether(vec![inserted; 2]);
        }
        planned
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use structures::kind::StructureKind;
    use wire::message::client::Reads;

    use super::*;
    use crate::work::{ElementSource, Workload};

    const TOGETHER: Together = Together {
        percent: 100,
        groups: 3,
    };

    fn work() -> Work {
        Work {
            structure: StructureKind::Map,
            workload: Workload::INSERT,
            reads: Reads::Local,
            source: ElementSource {
                seed: 1,
                key_bytes: 8,
                value_bytes: "8".parse().unwrap(),
                scattered: false,
            },
            clients: 2,
            pipeline: 1,
            together: Some(TOGETHER),
        }
    }

    #[test]
    fn no_two_clients_insert_the_same_key_or_value_into_a_group_be_it_theirs_or_beside() {
        let (mut keys, mut values) = (BTreeSet::new(), BTreeSet::new());
        let mut draws = Draws::new(1);
        for (own, number) in (0..3).flat_map(|group| [(GroupId(group), 0), (GroupId(group), 1)]) {
            let source = work().source.of_client(number);
            let mut beside = Beside::of(Work { source, ..work() }, own, number).unwrap();
            let mut contents = Contents::new(StructureKind::Map, source, own, (number, 4));
            for _ in 0..10 {
                let planned = contents.plan(Step::Insert, &mut draws).unwrap();
                let Request::Together(parts) = beside.join(planned, &mut draws).request else {
                    panic!("every insert is one of two groups");
                };
                let groups: Vec<GroupId> = parts.iter().map(|(group, _)| *group).collect();
                assert_eq!(groups, [own, TOGETHER.beside(own)]);
                for (group, ops) in parts {
                    let key = ops[0].key().unwrap().to_vec();
                    assert!(keys.insert((group, key)), "a key twice in {group}");
                    let value = ops[0].value().unwrap().to_vec();
                    assert!(values.insert((group, value)), "a value twice in {group}");
                }
            }
        }
        assert_eq!(keys.len(), 3 * 2 * 10 * 2);
    }
}
