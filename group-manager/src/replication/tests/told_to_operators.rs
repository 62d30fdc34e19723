//! What an operator is told of a group whose last holder is gone: once, when that is so, and not by a manager that
//! merely woke and believed to own the membership.

use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
};

use tracing_subscriber::fmt::MakeWriter;

use super::script;

/// The log of one test.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut log = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        log.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

/// What the script makes the core say of groups that close and open.
fn told(text: &str) -> Vec<String> {
    let log = Log::default();
    let format = tracing_subscriber::fmt().without_time().with_target(false);
    let subscriber = format.with_ansi(false).with_writer(log.clone()).finish();
    tracing::subscriber::with_default(subscriber, || script::play(text));
    let log = log.0.lock().unwrap_or_else(PoisonError::into_inner);
    let lines = String::from_utf8_lossy(&log);
    let of_groups = lines.lines().filter(|line| line.contains("the group is"));
    of_groups.map(|line| line.trim().to_owned()).collect()
}

#[test]
fn that_a_group_is_closed_is_said_once_and_that_it_is_open_again_too() {
    let script = include_str!("a_new_manager_without_any_member_answers_state_lost.script");
    assert_eq!(
        told(script),
        [
            "ERROR nobody who holds its state is here; the group is closed group=group #0 missing=node 1 and node 2",
            "INFO the group is open again group=group #0"
        ]
    );
}

#[test]
fn a_manager_that_slept_and_lost_its_members_and_the_membership_says_nothing_of_groups() {
    let script = "cluster 1 1\n\
        > come 1.1\n    @1: 1.1 active, 2.0 absent\n\
        > come 2.1\n    @2: 1.1 active, 2.1 active\n\
        > lost 1.1\n    store @3: 1.1 removed\n\
        > lost 2.1\n\
        > conflict other\n    dial 1.1\n    dial 2.1\n";
    assert_eq!(told(script), Vec::<String>::new());
}
