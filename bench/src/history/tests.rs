//! Good and bad histories by hand, and random ones against trying every order.

mod by_hand;
mod files;
mod random;
mod recording;
mod together;

use multicast::id::GroupId;
use rand::{Rng, rngs::StdRng};
use structures::{
    kind::{StructureKind, StructureLimits, StructureSpec},
    op::{Op, Outcome},
    query::{Found, Query},
};

use wire::message::client::Reads;

use super::{Asked, Ending, Entry, History, Part, Told};

pub(super) const GROUP: GroupId = GroupId(0);

pub(super) fn spec(kind: StructureKind) -> StructureSpec {
    let (key_bytes, element_bytes) = (8, 16);
    let limits = StructureLimits {
        key_bytes,
        element_bytes,
    };
    StructureSpec { kind, limits }
}

/// An operation on one group, from `call` to `end` nanoseconds.
pub(super) fn entry(client: u64, (call, end): (u64, u64), asked: Asked, ending: Ending) -> Entry {
    let parts = vec![Part { group: GROUP, asked }];
    Entry {
        client,
        call,
        end,
        parts,
        reads: Reads::Local,
        ending,
    }
}

pub(super) fn ok(told: impl Into<Told>) -> Ending {
    Ending::Ok(vec![told.into()])
}

pub(super) fn insert(key: &str, value: &str) -> Asked {
    Asked::Write(Op::Insert {
        key: key.into(),
        value: value.into(),
    })
}

pub(super) fn push(value: &str) -> Asked {
    Asked::Write(Op::PushBack { value: value.into() })
}

pub(super) fn pop() -> Asked {
    Asked::Write(Op::PopFront)
}

pub(super) fn get(key: &str) -> Asked {
    Asked::Read(Query::Get { key: key.into() })
}

pub(super) fn value(value: Option<&str>) -> Found {
    Found::Value(value.map(Into::into))
}

pub(super) fn popped(value: &str) -> Told {
    Told::Answer(structures::op::Answer::removed(value.into()))
}

pub(super) fn history(kind: StructureKind, entries: Vec<Entry>) -> History {
    History {
        structure: spec(kind),
        entries,
    }
}

pub(super) const INSERTED: Outcome = Outcome::Inserted;

/// Anything at all that may be asked of such a structure, of few keys and values, some of them too long.
pub(super) fn random_asked(kind: StructureKind, random: &mut StdRng) -> Asked {
    let key = vec![b'a' + random.random_range(0..3); random.random_range(0..20_usize).div_ceil(19).max(1)];
    let value = vec![random.random_range(b'p'..=b'z')];
    let index = random.random_range(0..4);
    let count = random.random_range(0..3);
    let after = random.random();
    let priority = random.random_range(0..3);
    let write = |op: Op| Asked::Write(op);
    let read = |query: Query| Asked::Read(query);
    loop {
        let asked = match random.random_range(0..20) {
            0 | 1 => write(Op::Insert {
                key: key.clone(),
                value: if kind == StructureKind::Set {
                    vec![]
                } else {
                    value.clone()
                },
            }),
            2 => write(Op::Update {
                key: key.clone(),
                value: value.clone(),
            }),
            3 => write(Op::Delete { key: key.clone() }),
            4 => write(Op::Remove { key: key.clone() }),
            5 => write(Op::PushFront { value: value.clone() }),
            6 | 7 => write(Op::PushBack { value: value.clone() }),
            8 => write(Op::PopFront),
            9 => write(Op::PopBack),
            10 => write(Op::InsertAt {
                index,
                value: value.clone(),
            }),
            11 => write(Op::SetAt {
                index,
                value: value.clone(),
            }),
            12 => write(Op::RemoveAt { index }),
            13 => write(Op::PushRanked {
                priority,
                value: value.clone(),
            }),
            14 => read(Query::Get { key: key.clone() }),
            15 => read(Query::Len),
            16 => read(Query::All),
            17 => read([Query::At { index }, Query::Last][index as usize % 2].clone()),
            18 => read(Query::Range { from: index, count }),
            _ => read(Query::FromKey {
                key: key.clone(),
                after,
                count,
            }),
        };
        // Now and then one that this kind does not have.
        let has = match &asked {
            Asked::Write(op) => kind.has(op),
            Asked::Read(_) => true,
        };
        if has || random.random_range(0..50) == 0 {
            return asked;
        }
    }
}
