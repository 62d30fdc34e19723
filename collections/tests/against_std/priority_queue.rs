//! Priority queues against a `BTreeMap` by priority and order of arrival.

use std::collections::BTreeMap;

use collections::{Error, PriorityQueue, ReplicatedPriorityQueue};
use fusion_primary::FusedPriorityQueue;
use rand::{Rng, rngs::StdRng};
use structures::kind::StructureKind;

use crate::{OPERATIONS, against_std, text};

against_std!(
    StructureKind::PriorityQueue,
    ReplicatedPriorityQueue<String>,
    FusedPriorityQueue<String>,
    check
);

async fn check(queue: &mut impl PriorityQueue<String>, random: &mut StdRng) -> Result<(), Error> {
    let mut model = BTreeMap::new();
    for arrival in 0..OPERATIONS {
        match random.random_range(0..5) {
            0 | 1 => {
                let (priority, element) = (random.random_range(0..9_u64) << 40, text(random));
                queue.push(priority, &element).await?;
                model.insert((priority, arrival), element);
            }
            2 | 3 => {
                let first = model.pop_first().map(|(_, element)| element);
                assert_eq!(queue.pop().await?, first);
            }
            _ => {
                let first = model.first_key_value();
                let first = first.map(|((priority, _), element)| (*priority, element.clone()));
                assert_eq!(queue.peek().await?, first);
            }
        }
        assert_eq!(queue.len().await?, model.len() as u64);
    }
    let ranked = model
        .into_iter()
        .map(|((priority, _), element)| (priority, element));
    let ranked: Vec<_> = ranked.collect();
    assert_eq!(queue.pages().all().await?, ranked);
    assert_eq!(queue.is_empty().await?, ranked.is_empty());
    Ok(())
}
