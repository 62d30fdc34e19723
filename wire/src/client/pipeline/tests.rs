//! Pipelines against a door that is played by hand.

use structures::op::{Answer, Outcome};

use super::*;
use crate::{
    client::door_by_hand::{Door, GROUP, Visit},
    limits::OUTBOX_FRAMES,
    message::client::Refusal,
};

const PATIENCE: Duration = Duration::from_secs(20);

fn delete(number: u8) -> Op {
    Op::Delete { key: vec![number] }
}

fn written(outcome: Outcome) -> ReplyBody {
    ReplyBody::Written(Answer::from(outcome))
}

/// Opens the door and a pipeline through it.
async fn opened(depth: usize) -> (Door, Visit, Pipeline) {
    let (door, directory) = Door::open().await;
    let served = async {
        let mut visit = door.accept().await;
        let (request, write) = visit.next_write().await;
        assert_eq!((write.seq, write.op), (Seq(1), Op::OpenSession));
        visit.reply(request, written(Outcome::SessionOpened)).await;
        visit
    };
    let (visit, pipeline) = tokio::join!(served, Pipeline::open(directory, GROUP, depth, PATIENCE));
    (door, visit, pipeline.expect("opened"))
}

/// The next writes that arrive: number of the request, sequence number, key.
async fn arriving(visit: &mut Visit, count: usize) -> Vec<(u64, Seq, u8)> {
    let mut all = Vec::new();
    for _ in 0..count {
        let (request, write) = visit.next_write().await;
        all.push((request, write.seq, write.op.key().expect("a delete")[0]));
    }
    all
}

fn seqs_and_keys(arrived: &[(u64, Seq, u8)]) -> Vec<(u64, u8)> {
    arrived.iter().map(|(_, seq, key)| (seq.0, *key)).collect()
}

#[tokio::test]
async fn answers_belong_to_their_tickets_in_whatever_order_they_come() {
    let (_door, mut visit, mut pipeline) = opened(3).await;
    let first = pipeline.write(delete(1));
    let question = pipeline.ask(Query::Len);
    let second = pipeline.write(delete(2));
    assert!(!pipeline.has_room());
    let served = async {
        let (a, _) = visit.next_write().await;
        let (b, body) = visit.next_request().await;
        let (group, query) = (GROUP, Query::Len);
        assert_eq!(body, RequestBody::Read { group, query });
        let (c, _) = visit.next_write().await;
        visit.reply(c, written(Outcome::Deleted)).await;
        visit.reply(a, written(Outcome::AbsentKey)).await;
        visit.reply(b, ReplyBody::Len(9)).await;
    };
    let asked = async {
        let mut answers = Vec::new();
        while let Some((ticket, answer)) = pipeline.next().await {
            answers.push((ticket, answer.expect("answered")));
        }
        answers
    };
    let ((), answers) = tokio::join!(served, asked);
    let expected = [
        (second, written(Outcome::Deleted)),
        (first, written(Outcome::AbsentKey)),
        (question, ReplyBody::Len(9)),
    ];
    assert_eq!(answers, expected);
}

#[tokio::test]
async fn what_a_broken_connection_leaves_unanswered_goes_again_in_order_under_the_same_numbers() {
    let (door, mut visit, mut pipeline) = opened(4).await;
    let tickets = [1, 2, 3, 4].map(|number| pipeline.write(delete(number)));
    let served = async {
        let arrived = arriving(&mut visit, 4).await;
        assert_eq!(seqs_and_keys(&arrived), [(2, 1), (3, 2), (4, 3), (5, 4)]);
        visit.reply(arrived[1].0, written(Outcome::Deleted)).await;
        drop(visit);
        let mut visit = door.accept().await;
        let again = arriving(&mut visit, 3).await;
        assert_eq!(seqs_and_keys(&again), [(2, 1), (4, 3), (5, 4)]);
        for (request, _, _) in again {
            visit.reply(request, written(Outcome::Deleted)).await;
        }
        visit
    };
    let asked = async {
        let mut answered = Vec::new();
        while let Some((ticket, answer)) = pipeline.next().await {
            assert_eq!(answer.expect("answered"), written(Outcome::Deleted));
            answered.push(ticket);
        }
        answered
    };
    let (_visit, answered) = tokio::join!(served, asked);
    assert_eq!(answered, [tickets[1], tickets[0], tickets[2], tickets[3]]);
}

