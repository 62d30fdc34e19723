//! Sessions against a door that is played by hand.

use multicast::id::Seq;
use structures::op::{Outcome, Write};
use tokio::time::timeout;

use super::*;
use crate::{
    client::door_by_hand::{Door, GROUP},
    message::client::Refusal,
};

fn delete() -> Op {
    Op::Delete { key: b"k".to_vec() }
}

#[tokio::test]
async fn a_write_goes_again_under_its_number_when_the_connection_breaks_or_the_door_is_busy() {
    let (door, directory) = Door::open().await;
    let served = async {
        let mut visit = door.accept().await;
        let (request, opening) = visit.next_write().await;
        visit
            .reply(request, ReplyBody::Written(Outcome::SessionOpened.into()))
            .await;
        let (_, first) = visit.next_write().await;
        drop(visit); // whether it took effect is unknown
        let mut visit = door.accept().await;
        let (request, second) = visit.next_write().await;
        let busy = Refusal::Unavailable {
            reason: "a view change".to_owned(),
        };
        visit.reply(request, ReplyBody::Refused(busy)).await;
        let mut visit = door.accept().await;
        let (request, third) = visit.next_write().await;
        visit
            .reply(request, ReplyBody::Written(Outcome::Deleted.into()))
            .await;
        let (request, next) = visit.next_write().await;
        visit
            .reply(request, ReplyBody::Written(Outcome::AbsentKey.into()))
            .await;
        [opening, first, second, third, next]
    };
    let asked = async {
        let mut session = Session::open(directory, GROUP, Duration::from_secs(20))
            .await
            .expect("opened");
        [
            session.write(delete()).await.expect("answered"),
            session.write(delete()).await.expect("answered"),
        ]
    };
    let (served, answers) = tokio::join!(served, asked);
    assert_eq!(answers, [Outcome::Deleted.into(), Outcome::AbsentKey.into()]);
    let client = served[0].client;
    let write = |seq, op| Write {
        client,
        seq: Seq(seq),
        op,
    };
    let expected = [
        write(1, Op::OpenSession),
        write(2, delete()),
        write(2, delete()),
        write(2, delete()),
        write(3, delete()),
    ];
    assert_eq!(served, expected);
}

#[tokio::test]
async fn a_refusal_that_does_not_pass_is_not_tried_again() {
    let (door, directory) = Door::open().await;
    let served = async {
        let mut visit = door.accept().await;
        let (request, _) = visit.next_write().await;
        visit
            .reply(
                request,
                ReplyBody::Refused(Refusal::UnknownGroup { group: GROUP }),
            )
            .await;
        visit
    };
    let (_visit, opened) = tokio::join!(served, Session::open(directory, GROUP, Duration::from_secs(20)));
    assert_eq!(
        opened.expect_err("refused").to_string(),
        "group #3 is not known here"
    );
}

#[tokio::test]
async fn a_door_that_takes_a_write_and_never_answers_exhausts_the_patience() {
    let (door, directory) = Door::open().await;
    // Not paused time, which runs on while bytes are on their way.
    let silent = tokio::spawn(async move {
        let mut visit = door.accept().await;
        visit.next_write().await;
        std::future::pending::<()>().await;
    });
    let opened = Session::open(directory, GROUP, Duration::from_millis(100));
    let opened = timeout(Duration::from_secs(20), opened)
        .await
        .expect("the patience is shorter");
    let error = opened.expect_err("no answer").to_string();
    assert!(
        error.starts_with("no answer within 100 ms; last: no answer within "),
        "{error}"
    );
    silent.abort();
}

#[tokio::test(start_paused = true)]
async fn a_door_that_is_not_there_exhausts_the_patience() {
    let (door, directory) = Door::open().await;
    drop(door);
    let opened = Session::open(directory, GROUP, Duration::from_secs(3)).await;
    let error = opened.expect_err("nobody listens").to_string();
    assert!(error.starts_with("no answer within 3000 ms; last: "), "{error}");
}

/// The way to a cluster with a manager at each of these doors.
fn both(first: &Directory, second: &Directory) -> Directory {
    let managers = [first, second].map(|directory| directory.managers[0].clone());
    Directory {
        managers: managers.to_vec(),
        ..first.clone()
    }
}

async fn answers_next(visit: &mut crate::client::door_by_hand::Visit, outcome: Outcome) -> Write {
    let (request, write) = visit.next_write().await;
    visit.reply(request, ReplyBody::Written(outcome.into())).await;
    write
}

#[tokio::test]
async fn a_manager_that_is_silent_is_left_for_the_next_which_is_stayed_with() {
    let (silent, first) = Door::open().await;
    let (door, second) = Door::open().await;
    let directory = both(&first, &second);
    let served = async {
        let mut left = silent.accept().await;
        let (_, unanswered) = left.next_write().await;
        let mut visit = door.accept().await;
        let opening = answers_next(&mut visit, Outcome::SessionOpened).await;
        assert_eq!(opening, unanswered, "the same write, under the same number");
        answers_next(&mut visit, Outcome::Deleted).await;
        drop(visit);
        // The connection broke: the other manager's turn, and back again since that one refuses.
        let mut visit = silent.accept().await;
        let (request, refused) = visit.next_write().await;
        let busy = Refusal::Unavailable {
            reason: "it is taking over".to_owned(),
        };
        visit.reply(request, ReplyBody::Refused(busy)).await;
        let mut visit = door.accept().await;
        assert_eq!(answers_next(&mut visit, Outcome::AbsentKey).await, refused);
    };
    let asked = async {
        let mut session = Session::open(directory, GROUP, Duration::from_secs(20))
            .await
            .expect("opened");
        [
            session.write(delete()).await.expect("answered"),
            session.write(delete()).await.expect("answered"),
        ]
    };
    let ((), answers) = tokio::join!(served, asked);
    assert_eq!(answers, [Outcome::Deleted.into(), Outcome::AbsentKey.into()]);
}

#[tokio::test]
async fn a_manager_that_is_gone_costs_no_pause() {
    let (gone, first) = Door::open().await;
    let (door, second) = Door::open().await;
    drop(gone);
    let directory = both(&first, &second);
    let served = async {
        let mut visit = door.accept().await;
        answers_next(&mut visit, Outcome::SessionOpened).await
    };
    let (opening, opened) = tokio::join!(
        served,
        Session::open(directory, GROUP, Duration::from_millis(500))
    );
    assert_eq!(opening.op, Op::OpenSession);
    drop(opened.expect("opened at the second one"));
}
