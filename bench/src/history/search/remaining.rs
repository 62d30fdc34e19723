//! The steps that are not in the order yet, in the order of their calls: a list that is linked by number, so that
//! taking one out and putting it back costs the same wherever it stands.
//!
//! Invariant: steps are put back in the reverse order in which they were taken out.

#[derive(Debug)]
pub(super) struct Remaining {
    /// By number; the last place is before the first and behind the last.
    next: Vec<usize>,
    previous: Vec<usize>,
    is_in: Vec<bool>,
}

impl Remaining {
    /// All steps from 0 to `count` less one.
    pub(super) fn all(count: usize) -> Self {
        let places = count + 1;
        Self {
            next: (0..places).map(|place| (place + 1) % places).collect(),
            previous: (0..places).map(|place| (place + count) % places).collect(),
            is_in: vec![true; count],
        }
    }

    pub(super) fn has(&self, number: usize) -> bool {
        self.is_in[number]
    }

    pub(super) fn unlink(&mut self, number: usize) {
        let (previous, next) = (self.previous[number], self.next[number]);
        self.next[previous] = next;
        self.previous[next] = previous;
        self.is_in[number] = false;
    }

    pub(super) fn relink(&mut self, number: usize) {
        let (previous, next) = (self.previous[number], self.next[number]);
        self.next[previous] = number;
        self.previous[next] = number;
        self.is_in[number] = true;
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = usize> {
        let end = self.is_in.len();
        let mut place = self.next[end];
        std::iter::from_fn(move || {
            let number = place;
            place = self.next[number];
            (number != end).then_some(number)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_out_comes_back_where_it_was() {
        let mut remaining = Remaining::all(4);
        let left = |remaining: &Remaining| remaining.iter().collect::<Vec<_>>();
        assert_eq!(left(&remaining), [0, 1, 2, 3]);
        for (number, rest) in [(1, vec![0, 2, 3]), (0, vec![2, 3]), (3, vec![2]), (2, vec![])] {
            remaining.unlink(number);
            assert_eq!(left(&remaining), rest);
            assert!(!remaining.has(number));
        }
        for (number, rest) in [
            (2, vec![2]),
            (3, vec![2, 3]),
            (0, vec![0, 2, 3]),
            (1, vec![0, 1, 2, 3]),
        ] {
            remaining.relink(number);
            assert_eq!(left(&remaining), rest);
            assert!(remaining.has(number));
        }
        assert_eq!(Remaining::all(0).iter().next(), None);
    }
}
