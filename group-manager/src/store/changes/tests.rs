//! Nothing later than what is known stays unheard, and nothing else is heard.

use std::{collections::VecDeque, sync::Mutex};

use super::*;
use crate::store::StoreError;

/// Answers a watch by its script; afterwards with nothing, until somebody asks in vain.
struct Scripted {
    answers: Mutex<VecDeque<Result<Option<Membership>, StoreError>>>,
    asked: Mutex<Vec<Epoch>>,
}

fn membership(epoch: u64) -> Membership {
    Membership {
        epoch: Epoch(epoch),
        ..Membership::default()
    }
}

fn unreadable() -> StoreError {
    StoreError::Garbage {
        place: "cluster.membership".into(),
        reason: "torn".to_owned(),
    }
}

impl MembershipStore for Scripted {
    fn load(&self) -> Result<Membership, StoreError> {
        unreachable!("a watch loads by itself")
    }

    fn compare_and_swap(&self, _: Epoch, _: &Membership) -> Result<(), StoreError> {
        unreachable!("who listens writes nothing")
    }

    fn watch(&self, known: Epoch, _: Duration) -> Result<Option<Membership>, StoreError> {
        self.asked.lock().expect("no panic").push(known);
        self.answers
            .lock()
            .expect("no panic")
            .pop_front()
            .unwrap_or(Ok(None))
    }
}

#[tokio::test]
async fn later_ones_arrive_in_order_through_silence_and_failures() {
    let answers = [
        Ok(None),
        Ok(Some(membership(4))),
        Err(unreadable()),
        Ok(Some(membership(7))),
    ];
    let store = Arc::new(Scripted {
        answers: Mutex::new(answers.into()),
        asked: Mutex::default(),
    });
    let mut changes = Changes::after(store.clone(), Epoch(3)).expect("a thread");
    assert_eq!(changes.next().await, membership(4));
    assert_eq!(changes.next().await, membership(7));
    let asked = store.asked.lock().expect("no panic");
    assert_eq!(asked[..4], [3, 3, 4, 4].map(Epoch));
}

#[tokio::test]
async fn the_thread_ends_when_nobody_listens() {
    let store = Arc::new(Scripted {
        answers: Mutex::default(),
        asked: Mutex::default(),
    });
    let changes = Changes::after(store.clone(), Epoch(0)).expect("a thread");
    drop(changes);
    // The thread's handle on the store is the last thing that it lets go.
    while Arc::strong_count(&store) > 1 {
        tokio::task::yield_now().await;
    }
}
