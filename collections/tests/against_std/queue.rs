//! Queues against `VecDeque`.

use std::collections::VecDeque;

use collections::{Error, PAGE_ELEMENTS, Queue, ReplicatedQueue};
use fusion_primary::FusedQueue;
use rand::{Rng, rngs::StdRng};
use structures::kind::StructureKind;

use crate::{OPERATIONS, against_std, text};

against_std!(
    StructureKind::Queue,
    ReplicatedQueue<String>,
    FusedQueue<String>,
    check
);

async fn check(queue: &mut impl Queue<String>, random: &mut StdRng) -> Result<(), Error> {
    let mut model = VecDeque::new();
    for _ in 0..OPERATIONS {
        match random.random_range(0..5) {
            0 | 1 => {
                let element = text(random);
                queue.push(&element).await?;
                model.push_back(element);
            }
            2 | 3 => assert_eq!(queue.pop().await?, model.pop_front()),
            _ => assert_eq!(queue.peek().await?.as_ref(), model.front()),
        }
        assert_eq!(queue.len().await?, model.len() as u64);
    }
    for number in 0..PAGE_ELEMENTS {
        queue.push(&number.to_string()).await?;
        model.push_back(number.to_string());
    }
    assert_eq!(model, queue.pages().all().await?);
    assert_eq!(queue.is_empty().await?, model.is_empty());
    Ok(())
}
