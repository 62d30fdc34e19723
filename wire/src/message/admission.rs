//! What every door checks before a request touches a structure: the lengths of keys and values.

use structures::{layout::StructureLimits, op::Op};

use super::client::Refusal;

/// Whether a key may be asked for.
///
/// # Errors
/// [`Refusal::KeyLength`] if it is empty or too long.
pub fn judge_key(limits: StructureLimits, key: &[u8]) -> Result<(), Refusal> {
    let limit = usize::from(limits.key_bytes);
    match key.len() {
        actual if actual == 0 || actual > limit => Err(Refusal::KeyLength { limit, actual }),
        _ => Ok(()),
    }
}

/// Whether an operation's key and value have a proper length.
///
/// # Errors
/// [`Refusal::KeyLength`], [`Refusal::ValueLength`].
pub fn judge_op(limits: StructureLimits, op: &Op) -> Result<(), Refusal> {
    match op {
        Op::OpenSession => Ok(()),
        Op::Delete { key } => judge_key(limits, key),
        Op::Insert { key, value } | Op::Update { key, value } => {
            judge_key(limits, key)?;
            let limit = usize::from(limits.element_bytes);
            match value.len() {
                actual if actual > limit => Err(Refusal::ValueLength { limit, actual }),
                _ => Ok(()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: StructureLimits = StructureLimits {
        key_bytes: 3,
        element_bytes: 5,
    };

    #[test]
    fn lengths_pass_up_to_the_limits_and_not_one_byte_past_them() {
        let insert = |key: usize, value: usize| Op::Insert {
            key: vec![1; key],
            value: vec![2; value],
        };
        let judged = |key, value| judge_op(LIMITS, &insert(key, value));
        assert_eq!(judged(3, 5), Ok(()));
        assert_eq!(judged(1, 0), Ok(()));
        assert_eq!(judged(4, 5), Err(Refusal::KeyLength { limit: 3, actual: 4 }));
        assert_eq!(judged(0, 5), Err(Refusal::KeyLength { limit: 3, actual: 0 }));
        assert_eq!(judged(3, 6), Err(Refusal::ValueLength { limit: 5, actual: 6 }));
        assert_eq!(
            judge_key(LIMITS, &[1; 4]),
            Err(Refusal::KeyLength { limit: 3, actual: 4 })
        );
        assert_eq!(judge_op(LIMITS, &Op::OpenSession), Ok(()));
    }
}
