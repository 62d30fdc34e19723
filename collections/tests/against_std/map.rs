//! Maps against `BTreeMap`, whose order does not count here.

use std::collections::BTreeMap;

use collections::{Error, Map, ReplicatedMap};
use fusion_primary::FusedMap;
use rand::{Rng, rngs::StdRng};
use structures::kind::StructureKind;

use crate::{OPERATIONS, against_std, text};

type Value = (u64, Option<String>);

against_std!(StructureKind::Map, ReplicatedMap<String, Value>, FusedMap<String, Value>, check);

async fn check(map: &mut impl Map<String, Value>, random: &mut StdRng) -> Result<(), Error> {
    let mut model = BTreeMap::new();
    for _ in 0..OPERATIONS {
        let key = format!("key {}", random.random_range(0..60));
        let value = (random.random(), random.random_bool(0.7).then(|| text(random)));
        match random.random_range(0..7) {
            0..=2 => {
                let is_new = model.insert(key.clone(), value.clone()).is_none();
                assert_eq!(map.insert(&key, &value).await?, is_new);
            }
            3 => {
                let there = model.get_mut(&key);
                assert_eq!(map.update(&key, &value).await?, there.is_some());
                there.into_iter().for_each(|there| *there = value.clone());
            }
            4 => assert_eq!(map.remove(&key).await?, model.remove(&key)),
            5 => assert_eq!(map.contains_key(key.as_str()).await?, model.contains_key(&key)),
            _ => assert_eq!(map.get(key.as_str()).await?.as_ref(), model.get(&key)),
        }
        assert_eq!(map.len().await?, model.len() as u64);
    }
    let all = map.pages().all().await?;
    assert_eq!(all.len(), model.len());
    assert_eq!(BTreeMap::from_iter(all), model);
    assert_eq!(map.is_empty().await?, model.is_empty());
    Ok(())
}
