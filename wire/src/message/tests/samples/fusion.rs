//! Between the manager and primaries or fused servers, between those two, and to a replacement.

use std::sync::Arc;

use erasure::Signature;
use multicast::id::{NodeId, Seq};
use structures::delta::{Delta, Range};

use super::{Fields, Kind, client::scrub_window, variants};
use crate::message::fusion::{
    AckFrame, BlockId, DeltaFrame, FromPrimary, FromServer, GroupLife, Loss, PrimarySeat, ResidualFrame,
    ServerSeat, ToPrimary, ToServer,
};

pub(super) fn kinds(f: &Fields) -> Vec<Kind> {
    vec![
        variants("ToServer", to_server(f)),
        variants("FromServer", from_server(f)),
        variants("ToPrimary", to_primary(f)),
        variants("FromPrimary", from_primary(f)),
        variants("DeltaFrame", delta_frames(f)),
        variants("AckFrame", ack_frames(f)),
        variants("ResidualFrame", residual_frames(f)),
    ]
}

fn applied(f: &Fields) -> Vec<(NodeId, Seq)> {
    vec![(f.node(), f.seq()), (NodeId(1), Seq(0))]
}

fn primary_seat(f: &Fields) -> PrimarySeat {
    PrimarySeat {
        node: f.node(),
        column: f.byte,
        since: f.epoch(),
        began: f.epoch(),
    }
}

fn group_life(f: &Fields) -> GroupLife {
    GroupLife {
        group: f.group(),
        began: f.epoch(),
    }
}

fn losses(f: &Fields) -> Vec<Loss> {
    [Some(f.address), None]
        .map(|replacement| Loss {
            primary: f.node(),
            column: f.byte,
            cut: f.seq(),
            replacement,
        })
        .to_vec()
}

fn to_server(f: &Fields) -> Vec<ToServer> {
    let (recovery, epoch) = (f.long, f.epoch());
    vec![
        ToServer::Fence {
            epoch,
            primaries: vec![f.node(); 2],
        },
        ToServer::Cut {
            recovery,
            cuts: applied(f),
        },
        ToServer::Residual {
            recovery,
            losses: losses(f),
            rows: vec![f.byte],
            live: vec![f.node()],
            with_auxiliary: f.flag,
        },
        ToServer::Abandon { recovery },
        ToServer::Admit {
            seat: primary_seat(f),
        },
        ToServer::Rebuild {
            epoch,
            row: f.byte,
            primaries: vec![primary_seat(f)],
        },
        ToServer::Heartbeat,
    ]
}

fn from_server(f: &Fields) -> Vec<FromServer> {
    let (recovery, epoch, reason) = (f.long, f.epoch(), f.text.clone());
    vec![
        FromServer::Fenced {
            epoch,
            applied: applied(f),
        },
        FromServer::CutDone { recovery },
        FromServer::CutImpossible {
            recovery,
            reason: reason.clone(),
        },
        FromServer::ResidualFailed {
            recovery,
            reason: reason.clone(),
        },
        FromServer::RebuildBroken { epoch, reason },
        FromServer::Admitted {
            primary: f.node(),
            since: epoch,
        },
        FromServer::Heartbeat,
    ]
}

fn to_primary(f: &Fields) -> Vec<ToPrimary> {
    let (recovery, epoch, life) = (f.long, f.epoch(), group_life(f));
    let server = ServerSeat {
        node: f.node(),
        incarnation: f.incarnation(),
        rebuild: epoch,
        row: f.byte,
        address: f.address,
        active: f.flag,
    };
    vec![
        ToPrimary::View {
            epoch,
            since: epoch,
            servers: vec![server],
            min_backups: f.size(),
        },
        ToPrimary::Found { since: epoch, life },
        ToPrimary::Recover {
            recovery,
            losses: losses(f),
            rows: vec![(f.node(), f.byte)],
            life,
            leaving: f.flag,
        },
        ToPrimary::Abandon { recovery },
        ToPrimary::Resume { since: epoch, life },
        ToPrimary::Leave { since: epoch },
        ToPrimary::Lease {
            asked_us: f.long,
            since: epoch,
        },
        ToPrimary::Heartbeat,
    ]
}

fn from_primary(f: &Fields) -> Vec<FromPrimary> {
    vec![
        FromPrimary::CaughtUp {
            server: f.node(),
            rebuild: f.epoch(),
        },
        FromPrimary::Viewed { epoch: f.epoch() },
        FromPrimary::Installed {
            recovery: f.long,
            transfer_us: f.other_long,
            decode_us: f.long,
            install_us: f.other_long,
        },
        FromPrimary::InstallFailed {
            recovery: f.long,
            reason: f.text.clone(),
        },
        FromPrimary::Cleared { since: f.epoch() },
        FromPrimary::AskLease { asked_us: f.long },
        FromPrimary::Heartbeat,
    ]
}

pub(super) fn block(f: &Fields) -> BlockId {
    BlockId {
        region: f.region(),
        index: f.other_long,
    }
}

fn delta_frames(f: &Fields) -> Vec<DeltaFrame> {
    let range = |offset| Range {
        region: f.region(),
        offset,
        xor: f.bytes.clone(),
    };
    vec![
        DeltaFrame::Open {
            since: f.epoch(),
            rebuild: f.epoch(),
            base: f.seq(),
            with_image: f.flag,
        },
        DeltaFrame::Delta {
            seq: f.seq(),
            stable: f.seq(),
            delta: Arc::new(Delta {
                lengths: f.lengths(),
                ranges: vec![range(f.long), range(f.other_long)],
            }),
        },
        DeltaFrame::Stable { stable: f.seq() },
        DeltaFrame::Block {
            recovery: f.long,
            block: block(f),
            bytes: f.blob(),
        },
        DeltaFrame::Image {
            region: f.region(),
            offset: f.other_long,
            bytes: f.blob(),
        },
        DeltaFrame::ImageEnd { lengths: f.lengths() },
        DeltaFrame::Signatures {
            scrub: f.long,
            last: f.seq(),
            signatures: vec![Signature::of(f.long, &f.bytes); 2],
        },
        DeltaFrame::Confirm { round: f.long },
    ]
}

fn ack_frames(f: &Fields) -> Vec<AckFrame> {
    vec![
        AckFrame::Opened { applied: f.seq() },
        AckFrame::Ack { applied: f.seq() },
        AckFrame::Gap { expected: f.seq() },
        AckFrame::WantBlocks {
            recovery: f.long,
            first: block(f),
            count: f.long,
        },
        AckFrame::Fenced { epoch: f.epoch() },
        AckFrame::NoImage,
        AckFrame::ImageApplied {
            region: f.region(),
            offset: f.other_long,
        },
        AckFrame::WantSignatures {
            scrub: f.long,
            window: scrub_window(f),
        },
        AckFrame::Confirmed { round: f.long },
    ]
}

fn residual_frames(f: &Fields) -> Vec<ResidualFrame> {
    vec![
        ResidualFrame::Begin {
            recovery: f.long,
            row: f.byte,
            cut: f.seq(),
            lengths: f.lengths(),
            residual_bytes: f.lengths(),
        },
        ResidualFrame::Auxiliary {
            region: f.region(),
            bytes: f.blob(),
        },
        ResidualFrame::Block {
            block: block(f),
            bytes: f.blob(),
        },
        ResidualFrame::End,
    ]
}
