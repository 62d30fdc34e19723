//! One test per claim of the report's section "Fusing complex data structures" and its Figures 3 and 4.
//!
//! A slot here is the report's fused node; slots are read from the VALUES region, which is what is fused.

use super::*;

/// The report's keys are small numbers and its elements bits.
fn primary(elements: &[(u8, u8)]) -> Scripted {
    let mut scripted = Scripted::new(StructureLimits {
        key_bytes: 1,
        element_bytes: 1,
    });
    for (key, bit) in elements {
        assert_eq!(scripted.insert(&[*key], &[*bit]).0, Outcome::Inserted);
    }
    scripted
}

/// The values in slot order.
fn slots(list: &KeyedList) -> Vec<u8> {
    list.image(RegionId::VALUES)
        .chunks(2)
        .map(|slot| slot[1])
        .collect()
}

/// Keys and values in list order.
fn order(list: &KeyedList) -> Vec<(u8, u8)> {
    list.iter().map(|(key, value)| (key[0], value[0])).collect()
}

#[test]
fn fusing_complex_structures_insert_of_a_known_key_updates_its_node_in_place() {
    let mut p = primary(&[(3, 0), (5, 1), (8, 0)]);
    assert_eq!(p.insert(&[5], &[0]).0, Outcome::Updated);
    assert_eq!(order(&p.list), [(3, 0), (5, 0), (8, 0)]);
    assert_eq!(slots(&p.list), [0, 0, 0]);
}

#[test]
fn fusing_complex_structures_an_update_sends_new_xor_old_of_its_node() {
    let mut p = primary(&[(3, 0), (5, 0b0110), (8, 0)]);
    let (_, delta) = p.insert(&[5], &[0b0011]);
    let values: Vec<_> = delta
        .ranges
        .iter()
        .filter(|range| range.region == RegionId::VALUES)
        .collect();
    // Slot 1 starts at byte 2, with its length.
    assert_eq!(values.len(), 1);
    assert_eq!((values[0].offset, &values[0].xor[..]), (3, &[0b0101][..]));
}

#[test]
fn figure_3_a_new_element_is_appended_to_the_auxiliary_list_and_takes_the_next_node() {
    let mut p = primary(&[(3, 0), (8, 0)]);
    assert_eq!(p.insert(&[5], &[1]).0, Outcome::Inserted);
    assert_eq!(order(&p.list), [(3, 0), (8, 0), (5, 1)]);
    assert_eq!(slots(&p.list), [0, 0, 1]);
}

#[test]
fn figure_4_delete_moves_the_last_node_into_the_hole_and_keeps_the_order() {
    let mut p = primary(&[(5, 10), (2, 20), (7, 30), (9, 40)]);
    assert_eq!(p.delete(&[5]).0, Outcome::Deleted);
    assert_eq!(slots(&p.list), [40, 20, 30]);
    assert_eq!(order(&p.list), [(2, 20), (7, 30), (9, 40)]);
}

#[test]
fn figure_4_the_moved_elements_auxiliary_node_leads_to_its_new_place() {
    let mut p = primary(&[(5, 10), (2, 20), (9, 40)]);
    p.delete(&[5]);
    assert_eq!(p.list.get(&[9]), Some(vec![40]));
    assert_eq!(p.update(&[9], &[41]).0, Outcome::Updated);
    assert_eq!(slots(&p.list), [41, 20]);
}

#[test]
fn figure_4_deleting_the_last_node_makes_the_fused_list_shorter() {
    let mut p = primary(&[(3, 1), (5, 1), (8, 1)]);
    p.delete(&[8]);
    assert_eq!(slots(&p.list), [1, 1]);
    assert_eq!(order(&p.list), [(3, 1), (5, 1)]);
}

#[test]
fn figure_4_the_deleted_values_bytes_are_in_no_node_any_more() {
    let mut p = primary(&[(5, 77), (2, 20), (9, 40)]);
    let (_, delta) = p.delete(&[5]);
    let mut values = vec![1, 77, 1, 20, 1, 40];
    for range in delta
        .ranges
        .iter()
        .filter(|range| range.region == RegionId::VALUES)
    {
        for (byte, xor) in values[range.offset as usize..].iter_mut().zip(&range.xor) {
            *byte ^= xor;
        }
    }
    assert_eq!(
        values,
        [1, 40, 1, 20, 0, 0],
        "the slot that is cut off is zero before it is cut"
    );
}

#[test]
fn figure_4_the_fused_list_is_never_longer_than_the_longest_primary() {
    let mut p = primary(&[]);
    let mut held = 0;
    for step in 0..500u32 {
        let key = [(step * 37 % 101) as u8];
        match p.delete(&key).0 {
            Outcome::Deleted => held -= 1,
            _ => {
                p.insert(&key, &[1]);
                held += 1;
            }
        }
        assert_eq!(slots(&p.list).len(), held);
    }
}
