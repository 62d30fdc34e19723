//! Primaries and fused servers as they run, over real sockets on free ports; the test plays the manager and
//! the clients. One of each crashes; what was acknowledged is read back and compared.

mod client;
mod cluster;

use multicast::id::{Epoch, GroupId, NodeId};
use structures::{delta::REGIONS, query::Query};
use wire::message::{
    client::{DoorReport, Refusal, ReplyBody, RequestBody, Sizes},
    fusion::{FromPrimary, FromServer, Layout, Loss, ToPrimary, ToServer},
};

use crate::{
    client::Client,
    cluster::{Cluster, Running, SERVER, admit, group_life, seat, show_view},
};

const FIRST: NodeId = NodeId(1);
const SECOND: NodeId = NodeId(2);

/// Replaces a crashed primary by the word of its only fused server.
async fn recover(
    cluster: &Cluster,
    server: &mut Running,
    (lost, live): (NodeId, NodeId),
    (recovery, epoch): (u64, u64),
) -> Running {
    let mut replacement = cluster.start_primary(lost, 100 + epoch).await;
    let fence = ToServer::Fence {
        epoch: Epoch(epoch),
        primaries: vec![lost],
    };
    server.manager.say(&fence).await;
    let FromServer::Fenced {
        epoch: fenced,
        applied,
    } = server.manager.hear_server().await
    else {
        panic!("not fenced")
    };
    assert_eq!(fenced, Epoch(epoch));
    server
        .manager
        .say(&ToServer::Cut {
            recovery,
            cuts: applied.clone(),
        })
        .await;
    assert_eq!(
        server.manager.hear_server().await,
        FromServer::CutDone { recovery }
    );
    let loss = Loss {
        primary: lost,
        column: seat(lost, 0).column,
        cut: applied[0].1,
        replacement: Some(replacement.address),
    };
    let order = ToServer::Residual {
        recovery,
        losses: vec![loss.clone()],
        rows: vec![0],
        live: vec![live],
        with_auxiliary: true,
    };
    server.manager.say(&order).await;
    // The residual may well be there before the word of it.
    tokio::task::yield_now().await;
    let order = ToPrimary::Recover {
        recovery,
        losses: vec![loss],
        rows: vec![(SERVER, 0)],
        life: group_life(lost),
        leaving: false,
    };
    replacement.manager.say(&order).await;
    let FromPrimary::Installed {
        recovery: installed, ..
    } = replacement.manager.hear_primary().await
    else {
        panic!("not installed")
    };
    assert_eq!(installed, recovery);
    replacement
}

/// The word to begin empty.
fn found(node: NodeId) -> ToPrimary {
    let (since, life) = (Epoch(1), group_life(node));
    ToPrimary::Found { since, life }
}

async fn resume(primary: &mut Running, server: &mut Running, node: NodeId, epoch: u64, rebuild: u64) {
    admit(server, node, epoch).await;
    show_view(primary, epoch, Some((&*server, rebuild, true))).await;
    primary
        .manager
        .say(&ToPrimary::Resume {
            since: Epoch(epoch),
            life: group_life(node),
        })
        .await;
}

#[tokio::test]
async fn a_primary_a_server_and_another_primary_crash_and_nothing_is_lost() {
    for layout in [Layout::Linked, Layout::Arena] {
        each_crashes_in_turn(layout).await;
    }
}

