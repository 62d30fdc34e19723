//! The steps of one attempt, by whole command lists.

use multicast::id::GroupId;
use multicast::planted::Planted;
use wire::message::fusion::{GroupLife, Loss};

use super::*;

const EPOCH: Epoch = Epoch(9);

fn loss(primary: u32, cut: u64, replaced: bool) -> Loss {
    let replacement = replaced.then(|| "127.0.0.1:4000".parse().expect("an address"));
    Loss {
        primary: NodeId(primary),
        column: primary as u8,
        cut: Seq(cut),
        replacement,
    }
}

const CHARGE: Charge = Charge {
    life: GroupLife {
        group: GroupId(0),
        began: Epoch(2),
    },
    leaving: true,
};

/// Primaries 1 and 2 are lost, 1 is replaced; 3 lives; servers 11, 12 and 13.
fn scene() -> Scene {
    Scene {
        losses: vec![loss(1, 0, true), loss(2, 0, false)],
        replacements: [(NodeId(1), CHARGE)].into(),
        live: vec![NodeId(3)],
        servers: vec![(NodeId(11), 0), (NodeId(12), 1), (NodeId(13), 2)],
    }
}

fn to_all(message: ToServer) -> Vec<Command> {
    [11, 12, 13]
        .map(|node| Command::ToServer(NodeId(node), message.clone()))
        .to_vec()
}

fn applied(first: u64, second: u64) -> Vec<(NodeId, Seq)> {
    vec![(NodeId(1), Seq(first)), (NodeId(2), Seq(second))]
}

fn fenced(attempt: &mut Attempt, server: u32, first: u64, second: u64) -> Vec<Command> {
    attempt
        .handle_fenced(NodeId(server), EPOCH, applied(first, second))
        .expect("answers for both")
}

/// Up to the residuals, with 12 the first server of this turn.
fn decoding() -> (Attempt, Vec<Command>) {
    let (mut attempt, _) = Attempt::begin(EPOCH, 1, scene(), Planted::default());
    for server in [11, 12, 13] {
        fenced(&mut attempt, server, 7, 7);
    }
    assert_eq!(attempt.handle_cut_done(NodeId(11), 9), []);
    assert_eq!(attempt.handle_cut_done(NodeId(11), 9), [], "once is enough");
    assert_eq!(attempt.handle_cut_done(NodeId(12), 9), []);
    let commands = attempt.handle_cut_done(NodeId(13), 9);
    (attempt, commands)
}

#[test]
fn each_loss_is_cut_at_the_smallest_applied_operation_of_all_servers() {
    let (mut attempt, commands) = Attempt::begin(EPOCH, 0, scene(), Planted::default());
    let fence = ToServer::Fence {
        epoch: EPOCH,
        primaries: vec![NodeId(1), NodeId(2)],
    };
    assert_eq!(commands, to_all(fence));
    assert_eq!(fenced(&mut attempt, 11, 7, 4), []);
    assert_eq!(
        fenced(&mut attempt, 11, 7, 4),
        [],
        "one server's answers do not count twice"
    );
    assert_eq!(fenced(&mut attempt, 12, 9, 3), []);
    assert_eq!(attempt.handle_cut_done(NodeId(11), 9), [], "nothing was cut yet");
    assert_eq!(
        fenced(&mut attempt, 13, 8, 5),
        to_all(ToServer::Cut {
            recovery: 9,
            cuts: applied(7, 3)
        })
    );
}

#[test]
fn as_many_servers_as_losses_compute_and_the_turn_rotates_them() {
    let (attempt, commands) = decoding();
    let losses = vec![loss(1, 7, true), loss(2, 7, false)];
    let rows = vec![(NodeId(12), 1), (NodeId(13), 2)];
    let residual = |with_auxiliary| ToServer::Residual {
        recovery: 9,
        losses: losses.clone(),
        rows: vec![1, 2],
        live: vec![NodeId(3)],
        with_auxiliary,
    };
    let recover = ToPrimary::Recover {
        recovery: 9,
        losses: losses.clone(),
        rows,
        life: CHARGE.life,
        leaving: true,
    };
    let expected = [
        Command::ToPrimary(NodeId(1), recover),
        Command::ToServer(NodeId(12), residual(true)),
        Command::ToServer(NodeId(13), residual(false)),
    ];
    assert_eq!(commands, expected);
    assert!(attempt.is_decoding() && !attempt.is_complete());
    assert_eq!(scene().chosen(2), [(NodeId(13), 2), (NodeId(11), 0)]);
}

#[test]
fn when_the_last_replacement_has_installed_the_residuals_are_forgotten() {
    let (mut attempt, _) = decoding();
    assert_eq!(attempt.handle_installed(NodeId(3)), [], "not a replacement");
    assert!(!attempt.is_complete());
    let abandon = |node| Command::ToServer(NodeId(node), ToServer::Abandon { recovery: 9 });
    assert_eq!(attempt.handle_installed(NodeId(1)), [abandon(12), abandon(13)]);
    assert!(attempt.is_complete());
}

#[test]
fn an_abandoned_attempt_is_told_to_those_who_know_its_number() {
    let (attempt, _) = Attempt::begin(EPOCH, 0, scene(), Planted::default());
    assert_eq!(attempt.abandon(), []);
    let (attempt, _) = decoding();
    let to_server = |node| Command::ToServer(NodeId(node), ToServer::Abandon { recovery: 9 });
    let to_primary = Command::ToPrimary(NodeId(1), ToPrimary::Abandon { recovery: 9 });
    assert_eq!(attempt.abandon(), [to_server(12), to_server(13), to_primary]);
}

#[test]
fn an_answer_of_another_attempt_or_about_too_few_primaries_does_not_count() {
    let (mut attempt, _) = Attempt::begin(EPOCH, 0, scene(), Planted::default());
    assert_eq!(
        attempt.handle_fenced(NodeId(11), Epoch(8), applied(1, 1)),
        Ok(vec![])
    );
    let silent = attempt.handle_fenced(NodeId(11), EPOCH, vec![(NodeId(1), Seq(1))]);
    assert_eq!(
        silent,
        Err(AttemptFailure::Unanswered {
            server: NodeId(11),
            primary: NodeId(2)
        })
    );
    fenced(&mut attempt, 11, 7, 7);
    fenced(&mut attempt, 12, 7, 7);
    assert_eq!(fenced(&mut attempt, 13, 7, 7).len(), 3);
    for server in [11, 12, 13] {
        assert_eq!(attempt.handle_cut_done(NodeId(server), 8), []);
    }
}
