//! Pushing to a vector that keeps at most an eighth in reserve, where `Vec` alone would double.

/// Fewest items to make room for.
const MIN_RESERVE: usize = 8;

/// Appends an item.
pub(crate) fn push<T>(items: &mut Vec<T>, item: T) {
    if items.len() == items.capacity() {
        items.reserve_exact(items.len() / 8 + MIN_RESERVE);
    }
    items.push(item);
}

/// Drops the last item, and gives memory back when much of it is unused.
pub(crate) fn pop<T>(items: &mut Vec<T>) -> Option<T> {
    let item = items.pop();
    let reserve = items.len() / 8 + MIN_RESERVE;
    if items.capacity() - items.len() > 2 * reserve {
        items.shrink_to(items.len() + reserve);
    }
    item
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reserve_is_an_eighth_while_growing_and_a_quarter_while_shrinking() {
        let mut items = Vec::new();
        for length in 0..5000 {
            push(&mut items, length);
            assert!(items.capacity() - items.len() <= items.len() / 8 + MIN_RESERVE);
        }
        for length in (0..5000).rev() {
            assert_eq!(pop(&mut items), Some(length));
            assert!(items.capacity() - items.len() <= items.len() / 4 + 2 * MIN_RESERVE);
        }
    }
}
