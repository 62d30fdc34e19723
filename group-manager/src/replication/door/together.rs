//! The door for writes of several groups: what waits, and how it gathers into batches.
//!
//! Writes that address the very same groups share a round. A write goes when each of its groups is open and has room
//! for one more round; those behind it that want one of these groups wait for it, so that a write of many groups is
//! not passed for ever by writes of few. One whose group is closed (held back for a joiner, or below `min_backups`)
//! keeps nobody waiting.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use multicast::id::GroupId;
use structures::{kind::StructureSpec, op::Op};
use wire::message::client::WriteTogether;

use super::{Room, longest_element};
use crate::{
    coordinator::Caller,
    limits::{MAX_ROUNDS, MAX_WAITING_TOGETHER},
};

/// One write that waits.
#[derive(Clone, Debug)]
pub(in crate::replication) struct AskedTogether {
    pub(in crate::replication) caller: Caller,
    pub(in crate::replication) write: WriteTogether,
    /// Its groups, ascending.
    groups: Vec<GroupId>,
    size: Room,
}

impl AskedTogether {
    pub(in crate::replication) fn new(caller: Caller, write: WriteTogether, spec: StructureSpec) -> Self {
        let mut groups: Vec<GroupId> = write.groups().collect();
        groups.sort_unstable();
        let ops = || write.parts.iter().flat_map(|(_, ops)| ops);
        let size = Room {
            entries: ops().count(),
            bytes: write.bytes(),
            answer_bytes: ops().filter(|op| Op::takes_out(op)).count() * longest_element(spec),
        };
        Self {
            caller,
            write,
            groups,
            size,
        }
    }
}

/// The writes of several groups that are not sent yet.
#[derive(Debug, Default)]
pub(in crate::replication) struct TogetherDoor {
    waiting: VecDeque<AskedTogether>,
    /// Rounds under way, by group.
    rounds: BTreeMap<GroupId, usize>,
}

impl TogetherDoor {
    /// Takes a write in, unless too many wait.
    pub(in crate::replication) fn push(&mut self, asked: AskedTogether) -> bool {
        let room = self.waiting.len() < MAX_WAITING_TOGETHER;
        if room {
            self.waiting.push_back(asked);
        }
        room
    }

    /// The next batch to send now, if one may go, and its groups, ascending; counts it as under way in each of them.
    pub(in crate::replication) fn next_batch(
        &mut self,
        is_open: impl Fn(GroupId) -> bool,
    ) -> Option<(Vec<GroupId>, Vec<AskedTogether>)> {
        let first = self.first_to_go(is_open)?;
        let groups = self.waiting[first].groups.clone();
        let mut room = Some(Room::WHOLE);
        let mut batch = Vec::new();
        let mut place = first;
        while place < self.waiting.len() {
            if self.waiting[place].groups != groups {
                place += 1;
                continue;
            }
            room = room.and_then(|room| room.beside(self.waiting[place].size));
            if room.is_none() && !batch.is_empty() {
                break;
            }
            batch.extend(self.waiting.remove(place));
        }
        for group in &groups {
            *self.rounds.entry(*group).or_default() += 1;
        }
        Some((groups, batch))
    }

    /// The place of the first write that may go.
    fn first_to_go(&self, is_open: impl Fn(GroupId) -> bool) -> Option<usize> {
        let mut wanted = BTreeSet::new();
        for (place, asked) in self.waiting.iter().enumerate() {
            if !asked.groups.iter().all(|group| is_open(*group)) {
                continue;
            }
            let is_free = |group: &GroupId| self.rounds_of(*group) < MAX_ROUNDS && !wanted.contains(group);
            if asked.groups.iter().all(is_free) {
                return Some(place);
            }
            wanted.extend(asked.groups.iter().copied());
        }
        None
    }

    fn rounds_of(&self, group: GroupId) -> usize {
        self.rounds.get(&group).copied().unwrap_or_default()
    }

    /// A round of these groups ended, however it did.
    pub(in crate::replication) fn round_ended(&mut self, groups: &[GroupId]) {
        for group in groups {
            if let Some(rounds) = self.rounds.get_mut(group) {
                *rounds = rounds.saturating_sub(1);
            }
        }
    }

    /// Takes the writes out that address a group of these, and says which one.
    pub(in crate::replication) fn give_up(
        &mut self,
        is_lost: impl Fn(GroupId) -> bool,
    ) -> Vec<(Caller, GroupId)> {
        let lost = |asked: &AskedTogether| asked.groups.iter().copied().find(|group| is_lost(*group));
        let given_up = self
            .waiting
            .iter()
            .filter_map(|asked| Some((asked.caller, lost(asked)?)));
        let given_up = given_up.collect();
        self.waiting.retain(|asked| lost(asked).is_none());
        given_up
    }
}

#[cfg(test)]
mod tests {
    use multicast::id::{ClientId, Seq};

    use super::*;
    use crate::limits::MAX_BATCH_WRITES;

    const SPEC: StructureSpec = StructureSpec::linked_list(1, 8);

    fn asked(request: u64, groups: &[u16]) -> AskedTogether {
        sized(request, groups, 1)
    }

