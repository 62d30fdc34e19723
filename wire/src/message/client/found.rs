//! What a structure answers to a query, in as many replies as it takes.
//!
//! All elements come in chunks that fill a frame each, of which the last is marked. Invariant: an answer that would
//! exceed its limit is refused before anything of it is copied.

use structures::{
    Structure,
    op::Element,
    query::{Found, Query},
};

use super::{Refusal, ReplyBody};
use crate::limits::{CHUNK_BYTES, MAX_READ_CHUNKS};

/// The replies to a query of this structure as it stands. Nothing is copied for an answer that would be too long.
pub fn query_replies(structure: &Structure, query: &Query) -> Vec<ReplyBody> {
    replies_within(structure, query, MAX_READ_CHUNKS)
}

fn replies_within(structure: &Structure, query: &Query, limit: usize) -> Vec<ReplyBody> {
    // So many at least: a chunk is not always filled.
    let chunks = structure.answer_bytes(query).div_ceil(CHUNK_BYTES as u64) as usize;
    if chunks > limit {
        return vec![ReplyBody::Refused(Refusal::ReadTooLarge { chunks, limit })];
    }
    match structure.query(query) {
        Found::Len(count) => vec![ReplyBody::Len(count)],
        Found::Value(value) => vec![ReplyBody::Value(value.map(Into::into))],
        Found::Element(element) => vec![ReplyBody::Element(element)],
        Found::Elements(elements) => chunks_within(elements, limit),
        Found::Unsupported => {
            let kind = structure.kind();
            vec![ReplyBody::Refused(Refusal::Unsupported { kind })]
        }
    }
}

/// The one reply to a query that is not [long](Query::is_long); a long one is refused, since its answer could not be
/// part of a batch's.
pub fn query_reply(structure: &Structure, query: &Query) -> ReplyBody {
    let replies = (!query.is_long()).then(|| query_replies(structure, query));
    let too_long = Refusal::ReadTooLarge {
        chunks: MAX_READ_CHUNKS,
        limit: 1,
    };
    let only = replies.and_then(|mut replies| replies.pop());
    only.unwrap_or(ReplyBody::Refused(too_long))
}

/// The replies to a read of all these elements: pieces of about [`CHUNK_BYTES`] of memory, the last one marked, at least
/// one; or a refusal if there would be more than the limit.
fn chunks_within(elements: Vec<Element>, limit: usize) -> Vec<ReplyBody> {
    let mut chunks = vec![Vec::new()];
    let mut bytes = 0;
    for element in elements {
        let element_bytes = element.bytes();
        bytes += element_bytes;
        if bytes > CHUNK_BYTES && chunks.last().is_some_and(|chunk| !chunk.is_empty()) {
            chunks.push(Vec::new());
            bytes = element_bytes;
        }
        chunks.last_mut().expect("it began with one").push(element);
    }
    let count = chunks.len();
    if count > limit {
        return vec![ReplyBody::Refused(Refusal::ReadTooLarge { chunks: count, limit })];
    }
    let reply = |(place, elements)| ReplyBody::Elements {
        elements,
        last: place + 1 == count,
    };
    chunks.into_iter().enumerate().map(reply).collect()
}

#[cfg(test)]
mod tests {
    use multicast::id::{ClientId, Seq};
    use structures::{
        kind::{StructureKind, StructureSpec},
        op::{Op, Write},
    };

    use super::*;

    /// An element of so many bytes.
    fn element(bytes: usize) -> Element {
        let value = bytes - 1 - Element::OVERHEAD_BYTES;
        Element {
            key: vec![7],
            value: vec![7; value],
        }
    }

    fn element_chunks(elements: Vec<Element>) -> Vec<ReplyBody> {
        chunks_within(elements, MAX_READ_CHUNKS)
    }

    fn sizes(replies: &[ReplyBody]) -> Vec<(usize, bool)> {
        let size = |reply: &ReplyBody| match reply {
            ReplyBody::Elements { elements, last } => (elements.len(), *last),
            other => panic!("no elements: {other:?}"),
        };
        replies.iter().map(size).collect()
    }

    #[test]
    fn elements_come_in_chunks_and_the_last_is_marked() {
        let half = CHUNK_BYTES / 2;
        assert_eq!(sizes(&element_chunks(Vec::new())), [(0, true)]);
        assert_eq!(sizes(&element_chunks(vec![element(half); 2])), [(2, true)]);
        assert_eq!(
            sizes(&element_chunks(vec![element(half); 3])),
            [(2, false), (1, true)]
        );
        assert_eq!(
            sizes(&element_chunks(vec![element(2 * CHUNK_BYTES); 2])),
            [(1, false), (1, true)]
        );
    }

    #[test]
    fn a_read_may_fill_its_limit_of_frames_and_not_one_more() {
        let large = |count| vec![element(CHUNK_BYTES); count];
        assert_eq!(chunks_within(large(3), 3).len(), 3);
        let refused = vec![ReplyBody::Refused(Refusal::ReadTooLarge { chunks: 4, limit: 3 })];
        assert_eq!(chunks_within(large(4), 3), refused);
    }

    /// An element counts with what it takes beside its bytes: many small ones are no small answer.
    #[test]
    fn an_answer_is_measured_before_anything_of_it_is_copied() {
        for kind in [
            StructureKind::LinkedList,
            StructureKind::KeyedList,
            StructureKind::Set,
        ] {
            let spec = StructureSpec {
                kind,
                ..StructureSpec::linked_list(4, 1)
            };
            let mut structure = Structure::new(spec);
            let mut apply = |seq, op| {
                let (client, seq) = (ClientId(1), Seq(seq));
                structure.apply(&Write { client, seq, op });
            };
            apply(1, Op::OpenSession);
            let fit = CHUNK_BYTES / (Element::OVERHEAD_BYTES + 4);
            for number in 0..=fit as u32 {
                let (key, value) = (number.to_be_bytes().to_vec(), vec![]);
                apply(u64::from(number) + 2, Op::Insert { key, value });
            }
            let range = |count| Query::Range { from: 0, count };
            assert_eq!(replies_within(&structure, &range(1000), 1).len(), 1, "{kind:?}");
            let refused = vec![ReplyBody::Refused(Refusal::ReadTooLarge { chunks: 2, limit: 1 })];
            assert_eq!(replies_within(&structure, &Query::All, 1), refused, "{kind:?}");
            assert_eq!(replies_within(&structure, &Query::Len, 0).len(), 1);
        }
    }
}
