//! One more member: which row or column of the code it gets, and whether there is one.
//!
//! Whoever belongs to the cluster keeps its coefficients, which depend on its own row and column alone; so a new member takes
//! the first number that nobody has, and nothing is encoded anew. A column was zero in every sum before it was given up.

use std::collections::BTreeSet;

use multicast::id::GroupId;
use settings::{FUSION_FAULTS, MAX_PRIMARIES_AND_FUSION_SERVERS};
use wire::message::{
    membership::{Member, Membership, Role},
    roster::{ChangeRefused, NewMember},
};

use crate::roster;

/// Makes the new one a member of the next membership.
///
/// # Errors
/// Whatever [`roster::judge_new`] and [`roster::number_group`] say; `WrongRole`, `GroupInUse`, `Full`.
pub(super) fn add(next: &mut Membership, new: &NewMember) -> Result<(), ChangeRefused> {
    roster::judge_new(next, next.owner.map(|owner| owner.node), new)?;
    let member = match new.role {
        Role::FusionServer => server(next)?,
        Role::Primary => primary(next, new)?,
        role => return Err(ChangeRefused::WrongRole { role }),
    };
    next.left.remove(&new.node);
    next.members.insert(new.node, member);
    Ok(())
}

fn server(next: &Membership) -> Result<Member, ChangeRefused> {
    let (rows, columns) = (rows(next), columns(next));
    let limit = *FUSION_FAULTS.end() as usize;
    if rows.len() >= limit {
        return Err(full(limit, "fused servers"));
    }
    let row = first_free(&rows);
    judge_code(rows.iter().copied().max().max(Some(row)), columns.last().copied())?;
    let row = Some(row);
    Ok(Member {
        row,
        ..Member::absent(Role::FusionServer, None)
    })
}

fn primary(next: &mut Membership, new: &NewMember) -> Result<Member, ChangeRefused> {
    let (rows, columns) = (rows(next), columns(next));
    let column = first_free(&columns);
    judge_code(rows.last().copied(), columns.last().copied().max(Some(column)))?;
    let group = roster::number_group(next, new)?;
    if let Some(by) = holder(next, group) {
        let name = next.group_name(group);
        return Err(ChangeRefused::GroupInUse { name, by });
    }
    let column = Some(column);
    Ok(Member {
        column,
        ..Member::absent(Role::Primary, Some(group))
    })
}

fn holder(next: &Membership, group: GroupId) -> Option<multicast::id::NodeId> {
    let mut members = next.members.iter();
    let holder = members.find(|(_, member)| member.group == Some(group));
    holder.map(|(node, _)| *node)
}

fn rows(next: &Membership) -> BTreeSet<u8> {
    next.members.values().filter_map(|member| member.row).collect()
}

fn columns(next: &Membership) -> BTreeSet<u8> {
    next.members.values().filter_map(|member| member.column).collect()
}

fn first_free(taken: &BTreeSet<u8>) -> u8 {
    (0..u8::MAX)
        .find(|number| !taken.contains(number))
        .unwrap_or(u8::MAX)
}

/// Whether the code has a coefficient for the last row and the last column: then it has one for all.
fn judge_code(last_row: Option<u8>, last_column: Option<u8>) -> Result<(), ChangeRefused> {
    let (row, column) = (last_row.unwrap_or(0), last_column.unwrap_or(0));
    match usize::from(row) + usize::from(column) + 2 <= MAX_PRIMARIES_AND_FUSION_SERVERS {
        true => Ok(()),
        false => Err(full(
            MAX_PRIMARIES_AND_FUSION_SERVERS,
            "primaries and fused servers",
        )),
    }
}

fn full(limit: usize, of: &str) -> ChangeRefused {
    let of = of.to_owned();
    ChangeRefused::Full { limit, of }
}
