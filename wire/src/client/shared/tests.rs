//! Shared connections against a door that is played by hand.

use std::time::Duration;

use structures::op::{Op, Outcome, Write};
use tokio::time::timeout;

use super::*;
use crate::{
    client::{
        Directory, Session,
        door_by_hand::{Door, GROUP, Visit},
    },
    message::client::{Refusal, ReplyBody},
};

const PATIENCE: Duration = Duration::from_secs(20);

fn delete() -> Op {
    Op::Delete { key: b"k".to_vec() }
}

async fn open(directory: &Directory) -> Session {
    let session = Session::open(directory.clone(), GROUP, PATIENCE).await;
    session.expect("opened")
}

/// Opens sessions over one directory, and gives the visit that all of them came with.
async fn opened<const N: usize>(door: &Door, directory: &Directory) -> (Visit, [Session; N]) {
    let served = async {
        let mut visit = door.accept().await;
        for _ in 0..N {
            let (request, opening) = visit.next_write().await;
            assert_eq!(opening.op, Op::OpenSession);
            reply(&mut visit, request, Outcome::SessionOpened).await;
        }
        visit
    };
    let sessions = futures_util::future::join_all((0..N).map(|_| open(directory)));
    let (visit, sessions) = tokio::join!(served, sessions);
    (visit, sessions.try_into().expect("as many as were asked for"))
}

async fn reply(visit: &mut Visit, request: u64, outcome: Outcome) {
    visit.reply(request, ReplyBody::Written(outcome.into())).await;
}

#[tokio::test]
async fn sessions_share_a_connection_and_each_gets_its_own_answer() {
    let (door, directory) = Door::open().await;
    let (mut visit, [mut first, mut second]) = opened(&door, &directory.sharing()).await;
    let served = async {
        let (one, write_of_one) = visit.next_write().await;
        let (other, write_of_other) = visit.next_write().await;
        reply(&mut visit, other, Outcome::AbsentKey).await;
        reply(&mut visit, one, Outcome::Deleted).await;
        (write_of_one, write_of_other)
    };
    let ((one, other), deleted, absent) = tokio::join!(served, first.write(delete()), second.write(delete()));
    assert_eq!(deleted.expect("answered"), Outcome::Deleted.into());
    assert_eq!(absent.expect("answered"), Outcome::AbsentKey.into());
    assert_ne!(one.client, other.client);
}

#[tokio::test]
async fn sessions_of_other_directories_have_connections_of_their_own() {
    let (door, directory) = Door::open().await;
    let (_visit, [_session]) = opened(&door, &directory.clone().sharing()).await;
    let (_other, [_not_sharing]) = opened(&door, &directory).await;
    let (_third, [_sharing_with_none]) = opened(&door, &directory.sharing()).await;
}

#[tokio::test]
async fn a_connection_that_breaks_is_replaced_by_one_for_all_and_their_writes_go_again() {
    let (door, directory) = Door::open().await;
    let (mut visit, [mut first, mut second]) = opened(&door, &directory.sharing()).await;
    let served = async {
        let mut lost = Vec::new();
        for _ in 0..2 {
            lost.push(visit.next_write().await.1);
        }
        drop(visit); // whether they took effect is unknown
        let mut visit = door.accept().await;
        let mut again = Vec::new();
        for _ in 0..2 {
            let (request, write) = visit.next_write().await;
            reply(&mut visit, request, Outcome::Deleted).await;
            again.push(write);
        }
        let by_client = |write: &Write| write.client;
        lost.sort_by_key(by_client);
        again.sort_by_key(by_client);
        assert_eq!(lost, again);
        visit
    };
    let (_visit, one, other) = tokio::join!(served, first.write(delete()), second.write(delete()));
    assert_eq!(one.expect("answered"), Outcome::Deleted.into());
    assert_eq!(other.expect("answered"), Outcome::Deleted.into());
}

