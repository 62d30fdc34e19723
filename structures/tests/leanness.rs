//! How many bytes an element takes, counted by the allocator: regions with their reserve, and what is derived.
//!
//! One test in a process of its own: the allocator counts whatever the process allocates.

use std::alloc::System;

use cap::Cap;
use multicast::id::{ClientId, Seq};
use structures::Structure;
use structures::delta::RegionId;
use structures::kind::{StructureKind, StructureSpec};
use structures::layout::StructureLimits;
use structures::op::{Op, Outcome, Write};

#[global_allocator]
static ALLOCATOR: Cap<System> = Cap::new(System, usize::MAX);

const ELEMENTS: u64 = 1_000_000;

/// Bytes of the longest value; those put in have eight.
const ELEMENT_BYTES: u16 = 64;

fn op(kind: StructureKind, n: u64) -> Op {
    let value = n.to_le_bytes().to_vec();
    match kind {
        StructureKind::Map => {
            let key = n.wrapping_mul(0x9E37_79B9_7F4A_7C15).to_be_bytes().to_vec();
            Op::Insert { key, value }
        }
        _ => Op::PushBack { value },
    }
}

fn filled(kind: StructureKind) -> Structure {
    let limits = StructureLimits {
        key_bytes: 8,
        element_bytes: ELEMENT_BYTES,
    };
    let mut structure = Structure::new(StructureSpec { kind, limits });
    let mut apply = |seq: u64, op: Op| {
        let (client, seq) = (ClientId(1), Seq(seq));
        structure.apply(&Write { client, seq, op }).0.outcome
    };
    assert_eq!(apply(1, Op::OpenSession), Outcome::SessionOpened);
    for n in 0..ELEMENTS {
        assert_eq!(apply(n + 2, op(kind, n)), Outcome::Inserted);
    }
    structure
}

/// Bytes an element, by the allocator. What the structure says of itself must be that, but for the reserve.
fn bytes_each(structure: impl FnOnce() -> Structure) -> (Structure, f64) {
    let before = ALLOCATOR.allocated();
    let structure = structure();
    let allocated = (ALLOCATOR.allocated() - before) as f64;
    let sizes = structure.sizes();
    let said = (sizes.payload_bytes + sizes.auxiliary_bytes) as f64;
    let reserve = allocated - said;
    let regions = RegionId::ALL.map(|region| structure.image(region).len());
    let most = regions.iter().sum::<usize>() as f64 / 16.0 + 1024.0;
    assert!(
        (0.0..=most).contains(&reserve),
        "{allocated} bytes allocated, {said} said"
    );
    (structure, allocated / ELEMENTS as f64)
}

#[test]
fn a_million_elements_of_eight_bytes_take_12_each_in_a_list_and_35_in_a_map_built_or_rebuilt() {
    for (kind, most) in [(StructureKind::List, 12.0), (StructureKind::Map, 35.0)] {
        let (structure, each) = bytes_each(|| filled(kind));
        assert!(each <= most, "{kind}: {each} bytes");

        let images = RegionId::ALL.map(|region| structure.image(region).to_vec());
        let (spec, of_images) = (structure.spec(), images.iter().map(Vec::len).sum::<usize>());
        drop(structure);
        let before = ALLOCATOR.allocated();
        let rebuilt = Structure::from_images(spec, images).expect("its own images");
        let derived = ALLOCATOR.allocated() - before;
        let each = (of_images + derived) as f64 / ELEMENTS as f64;
        assert!(each <= most, "{kind} rebuilt: {each} bytes");
        assert_eq!(rebuilt.len() as u64, ELEMENTS);
    }
}
