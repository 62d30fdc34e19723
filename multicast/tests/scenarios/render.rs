//! Writes messages and commands in the words of a script.

use multicast::{
    id::{Epoch, GroupId},
    skeen::{
        message::{FromMember, Held, Standing, ToMember},
        sender::SenderCommand,
    },
};

fn epoch(epoch: Epoch) -> String {
    format!("e{}", epoch.0)
}

fn groups(groups: &[GroupId]) -> String {
    let names: Vec<String> = groups.iter().map(|group| format!("g{}", group.0)).collect();
    names.join(",")
}

pub(crate) fn to_member(message: &ToMember<String>) -> String {
    match message {
        ToMember::Propose {
            epoch: e,
            id,
            groups: g,
            payload,
            stable,
        } => {
            format!(
                "propose {} {id} {} {payload} stable {stable}",
                epoch(*e),
                groups(g)
            )
        }
        ToMember::Final {
            epoch: e,
            id,
            timestamp,
            stable,
        } => {
            format!("final {} {id} {timestamp} stable {stable}", epoch(*e))
        }
        ToMember::Restate {
            epoch: e,
            id,
            groups: g,
            payload,
            timestamp,
        } => {
            format!("restate {} {id} {} {payload} {timestamp}", epoch(*e), groups(g))
        }
        ToMember::Stable { epoch: e, watermark } => format!("stable {} {watermark}", epoch(*e)),
        ToMember::Seal { epoch: e } => format!("seal {}", epoch(*e)),
        ToMember::View { epoch: e, clock } => format!("view {} clock {clock}", epoch(*e)),
        ToMember::Order {
            epoch: e,
            id,
            groups: g,
            payload,
            timestamp,
            after,
            stable,
        } => format!(
            "order {} {id} {} {payload} {timestamp} after {after} stable {stable}",
            epoch(*e),
            groups(g)
        ),
    }
}

pub(crate) fn from_member(message: &FromMember<String, u64>) -> String {
    match message {
        FromMember::Proposal {
            epoch: e,
            id,
            timestamp,
            is_final,
        } => {
            let mark = if *is_final { " is-final" } else { "" };
            format!("proposal {} {id} {timestamp}{mark}", epoch(*e))
        }
        FromMember::Delivered {
            epoch: e,
            id,
            timestamp,
            result,
        } => {
            format!("delivered {} {id} {timestamp} ={result}", epoch(*e))
        }
        FromMember::Sealed {
            epoch: e,
            clock,
            delivered,
            held,
        } => {
            let held: String = held.iter().map(|held| format!(" {}", self::held(held))).collect();
            format!("sealed {} clock {clock} delivered {delivered}{held}", epoch(*e))
        }
        FromMember::WrongEpoch { offered, own } => {
            format!("wrong-epoch {} own {}", epoch(*offered), epoch(*own))
        }
        FromMember::Unknown { epoch: e, id } => format!("unknown {} {id}", epoch(*e)),
        FromMember::Holding { epoch: e, id } => format!("holding {} {id}", epoch(*e)),
        FromMember::InView { epoch: e } => format!("in-view {}", epoch(*e)),
        FromMember::WantStable { epoch: e } => format!("want-stable {}", epoch(*e)),
    }
}

fn held(held: &Held<String>) -> String {
    let (standing, timestamp) = match held.standing {
        Standing::Tentative(timestamp) => ("tentative", timestamp),
        Standing::Final(timestamp) => ("final", timestamp),
        Standing::Delivered(timestamp) => ("delivered", timestamp),
    };
    format!(
        "{}:{}:{}:{standing}@{timestamp}",
        held.id,
        groups(&held.groups),
        held.payload
    )
}

/// What a sender says to its owner, or to whom it sends what.
pub(crate) fn sender_command(command: &SenderCommand<String, u64>) -> String {
    match command {
        SenderCommand::Send { to, message } => format!("-> {}: {}", to.0, to_member(message)),
        SenderCommand::Completed { id, results } => {
            let results: String = results
                .iter()
                .map(|(group, result)| format!(" g{}={result}", group.0))
                .collect();
            format!("completed {id}{results}")
        }
        SenderCommand::Abandoned { id } => format!("abandoned {id}"),
        SenderCommand::Orphaned { id } => format!("orphaned {id}"),
        SenderCommand::Installed { epoch: e } => format!("installed {}", epoch(*e)),
        SenderCommand::Diverged { id, node } => format!("diverged {id} at {}", node.0),
        SenderCommand::Superseded { epoch: e } => format!("superseded by {}", epoch(*e)),
    }
}
