//! What members say in the scripts: word by word, or as those do who obey at once.

use multicast::id::{Epoch, NodeId, Seq};
use wire::message::fusion::{FromPrimary, FromServer, ToPrimary, ToServer};

use super::script::numbers;
use crate::coordinator::{Command, Event};

/// What follows when a command is carried out without a fault.
pub(super) fn obedient(command: Command) -> Vec<Event> {
    match command {
        Command::Dial {
            node, incarnation, ..
        } => vec![Event::Linked { node, incarnation }],
        Command::Store { next, .. } => vec![Event::Stored { epoch: next.epoch }],
        Command::ToServer(node, message) => {
            let answer = match message {
                ToServer::Admit { seat } => FromServer::Admitted {
                    primary: seat.node,
                    since: seat.since,
                },
                ToServer::Fence { epoch, primaries } => {
                    let applied = primaries.into_iter().map(|primary| (primary, Seq(1))).collect();
                    FromServer::Fenced { epoch, applied }
                }
                ToServer::Cut { recovery, .. } => FromServer::CutDone { recovery },
                _ => return vec![],
            };
            vec![Event::FromServer(node, answer)]
        }
        Command::ToPrimary(node, ToPrimary::View { epoch, servers, .. }) => {
            let joining = servers.into_iter().filter(|seat| !seat.active);
            let caught_up = joining.map(|seat| FromPrimary::CaughtUp {
                server: seat.node,
                rebuild: seat.rebuild,
            });
            let viewed = FromPrimary::Viewed { epoch };
            caught_up
                .chain([viewed])
                .map(|message| Event::FromPrimary(node, message))
                .collect()
        }
        Command::ToPrimary(node, ToPrimary::Found { .. } | ToPrimary::Resume { .. }) => {
            vec![Event::FromPrimary(node, FromPrimary::Heartbeat)]
        }
        Command::ToPrimary(node, ToPrimary::Leave { since }) => {
            vec![Event::FromPrimary(node, FromPrimary::Cleared { since })]
        }
        Command::ToPrimary(node, ToPrimary::Recover { recovery, .. }) => {
            vec![Event::FromPrimary(node, installed(recovery))]
        }
        _ => vec![],
    }
}

/// What a node says with these words of a script.
pub(super) fn speech(node: u32, words: &str) -> Event {
    let (word, rest) = words.split_once(' ').unwrap_or((words, ""));
    let rest = rest.replace('=', " ");
    let all = numbers(&rest);
    let number = |place: usize| u64::from(all[place]);
    let reason = || "it went wrong".to_owned();
    let (server, primary) = (
        |message| Event::FromServer(NodeId(node), message),
        |message| Event::FromPrimary(NodeId(node), message),
    );
    match word {
        "admitted" => server(FromServer::Admitted {
            primary: NodeId(all[0]),
            since: Epoch(number(1)),
        }),
        "fenced" => {
            let applied = all[1..]
                .chunks(2)
                .map(|pair| (NodeId(pair[0]), Seq(u64::from(pair[1]))))
                .collect();
            server(FromServer::Fenced {
                epoch: Epoch(number(0)),
                applied,
            })
        }
        "cut-done" => server(FromServer::CutDone { recovery: number(0) }),
        "cut-impossible" => server(FromServer::CutImpossible {
            recovery: number(0),
            reason: reason(),
        }),
        "residual-failed" => server(FromServer::ResidualFailed {
            recovery: number(0),
            reason: reason(),
        }),
        "rebuild-broken" => server(FromServer::RebuildBroken {
            epoch: Epoch(number(0)),
            reason: reason(),
        }),
        "viewed" => primary(FromPrimary::Viewed {
            epoch: Epoch(number(0)),
        }),
        "caught-up" => primary(FromPrimary::CaughtUp {
            server: NodeId(all[0]),
            rebuild: Epoch(number(1)),
        }),
        "cleared" => primary(FromPrimary::Cleared {
            since: Epoch(number(0)),
        }),
        "ask-lease" => primary(FromPrimary::AskLease { asked_us: number(0) }),
        "heartbeat" => primary(FromPrimary::Heartbeat),
        "installed" => primary(installed(number(0))),
        "install-failed" => primary(FromPrimary::InstallFailed {
            recovery: number(0),
            reason: reason(),
        }),
        other => panic!("nobody says {other:?}"),
    }
}

fn installed(recovery: u64) -> FromPrimary {
    FromPrimary::Installed {
        recovery,
        transfer_us: 300,
        decode_us: 20,
        install_us: 7,
    }
}
