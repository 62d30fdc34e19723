//! Stacks against `Vec`.

use collections::{Error, ReplicatedStack, Stack};
use fusion_primary::FusedStack;
use rand::{Rng, rngs::StdRng};
use structures::kind::StructureKind;

use crate::{OPERATIONS, against_std, text};

against_std!(
    StructureKind::Stack,
    ReplicatedStack<String>,
    FusedStack<String>,
    check
);

async fn check(stack: &mut impl Stack<String>, random: &mut StdRng) -> Result<(), Error> {
    let mut model = Vec::new();
    for _ in 0..OPERATIONS {
        match random.random_range(0..5) {
            0 | 1 => {
                let element = text(random);
                stack.push(&element).await?;
                model.push(element);
            }
            2 | 3 => assert_eq!(stack.pop().await?, model.pop()),
            _ => assert_eq!(stack.peek().await?.as_ref(), model.last()),
        }
        assert_eq!(stack.len().await?, model.len() as u64);
    }
    assert_eq!(stack.pages().all().await?, model);
    assert_eq!(stack.is_empty().await?, model.is_empty());
    Ok(())
}
