use multicast::id::NodeId;

use super::{super::door_by_hand::Door, *};
use crate::message::client::{ReplyBody, RequestBody};

const NODE: NodeId = NodeId(5);
const REMOVAL: Change = Change::Remove {
    node: NODE,
    discard: false,
    tolerating: None,
};

fn refused(refusal: ChangeRefused) -> ReplyBody {
    ReplyBody::Refused(refusal.into())
}

/// What a removal came to whose answer got lost, if NODE has left by then, or was never there.
async fn removed_after_a_lost_answer(has_left: bool) -> Result<Epoch, ClientError> {
    let (door, directory) = Door::open().await;
    let asking = tokio::spawn(async move { directory.change(REMOVAL, Duration::from_secs(60)).await });
    let mut lost = door.accept().await;
    assert_eq!(lost.next_request().await.1, RequestBody::Change(REMOVAL));
    drop(lost);
    let mut visit = door.accept().await;
    let (request, body) = visit.next_request().await;
    assert_eq!(body, RequestBody::Change(REMOVAL));
    let unknown = ChangeRefused::UnknownNode { node: NODE };
    visit.reply(request, refused(unknown)).await;
    let (request, body) = visit.next_request().await;
    assert_eq!(body, RequestBody::Members);
    let members = Membership {
        epoch: Epoch(9),
        left: has_left.then_some(NODE).into_iter().collect(),
        ..Membership::default()
    };
    visit.reply(request, ReplyBody::Members(Box::new(members))).await;
    asking.await.expect("no panic")
}

#[tokio::test]
async fn a_change_that_was_made_is_reported_as_made_although_its_answer_got_lost() {
    let outcome = removed_after_a_lost_answer(true).await;
    assert_eq!(outcome.expect("it was made"), Epoch(9));
}

#[tokio::test]
async fn what_was_never_there_is_not_reported_as_removed() {
    let outcome = removed_after_a_lost_answer(false).await;
    assert!(is_made_already(&outcome.expect_err("nobody was removed")));
}

#[tokio::test]
async fn a_first_refusal_is_believed() {
    let (door, directory) = Door::open().await;
    let asking = tokio::spawn(async move { directory.change(REMOVAL, Duration::from_secs(60)).await });
    let mut visit = door.accept().await;
    let (request, _) = visit.next_request().await;
    let unknown = ChangeRefused::UnknownNode { node: NODE };
    visit.reply(request, refused(unknown)).await;
    let outcome = asking.await.expect("no panic");
    assert!(is_made_already(&outcome.expect_err("nobody was removed")));
}

#[tokio::test]
async fn a_door_that_never_answers_does_not_outlast_the_patience() {
    let (door, directory) = Door::open().await;
    let patience = Duration::from_millis(50);
    let asking = tokio::spawn(async move { directory.change(REMOVAL, patience).await });
    let mut visit = door.accept().await;
    visit.next_request().await;
    let outcome = asking.await.expect("no panic").expect_err("no answer");
    assert!(
        matches!(outcome, ClientError::OutOfPatience { patience_ms: 50, .. }),
        "{outcome}"
    );
}
