//! Becoming a replacement: residuals in, a checked structure out, and everything that can be wrong with them.

mod unsound;

use bytes::Bytes;
use erasure::{Decoder, coefficient, multiply_add};
use structures::{arena::MAX_REGION_BYTES, delta::RegionId, query::Query};
use wire::message::fusion::{Loss, ResidualFrame};

use super::*;
use crate::assembly::Micros;

const WRITES: u64 = 5;

fn losses(count: u8) -> Vec<Loss> {
    let loss = |column: u8| Loss {
        primary: NodeId(u32::from(column)),
        column,
        cut: Seq(WRITES),
        replacement: Some(address(S)),
    };
    (0..count).map(loss).collect()
}

fn recover(primary: &mut Primary, recovery: u64, lost: u8) -> Vec<Command> {
    let rows = [(S, 0), (T, 1)][..usize::from(lost)].to_vec();
    order(
        primary,
        ToPrimary::Recover {
            recovery,
            losses: losses(lost),
            rows,
            life: LIFE,
            leaving: false,
        },
    )
}

fn frames(structure: &Structure, row: u8, residual: &[u8]) -> Vec<ResidualFrame> {
    let residual_bytes = [residual.len() as u64, 0, 0];
    let (recovery, cut, lengths) = (1, Seq(WRITES), lengths(structure));
    let mut frames = vec![ResidualFrame::Begin {
        recovery,
        row,
        cut,
        lengths,
        residual_bytes,
    }];
    if row == 0 {
        frames.extend([RegionId::ENTRIES, RegionId::SESSIONS].map(|region| {
            let bytes = Bytes::copy_from_slice(structure.image(region));
            ResidualFrame::Auxiliary { region, bytes }
        }));
    }
    frames.push(block(RegionId::VALUES, 0, residual));
    frames.push(ResidualFrame::End);
    frames
}

fn block(region: RegionId, index: u64, bytes: &[u8]) -> ResidualFrame {
    ResidualFrame::Block {
        block: BlockId { region, index },
        bytes: Bytes::copy_from_slice(bytes),
    }
}

/// Delivers a stream's frames, runs what is to be run, and returns what else was commanded.
fn deliver(primary: &mut Primary, server: NodeId, frames: Vec<ResidualFrame>) -> Vec<Command> {
    let mut commands = Vec::new();
    for frame in frames {
        let (stream, at) = (u64::from(server.0), Micros(100));
        for command in primary.handle(Event::Residual {
            stream,
            server,
            at,
            frame,
        }) {
            match command {
                Command::Check {
                    recovery,
                    spec,
                    images,
                    leaving: false,
                } => commands.extend(primary.handle(checked(recovery, spec, *images))),
                other => commands.push(other),
            }
        }
    }
    commands
}

fn checked(recovery: u64, spec: StructureSpec, images: [Vec<u8>; REGIONS]) -> Event {
    let structure = Structure::from_images(spec, images);
    Event::Checked {
        recovery,
        structure: structure.map(Box::new).map_err(|error| error.to_string()),
        times: CheckTimes {
            decode_us: 3,
            install_us: 7,
        },
    }
}

fn installed() -> [Command; 2] {
    let installed = FromPrimary::Installed {
        recovery: 1,
        transfer_us: 0,
        decode_us: 3,
        install_us: 7,
    };
    [Command::DropResiduals, Command::ToManager(installed)]
}

fn failed(reason: &str) -> [Command; 2] {
    let failed = FromPrimary::InstallFailed {
        recovery: 1,
        reason: reason.to_owned(),
    };
    [Command::DropResiduals, Command::ToManager(failed)]
}

