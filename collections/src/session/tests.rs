//! Sessions over a line that is played by hand. Time is tokio's, and stands still but for pauses.

use std::collections::VecDeque;

use structures::kind::StructureKind;

use super::*;

const PATIENCE: Duration = Duration::from_secs(5);

/// Answers writes by its script, and notes them. Without a script it never answers.
#[derive(Debug, Default)]
struct Scripted {
    answers: VecDeque<Result<Answer, LineError>>,
    written: Vec<Write>,
}

impl Line for Scripted {
    async fn write(&mut self, write: &Write) -> Result<Answer, LineError> {
        self.written.push(write.clone());
        match self.answers.pop_front() {
            Some(answer) => answer,
            None => std::future::pending().await,
        }
    }

    async fn read(&mut self, _: &Query) -> Result<Found, LineError> {
        std::future::pending().await
    }

    fn another(&self) -> Self {
        Self::default()
    }

    async fn close(self) {}
}

fn answer(outcome: Outcome) -> Result<Answer, LineError> {
    Ok(outcome.into())
}

fn refusal(refusal: Refusal) -> Result<Answer, LineError> {
    Err(ClientError::from(refusal).into())
}

fn busy() -> Result<Answer, LineError> {
    refusal(Refusal::Overloaded { limit: 1 })
}

fn broken() -> Result<Answer, LineError> {
    Err(ClientError::from(WireError::Closed).into())
}

fn push() -> Op {
    Op::PushBack { value: vec![7] }
}

/// A session that was opened, and what its line then answers.
async fn opened(answers: impl IntoIterator<Item = Result<Answer, LineError>>) -> Session<Scripted> {
    let mut line = Scripted::default();
    line.answers.push_back(answer(Outcome::SessionOpened));
    line.answers.extend(answers);
    let spec = StructureSpec {
        kind: StructureKind::List,
        ..StructureSpec::linked_list(4, 8)
    };
    let mut session = Session::open(line, spec, PATIENCE).await.unwrap();
    session.line.written.clear();
    session
}

/// The writes of the session's line, as (number, operation), and whether all are of one client.
fn written(session: &Session<Scripted>) -> (Vec<(u64, Op)>, bool) {
    let writes = &session.line.written;
    let numbered = writes.iter().map(|write| (write.seq.0, write.op.clone()));
    let same = writes.iter().all(|write| write.client == session.id);
    (numbered.collect(), same)
}

#[tokio::test(start_paused = true)]
async fn a_write_goes_again_under_its_number_until_it_is_answered() {
    let mut session = opened([
        broken(),
        busy(),
        answer(Outcome::Inserted),
        answer(Outcome::Inserted),
    ])
    .await;
    assert_eq!(session.write(push()).await.unwrap(), Outcome::Inserted.into());
    assert_eq!(
        session.write(Op::PopBack).await.unwrap(),
        Outcome::Inserted.into()
    );
    let numbers = vec![(2, push()), (2, push()), (2, push()), (3, Op::PopBack)];
    assert_eq!(written(&session), (numbers, true));
}

#[tokio::test(start_paused = true)]
async fn a_write_that_is_never_answered_ends_with_the_patience_and_its_outcome_is_unknown() {
    let mut session = opened([broken()]).await;
    let began = Instant::now();
    let error = session.write(push()).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "no answer within 5000 ms; last: the peer closed the connection"
    );
    assert!(error.outcome_is_unknown());
    assert_eq!(began.elapsed(), PATIENCE);
}

#[tokio::test(start_paused = true)]
async fn a_read_that_is_never_answered_ends_with_the_patience() {
    let mut session = opened([]).await;
    let error = session.read(Query::Len).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "no answer within 5000 ms; last: no answer within 5000 ms"
    );
}

#[tokio::test]
async fn a_refusal_that_does_not_pass_ends_the_write_by_name() {
    let missing = vec![multicast::id::NodeId(2)];
    let refused = refusal(Refusal::TooManyFaults {
        tolerated: 1,
        missing: missing.clone(),
    });
    let mut session = opened([refused, Err(LineError::HostStopped)]).await;
    let error = session.write(push()).await.unwrap_err();
    assert!(!error.outcome_is_unknown());
    assert!(matches!(error, Error::TooManyFaults { tolerated: 1, missing: m } if m == missing));
    let error = session.write(push()).await.unwrap_err();
    assert!(matches!(error, Error::HostStopped));
}

#[tokio::test]
async fn a_session_that_was_evicted_before_a_write_is_opened_anew_under_another_number() {
    let opened_again = answer(Outcome::SessionOpened);
    let mut session = opened([
        answer(Outcome::NoSession),
        opened_again,
        answer(Outcome::Inserted),
    ])
    .await;
    let before = session.id;
    assert_eq!(session.write(push()).await.unwrap(), Outcome::Inserted.into());
    assert_ne!(session.id, before);
    let first = session.line.written.remove(0);
    assert_eq!((first.client, first.seq.0, first.op), (before, 2, push()));
    assert_eq!(written(&session), (vec![(1, Op::OpenSession), (2, push())], true));
}

#[tokio::test(start_paused = true)]
async fn a_session_that_was_evicted_during_a_write_leaves_its_outcome_unknown() {
    let mut session = opened([broken(), answer(Outcome::NoSession)]).await;
    let error = session.write(push()).await.unwrap_err();
    assert!(matches!(error, Error::SessionEvicted));
    assert!(error.outcome_is_unknown());
}

#[tokio::test]
async fn an_element_one_byte_past_the_limit_is_not_even_sent() {
    let mut session = opened([answer(Outcome::Inserted)]).await;
    let push = |bytes| Op::PushBack {
        value: vec![7; bytes],
    };
    let error = session.write(push(9)).await.unwrap_err();
    assert!(matches!(error, Error::ElementTooLong { limit: 8, actual: 9 }));
    assert_eq!(session.write(push(8)).await.unwrap(), Outcome::Inserted.into());
    assert_eq!(written(&session), (vec![(2, push(8))], true));
}

#[tokio::test]
async fn outcomes_that_are_no_results_are_errors() {
    let mut session = opened([Outcome::Full, Outcome::Unsupported, Outcome::Forgotten].map(answer)).await;
    assert!(matches!(session.write(push()).await, Err(Error::Full)));
    let unsupported = session.write(push()).await.unwrap_err();
    assert_eq!(unsupported.to_string(), "refused: a list has no such operation");
    assert!(matches!(session.write(push()).await, Err(Error::SessionEvicted)));
}
