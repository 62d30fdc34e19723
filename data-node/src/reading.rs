//! Answers to reads, in pieces that fit into frames.

use structures::keyed_list::KeyedList;
use wire::message::client::{ReplyBody, RequestBody, element_chunks};

/// The replies to a read of this structure as it stands.
pub(crate) fn read(list: &KeyedList, read: &RequestBody) -> Vec<ReplyBody> {
    match read {
        RequestBody::Get { key, .. } => vec![ReplyBody::Value(list.get(key).map(Into::into))],
        _ => element_chunks(list.elements()),
    }
}
