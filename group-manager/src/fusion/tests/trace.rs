//! Commands, memberships and reports as short lines of text. A life is written `node.life`, an epoch `@n`.

use std::net::SocketAddr;

use multicast::id::{Epoch, NodeId, Seq};
use wire::message::{
    client::{RecoveryReport, ReplyBody},
    entry::EnterReply,
    fusion::{Loss, PrimarySeat, ServerSeat, ToPrimary, ToServer},
    membership::{Member, Membership, Standing},
};

use crate::coordinator::Command;

/// One line for a command. `stored` is what the store holds: a swap is shown by its differences.
pub(in crate::fusion) fn command(stored: &Membership, command: &Command) -> String {
    match command {
        Command::Answer(ticket, EnterReply::Accepted) => format!("answer {}: accepted", ticket.0),
        Command::Answer(ticket, EnterReply::Refused(refused)) => format!("answer {}: {refused}", ticket.0),
        Command::Dial {
            node, incarnation, ..
        } => format!("dial {}.{}", node.0, incarnation.0),
        Command::Unlink(node) => format!("unlink {}", node.0),
        Command::Store { expected, next } => {
            assert_eq!(*expected, stored.epoch);
            let changed = next.members.iter().filter(|(node, member)| {
                let is_leaving = |of: &Membership| of.leaving.contains(node);
                stored.members.get(node) != Some(member) || is_leaving(stored) != is_leaving(next)
            });
            let gone = stored.members.keys();
            let gone = gone.filter(|node| !next.members.contains_key(node));
            let gone = gone.map(|node| format!("{} left", node.0));
            let changes = list(
                changed
                    .map(|(node, member)| standing_in(next, *node, member))
                    .chain(gone),
            );
            format!(
                "store @{}: {}",
                next.epoch.0,
                if changes.is_empty() { "as it is" } else { &changes }
            )
        }
        Command::Reply(_, ReplyBody::Refused(refusal)) => format!("reply: {refusal}"),
        Command::Reply(_, reply) => format!("reply: {reply:?}"),
        Command::ToServer(node, message) => format!("to {}: {}", node.0, to_server(message)),
        Command::ToPrimary(node, message) => format!("to {}: {}", node.0, to_primary(message)),
        Command::AskToSeal(_) => panic!("no multicast runs in a fused cluster"),
        Command::ToNode(..) => panic!("a fused cluster has no data nodes"),
    }
}

/// Everyone's standing.
pub(in crate::fusion) fn members(membership: &Membership) -> String {
    let standings = membership
        .members
        .iter()
        .map(|(node, member)| standing_in(membership, *node, member));
    format!("@{}: {}", membership.epoch.0, list(standings))
}

/// A report's durations and times; what is not known is left out.
pub(super) fn report(report: &RecoveryReport) -> String {
    let times = [
        ("detected at", report.detected_at_us),
        ("removed at", report.removed_at_us),
        ("entered at", report.entered_at_us),
        ("fence", report.fence_us),
        ("transfer", report.transfer_us),
        ("decode", report.decode_us),
        ("install", report.install_us),
        ("frozen", report.frozen_us),
        ("active at", report.active_at_us),
    ];
    let known = times
        .into_iter()
        .filter_map(|(name, time)| time.map(|time| format!("{name} {time}")));
    format!("report {}: {}", report.node.0, list(known))
}

fn to_server(message: &ToServer) -> String {
    match message {
        ToServer::Fence { epoch, primaries } => format!("fence @{} [{}]", epoch.0, nodes(primaries)),
        ToServer::Cut { recovery, cuts } => format!("cut {recovery} [{}]", list(cuts.iter().map(cut))),
        ToServer::Residual {
            recovery,
            losses,
            rows,
            live,
            with_auxiliary,
        } => {
            let auxiliary = if *with_auxiliary { " with auxiliary" } else { "" };
            format!(
                "residual {recovery} [{}] rows [{}] live [{}]{auxiliary}",
                list(losses.iter().map(loss)),
                list(rows.iter().map(u8::to_string)),
                nodes(live)
            )
        }
        ToServer::Abandon { recovery } => format!("abandon {recovery}"),
        ToServer::Admit { seat } => format!("admit {}", primary_seat(seat)),
        ToServer::Rebuild { epoch, primaries, .. } => {
            format!(
                "rebuild @{} [{}]",
                epoch.0,
                list(primaries.iter().map(primary_seat))
            )
        }
        ToServer::Heartbeat => "heartbeat".to_owned(),
    }
}

