//! What a sender asks of its owner.

use std::collections::BTreeMap;

use crate::{
    id::{Epoch, GroupId, MessageId, NodeId},
    skeen::message::ToMember,
};

/// What the owner of a sender is to do, in order.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum SenderCommand<P, R> {
    /// Send this to a member.
    Send {
        /// To whom.
        to: NodeId,
        /// What.
        message: ToMember<P>,
    },
    /// Every active member delivered the message, and every joining one holds it. Told again, without results, when a view change finds it
    /// delivered and not yet stable.
    Completed {
        /// The message.
        id: MessageId,
        /// The result of each addressed group (absent where only a former sender learned it).
        results: BTreeMap<GroupId, R>,
    },
    /// All groups of the message lost their last member; whether it took effect is unknown.
    Abandoned {
        /// The message.
        id: MessageId,
    },
    /// Another sender owns the view by now, and either finishes the message or nobody ever delivers it. Whoever
    /// waits for it is served by sending its payload again, as a new message.
    Orphaned {
        /// The message, one of this sender's own; told once.
        id: MessageId,
    },
    /// The view change ended; the epoch is in force.
    Installed {
        /// The epoch.
        epoch: Epoch,
    },
    /// Two members of a group got different results from the same message: a bug or broken memory.
    Diverged {
        /// The message.
        id: MessageId,
        /// The member whose result differs from the first one's.
        node: NodeId,
    },
    /// A member belongs to a newer epoch: somebody else owns the view. This sender can complete nothing that
    /// the other one sealed, and has to follow the view that the membership store holds.
    Superseded {
        /// Its epoch.
        epoch: Epoch,
    },
}
