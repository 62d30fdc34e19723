//! What a primary's clients ask, checked before it touches the structure.

use multicast::id::GroupId;
use structures::{kind::StructureSpec, op::Write, query::Query};
use wire::message::{
    admission::{judge_op, judge_query},
    client::{Refusal, RequestBody},
    membership::Role,
};

/// A client's request, by connection and the client's number for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Caller {
    /// The shell's number for the connection.
    pub connection: u64,
    /// The client's number for the request.
    pub request: u64,
}

/// A request that this door can serve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// Apply a write whose key and value have a proper length.
    Write(Write),
    /// Answer a query.
    Read(Query),
}

/// What a door lets through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Door {
    /// The one group behind it, once the manager has said its number: nothing is served before.
    pub group: Option<GroupId>,
    /// What it protects, and its longest key and value.
    pub spec: StructureSpec,
}

impl Door {
    /// Judges a request.
    ///
    /// # Errors
    /// `UnknownGroup`, `KeyLength`, `ValueLength`, `NotServedHere`.
    pub fn judge(&self, body: RequestBody) -> Result<Request, Refusal> {
        match body {
            RequestBody::Write { group, write } => {
                self.check_group(group)?;
                judge_op(self.spec, &write.op)?;
                Ok(Request::Write(write))
            }
            // All requests have their place in the order of this one process.
            RequestBody::Read { group, query } | RequestBody::ReadOrdered { group, query } => {
                self.check_group(group)?;
                judge_query(self.spec, &query)?;
                Ok(Request::Read(query))
            }
            _ => Err(Refusal::NotServedHere { role: Role::Primary }),
        }
    }

    fn check_group(&self, group: GroupId) -> Result<(), Refusal> {
        match self.group.is_none_or(|own| own == group) {
            true => Ok(()),
            false => Err(Refusal::UnknownGroup { group }),
        }
    }
}

#[cfg(test)]
mod tests {
    use multicast::id::{ClientId, Seq};

    use structures::op::Op;

    use super::*;

    const GROUP: GroupId = GroupId(3);
    const DOOR: Door = Door {
        group: Some(GROUP),
        spec: StructureSpec::linked_list(4, 8),
    };

    fn judge(op: Op) -> Result<Request, Refusal> {
        let write = Write {
            client: ClientId(1),
            seq: Seq(1),
            op,
        };
        DOOR.judge(RequestBody::Write { group: GROUP, write })
    }

    fn let_through(op: Op) -> Result<Request, Refusal> {
        Ok(Request::Write(Write {
            client: ClientId(1),
            seq: Seq(1),
            op,
        }))
    }

    #[test]
    fn keys_pass_up_to_the_limit_and_not_one_byte_more_or_empty() {
        for bytes in [1, 4] {
            let op = Op::Delete { key: vec![7; bytes] };
            assert_eq!(judge(op.clone()), let_through(op));
        }
        for actual in [0, 5] {
            let refused = Err(Refusal::KeyLength { limit: 4, actual });
            assert_eq!(judge(Op::Delete { key: vec![7; actual] }), refused);
            let get = RequestBody::Read {
                group: GROUP,
                query: Query::Get { key: vec![7; actual] },
            };
            assert_eq!(DOOR.judge(get), refused);
        }
    }

    #[test]
    fn values_pass_up_to_the_limit_and_not_one_byte_more() {
        for bytes in [0, 8] {
            let op = Op::Insert {
                key: vec![7],
                value: vec![9; bytes],
            };
            assert_eq!(judge(op.clone()), let_through(op));
        }
        let refused = Err(Refusal::ValueLength { limit: 8, actual: 9 });
        assert_eq!(
            judge(Op::Insert {
                key: vec![7],
                value: vec![9; 9]
            }),
            refused
        );
        assert_eq!(
            judge(Op::Update {
                key: vec![7],
                value: vec![9; 9]
            }),
            refused
        );
    }

    #[test]
    fn another_group_and_another_kind_of_request_are_refused_by_name() {
        let unknown = Err(Refusal::UnknownGroup { group: GroupId(4) });
        assert_eq!(
            DOOR.judge(RequestBody::Read {
                group: GroupId(4),
                query: Query::All
            }),
            unknown
        );
        let elsewhere = Err(Refusal::NotServedHere { role: Role::Primary });
        assert_eq!(DOOR.judge(RequestBody::Members), elsewhere);
        assert_eq!(DOOR.judge(RequestBody::Recoveries { from: 0 }), elsewhere);
    }
}
