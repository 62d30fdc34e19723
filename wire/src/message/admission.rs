//! What every door checks before a request touches a structure: the lengths of keys and values.

use structures::{
    kind::{StructureKind, StructureSpec},
    op::Op,
    query::Query,
};

use super::client::Refusal;

/// Whether a query may be asked; whether the structure has an answer to it, the structure says.
///
/// # Errors
/// [`Refusal::KeyLength`] if it names a key that is empty or too long to be there.
pub fn judge_query(spec: StructureSpec, query: &Query) -> Result<(), Refusal> {
    match query {
        // The search may start between keys: before them all, or behind one that is too long to be there.
        Query::FromKey { .. } => Ok(()),
        _ => query.key().map_or(Ok(()), |key| judge_key(spec, key)),
    }
}

/// Whether an operation's key and value have a proper length.
///
/// # Errors
/// [`Refusal::KeyLength`], [`Refusal::ValueLength`].
pub fn judge_op(spec: StructureSpec, op: &Op) -> Result<(), Refusal> {
    op.key().map_or(Ok(()), |key| judge_key(spec, key))?;
    let limit = match spec.kind {
        StructureKind::Set => 0,
        _ => usize::from(spec.limits.element_bytes),
    };
    match op.value().map_or(0, <[u8]>::len) {
        actual if actual > limit => Err(Refusal::ValueLength { limit, actual }),
        _ => Ok(()),
    }
}

fn judge_key(spec: StructureSpec, key: &[u8]) -> Result<(), Refusal> {
    let limit = usize::from(spec.limits.key_bytes);
    match key.len() {
        actual if actual == 0 || actual > limit => Err(Refusal::KeyLength { limit, actual }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPEC: StructureSpec = StructureSpec::linked_list(3, 5);

    #[test]
    fn lengths_pass_up_to_the_limits_and_not_one_byte_past_them() {
        let insert = |key: usize, value: usize| Op::Insert {
            key: vec![1; key],
            value: vec![2; value],
        };
        let judged = |key, value| judge_op(SPEC, &insert(key, value));
        assert_eq!(judged(3, 5), Ok(()));
        assert_eq!(judged(1, 0), Ok(()));
        assert_eq!(judged(4, 5), Err(Refusal::KeyLength { limit: 3, actual: 4 }));
        assert_eq!(judged(0, 5), Err(Refusal::KeyLength { limit: 3, actual: 0 }));
        assert_eq!(judged(3, 6), Err(Refusal::ValueLength { limit: 5, actual: 6 }));
        assert_eq!(
            judge_query(SPEC, &Query::Get { key: vec![1; 4] }),
            Err(Refusal::KeyLength { limit: 3, actual: 4 })
        );
        for length in [0, 3, 4] {
            let (key, after, count) = (vec![1; length], false, 1);
            assert_eq!(judge_query(SPEC, &Query::FromKey { key, after, count }), Ok(()));
        }
        assert_eq!(judge_op(SPEC, &Op::OpenSession), Ok(()));
    }
}
