//! The store in a real etcd: the promises of every store, and what only etcd can suffer.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

use group_manager::store::{Announcer, EtcdStore, MembershipStore, StoreError};
use multicast::id::{Epoch, Incarnation, NodeId};
use settings::EtcdSettings;

use crate::{
    contract::{LONG, Shared, every_promise, membership},
    etcd_server::{EtcdServer, free_port, settings},
};

/// A cluster's name that no other test has.
fn fresh_name() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    format!("cluster-{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

fn store() -> Option<Shared> {
    let server = EtcdServer::shared()?;
    let (settings, name) = (server.settings(), fresh_name());
    Some(Shared {
        one: Box::new(EtcdStore::new(&settings, &name)),
        other: Box::new(EtcdStore::new(&settings, &name)),
        _place: Box::new(server),
    })
}

every_promise!(store);

#[test]
fn what_was_stored_is_there_after_etcd_crashed_and_a_watch_begun_before_goes_on_after() {
    let Some(mut server) = EtcdServer::start() else {
        return;
    };
    let store = EtcdStore::new(&server.settings(), "crashed");
    store.compare_and_swap(Epoch(0), &membership(1)).unwrap();
    let watcher = EtcdStore::new(&server.settings(), "crashed");
    thread::scope(|scope| {
        let watching = scope.spawn(|| {
            loop {
                match watcher.watch(Epoch(1), LONG) {
                    Ok(heard) => return heard,
                    Err(StoreError::Unreachable { .. }) => thread::sleep(Duration::from_millis(10)),
                    Err(other) => panic!("{other}"),
                }
            }
        });
        server.kill();
        let refused = store.load().unwrap_err();
        assert!(matches!(refused, StoreError::Unreachable { .. }), "{refused}");
        assert!(server.restart());
        assert_eq!(store.load().unwrap(), membership(1));
        store.compare_and_swap(Epoch(1), &membership(2)).unwrap();
        assert_eq!(watching.join().unwrap(), Some(membership(2)));
    });
}

#[test]
fn a_dead_endpoint_is_passed_over_and_if_all_are_dead_each_is_named() {
    let Some(server) = EtcdServer::shared() else {
        return;
    };
    let (dead, timeout) = (free_port(), Duration::from_secs(20));
    let name = fresh_name();
    let store = EtcdStore::new(&settings(&[dead, server.port()], timeout), &name);
    store.compare_and_swap(Epoch(0), &membership(1)).unwrap();
    assert_eq!(store.watch(Epoch(0), LONG).unwrap(), Some(membership(1)));

    let lost = EtcdStore::new(&settings(&[dead, dead], timeout), &name);
    match lost.load() {
        Err(StoreError::Unreachable { failures }) => {
            let begins = format!("http://127.0.0.1:{dead}: ");
            assert!(failures.iter().all(|failure| failure.starts_with(&begins)));
            assert_eq!(failures.len(), 2);
        }
        other => panic!("{other:?}"),
    }
}

/// Puts anything under a store's key, with etcd's own client calls.
fn put(server: &EtcdServer, key: &str, value: &str) {
    use base64::{Engine, engine::general_purpose::STANDARD};
    let body = format!(
        r#"{{"key": "{}", "value": "{}"}}"#,
        STANDARD.encode(key),
        STANDARD.encode(value)
    );
    let url = format!("http://127.0.0.1:{}/v3/kv/put", server.port());
    ureq::post(url).send(body).unwrap();
}

#[test]
fn a_value_that_is_no_membership_is_refused_by_the_name_of_its_key_and_never_overwritten() {
    let Some(server) = EtcdServer::shared() else {
        return;
    };
    let settings: EtcdSettings = server.settings();
    let store = EtcdStore::new(&settings, &fresh_name());
    let foreign = r#"{"format": "something else", "version": 1}"#;
    put(&server, store.key(), foreign);
    let text = format!(
        "{} holds no membership: it says to be \"something else\", not \"fusebox membership\"",
        store.key()
    );
    let swapped = store.compare_and_swap(Epoch(0), &membership(1)).map(|()| None);
    let outcomes = [store.load().map(Some), swapped, store.watch(Epoch(0), LONG)];
    assert_eq!(
        outcomes.map(|outcome| outcome.unwrap_err().to_string()),
        [text.clone(), text.clone(), text]
    );

    put(
        &server,
        store.key(),
        r#"{"format": "fusebox membership", "version": 2}"#,
    );
    let refused = store.load().unwrap_err();
    assert!(
        matches!(
            refused,
            StoreError::Version {
                found: 2,
                ours: 1,
                ..
            }
        ),
        "{refused}"
    );
}

#[test]
fn managers_that_live_are_announced_and_the_dead_ones_lease_ends() {
    let Some(server) = EtcdServer::shared() else {
        return;
    };
    let store = EtcdStore::new(&server.settings(), &fresh_name());
    let (short, long) = (Duration::from_secs(1), LONG);
    let announced = || store.announced().unwrap();
    assert_eq!(announced(), [].into());
    store.announce(NodeId(1), Incarnation(u64::MAX), short).unwrap();
    store.announce(NodeId(2), Incarnation(7), long).unwrap();
    store.announce(NodeId(2), Incarnation(7), long).unwrap();
    let both = [(NodeId(1), Incarnation(u64::MAX)), (NodeId(2), Incarnation(7))];
    assert_eq!(announced(), both.into());
    store.announce(NodeId(2), Incarnation(9), long).unwrap();
    put(&server, &store.key().replace("membership", "managers/x"), "?");
    // The first one says no more.
    while announced().len() > 1 {
        thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(announced(), [(NodeId(2), Incarnation(9))].into());
    assert_eq!(
        store.load().unwrap().epoch,
        Epoch(0),
        "nothing follows for the membership"
    );
}

#[test]
fn an_announcer_goes_on_until_it_is_dropped() {
    let Some(server) = EtcdServer::shared() else {
        return;
    };
    let store = Arc::new(EtcdStore::new(&server.settings(), &fresh_name()));
    let announcer = Announcer::start(store.clone(), NodeId(3), Incarnation(5)).unwrap();
    let wait_for = |managers: usize| {
        while store.announced().unwrap().len() != managers {
            thread::sleep(Duration::from_millis(20));
        }
    };
    wait_for(1);
    drop(announcer);
    wait_for(0);
}

#[test]
fn clusters_of_different_names_or_prefixes_do_not_see_each_other() {
    let Some(server) = EtcdServer::shared() else {
        return;
    };
    let (settings, name) = (server.settings(), fresh_name());
    let elsewhere = EtcdSettings {
        prefix: "/elsewhere/".to_owned(),
        ..settings.clone()
    };
    let store = EtcdStore::new(&settings, &name);
    store.compare_and_swap(Epoch(0), &membership(1)).unwrap();
    assert_eq!(store.key(), format!("/tests/{name}/membership"));
    for other in [
        EtcdStore::new(&settings, &fresh_name()),
        EtcdStore::new(&elsewhere, &name),
    ] {
        assert_eq!(other.load().unwrap().epoch, Epoch(0));
    }
}
