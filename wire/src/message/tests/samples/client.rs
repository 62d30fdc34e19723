//! Between clients and doors, and between the manager and a process that wants in.

use erasure::Signature;
use multicast::id::NodeId;
use serde_bytes::ByteBuf;
use structures::{
    kind::StructureKind,
    op::{Answer, Element, Op, Outcome},
    query::Query,
};

use super::{Fields, Kind, fusion::block, replication::write, structure, variants};
use crate::{
    message::{
        client::{
            ClientReply, ClientRequest, DoorReport, RecoveryReport, Refusal, ReplyBody, RequestBody, Sizes,
            WriteTogether,
        },
        entry::{Enter, EnterReply, EntryRefused},
        fellow::ManagerBeat,
        membership::{Addresses, Member, Membership, Owner, Role, Standing},
        roster::{Change, ChangeRefused, NewMember},
        scrub::{ScrubWindow, Scrubbed, Syndrome},
    },
    traffic::TrafficTotal,
};

pub(super) fn kinds(f: &Fields) -> Vec<Kind> {
    let request = ClientRequest {
        request: f.long,
        body: RequestBody::Members,
    };
    let reply = ClientReply {
        request: f.long,
        body: ReplyBody::Written(Outcome::Updated.into()),
    };
    let enter = Enter {
        node: f.node(),
        incarnation: f.incarnation(),
        role: Role::Primary,
        addresses: addresses(f),
    };
    vec![
        structure("ClientRequest", request),
        variants("RequestBody", request_bodies(f)),
        structure("ClientReply", reply),
        variants("ReplyBody", reply_bodies(f)),
        variants("Refusal", refusals(f)),
        structure("Enter", enter),
        variants(
            "EnterReply",
            vec![
                EnterReply::Accepted,
                EnterReply::Refused(EntryRefused::IdInUse { node: f.node() }),
            ],
        ),
        variants("EntryRefused", entry_refusals(f)),
        variants("Change", changes(f)),
        variants("ChangeRefused", change_refusals(f)),
        structure("Membership", membership(f)),
        structure("ManagerBeat", beat(f)),
        variants("Role", roles()),
        variants("Standing (of a member)", standings()),
    ]
}

fn addresses(f: &Fields) -> Addresses {
    Addresses {
        peers: f.address,
        clients: f.address,
    }
}

fn request_bodies(f: &Fields) -> Vec<RequestBody> {
    let group = f.group();
    let op = Op::Insert {
        key: f.bytes.clone(),
        value: f.bytes.clone(),
    };
    vec![
        RequestBody::Write {
            group,
            write: write(f, op),
        },
        RequestBody::Read {
            group,
            query: Query::All,
        },
        RequestBody::Sizes,
        RequestBody::Members,
        RequestBody::DoorReport { reset: f.flag },
        RequestBody::Recoveries { from: f.long },
        RequestBody::Scrub(scrub_window(f)),
        RequestBody::WriteTogether(WriteTogether {
            client: f.client(),
            seq: f.seq(),
            parts: vec![(group, vec![Op::PopFront; 2]), (group, vec![Op::PopBack])],
        }),
        RequestBody::ReadOrdered {
            group,
            query: Query::Len,
        },
        RequestBody::Change(Change::Add(new_member(f))),
    ]
}

fn new_member(f: &Fields) -> NewMember {
    NewMember {
        node: f.node(),
        role: Role::DataNode,
        group: f.flag.then(|| f.text.clone()),
        listens: vec![f.address; 2],
    }
}

fn changes(f: &Fields) -> Vec<Change> {
    let (node, discard) = (f.node(), f.flag);
    let tolerating = f.flag.then_some(f.node().0);
    let remove = Change::Remove {
        node,
        discard,
        tolerating,
    };
    vec![Change::Add(new_member(f)), remove]
}

fn change_refusals(f: &Fields) -> Vec<ChangeRefused> {
    let (node, role, group) = (f.node(), Role::Primary, f.group());
    vec![
        ChangeRefused::NotOwner { owner: node },
        ChangeRefused::UnknownNode { node },
        ChangeRefused::IdInUse { node, role },
        ChangeRefused::WrongRole { role },
        ChangeRefused::NoGroup { role },
        ChangeRefused::GroupName {
            name: f.text.clone(),
            limit: f.size(),
        },
        ChangeRefused::GroupInUse {
            name: f.text.clone(),
            by: node,
        },
        ChangeRefused::AddressInUse {
            address: f.address,
            by: node,
        },
        ChangeRefused::Full {
            limit: f.size(),
            of: f.text.clone(),
        },
        ChangeRefused::LastHolder { node, group },
        ChangeRefused::WouldLoseState { node },
        ChangeRefused::Leaving { node },
        ChangeRefused::WouldTolerateFewer {
            now: f.node().0,
            left: f.short.into(),
        },
        ChangeRefused::TooFewBackups {
            left: f.size(),
            min_backups: f.short.into(),
        },
    ]
}