fn to_primary(message: &ToPrimary) -> String {
    match message {
        ToPrimary::View {
            epoch,
            servers,
            min_backups: 0,
            ..
        } => {
            format!("view @{} [{}]", epoch.0, list(servers.iter().map(server_seat)))
        }
        ToPrimary::View { .. } => panic!("the scripts' clusters have no min_backups"),
        ToPrimary::Found { since, .. } => format!("found @{}", since.0),
        ToPrimary::Recover {
            recovery,
            losses,
            rows,
            leaving,
            ..
        } => {
            let leaving = if *leaving { ", leaving" } else { "" };
            let rows = list(rows.iter().map(|(node, row)| format!("{} row {row}", node.0)));
            format!(
                "recover {recovery} [{}] from [{rows}]{leaving}",
                list(losses.iter().map(loss))
            )
        }
        ToPrimary::Abandon { recovery } => format!("abandon {recovery}"),
        ToPrimary::Resume { since, .. } => format!("resume @{}", since.0),
        ToPrimary::Leave { since } => format!("leave @{}", since.0),
        ToPrimary::Lease { asked_us, since } => format!("lease {asked_us} @{}", since.0),
        ToPrimary::Heartbeat => "heartbeat".to_owned(),
    }
}

fn standing_in(membership: &Membership, node: NodeId, member: &Member) -> String {
    let leaving = match membership.leaving.contains(&node) {
        true => ", leaving",
        false => "",
    };
    format!("{}{leaving}", standing(node, member))
}

fn standing(node: NodeId, member: &Member) -> String {
    let word = match member.standing {
        Standing::Absent => return format!("{} absent", node.0),
        Standing::Joining => "joining",
        Standing::Active => "active",
        Standing::Removed => "removed",
    };
    format!("{}.{} {word} @{}", node.0, member.incarnation.0, member.since.0)
}

fn server_seat(seat: &ServerSeat) -> String {
    let ServerSeat {
        node,
        incarnation,
        rebuild,
        row,
        address,
        active,
    } = seat;
    assert_eq!(
        (i64::from(address.port()), i64::from(*row)),
        (address_of(*node), i64::from(node.0) - 11)
    );
    let word = if *active { "active" } else { "joining" };
    format!("{}.{} {word} @{}", node.0, incarnation.0, rebuild.0)
}

fn primary_seat(seat: &PrimarySeat) -> String {
    let PrimarySeat {
        node,
        column,
        since: Epoch(since),
        ..
    } = seat;
    match u32::from(*column) == node.0 - 1 {
        true => format!("{} @{since}", node.0),
        false => format!("{} @{since} column {column}", node.0),
    }
}

fn loss(loss: &Loss) -> String {
    let Loss {
        primary,
        column,
        cut,
        replacement,
    } = loss;
    assert_eq!(u32::from(*column), primary.0 - 1);
    let port = |address: &SocketAddr| i64::from(address.port());
    assert!(
        replacement
            .as_ref()
            .is_none_or(|address| port(address) == address_of(*primary))
    );
    let replaced = if replacement.is_some() { " replaced" } else { "" };
    format!("{} cut {}{replaced}", primary.0, cut.0)
}

fn cut((node, cut): &(NodeId, Seq)) -> String {
    format!("{} {}", node.0, cut.0)
}

/// The scripts' nodes listen on ports by their ids.
fn address_of(node: NodeId) -> i64 {
    4000 + i64::from(node.0)
}

fn nodes(nodes: &[NodeId]) -> String {
    nodes
        .iter()
        .map(|node| node.0.to_string())
        .collect::<Vec<_>>()
        .join(" ")
}

fn list(items: impl Iterator<Item = String>) -> String {
    items.collect::<Vec<_>>().join(", ")
}
