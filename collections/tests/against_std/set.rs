//! Sets against `BTreeSet`, whose order does not count here.

use std::collections::BTreeSet;

use collections::{Error, ReplicatedSet, Set};
use fusion_primary::FusedSet;
use rand::{Rng, rngs::StdRng};
use structures::kind::StructureKind;

use crate::{OPERATIONS, against_std};

type Item = (u8, Option<bool>);

against_std!(StructureKind::Set, ReplicatedSet<Item>, FusedSet<Item>, check);

async fn check(set: &mut impl Set<Item>, random: &mut StdRng) -> Result<(), Error> {
    let mut model = BTreeSet::new();
    for _ in 0..OPERATIONS {
        let item = (
            random.random_range(0..30),
            random.random_bool(0.5).then(|| random.random()),
        );
        match random.random_range(0..5) {
            0 | 1 => assert_eq!(set.insert(&item).await?, model.insert(item)),
            2 => assert_eq!(set.remove(&item).await?, model.remove(&item)),
            _ => assert_eq!(set.contains(&item).await?, model.contains(&item)),
        }
        assert_eq!(set.len().await?, model.len() as u64);
    }
    let all = set.pages().all().await?;
    assert_eq!(all.len(), model.len());
    assert_eq!(BTreeSet::from_iter(all), model);
    assert_eq!(set.is_empty().await?, model.is_empty());
    Ok(())
}