#[tokio::test]
async fn a_refusal_to_one_session_leaves_the_connection_to_the_others() {
    let (door, directory) = Door::open().await;
    let (mut visit, [mut refused, mut other]) = opened(&door, &directory.sharing()).await;
    let served = async {
        let busy = Refusal::Unavailable {
            reason: "a view change".to_owned(),
        };
        let (request, first) = visit.next_write().await;
        visit.reply(request, ReplyBody::Refused(busy)).await;
        let (request, again) = visit.next_write().await;
        assert_eq!(first, again);
        reply(&mut visit, request, Outcome::Deleted).await;
        let (request, _) = visit.next_write().await;
        reply(&mut visit, request, Outcome::AbsentKey).await;
    };
    let asked = async {
        let deleted = refused.write(delete()).await;
        (deleted, other.write(delete()).await)
    };
    let ((), (deleted, absent)) = tokio::join!(served, asked);
    assert_eq!(deleted.expect("answered"), Outcome::Deleted.into());
    assert_eq!(absent.expect("answered"), Outcome::AbsentKey.into());
}

/// Where there are several managers a silent one is left; coming back to it means a new connection, because on the
/// old one the bytes may be lost for ever.
#[tokio::test]
async fn a_connection_on_which_a_door_was_silent_is_not_given_to_anybody_again() {
    let (door, directory) = Door::open().await;
    let twice = vec![directory.managers[0].clone(); 2];
    let directory = Directory {
        managers: twice,
        ..directory
    };
    let (mut silent, [mut session]) = opened(&door, &directory.sharing()).await;
    let served = async {
        let (_, unanswered) = silent.next_write().await;
        let mut visit = door.accept().await;
        let (request, again) = visit.next_write().await;
        assert_eq!(unanswered, again);
        reply(&mut visit, request, Outcome::Deleted).await;
    };
    let ((), deleted) = tokio::join!(served, session.write(delete()));
    assert_eq!(deleted.expect("answered"), Outcome::Deleted.into());
}

/// A connection by itself, and the door's end of it.
async fn connected(door: &Door, directory: &Directory) -> (Visit, Arc<Connection>) {
    let address = format!("127.0.0.1:{}", directory.managers[0].1);
    let dial = Connection::dial(address.parse().expect("an address"), directory.cluster);
    let (visit, connection) = tokio::join!(door.accept(), dial);
    (visit, connection.expect("a door"))
}

#[tokio::test]
async fn a_connection_has_so_many_lanes_and_not_one_more() {
    let (door, directory) = Door::open().await;
    let (_visit, connection) = connected(&door, &directory).await;
    let lane = || Arc::clone(&connection).lane();
    let mut lanes: Vec<Lane> = (0..LANES)
        .map(|number| {
            let lane = lane().expect("there is room");
            assert_eq!(lane.number, number);
            lane
        })
        .collect();
    assert!(lane().is_none());
    drop(lanes.swap_remove(7));
    assert_eq!(lane().map(|lane| lane.number), Some(7));
}

#[tokio::test]
async fn a_lane_that_takes_no_replies_is_cut_and_holds_up_no_other() {
    let (door, directory) = Door::open().await;
    let (mut visit, connection) = connected(&door, &directory).await;
    let lane = || Arc::clone(&connection).lane().expect("there is room");
    let (mut lazy, mut eager) = (lane(), lane());
    let asked = lazy.submit(RequestBody::Sizes).expect("connected");
    for _ in 0..=MAX_PIPELINE {
        visit.reply(asked, ReplyBody::Len(1)).await;
    }
    let asked = eager.submit(RequestBody::Sizes).expect("connected");
    visit.reply(asked, ReplyBody::Len(2)).await;
    let answer = timeout(PATIENCE, eager.receive()).await.expect("not held up");
    assert_eq!(answer.expect("a reply").body, ReplyBody::Len(2));
    for _ in 0..MAX_PIPELINE {
        assert_eq!(lazy.receive().await.expect("it was kept").body, ReplyBody::Len(1));
    }
    assert!(matches!(lazy.receive().await, Err(WireError::Closed)));
}

