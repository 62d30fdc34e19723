//! The reference against real structures: every answer that is expected is the one that is given.

use std::collections::BTreeMap;

use multicast::id::{ClientId, Seq};
use structures::{Structure, kind::StructureSpec, op::Write, query::Found};

use super::*;
use crate::{
    results::ValueBytes,
    work::{Comparison, Workload},
};

const GROUP: GroupId = GroupId(1);
const SEED: u64 = 11;

fn source(structure: StructureKind) -> ElementSource {
    let value_bytes = match structure {
        StructureKind::Set => ValueBytes::NONE,
        _ => "1..20".parse().unwrap(),
    };
    ElementSource {
        seed: SEED,
        key_bytes: 9,
        value_bytes,
        scattered: structure == StructureKind::OrderedMap,
    }
}

fn spec(kind: StructureKind) -> StructureSpec {
    let limits = structures::kind::StructureLimits {
        key_bytes: 9,
        element_bytes: 20,
    };
    StructureSpec { kind, limits }
}

/// One client with a structure of its own in the same process.
struct Direct {
    structure: Structure,
    seq: Seq,
}

impl Direct {
    fn new(kind: StructureKind) -> Self {
        let mut direct = Self {
            structure: Structure::new(spec(kind)),
            seq: Seq(0),
        };
        direct.answer(&Request::Write(Op::OpenSession));
        direct
    }

    fn answer(&mut self, request: &Request) -> ReplyBody {
        match request {
            Request::Write(op) => {
                self.seq = self.seq.next();
                let (client, seq, op) = (ClientId(1), self.seq, op.clone());
                ReplyBody::Written(self.structure.apply(&Write { client, seq, op }).0)
            }
            Request::Ask(query) => match self.structure.query(query) {
                Found::Value(value) => ReplyBody::Value(value.map(Into::into)),
                Found::Element(element) => ReplyBody::Element(element),
                other => panic!("no single answer: {other:?}"),
            },
            Request::Together(parts) => panic!("one group is not asked for several: {parts:?}"),
        }
    }
}

/// A mix with every step that the structure has.
fn everything(kind: StructureKind) -> Workload {
    let mixed = match Step::Update.is_of(kind) {
        true => "mixed:insert=45,update=20,delete=25,read=10",
        false => "mixed:insert=50,delete=35,read=15",
    };
    mixed.parse().unwrap()
}

#[test]
fn every_structure_answers_as_expected_and_holds_what_it_should() {
    for kind in StructureKind::ALL {
        let mut contents = Contents::new(kind, source(kind), GROUP, (0, 1));
        let mut direct = Direct::new(kind);
        let mut draws = Draws::new(SEED);
        let mut taken: BTreeMap<Step, u32> = BTreeMap::new();
        for _ in 0..3000 {
            let step = everything(kind).draw(&mut draws);
            let planned = contents.plan(step, &mut draws).expect("nothing is under way");
            assert_eq!(
                direct.answer(&planned.request),
                planned.expected,
                "{kind}: {planned:?}"
            );
            *taken.entry(planned.step).or_default() += 1;
            contents.settle(&planned);
        }
        assert!(taken.values().all(|count| *count > 100), "{kind}: {taken:?}");
        let elements = direct.structure.elements();
        assert_eq!(contents.len(), elements.len());
        let bytes: usize = elements
            .iter()
            .map(|element| element.key.len() + element.value.len())
            .sum();
        assert_eq!(contents.bytes(), bytes as u64, "{kind}");
        let mut comparison = Comparison::new(kind, GROUP, source(kind), &[&contents]);
        elements.iter().for_each(|element| comparison.see(element));
        let found = comparison.finish();
        assert!(found.is_sound(), "{kind}: {found:?}");
    }
}

#[test]
fn requests_that_are_under_way_never_touch_the_same_element() {
    let mut contents = Contents::new(StructureKind::Map, source(StructureKind::Map), GROUP, (0, 1));
    let mut draws = Draws::new(1);
    let first = contents.plan(Step::Insert, &mut draws).unwrap();
    for step in [Step::Update, Step::Delete, Step::Read] {
        assert_eq!(
            contents.plan(step, &mut draws),
            None,
            "all that is there is under way"
        );
    }
    let second = contents.plan(Step::Insert, &mut draws).unwrap();
    contents.settle(&second);
    for _ in 0..20 {
        let read = contents.plan(Step::Read, &mut draws).unwrap();
        assert_eq!(read.number, second.number);
        contents.settle(&read);
    }
    contents.settle(&first);
    let read: Vec<u32> = (0..20)
        .map(|_| {
            let read = contents.plan(Step::Read, &mut draws).unwrap();
            contents.settle(&read);
            read.number
        })
        .collect();
    assert!(read.contains(&first.number) && read.contains(&second.number));
}

#[test]
fn places_under_way_are_not_set_again() {
    let mut contents = Contents::new(StructureKind::List, source(StructureKind::List), GROUP, (0, 1));
    let mut draws = Draws::new(1);
    for _ in 0..3 {
        contents.plan(Step::Insert, &mut draws).unwrap();
    }
    let mut planned: Vec<Planned> = (0..3)
        .map(|_| contents.plan(Step::Update, &mut draws).unwrap())
        .collect();
    assert_eq!(contents.plan(Step::Update, &mut draws), None);
    let mut numbers: Vec<u32> = planned.iter().map(|planned| planned.number).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, [0, 1, 2]);
    let settled = planned.remove(1);
    contents.settle(&settled);
    assert_eq!(
        contents.plan(Step::Update, &mut draws).unwrap().number,
        settled.number
    );
}

#[test]
fn a_step_on_nothing_is_an_insert() {
    for step in Step::ALL {
        let mut contents = Contents::new(StructureKind::Queue, source(StructureKind::Queue), GROUP, (0, 1));
        let planned = contents.plan(step, &mut Draws::new(1)).unwrap();
        assert_eq!(planned.step, Step::Insert);
    }
}

#[test]
fn each_of_several_clients_has_its_own_numbers() {
    let numbers = |client| {
        let mut contents = Contents::new(StructureKind::Map, source(StructureKind::Map), GROUP, (client, 3));
        let mut draws = Draws::new(1);
        let inserted = (0..4).map(|_| contents.plan(Step::Insert, &mut draws).unwrap().number);
        inserted.collect::<Vec<_>>()
    };
    assert_eq!(numbers(0), [0, 3, 6, 9]);
    assert_eq!(numbers(2), [2, 5, 8, 11]);
}
