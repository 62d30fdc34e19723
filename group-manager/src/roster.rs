//! Whether a process may be added to a running cluster, as far as both mechanisms judge it alike.

use multicast::id::NodeId;
use wire::message::{
    membership::{Membership, Role},
    roster::{ChangeRefused, NewMember},
};

/// Whether nobody of the membership stands in its way.
///
/// # Errors
/// `IdInUse` and `AddressInUse`, with who has it.
pub(crate) fn judge_new(
    membership: &Membership,
    manager: NodeId,
    new: &NewMember,
) -> Result<(), ChangeRefused> {
    let node = new.node;
    let role = match membership.members.get(&node) {
        None if node == manager => Some(Role::GroupManager),
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