fn reply_bodies(f: &Fields) -> Vec<ReplyBody> {
    let element = Element {
        key: f.bytes.clone(),
        value: vec![f.byte],
    };
    let value = f.flag.then(|| ByteBuf::from(f.bytes.clone()));
    vec![
        ReplyBody::Written(Outcome::Deleted.into()),
        ReplyBody::Value(value),
        ReplyBody::Value(None),
        ReplyBody::Element(Some(element.clone())),
        ReplyBody::Len(f.long),
        ReplyBody::Elements {
            elements: vec![element; 2],
            last: f.flag,
        },
        ReplyBody::Sizes(sizes(f)),
        ReplyBody::Members(Box::new(membership(f))),
        ReplyBody::DoorReport(DoorReport {
            updates: f.long,
            latency_histogram: f.bytes.clone(),
            traffic: TrafficTotal {
                frames: f.long,
                bytes: f.other_long,
            },
        }),
        ReplyBody::Recoveries(vec![recovery(f), RecoveryReport::default()]),
        ReplyBody::Refused(Refusal::UnknownGroup { group: f.group() }),
        ReplyBody::Scrubbed(Scrubbed {
            region_bytes: f.long,
            syndromes: [Some(f.node()), None]
                .map(|copy_of| syndrome(f, copy_of))
                .to_vec(),
        }),
        ReplyBody::WrittenTogether(vec![
            vec![Outcome::Inserted.into(), Answer::removed(f.bytes.clone())],
            vec![],
        ]),
        ReplyBody::Changed { epoch: f.epoch() },
    ]
}

pub(super) fn scrub_window(f: &Fields) -> ScrubWindow {
    ScrubWindow {
        seed: f.other_long,
        first: block(f),
        count: f.other_long,
    }
}

fn syndrome(f: &Fields, copy_of: Option<NodeId>) -> Syndrome {
    Syndrome {
        block: block(f),
        copy_of,
        signature: Signature::of(f.long, &f.bytes),
    }
}

fn sizes(f: &Fields) -> Sizes {
    Sizes {
        node: f.node(),
        role: Role::FusionServer,
        epoch: f.epoch(),
        elements: f.long,
        payload_bytes: f.other_long,
        auxiliary_bytes: 1,
        heap_bytes: 2,
        resident_bytes: 3,
        received_bytes: 4,
    }
}

fn recovery(f: &Fields) -> RecoveryReport {
    RecoveryReport {
        node: f.node(),
        detected_at_us: f.maybe,
        removed_at_us: Some(1),
        entered_at_us: Some(2),
        fence_us: Some(3),
        transfer_us: Some(4),
        decode_us: Some(5),
        install_us: Some(6),
        frozen_us: Some(7),
        active_at_us: f.maybe,
    }
}

fn refusals(f: &Fields) -> Vec<Refusal> {
    let (group, limit, actual) = (f.group(), f.size(), f.short.into());
    let missing = vec![f.node(); 2];
    vec![
        Refusal::KeyLength { limit, actual },
        Refusal::ValueLength { limit, actual },
        Refusal::UnknownGroup { group },
        Refusal::StateLost {
            group,
            missing: missing.clone(),
        },
        Refusal::TooManyFaults {
            tolerated: limit,
            missing,
        },
        Refusal::Unavailable {
            reason: f.text.clone(),
        },
        Refusal::Overloaded { limit },
        Refusal::ReadTooLarge {
            chunks: actual,
            limit,
        },
        Refusal::Unsupported {
            kind: StructureKind::PriorityQueue,
        },
        Refusal::NotServedHere { role: Role::DataNode },
        Refusal::NoSuchWindow {
            first: block(f),
            count: f.other_long,
            limit: f.long,
        },
        Refusal::TooManyGroups { limit, actual },
        Refusal::RepeatedGroup { group },
        Refusal::TooManyOperations { limit, actual },
        Refusal::TooManyBytes { limit, actual },
        Refusal::OutOfReach { node: f.node() },
        Refusal::Change(ChangeRefused::UnknownNode { node: f.node() }),
        Refusal::ReadsWait { limit: f.long },
        Refusal::Closed { group },
        Refusal::NotOwner { owner: f.node() },
    ]
}

fn entry_refusals(f: &Fields) -> Vec<EntryRefused> {
    let (node, missing) = (f.node(), vec![f.node(); 2]);
    vec![
        EntryRefused::IdInUse { node },
        EntryRefused::UnknownNode {
            node,
            role: Role::FusionServer,
        },
        EntryRefused::StateLost {
            missing: missing.clone(),
        },
        EntryRefused::TooManyFaults {
            tolerated: f.size(),
            missing,
        },
        EntryRefused::NotOwner { owner: node },
        EntryRefused::Left {
            node,
            epoch: f.epoch(),
        },
        EntryRefused::Discarded {
            node,
            epoch: f.epoch(),
        },
        EntryRefused::Busy {
            reason: f.text.clone(),
        },
    ]
}

fn roles() -> Vec<Role> {
    vec![
        Role::GroupManager,
        Role::DataNode,
        Role::Primary,
        Role::FusionServer,
    ]
}

fn standings() -> Vec<Standing> {
    vec![
        Standing::Absent,
        Standing::Joining,
        Standing::Active,
        Standing::Removed,
    ]
}

fn beat(f: &Fields) -> ManagerBeat {
    ManagerBeat {
        stuck_in: f.flag.then_some(f.epoch()),
    }
}

/// One member in each standing.
fn membership(f: &Fields) -> Membership {
    let member = |(place, standing): (u32, Standing)| {
        let member = Member {
            role: roles()[place as usize],
            group: f.flag.then_some(f.group()),
            row: f.flag.then_some(f.byte),
            column: f.flag.then_some(f.byte),
            standing,
            incarnation: f.incarnation(),
            addresses: (standing != Standing::Absent).then(|| addresses(f)),
            since: f.epoch(),
        };
        (NodeId(place), member)
    };
    let owner = Owner {
        node: f.node(),
        incarnation: f.incarnation(),
    };
    Membership {
        epoch: f.epoch(),
        owner: f.flag.then_some(owner),
        members: (0..).zip(standings()).map(member).collect(),
        founded: vec![f.group()],
        left: [f.node()].into(),
        began: [(f.group(), f.epoch())].into(),
        groups: [(f.group(), f.text.clone())].into(),
        leaving: [f.node()].into(),
        discarded: [(f.node(), f.incarnation())].into(),
    }
}
