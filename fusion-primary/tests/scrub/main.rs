//! Scrubs of the real cores, with random operations on every structure delivered at every point of a scrub: never
//! a false alarm, and any byte that is wrong is found and, where f allows it, whose it is.
//!
//! A primary's byte that differs from what all servers were told of it, and a server's that differs from what it was
//! told, are made by changing an operation on its way to all servers or to one.

mod world;

use erasure::{Culprit, locate};
use proptest::prelude::*;
use structures::{
    delta::RegionId,
    kind::{StructureKind, StructureLimits, StructureSpec},
    op::Op,
};
use wire::message::fusion::{BlockId, Layout};
use world::{Syndromes, World};

/// One random choice: what happens, to whom, and how.
type Step = (u8, u16, u16);

/// Whose bytes are made wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Corrupt {
    Primary,
    Server { row: usize },
}

/// Which byte of an operation is changed, how, and on its way to whom.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fault {
    corrupt: Corrupt,
    place: u16,
    bits: u8,
}

/// Long values, so that a structure has several blocks.
fn spec(kind: StructureKind) -> StructureSpec {
    let limits = StructureLimits {
        key_bytes: 8,
        element_bytes: 9000,
    };
    StructureSpec { kind, limits }
}

/// An operation that the structure has; one that adds an element if `grow`.
fn op(kind: StructureKind, what: u16, grow: bool) -> Op {
    use StructureKind as Kind;
    let value = vec![(what >> 4) as u8 | 1; 1 + usize::from(what) * 7 % 9000];
    let key = what.to_be_bytes().map(|byte| byte % 16).to_vec();
    let removes = !grow && what.is_multiple_of(3);
    match kind {
        Kind::Set if removes => Op::Delete { key },
        Kind::Set => Op::Insert { key, value: vec![] },
        Kind::LinkedList | Kind::KeyedList | Kind::Map | Kind::OrderedMap if removes => Op::Delete { key },
        Kind::LinkedList | Kind::KeyedList | Kind::Map | Kind::OrderedMap => Op::Insert { key, value },
        Kind::PriorityQueue if removes => Op::PopFront,
        Kind::PriorityQueue => Op::PushRanked {
            priority: u64::from(what % 9),
            value,
        },
        Kind::Stack if removes => Op::PopBack,
        Kind::Stack => Op::PushBack { value },
        _ if removes => Op::PopFront,
        _ => Op::PushBack { value },
    }
}

fn layouts() -> impl Strategy<Value = (Layout, StructureKind)> {
    let any_kind = proptest::sample::select(StructureKind::ALL.to_vec());
    prop_oneof![
        Just((Layout::Linked, StructureKind::LinkedList)),
        any_kind.prop_map(|kind| (Layout::Arena, kind)),
    ]
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    proptest::collection::vec((0..10u8, any::<u16>(), any::<u16>()), 1..200)
}

/// Writes, deliveries and scrubs, and no alarm whenever one is answered.
fn run(world: &mut World, kind: StructureKind, primaries: usize, steps: &[Step]) {
    for (step, who, what) in steps {
        match step {
            0..=3 => world.write(usize::from(*who) % primaries, op(kind, *what, false), None),
            4 => {
                let region = RegionId::ALL[usize::from(*who) % RegionId::ALL.len()];
                let index = u64::from(*what % 3);
                world.ask(u64::from(*what), BlockId { region, index });
            }
            _ => drop(world.deliver(*who)),
        }
        for (row, scrubbed) in world.answers() {
            assert_eq!(scrubbed.syndromes, [], "a false alarm of row {row}");
        }
    }
    world.settle();
    world.answers();
}

/// Everybody who is found to be wrong anywhere.
fn culprits(syndromes: &Syndromes, primaries: usize) -> Vec<Culprit> {
    let culprit = |((_, copy_of), rows): (&(BlockId, Option<_>), &Vec<_>)| {
        let columns: Vec<usize> = match copy_of {
            None => (0..primaries).collect(),
            Some(multicast::id::NodeId(column)) => vec![*column as usize],
        };
        locate(rows, &columns)
    };
    let mut culprits: Vec<_> = syndromes.iter().map(culprit).collect();
    culprits.dedup();
    culprits
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, max_shrink_iters: 500, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_during_a_scrub_raises_no_alarm(
        (layout, kind) in layouts(),
        (primaries, servers) in (1..4usize, 1..4usize),
        steps in steps(),
    ) {
        let mut world = World::new(layout, spec(kind), primaries, servers);
        run(&mut world, kind, primaries, &steps);
        prop_assert_eq!(world.scrub_all(7, |_| ()), Syndromes::new());
    }

    #[test]
    fn any_wrong_byte_is_found_and_named_by_two_servers_or_more_and_not_by_one(
        (layout, kind) in layouts(),
        (primaries, servers) in (1..4usize, 1..4usize),
        steps in steps(),
        (victim, place, bits) in (any::<u16>(), any::<u16>(), 1..=255u8),
        is_primary in any::<bool>(),
    ) {
        let mut world = World::new(layout, spec(kind), primaries, servers);
        run(&mut world, kind, primaries, &steps);
        let row = usize::from(victim) % servers;
        let corrupt = if is_primary { Corrupt::Primary } else { Corrupt::Server { row } };
        let column = usize::from(victim) % primaries;
        world.write(column, op(kind, victim, true), Some(Fault { corrupt, place, bits }));
        world.settle();
        let syndromes = world.scrub_all(9, |world| {
            for primary in 0..primaries {
                world.write(primary, op(kind, victim.wrapping_add(1), true), None);
            }
        });
        let expected = match corrupt {
            _ if servers == 1 => Culprit::Unknown,
            Corrupt::Primary => Culprit::Primary { column },
            Corrupt::Server { row } => Culprit::Server { row },
        };
        prop_assert_eq!(culprits(&syndromes, primaries), [expected]);
    }
}