#[tokio::test]
async fn a_passing_refusal_is_tried_again_and_another_one_ends_its_own_request_alone() {
    let (door, mut visit, mut pipeline) = opened(2).await;
    let tickets = [1, 2].map(|number| pipeline.write(delete(number)));
    let too_long = Refusal::KeyLength { limit: 8, actual: 9 };
    let served = async {
        let arrived = arriving(&mut visit, 2).await;
        let busy = Refusal::Overloaded { limit: 1 };
        visit.reply(arrived[0].0, ReplyBody::Refused(busy)).await;
        let mut visit = door.accept().await;
        let again = arriving(&mut visit, 2).await;
        assert_eq!(seqs_and_keys(&again), [(2, 1), (3, 2)]);
        visit
            .reply(again[0].0, ReplyBody::Refused(too_long.clone()))
            .await;
        visit.reply(again[1].0, written(Outcome::Deleted)).await;
        visit
    };
    let asked = async {
        let first = pipeline.next().await.expect("two are under way");
        let second = pipeline.next().await.expect("one is under way");
        [first, second]
    };
    let (_visit, [first, second]) = tokio::join!(served, asked);
    assert_eq!((first.0, second.0), (tickets[0], tickets[1]));
    match first.1.expect_err("refused") {
        ClientError::Refused(refusal) => assert_eq!(refusal, too_long),
        other => panic!("{other}"),
    }
    assert_eq!(second.1.expect("answered"), written(Outcome::Deleted));
}

/// The oldest one is answered last: no later write may push it out of the structure's window meanwhile.
#[tokio::test]
async fn an_unanswered_write_keeps_the_sequence_numbers_within_its_window() {
    let (_door, mut visit, mut pipeline) = opened(MAX_PIPELINE).await;
    pipeline.write(delete(0));
    let oldest = tokio::select! {
        oldest = visit.next_write() => oldest,
        // Sends it; no answer comes.
        answered = pipeline.next() => panic!("{answered:?}"),
    };
    for number in 1..WINDOW {
        assert!(pipeline.has_room(), "number {number}");
        pipeline.write(delete(1));
        let served = async {
            let (request, write) = visit.next_write().await;
            assert_eq!(write.seq, Seq(oldest.1.seq.0 + number));
            visit.reply(request, written(Outcome::Deleted)).await;
        };
        tokio::join!(served, pipeline.next());
    }
    assert_eq!(pipeline.under_way(), 1);
    assert!(!pipeline.has_room());
    visit.reply(oldest.0, written(Outcome::Deleted)).await;
    pipeline.next().await;
    assert!(pipeline.has_room());
}

fn deletes(count: u64) -> Vec<(GroupId, Vec<Op>)> {
    vec![(GROUP, (0..count).map(|_| delete(1)).collect())]
}

#[tokio::test]
async fn a_write_of_several_groups_uses_a_number_for_each_operation_of_its_longest_part() {
    let (_door, mut visit, mut pipeline) = opened(3).await;
    pipeline.write(delete(0));
    assert!(pipeline.has_room_for(WINDOW - 1));
    assert!(!pipeline.has_room_for(WINDOW));
    let short = (GroupId(9), vec![delete(2)]);
    let parts = [deletes(WINDOW - 1), vec![short]].concat();
    pipeline.write_together(parts.clone());
    assert!(!pipeline.has_room(), "64 numbers from the oldest to the newest");
    let served = async {
        let (request, oldest) = visit.next_write().await;
        match visit.next_request().await {
            (_, RequestBody::WriteTogether(write)) => {
                assert_eq!(
                    (write.seq, write.last_seq()),
                    (Seq(3), Seq(oldest.seq.0 + WINDOW - 1))
                );
                assert_eq!(write.parts, parts);
            }
            other => panic!("{other:?}"),
        }
        visit.reply(request, written(Outcome::Deleted)).await;
    };
    tokio::join!(served, pipeline.next());
    assert!(pipeline.has_room());
}

#[tokio::test]
#[should_panic(expected = "no room for 64 numbers beside 1 requests")]
async fn a_write_of_several_groups_whose_last_number_is_the_65th_has_no_room() {
    let (_door, _visit, mut pipeline) = opened(3).await;
    pipeline.write(delete(0));
    pipeline.write_together(deletes(WINDOW));
}

/// What it lets wait is cut short, but the door has not closed it: nothing but whoever found out tells the others.
#[tokio::test]
async fn a_shared_connection_that_takes_no_request_is_left_by_whoever_connects_to_it() {
    let (door, directory) = Door::open().await;
    let directory = directory.sharing();
    let mut filling = directory.clone();
    let (_full, client) = tokio::join!(door.accept(), filling.connect_session(GROUP));
    let mut client = client.expect("a door");
    for _ in 0..OUTBOX_FRAMES {
        client.submit(RequestBody::Sizes).expect("there is room");
    }
    let served = async {
        let mut visit = door.accept().await;
        let (request, opening) = visit.next_write().await;
        assert_eq!(opening.op, Op::OpenSession);
        visit.reply(request, written(Outcome::SessionOpened)).await;
        visit
    };
    let (_visit, pipeline) = tokio::join!(served, Pipeline::open(directory, GROUP, 1, PATIENCE));
    assert_eq!(pipeline.expect("opened").under_way(), 0);
}

#[tokio::test]
#[should_panic(expected = "65 requests at once: there may be 1 to 64")]
async fn a_pipeline_is_as_deep_as_the_window_and_no_deeper() {
    let (_door, directory) = Door::open().await;
    drop(Pipeline::open(directory, GROUP, MAX_PIPELINE + 1, PATIENCE).await);
}
