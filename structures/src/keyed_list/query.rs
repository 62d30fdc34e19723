//! Answering what a reader asks. Places are counted along the links.

use super::KeyedList;
use crate::op::Element;
use crate::query::{Found, Query};

impl KeyedList {
    /// Answers a query. A place costs as many steps as elements are before it.
    pub fn query(&self, query: &Query) -> Found {
        match query {
            Query::Len => Found::Len(self.len() as u64),
            Query::All => Found::Elements(self.elements()),
            Query::Get { key } => Found::Value(self.get(key)),
            Query::At { index } => Found::Element(self.run(*index, 1).pop()),
            Query::Last => Found::Element(
                self.len()
                    .checked_sub(1)
                    .and_then(|last| self.run(last as u64, 1).pop()),
            ),
            Query::Range { from, count } => Found::Elements(self.run(*from, *count)),
            Query::FromKey { .. } => Found::Unsupported,
        }
    }

    /// Bytes of memory that the elements of the answer will take.
    pub(crate) fn answer_bytes(&self, query: &Query) -> u64 {
        let (from, count) = match query {
            Query::All => (0, u64::MAX),
            Query::Range { from, count } => (*from, *count),
            _ => return 0,
        };
        let lengths = self
            .places(from, count)
            .map(|(key, value)| Element::OVERHEAD_BYTES + key.len() + value.len());
        lengths.map(|bytes| bytes as u64).sum()
    }

    fn places(&self, from: u64, count: u64) -> impl Iterator<Item = (&[u8], &[u8])> {
        let [from, count] = [from, count].map(|number| usize::try_from(number).unwrap_or(usize::MAX));
        self.iter().skip(from).take(count)
    }

    /// Up to `count` elements from place `from` on.
    fn run(&self, from: u64, count: u64) -> Vec<Element> {
        self.places(from, count)
            .map(|(key, value)| Element {
                key: key.to_vec(),
                value: value.to_vec(),
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use multicast::id::{ClientId, Seq};

    use super::*;
    use crate::kind::StructureLimits;
    use crate::op::{Op, Write};

    #[test]
    fn places_are_counted_in_list_order_and_nothing_is_past_the_end() {
        let mut list = KeyedList::new(StructureLimits {
            key_bytes: 1,
            element_bytes: 1,
        });
        let mut apply = |seq, op| {
            let (client, seq) = (ClientId(1), Seq(seq));
            list.apply(&Write { client, seq, op });
        };
        let insert = |key| Op::Insert {
            key: vec![key],
            value: vec![key + 1],
        };
        apply(1, Op::OpenSession);
        for (seq, key) in [(2, 7), (3, 3), (4, 5)] {
            apply(seq, insert(key));
        }
        apply(5, Op::Delete { key: vec![7] });
        apply(6, insert(9));

        let all = [3, 5, 9].map(|key| Element {
            key: vec![key],
            value: vec![key + 1],
        });
        let at = |index| list.query(&Query::At { index });
        let range = |from, count| list.query(&Query::Range { from, count });
        assert_eq!(list.query(&Query::Len), Found::Len(3));
        assert_eq!(list.query(&Query::All), Found::Elements(all.to_vec()));
        assert_eq!(
            list.query(&Query::Get { key: vec![5] }),
            Found::Value(Some(vec![6]))
        );
        assert_eq!(list.query(&Query::Get { key: vec![7] }), Found::Value(None));
        for (index, element) in (0..).zip(&all) {
            assert_eq!(at(index), Found::Element(Some(element.clone())));
        }
        assert_eq!(
            (at(3), at(u64::MAX)),
            (Found::Element(None), Found::Element(None))
        );
        assert_eq!(list.query(&Query::Last), Found::Element(Some(all[2].clone())));
        assert_eq!(range(1, u64::MAX), Found::Elements(all[1..].to_vec()));
        assert_eq!(range(0, 2), Found::Elements(all[..2].to_vec()));
        assert_eq!(range(3, 1), Found::Elements(vec![]));
        let from_key = Query::FromKey {
            key: vec![],
            after: false,
            count: 1,
        };
        assert_eq!(list.query(&from_key), Found::Unsupported);
    }
}
