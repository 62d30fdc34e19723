//! Changes of who belongs to the cluster, as far as both mechanisms deal with them alike.
//!
//! ```text
//! asked --the next membership takes it up--> accepted --Stored--> Changed
//!                                       \--> refused
//! ```
//!
//! What may be is the mechanism's to judge, against the membership that is about to be stored. Invariant: nothing is
//! answered with `Changed` before the store holds it.

use multicast::id::{Epoch, GroupId, NodeId};
use settings::MAX_NAME_BYTES;
use wire::message::{
    client::{Refusal, ReplyBody},
    membership::{Membership, Role},
    roster::{Change, ChangeRefused, NewMember},
};

use crate::{
    coordinator::{Caller, Command},
    limits::MAX_WAITING_CHANGES,
};

/// Changes that were asked for.
#[derive(Debug, Default)]
pub(crate) struct RosterDesk {
    /// Those that the next membership will take up.
    asked: Vec<(Caller, Change)>,
    /// Who waits for the membership that is on its way into the store.
    storing: Vec<Caller>,
}

impl RosterDesk {
    /// Notes a change for the next membership.
    ///
    /// # Errors
    /// `Overloaded`.
    pub(crate) fn ask(&mut self, caller: Caller, change: Change) -> Result<(), Refusal> {
        let limit = MAX_WAITING_CHANGES;
        if self.asked.len() == limit {
            return Err(Refusal::Overloaded { limit });
        }
        self.asked.push((caller, change));
        Ok(())
    }

    /// Whether the next membership has something to take up.
    pub(crate) fn is_asked(&self) -> bool {
        !self.asked.is_empty()
    }

    /// What the next membership is to take up, in the order in which it was asked.
    pub(crate) fn take_asked(&mut self) -> Vec<(Caller, Change)> {
        std::mem::take(&mut self.asked)
    }

    /// The next membership contains the caller's change.
    pub(crate) fn accept(&mut self, caller: Caller) {
        self.storing.push(caller);
    }

    /// Whether the membership that was just made contains a change.
    pub(crate) fn is_storing(&self) -> bool {
        !self.storing.is_empty()
    }

    /// That membership is stored.
    pub(crate) fn stored(&mut self, epoch: Epoch) -> Vec<Command> {
        let callers = self.storing.drain(..);
        let changed = |caller| Command::Reply(caller, ReplyBody::Changed { epoch });
        callers.map(changed).collect()
    }

    /// Another manager is to be asked. What was on its way into the store is not there; should an answer of the store
    /// have got lost, who asks again hears that it is done.
    pub(crate) fn give_up(&mut self) -> Vec<Command> {
        let asked = self.asked.drain(..).map(|(caller, _)| caller);
        let reason = || "another manager owns the membership by now".to_owned();
        let refusal = || Refusal::Unavailable { reason: reason() };
        let refuse = |caller| Command::Reply(caller, ReplyBody::Refused(refusal()));
        self.storing.drain(..).chain(asked).map(refuse).collect()
    }
}

/// Whether nobody of the membership stands in the new one's way.
///
/// # Errors
/// `IdInUse` and `AddressInUse`, with who has it.
pub(crate) fn judge_new(
    membership: &Membership,
    manager: Option<NodeId>,
    new: &NewMember,
) -> Result<(), ChangeRefused> {
    let node = new.node;
    let role = match membership.members.get(&node) {
        None if manager == Some(node) => Some(Role::GroupManager),
        member => member.map(|member| member.role),
    };
    if let Some(role) = role {
        return Err(ChangeRefused::IdInUse { node, role });
    }
    for (by, member) in &membership.members {
        let used = member
            .addresses
            .iter()
            .flat_map(|used| [used.peers, used.clients]);
        if let Some(address) = used.into_iter().find(|used| new.listens.contains(used)) {
            return Err(ChangeRefused::AddressInUse { address, by: *by });
        }
    }
    Ok(())
}

/// The number of the group that the new member is to hold. A name that the cluster never had gets the first number that no
/// group ever had: a number once given keeps its meaning, so that whoever has learnt it may go on with it for ever.
///
/// # Errors
/// `NoGroup`, `GroupName`, `Full`.
pub(crate) fn number_group(next: &mut Membership, new: &NewMember) -> Result<GroupId, ChangeRefused> {
    let role = new.role;
    let name = new.group.clone().ok_or(ChangeRefused::NoGroup { role })?;
    if let Some(known) = next.group_named(&name) {
        return Ok(known);
    }
    let is_sound = |letter: char| letter.is_ascii_alphanumeric() || letter == '_' || letter == '-';
    let limit = MAX_NAME_BYTES;
    if name.is_empty() || name.len() > limit || !name.chars().all(is_sound) {
        return Err(ChangeRefused::GroupName { name, limit });
    }
    let of_members = next.members.values().filter_map(|member| member.group);
    let last = next.groups.keys().copied().chain(of_members).max();
    let number = last.map_or(Some(0), |last| last.0.checked_add(1));
    let group = number.map(GroupId).ok_or_else(|| ChangeRefused::Full {
        limit: usize::from(u16::MAX) + 1,
        of: "groups, those that are closed counted".to_owned(),
    })?;
    next.groups.insert(group, name);
    Ok(group)
}

#[cfg(test)]
mod tests {
    use wire::message::membership::{Addresses, Member};

    use super::*;

    const CALLER: Caller = Caller {
        connection: 1,
        request: 1,
    };

    #[test]
    fn changes_wait_up_to_the_limit_and_not_one_past_it() {
        let mut desk = RosterDesk::default();
        let change = Change::Remove {
            node: NodeId(1),
            discard: false,
            tolerating: None,
        };
        for _ in 0..MAX_WAITING_CHANGES {
            assert_eq!(desk.ask(CALLER, change.clone()), Ok(()));
        }
        let limit = MAX_WAITING_CHANGES;
        assert_eq!(desk.ask(CALLER, change), Err(Refusal::Overloaded { limit }));
        assert_eq!(desk.give_up().len(), limit);
    }

    #[test]
    fn an_id_and_an_address_belong_to_one_process() {
        let address = |port: u16| std::net::SocketAddr::from(([127, 0, 0, 1], port));
        let mut membership = Membership::default();
        let mut member = Member::absent(Role::DataNode, Some(GroupId(0)));
        member.addresses = Some(Addresses {
            peers: address(1),
            clients: address(2),
        });
        membership.members.insert(NodeId(7), member);
        let judged = |node, port| {
            let new = NewMember {
                node: NodeId(node),
                role: Role::DataNode,
                group: None,
                listens: vec![address(port)],
            };
            judge_new(&membership, Some(NodeId(9)), &new)
        };
        let in_use = |node, role| {
            Err(ChangeRefused::IdInUse {
                node: NodeId(node),
                role,
            })
        };
        assert_eq!(judged(7, 3), in_use(7, Role::DataNode));
        assert_eq!(judged(9, 3), in_use(9, Role::GroupManager));
        let (address, by) = (address(2), NodeId(7));
        assert_eq!(judged(8, 2), Err(ChangeRefused::AddressInUse { address, by }));
        assert_eq!(judged(8, 3), Ok(()));
    }
}