#[test]
fn one_lost_primary_is_what_row_0_holds_and_goes_on_at_the_cut_plus_one() {
    let mut primary = Primary::new(NodeId(0), DOOR, Layout::Linked);
    let expecting = [Command::DropResiduals, Command::TakeResiduals { recovery: 1 }];
    assert_eq!(recover(&mut primary, 1, 1), expecting);
    assert_eq!(recover(&mut primary, 1, 1), [], "an order carried out already");
    let (_, structure) = reference(WRITES);
    let residual = structure.image(RegionId::VALUES).to_vec();
    assert_eq!(
        deliver(&mut primary, S, frames(&structure, 0, &residual)),
        installed()
    );
    assert_eq!(
        send_write(&mut primary, 6),
        [unavailable(6, "the primary recovers")]
    );
    view(&mut primary, 8, vec![seat(S, 1, true)]);
    assert_eq!(order(&mut primary, resume(8)), [dial(S, 0)]);
    assert_eq!(primary.structure(), Some(&structure));
    assert_eq!(
        primary.handle(Event::ServerLinked { server: S }),
        [to(S, open(8, 1, WRITES, false))]
    );
    assert_eq!(
        hear(&mut primary, S, AckFrame::Opened { applied: Seq(WRITES) }),
        []
    );
    assert_eq!(send_write(&mut primary, 6), [to(S, delta(6, WRITES))]);
}

/// What rows 0 and 1 send to primary 0, which held the reference, while primary 1 held other, longer values.
fn two_residuals(structure: &Structure) -> [Vec<u8>; 2] {
    let values = structure.image(RegionId::VALUES);
    let other: Vec<u8> = (0..values.len() as u8 + 30)
        .map(|byte| byte.wrapping_mul(7) | 1)
        .collect();
    let decoder = Decoder::new(&[0, 1], &[0, 1]).expect("solvable");
    [0, 1].map(|row| {
        let mut residual = vec![0; other.len()];
        multiply_add(coefficient(row, 0), values, &mut residual[..values.len()]);
        multiply_add(coefficient(row, 1), &other, &mut residual);
        let mut scaled = vec![0; other.len()];
        let factor = decoder.factor(row, 0).expect("both are known");
        multiply_add(factor, &residual, &mut scaled);
        scaled
    })
}

#[test]
fn two_lost_primaries_are_added_up_from_two_rows_in_whatever_order_they_come() {
    let (_, structure) = reference(WRITES);
    let residuals = two_residuals(&structure);
    for order_of_rows in [[0, 1], [1, 0]] {
        let mut primary = Primary::new(NodeId(0), DOOR, Layout::Linked);
        recover(&mut primary, 1, 2);
        let [first, second] =
            order_of_rows.map(|row: usize| ([S, T][row], frames(&structure, row as u8, &residuals[row])));
        assert_eq!(deliver(&mut primary, first.0, first.1), []);
        assert_eq!(deliver(&mut primary, second.0, second.1), installed());
        view(&mut primary, 8, vec![]);
        order(&mut primary, resume(8));
        assert_eq!(primary.structure(), Some(&structure));
    }
}

#[test]
fn where_every_region_is_coded_the_blocks_are_all_that_comes() {
    let (_, structure) = reference(WRITES);
    let mut primary = Primary::new(NodeId(0), DOOR, Layout::Arena);
    recover(&mut primary, 1, 1);
    let lengths = lengths(&structure);
    let begin = ResidualFrame::Begin {
        recovery: 1,
        row: 0,
        cut: Seq(WRITES),
        lengths,
        residual_bytes: lengths,
    };
    let blocks = RegionId::ALL.map(|region| block(region, 0, structure.image(region)));
    assert_eq!(deliver(&mut primary, S, vec![begin]), []);
    assert_eq!(deliver(&mut primary, S, blocks.to_vec()), []);
    assert_eq!(deliver(&mut primary, S, vec![ResidualFrame::End]), installed());
    view(&mut primary, 8, vec![]);
    order(&mut primary, resume(8));
    assert_eq!(primary.structure(), Some(&structure));
}

#[test]
fn an_abandoned_recovery_is_forgotten_and_its_late_frames_are_closed() {
    let (_, structure) = reference(WRITES);
    let residual = structure.image(RegionId::VALUES).to_vec();
    let mut primary = Primary::new(NodeId(0), DOOR, Layout::Linked);
    recover(&mut primary, 1, 1);
    assert_eq!(order(&mut primary, ToPrimary::Abandon { recovery: 2 }), []);
    assert_eq!(
        order(&mut primary, ToPrimary::Abandon { recovery: 1 }),
        [Command::DropResiduals]
    );
    let closed = Command::CloseResidual {
        stream: u64::from(S.0),
    };
    let late = frames(&structure, 0, &residual);
    assert_eq!(deliver(&mut primary, S, late[..1].to_vec()), [closed]);

    recover(&mut primary, 1, 1);
    deliver(&mut primary, S, frames(&structure, 0, &residual));
    assert_eq!(
        order(&mut primary, ToPrimary::Abandon { recovery: 1 }),
        [Command::DropResiduals]
    );
    assert_eq!(order(&mut primary, resume(8)), [], "nothing is held any more");
}