#[tokio::test]
async fn a_reply_that_comes_too_late_is_not_given_to_the_next_lane_of_that_number() {
    let (door, directory) = Door::open().await;
    let (mut visit, connection) = connected(&door, &directory).await;
    let lane = || Arc::clone(&connection).lane().expect("there is room");
    let mut given_up = lane();
    let late = given_up.submit(RequestBody::Sizes).expect("connected");
    drop(given_up);
    let mut next = lane();
    assert_eq!(next.number, lane_of(late));
    let asked = next.submit(RequestBody::Sizes).expect("connected");
    visit.reply(late, ReplyBody::Len(1)).await;
    visit.reply(asked, ReplyBody::Len(2)).await;
    let answer = next.receive().await.expect("a reply");
    assert_eq!((answer.request, answer.body), (asked, ReplyBody::Len(2)));
}

#[tokio::test]
async fn a_reply_to_nobody_is_passed_over() {
    let (door, directory) = Door::open().await;
    let (mut visit, connection) = connected(&door, &directory).await;
    let mut lane = connection.lane().expect("there is room");
    let asked = lane.submit(RequestBody::Sizes).expect("connected");
    visit.reply(asked + 1, ReplyBody::Len(1)).await;
    visit.reply(u64::MAX, ReplyBody::Len(1)).await;
    visit.reply(asked, ReplyBody::Len(2)).await;
    let answer = lane.receive().await.expect("a reply");
    assert_eq!((answer.request, answer.body), (asked, ReplyBody::Len(2)));
}

#[tokio::test]
async fn a_connection_closes_with_its_last_lane() {
    let (door, directory) = Door::open().await;
    let (mut visit, connection) = connected(&door, &directory).await;
    let (first, second) = (Arc::clone(&connection).lane(), connection.lane());
    drop(first);
    let mut second = second.expect("there is room");
    let asked = second.submit(RequestBody::Sizes).expect("connected");
    assert_eq!(visit.next_request().await, (asked, RequestBody::Sizes));
    drop(second);
    timeout(PATIENCE, visit.closed())
        .await
        .expect("the last one is gone");
}

/// The number of a lane that was cut is its own until it is dropped: another lane's replies would end with it.
#[tokio::test]
async fn the_number_of_a_lane_that_was_cut_is_given_out_once_its_lane_is_gone() {
    let (door, directory) = Door::open().await;
    let (mut visit, connection) = connected(&door, &directory).await;
    let lane = || Arc::clone(&connection).lane().expect("there is room");
    let mut cut = lane();
    let asked = cut.submit(RequestBody::Sizes).expect("connected");
    for _ in 0..=MAX_PIPELINE {
        visit.reply(asked, ReplyBody::Len(1)).await;
    }
    for _ in 0..MAX_PIPELINE {
        cut.receive().await.expect("it was kept");
    }
    assert!(matches!(cut.receive().await, Err(WireError::Closed)));
    let mut other = lane();
    assert_eq!((cut.number, other.number), (0, 1));
    drop(cut);
    let asked = other.submit(RequestBody::Sizes).expect("connected");
    visit.reply(asked, ReplyBody::Len(2)).await;
    assert_eq!(other.receive().await.expect("a reply").body, ReplyBody::Len(2));
    assert_eq!(lane().number, 0);
}

#[tokio::test]
async fn a_connection_that_has_ended_gives_no_lane() {
    let (door, directory) = Door::open().await;
    let (visit, connection) = connected(&door, &directory).await;
    let mut lane = Arc::clone(&connection).lane().expect("there is room");
    drop(visit);
    assert!(matches!(lane.receive().await, Err(WireError::Closed)));
    drop(lane);
    assert!(connection.lane().is_none());
}

#[tokio::test]
async fn a_door_at_which_nobody_is_any_more_is_forgotten_when_another_one_comes() {
    let mut doors = Vec::new();
    for _ in 0..3 {
        doors.push(Door::open().await);
    }
    let connections = SharedConnections::default();
    let known = || unpoisoned(&connections.0).len();
    let lane = async |(door, directory): &(Door, Directory)| {
        let address = format!("127.0.0.1:{}", directory.managers[0].1);
        let asked = connections.lane(address.parse().expect("an address"), directory.cluster);
        let (visit, lane) = tokio::join!(door.accept(), asked);
        (visit, lane.expect("a door"))
    };
    let (_visit, gone) = lane(&doors[0]).await;
    drop(gone);
    let _kept = lane(&doors[1]).await;
    assert_eq!(known(), 1);
    let _other = lane(&doors[2]).await;
    assert_eq!(known(), 2);
}