    /// So many operations on each group.
    fn sized(request: u64, groups: &[u16], operations: usize) -> AskedTogether {
        let part = |group: &u16| (GroupId(*group), vec![Op::PopFront; operations]);
        let write = WriteTogether {
            client: ClientId(1),
            seq: Seq(request),
            parts: groups.iter().map(part).collect(),
        };
        let caller = Caller {
            connection: 1,
            request,
        };
        AskedTogether::new(caller, write, SPEC)
    }

    fn door_with(writes: impl IntoIterator<Item = AskedTogether>) -> TogetherDoor {
        let mut door = TogetherDoor::default();
        for write in writes {
            assert!(door.push(write));
        }
        door
    }

    fn next(door: &mut TogetherDoor) -> Option<(Vec<u16>, Vec<u64>)> {
        next_without(door, None)
    }

    fn next_without(door: &mut TogetherDoor, closed: Option<u16>) -> Option<(Vec<u16>, Vec<u64>)> {
        let (groups, batch) = door.next_batch(|group| Some(group.0) != closed)?;
        let requests = batch.iter().map(|asked| asked.caller.request).collect();
        Some((groups.iter().map(|group| group.0).collect(), requests))
    }

    #[test]
    fn writes_of_the_same_groups_share_a_round_in_whatever_order_they_name_them() {
        let mut door = door_with([asked(1, &[2, 1]), asked(2, &[1, 3]), asked(3, &[1, 2])]);
        assert_eq!(next(&mut door), Some((vec![1, 2], vec![1, 3])));
        assert_eq!(next(&mut door), Some((vec![1, 3], vec![2])));
        assert_eq!(next(&mut door), None);
    }

    #[test]
    fn a_batch_holds_as_many_operations_as_its_limit_and_not_one_more() {
        let half = MAX_BATCH_WRITES / 4; // of each of two groups
        let mut door = door_with([
            sized(1, &[1, 2], half),
            sized(2, &[1, 2], half),
            asked(3, &[1, 2]),
            sized(4, &[1, 2], MAX_BATCH_WRITES),
        ]);
        assert_eq!(next(&mut door), Some((vec![1, 2], vec![1, 2])));
        assert_eq!(next(&mut door), Some((vec![1, 2], vec![3])));
        assert_eq!(
            next(&mut door),
            Some((vec![1, 2], vec![4])),
            "one too large for any still goes, alone"
        );
    }

    #[test]
    fn so_many_rounds_of_a_group_are_under_way_and_not_one_more() {
        let mut door = TogetherDoor::default();
        for request in 0..MAX_ROUNDS as u64 {
            door.push(asked(request, &[1, 2]));
            assert_eq!(next(&mut door), Some((vec![1, 2], vec![request])));
        }
        door.push(asked(9, &[2, 3]));
        assert_eq!(next(&mut door), None);
        door.round_ended(&[GroupId(1), GroupId(2)]);
        assert_eq!(next(&mut door), Some((vec![2, 3], vec![9])));
    }

    #[test]
    fn a_write_of_many_groups_is_not_passed_by_writes_of_few() {
        let mut door = TogetherDoor::default();
        for request in 0..MAX_ROUNDS as u64 {
            door.push(asked(request, &[1, 5]));
            next(&mut door);
        }
        for write in [
            asked(20, &[1, 2, 3]),
            asked(21, &[2, 3]),
            asked(22, &[3, 4]),
            asked(23, &[6, 7]),
        ] {
            door.push(write);
        }
        assert_eq!(
            next(&mut door),
            Some((vec![6, 7], vec![23])),
            "nobody waits for these"
        );
        assert_eq!(next(&mut door), None, "20 wants group 3, 22 waits for it");
        door.round_ended(&[GroupId(1), GroupId(5)]);
        assert_eq!(next(&mut door), Some((vec![1, 2, 3], vec![20])));
        assert_eq!(next(&mut door), Some((vec![2, 3], vec![21])));
    }

    #[test]
    fn a_write_of_a_closed_group_keeps_nobody_waiting() {
        let mut door = door_with([asked(1, &[1, 2]), asked(2, &[2, 3])]);
        assert_eq!(next_without(&mut door, Some(1)), Some((vec![2, 3], vec![2])));
        assert_eq!(next_without(&mut door, Some(1)), None);
        assert_eq!(next(&mut door), Some((vec![1, 2], vec![1])));
    }

    #[test]
    fn so_many_may_wait_and_not_one_more_and_those_of_a_lost_group_are_given_up() {
        let groups = |request: u64| if request == 7 { [1, 2] } else { [2, 3] };
        let mut door =
            door_with((0..MAX_WAITING_TOGETHER as u64).map(|request| asked(request, &groups(request))));
        assert!(!door.push(asked(0, &[1, 2])));
        let caller = Caller {
            connection: 1,
            request: 7,
        };
        assert_eq!(door.give_up(|group| group == GroupId(1)), [(caller, GroupId(1))]);
        assert_eq!(door.waiting.len(), MAX_WAITING_TOGETHER - 1);
    }
}
