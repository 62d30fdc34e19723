//! What holds after every write of any script, for each kind of structure and any size of page.

use proptest::prelude::*;

use super::model::Model;
use super::script::{script, spec};
use crate::arena::Arena;
use crate::delta::{Delta, REGIONS, RegionId};
use crate::kind::StructureKind;
use crate::op::{Element, Write};
use crate::packed::Packed;
use crate::query::{Found, Query};

/// From ten bytes of content to more than most scripts fill.
fn page_bytes() -> impl Strategy<Value = u16> {
    prop_oneof![Just(16), Just(23), Just(40), Just(128), Just(512)]
}

pub(super) fn images(packed: &Packed) -> [Vec<u8>; REGIONS] {
    RegionId::ALL.map(|region| packed.arena().image(region).to_vec())
}

pub(super) fn rebuilt(packed: &Packed) -> Packed {
    Packed::from_images_with_pages(packed.spec(), images(packed), packed.page_bytes).unwrap()
}

/// The elements in an order that both structure and model have.
fn elements(packed: &Packed) -> Vec<Element> {
    let mut elements = packed.elements();
    if matches!(packed.spec().kind, StructureKind::Map | StructureKind::Set) {
        elements.sort_by(|a, b| a.key.cmp(&b.key));
    }
    elements
}

fn check_answers(kind: StructureKind, page_bytes: u16, script: &[Write]) {
    let mut packed = Packed::with_pages(spec(kind), page_bytes);
    let mut model = Model::new(spec(kind));
    for write in script {
        assert_eq!(packed.apply(write).0, model.apply(write), "{write:?}");
        assert_eq!(elements(&packed), model.elements());
        assert_eq!(packed.len(), model.elements().len());
        assert_eq!(packed.results.values(), model.answered_values());
    }
    check_queries(&packed, &model);
}

fn check_queries(packed: &Packed, model: &Model) {
    let all = packed.elements();
    let length = all.len() as u64;
    assert_eq!(packed.query(&Query::Len), Found::Len(length));
    assert_eq!(packed.query(&Query::Last), Found::Element(all.last().cloned()));
    for index in (0..=length + 1).chain([u64::MAX]) {
        let expected = all.get(index as usize).cloned();
        assert_eq!(packed.query(&Query::At { index }), Found::Element(expected));
        for count in [0, 1, 7, u64::MAX] {
            let rest = all.iter().skip(index as usize).take(count as usize);
            let expected = Found::Elements(rest.cloned().collect());
            assert_eq!(packed.query(&Query::Range { from: index, count }), expected);
        }
    }
    let ordered = model.elements();
    for key in (0..7u8).flat_map(|a| [vec![], vec![a], vec![a, 0], vec![a, 3], vec![a, 1, 2], vec![9; 5]]) {
        check_key(packed, &ordered, key);
    }
}

fn check_key(packed: &Packed, ordered: &[Element], key: Vec<u8>) {
    let kind = packed.spec().kind;
    let value = ordered.iter().find(|element| element.key == key);
    let value = value.map(|element| element.value.clone());
    let expected = if kind.is_keyed() {
        Found::Value(value.clone())
    } else {
        Found::Unsupported
    };
    assert_eq!(packed.query(&Query::Get { key: key.clone() }), expected);
    assert_eq!(packed.get(&key), value.filter(|_| kind.is_keyed()));
    for (after, count) in [(false, 3), (true, 3), (false, u64::MAX)] {
        let from = ordered
            .iter()
            .filter(|element| element.key > key || !after && element.key == key);
        let expected = match kind {
            StructureKind::OrderedMap => Found::Elements(from.take(count as usize).cloned().collect()),
            _ => Found::Unsupported,
        };
        let key = key.clone();
        assert_eq!(packed.query(&Query::FromKey { key, after, count }), expected);
    }
}

fn check_deltas(kind: StructureKind, page_bytes: u16, script: &[Write]) {
    let mut packed = Packed::with_pages(spec(kind), page_bytes);
    let mut copy = Arena::new();
    let mut applied: Vec<(Delta, [u64; REGIONS], Arena)> = Vec::new();
    for write in script {
        let before = copy.clone();
        let (_, delta) = packed.apply(write);
        let old_lengths = copy.apply(&delta).unwrap();
        assert_eq!(&copy, packed.arena());
        applied.push((delta, old_lengths, before));
    }
    for (delta, old_lengths, before) in applied.into_iter().rev() {
        copy.undo(&delta, old_lengths).unwrap();
        assert_eq!(copy, before);
    }
}

/// The one that is built again before every write must stay the one that never is.
fn check_rebuilding(kind: StructureKind, page_bytes: u16, script: &[Write]) {
    let mut packed = Packed::with_pages(spec(kind), page_bytes);
    for write in script {
        let mut again = rebuilt(&packed);
        assert_eq!(again.apply(write), packed.apply(write), "{write:?}");
        assert_eq!(again, packed);
    }
}

macro_rules! properties {
    ($($name:ident: $kind:ident,)*) => {$(
        mod $name {
            use super::*;

            proptest! {
                #![proptest_config(ProptestConfig::with_cases(24))]

                #[test]
                fn answers_and_holds_what_the_model_does(
                    page_bytes in page_bytes(), script in script(StructureKind::$kind, 160),
                ) {
                    check_answers(StructureKind::$kind, page_bytes, &script);
                }

                #[test]
                fn deltas_on_a_copy_give_the_same_bytes_and_undone_the_earlier_ones(
                    page_bytes in page_bytes(), script in script(StructureKind::$kind, 120),
                ) {
                    check_deltas(StructureKind::$kind, page_bytes, &script);
                }

                #[test]
                fn built_from_images_it_goes_on_with_the_same_bytes(
                    page_bytes in page_bytes(), script in script(StructureKind::$kind, 120),
                ) {
                    check_rebuilding(StructureKind::$kind, page_bytes, &script);
                }
            }
        }
    )*};
}

properties! {
    a_keyed_list: KeyedList,
    a_list: List,
    a_map: Map,
    an_ordered_map: OrderedMap,
    a_set: Set,
    a_queue: Queue,
    a_stack: Stack,
    a_priority_queue: PriorityQueue,
}