async fn each_crashes_in_turn(layout: Layout) {
    let cluster = Cluster::new(layout).await;
    let mut server = cluster.start_server(1).await;
    let mut first = cluster.start_primary(FIRST, 1).await;
    let mut second = cluster.start_primary(SECOND, 1).await;
    server
        .manager
        .say(&ToServer::Rebuild {
            epoch: Epoch(1),
            row: 0,
            primaries: vec![],
        })
        .await;
    for (node, primary) in [(FIRST, &mut first), (SECOND, &mut second)] {
        admit(&mut server, node, 1).await;
        show_view(primary, 1, Some((&server, 1, true))).await;
        primary.manager.say(&found(node)).await;
    }
    let mut one = Client::open(&first, 1).await;
    let mut two = Client::open(&second, 2).await;
    one.insert(120).await;
    two.insert(50).await;
    one.read_back().await;

    drop(first);
    let mut first = recover(&cluster, &mut server, (FIRST, SECOND), (1, 2)).await;
    let early = RequestBody::Read {
        group: GroupId(1),
        query: Query::Get { key: b"k1".to_vec() },
    };
    let mut one = one.reopen(&first).await;
    let unavailable = Refusal::Unavailable {
        reason: "the primary recovers".to_owned(),
    };
    assert_eq!(one.ask(early).await, ReplyBody::Refused(unavailable));
    resume(&mut first, &mut server, FIRST, 3, 1).await;
    assert_eq!(first_served(&mut one).await, one.written.len() as u64);
    one.read_back().await;
    one.insert(10).await;

    drop(server);
    for primary in [&mut first, &mut second] {
        show_view(primary, 4, None).await;
    }
    one.insert(3).await;
    let mut server = cluster.start_server(2).await;
    let primaries = vec![seat(FIRST, 3), seat(SECOND, 1)];
    server
        .manager
        .say(&ToServer::Rebuild {
            epoch: Epoch(5),
            row: 0,
            primaries,
        })
        .await;
    for primary in [&mut first, &mut second] {
        show_view(primary, 5, Some((&server, 5, false))).await;
    }
    two.insert(5).await;
    let caught_up = FromPrimary::CaughtUp {
        server: SERVER,
        rebuild: Epoch(5),
    };
    for primary in [&mut first, &mut second] {
        assert_eq!(primary.manager.hear_primary().await, caught_up);
        show_view(primary, 6, Some((&server, 5, true))).await;
    }

    two.insert(5).await;
    drop(second);
    let mut second = recover(&cluster, &mut server, (SECOND, FIRST), (2, 7)).await;
    resume(&mut second, &mut server, SECOND, 8, 5).await;
    let mut two = two.reopen(&second).await;
    first_served(&mut two).await;
    two.read_back().await;
    two.insert(5).await;
    one.read_back().await;

    let mut door = one.reopen(&server).await;
    let ReplyBody::Sizes(sizes) = door.ask(RequestBody::Sizes).await else {
        panic!("no sizes")
    };
    let Sizes {
        payload_bytes,
        elements,
        heap_bytes,
        ..
    } = sizes;
    let lengths = [&door, &two].map(|client| layout.coded_lengths(client.reference.arena().lengths()));
    let longest: u64 = (0..REGIONS)
        .map(|region| lengths[0][region].max(lengths[1][region]))
        .sum();
    assert_eq!(
        (payload_bytes, elements, heap_bytes),
        (longest, 0, 4711),
        "each coded region is as long as the longest primary's"
    );
}

/// Elements, once the primary serves.
async fn first_served(client: &mut Client) -> u64 {
    loop {
        match client
            .ask(RequestBody::Read {
                group: client.group,
                query: Query::Get { key: b"k1".to_vec() },
            })
            .await
        {
            ReplyBody::Value(Some(_)) => break,
            ReplyBody::Refused(Refusal::Unavailable { .. }) => tokio::task::yield_now().await,
            other => panic!("{other:?}"),
        }
    }
    match client.ask(RequestBody::Sizes).await {
        ReplyBody::Sizes(sizes) => sizes.elements,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn the_door_counts_its_updates_and_what_its_links_carry() {
    let cluster = Cluster::new(Layout::Arena).await;
    let mut server = cluster.start_server(1).await;
    let mut first = cluster.start_primary(FIRST, 1).await;
    server
        .manager
        .say(&ToServer::Rebuild {
            epoch: Epoch(1),
            row: 0,
            primaries: vec![],
        })
        .await;
    admit(&mut server, FIRST, 1).await;
    show_view(&mut first, 1, Some((&server, 1, true))).await;
    first.manager.say(&found(FIRST)).await;
    let mut client = Client::open(&first, 1).await;
    client.ask(RequestBody::DoorReport { reset: true }).await;
    client.insert(10).await;
    let body = client.ask(RequestBody::DoorReport { reset: true }).await;
    let ReplyBody::DoorReport(DoorReport { updates, traffic, .. }) = body else {
        panic!("{body:?}")
    };
    assert_eq!(
        (updates, traffic.frames),
        (10, 20),
        "a delta and an acknowledgement each"
    );
    assert_eq!(client.ask(RequestBody::Members).await, not_served_here());
}

fn not_served_here() -> ReplyBody {
    ReplyBody::Refused(Refusal::NotServedHere {
        role: wire::message::membership::Role::Primary,
    })
}
