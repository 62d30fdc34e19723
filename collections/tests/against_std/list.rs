//! Lists against `Vec`.

use collections::{Error, List, ReplicatedList};
use fusion_primary::FusedList;
use rand::{Rng, rngs::StdRng};
use structures::kind::StructureKind;

use crate::{OPERATIONS, against_std, text};

against_std!(
    StructureKind::List,
    ReplicatedList<String>,
    FusedList<String>,
    check
);

async fn check(list: &mut impl List<String>, random: &mut StdRng) -> Result<(), Error> {
    let mut model = Vec::new();
    for _ in 0..OPERATIONS {
        let (index, element) = (random.random_range(0..=model.len() + 1), text(random));
        match random.random_range(0..11) {
            0..=2 => {
                list.push_back(&element).await?;
                model.push(element);
            }
            3 => {
                list.push_front(&element).await?;
                model.insert(0, element);
            }
            4 => assert_eq!(list.pop_back().await?, model.pop()),
            5 => {
                let first = (!model.is_empty()).then(|| model.remove(0));
                assert_eq!(list.pop_front().await?, first);
            }
            6 | 7 => {
                let inserted = list.insert(index as u64, &element).await;
                placed(inserted, index, index <= model.len(), || {
                    model.insert(index, element)
                });
            }
            8 => {
                let set = list.set(index as u64, &element).await;
                placed(set, index, index < model.len(), || model[index] = element);
            }
            9 => {
                let removed = (index < model.len()).then(|| model.remove(index));
                assert_eq!(list.remove(index as u64).await?, removed);
            }
            _ => assert_eq!(list.get(index as u64).await?.as_ref(), model.get(index)),
        }
        assert_eq!(list.len().await?, model.len() as u64);
    }
    assert_eq!(list.pages().all().await?, model);
    let middle = model.len() / 3..model.len() / 2;
    let range = list.range(middle.start as u64..middle.end as u64).await?;
    assert_eq!(range, model[middle]);
    assert_eq!(list.is_empty().await?, model.is_empty());
    Ok(())
}

/// Compares what was said of a place, and does the same to the model if the place is there.
fn placed(said: Result<(), Error>, index: usize, is_there: bool, change: impl FnOnce()) {
    match (said, is_there) {
        (Ok(()), true) => change(),
        (Err(Error::NoSuchPlace { index: said }), false) => assert_eq!(said, index as u64),
        (said, _) => panic!("place {index}: {said:?}"),
    }
}
