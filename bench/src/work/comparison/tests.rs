//! What counts as lost, and what as wrong.

use super::*;
use crate::{
    results::ValueBytes,
    work::{Draws, Step},
};

const GROUP: GroupId = GroupId(2);
const SOURCE: ElementSource = ElementSource {
    seed: 7,
    key_bytes: 8,
    value_bytes: ValueBytes::fixed(11),
    scattered: false,
};

/// `counts[k]` elements of client k.
fn inserted(kind: StructureKind, counts: &[u32]) -> Vec<Contents> {
    let clients = counts.len() as u32;
    let contents = (0..clients).zip(counts).map(|(client, count)| {
        let mut contents = Contents::new(kind, SOURCE, GROUP, (client, clients));
        for _ in 0..*count {
            let planned = contents.plan(Step::Insert, &mut Draws::new(1)).unwrap();
            contents.settle(&planned);
        }
        contents
    });
    contents.collect()
}

fn elements(kind: StructureKind, numbers: &[u32]) -> Vec<Element> {
    let shape = Contents::new(kind, SOURCE, GROUP, (0, 1));
    let element = |number: &u32| {
        shape.element(Version {
            number: *number,
            changes: 0,
        })
    };
    numbers.iter().map(element).collect()
}

fn compared(kind: StructureKind, contents: &[Contents], found: &[Element]) -> ReadBack {
    let contents: Vec<&Contents> = contents.iter().collect();
    let mut comparison = Comparison::new(kind, GROUP, SOURCE, &contents);
    found.iter().for_each(|element| comparison.see(element));
    comparison.finish()
}

/// (lost, wrong) where these numbers are read of so many elements.
fn counts(kind: StructureKind, count: u32, numbers: &[u32]) -> (u64, u64) {
    let result = compared(kind, &inserted(kind, &[count]), &elements(kind, numbers));
    (result.lost, result.wrong)
}

#[test]
fn what_is_missing_is_lost() {
    use StructureKind::{LinkedList, List, Map, Queue};
    for kind in [LinkedList, Map, List, Queue] {
        assert_eq!(counts(kind, 3, &[0, 1, 2]), (0, 0), "{kind}");
        assert_eq!(counts(kind, 3, &[0, 2]), (1, 0), "{kind}");
        assert_eq!(counts(kind, 3, &[2]), (2, 0), "{kind}");
        assert_eq!(counts(kind, 3, &[]), (3, 0), "{kind}");
        let missing = compared(kind, &inserted(kind, &[1]), &[]);
        assert_eq!(missing.which, ["group #2: element 0 is missing"], "{kind}");
    }
}

#[test]
fn what_was_never_inserted_or_changed_or_repeated_is_wrong() {
    use StructureKind::{LinkedList, List, Map, Queue};
    for kind in [LinkedList, Map, List, Queue] {
        assert_eq!(counts(kind, 3, &[0, 1, 2, 3]), (0, 1), "{kind}");
        let mut changed = elements(kind, &[0, 1, 2]);
        changed[1].value[0] ^= 1;
        let result = compared(kind, &inserted(kind, &[3]), &changed);
        assert_eq!((result.lost, result.wrong), (0, 1), "{kind}");
    }
    assert_eq!(counts(LinkedList, 3, &[0, 1, 1, 2]), (0, 1));
    assert_eq!(counts(Map, 3, &[0, 1, 1, 2]), (0, 1));
    assert!(counts(List, 3, &[0, 1, 1, 2]).1 > 0);
}

#[test]
fn an_update_that_is_gone_and_a_delete_that_is_undone_are_wrong() {
    let kind = StructureKind::Map;
    let mut contents = inserted(kind, &[1]);
    let mut draws = Draws::new(1);
    let update = contents[0].plan(Step::Update, &mut draws).unwrap();
    contents[0].settle(&update);
    let old = elements(kind, &[0]);
    let words = |result: ReadBack| (result.lost, result.wrong, result.which);
    assert_eq!(
        words(compared(kind, &contents, &old)),
        (
            0,
            1,
            vec!["group #2: element 0 is not as it was written".to_owned()]
        )
    );
    let delete = contents[0].plan(Step::Delete, &mut draws).unwrap();
    contents[0].settle(&delete);
    assert_eq!(
        words(compared(kind, &contents, &old)),
        (0, 1, vec!["group #2: element 0 should not be there".to_owned()])
    );
    let strange = Element {
        key: vec![0xEE; 8],
        value: Vec::new(),
    };
    assert_eq!(compared(kind, &contents, &[strange]).wrong, 1);
}

#[test]
fn order_counts_where_there_is_one() {
    assert_eq!(counts(StructureKind::LinkedList, 3, &[0, 2, 1]), (0, 1));
    assert_eq!(counts(StructureKind::KeyedList, 3, &[0, 2, 1]), (0, 1));
    assert_eq!(counts(StructureKind::OrderedMap, 3, &[0, 2, 1]), (0, 1));
    assert_eq!(counts(StructureKind::Map, 3, &[0, 2, 1]), (0, 0));
    assert!(counts(StructureKind::List, 3, &[0, 2, 1]).1 > 0);
}

#[test]
fn several_clients_may_interleave_but_each_keeps_its_order() {
    let kind = StructureKind::LinkedList;
    let contents = inserted(kind, &[2, 2]);
    let of = |numbers: &[u32]| {
        let result = compared(kind, &contents, &elements(kind, numbers));
        (result.lost, result.wrong)
    };
    assert_eq!(of(&[1, 0, 3, 2]), (0, 0));
    assert_eq!(of(&[3, 0, 1, 2]), (0, 1));
}
