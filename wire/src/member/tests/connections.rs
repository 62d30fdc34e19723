//! Connections from clients: what arrives on which, and how they end.

use std::sync::Arc;

use multicast::id::Seq;

use super::{super::*, dial, identity, listen, read, write};
use crate::{handshake::Purpose, link::LinkEvent};

#[tokio::test]
async fn connections_are_numbered_and_their_ends_reported_once() {
    let (listener, address) = listen().await;
    let mut doorstep = Doorstep::open(listener, identity(1), &[Purpose::Client]);
    let mut connections = Connections::<Seq, Seq>::new(Arc::default());
    let mut callers = Vec::new();
    for expected in 1..=2 {
        callers.push(dial(address, Purpose::Client).await);
        assert_eq!(connections.accept(doorstep.next().await.1), expected);
    }
    write(&mut callers[1], &Seq(5)).await;
    let arrival = connections.next().await;
    assert!(matches!(
        (arrival.connection, arrival.event),
        (2, LinkEvent::Message(Seq(5)))
    ));
    connections.send(2, Seq(6));
    assert_eq!(read::<Seq>(&mut callers[1]).await, Seq(6));

    for message in 7..=9 {
        write(&mut callers[1], &Seq(message)).await;
    }
    let mut read = Vec::new();
    while read.len() < 3 {
        // What has arrived beside the first comes without waiting.
        let first = connections.next().await;
        read.extend(std::iter::once(first).chain(std::iter::from_fn(|| connections.try_next())));
    }
    let read: Vec<_> = read
        .into_iter()
        .map(|arrival| (arrival.connection, arrival.event))
        .collect();
    assert!(
        matches!(
            read[..],
            [
                (2, LinkEvent::Message(Seq(7))),
                (2, LinkEvent::Message(Seq(8))),
                (2, LinkEvent::Message(Seq(9)))
            ]
        ),
        "{read:?}"
    );

    connections.close(1);
    drop(callers.pop());
    let arrival = connections.next().await;
    assert!(matches!(
        (arrival.connection, arrival.event),
        (2, LinkEvent::Ended(_))
    ));
    assert!(
        connections.try_next().is_none(),
        "an end that we made is not reported"
    );
    connections.send(2, Seq(7));
}