#[test]
fn a_check_that_ends_after_its_recovery_was_abandoned_installs_nothing() {
    let (_, structure) = reference(WRITES);
    let images = RegionId::ALL.map(|region| structure.image(region).to_vec());
    let mut primary = Primary::new(NodeId(0), DOOR, Layout::Linked);
    recover(&mut primary, 1, 1);
    order(&mut primary, ToPrimary::Abandon { recovery: 1 });
    assert_eq!(primary.handle(checked(1, LIMITS, images.clone())), []);
    recover(&mut primary, 2, 1);
    assert_eq!(primary.handle(checked(1, LIMITS, images)), []);
    assert_eq!(order(&mut primary, resume(8)), []);
}

#[test]
fn a_life_that_was_told_to_recover_never_begins_empty() {
    let mut primary = Primary::new(NodeId(0), DOOR, Layout::Linked);
    recover(&mut primary, 1, 1);
    let found = super::found(1);
    assert_eq!(order(&mut primary, found.clone()), []);
    order(&mut primary, ToPrimary::Abandon { recovery: 1 });
    assert_eq!(order(&mut primary, found), []);
    assert_eq!(primary.structure(), None);
}

#[test]
fn a_primary_that_lives_is_no_replacement() {
    let mut primary = founded(&[S]);
    let failed = FromPrimary::InstallFailed {
        recovery: 1,
        reason: "this primary holds a structure already".to_owned(),
    };
    assert_eq!(recover(&mut primary, 1, 1), [Command::ToManager(failed)]);
}

#[test]
fn a_system_that_cannot_be_solved_is_refused() {
    let mut primary = Primary::new(NodeId(0), DOOR, Layout::Linked);
    let rows = vec![(S, 0)];
    let order_of_one_row = ToPrimary::Recover {
        recovery: 1,
        losses: losses(2),
        rows,
        life: LIFE,
        leaving: false,
    };
    assert_eq!(
        order(&mut primary, order_of_one_row),
        failed("1 rows for 2 columns")
    );
}

#[test]
fn the_rest_of_a_structure_that_leaves_is_shown_to_nobody_between_resume_and_leave() {
    let mut primary = Primary::new(NodeId(0), DOOR, Layout::Linked);
    let of_one_that_leaves = ToPrimary::Recover {
        recovery: 1,
        losses: losses(1),
        rows: vec![(S, 0)],
        life: LIFE,
        leaving: true,
    };
    order(&mut primary, of_one_that_leaves);
    let (_, structure) = reference(WRITES);
    let residual = structure.image(RegionId::VALUES).to_vec();
    let commands = deliver(&mut primary, S, frames(&structure, 0, &residual));
    let [
        Command::Check {
            images,
            leaving: true,
            ..
        },
    ] = &commands[..]
    else {
        panic!("{commands:?}");
    };
    let rest = Structure::from_remains(LIMITS, *images.clone()).expect("the regions are short");
    let (decode_us, install_us) = (3, 7);
    let checked = Event::Checked {
        recovery: 1,
        structure: Ok(Box::new(rest)),
        times: CheckTimes {
            decode_us,
            install_us,
        },
    };
    assert_eq!(primary.handle(checked), installed());
    view(&mut primary, 8, vec![seat(S, 1, true)]);
    assert_eq!(order(&mut primary, resume(8)), [dial(S, 0)]);
    let closed = |request| reply(request, ReplyBody::Refused(Refusal::Closed { group: GROUP }));
    let (group, query) = (GROUP, Query::Len);
    assert_eq!(
        ask(&mut primary, 6, RequestBody::Read { group, query }),
        [closed(6)]
    );
    assert_eq!(send_write(&mut primary, 7), [closed(7)]);
}
