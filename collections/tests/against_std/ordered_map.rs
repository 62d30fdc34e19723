//! Ordered maps against `BTreeMap`, their order and ranges too.

use std::collections::BTreeMap;

use collections::{Error, OrderedMap, PAGE_ELEMENTS, ReplicatedOrderedMap};
use fusion_primary::FusedOrderedMap;
use rand::{Rng, rngs::StdRng};
use structures::kind::StructureKind;

use crate::{OPERATIONS, against_std, text};

type Key = (i16, String);

against_std!(
    StructureKind::OrderedMap,
    ReplicatedOrderedMap<Key, String>,
    FusedOrderedMap<Key, String>,
    check
);

fn key(random: &mut StdRng) -> Key {
    let mut text = text(random);
    text.truncate(random.random_range(0..3));
    (random.random_range(-9..9), text)
}

async fn check(map: &mut impl OrderedMap<Key, String>, random: &mut StdRng) -> Result<(), Error> {
    let mut model = BTreeMap::new();
    for _ in 0..OPERATIONS {
        let (key, value) = (key(random), text(random));
        match random.random_range(0..9) {
            0..=3 => {
                let is_new = model.insert(key.clone(), value.clone()).is_none();
                assert_eq!(map.insert(&key, &value).await?, is_new);
            }
            4 => {
                let there = model.get_mut(&key);
                assert_eq!(map.update(&key, &value).await?, there.is_some());
                there.into_iter().for_each(|there| *there = value.clone());
            }
            5 => assert_eq!(map.remove(&key).await?, model.remove(&key)),
            6 => assert_eq!(map.contains_key(&key).await?, model.contains_key(&key)),
            7 => assert_eq!(map.get(&key).await?.as_ref(), model.get(&key)),
            _ => check_ranges(map, &model, &key).await?,
        }
        assert_eq!(map.len().await?, model.len() as u64);
    }
    let owned = |entry: Option<(&Key, &String)>| entry.map(|(key, value)| (key.clone(), value.clone()));
    assert_eq!(map.first().await?, owned(model.first_key_value()));
    assert_eq!(map.last().await?, owned(model.last_key_value()));
    check_pages(map, model).await
}

async fn check_ranges(
    map: &mut impl OrderedMap<Key, String>,
    model: &BTreeMap<Key, String>,
    key: &Key,
) -> Result<(), Error> {
    let owned = |(key, value): (&Key, &String)| (key.clone(), value.clone());
    let above: Vec<_> = model.range(key.clone()..).map(owned).collect();
    assert_eq!(map.range(key.clone()..).all().await?, above);
    let below: Vec<_> = model.range(..=key.clone()).map(owned).collect();
    assert_eq!(map.range(..=key.clone()).all().await?, below);
    // A bound need be no key that could be there.
    let long = (key.0, "m".repeat(60));
    let behind: Vec<_> = model.range(long.clone()..).map(owned).collect();
    assert_eq!(map.range(long..).all().await?, behind);
    let end = (key.0.saturating_add(3), String::new());
    let between: Vec<_> = model.range(key.clone()..end.clone()).map(owned).collect();
    assert_eq!(map.range(key.clone()..end.clone()).all().await?, between);
    assert_eq!(map.range(end..key.clone()).all().await?, []);
    Ok(())
}

/// Several pages, each full but the last.
async fn check_pages(
    map: &mut impl OrderedMap<Key, String>,
    mut model: BTreeMap<Key, String>,
) -> Result<(), Error> {
    for number in 0..PAGE_ELEMENTS as i16 + 10 {
        let entry = ((100 + number, String::new()), String::new());
        map.insert(&entry.0, &entry.1).await?;
        model.insert(entry.0, entry.1);
    }
    let entries: Vec<_> = model.into_iter().collect();
    let mut pages = map.pages();
    for page in entries.chunks(PAGE_ELEMENTS as usize) {
        assert_eq!(pages.next_page().await?.as_deref(), Some(page));
    }
    assert_eq!(pages.next_page().await?, None);
    Ok(())
}
