//! The member's side against real sockets on free ports; a manager that is played by hand.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use bytes::BytesMut;
use multicast::id::{Incarnation, NodeId, Seq};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use tokio_util::codec::Encoder;

use super::*;
use crate::{
    frame::FrameCodec,
    handshake::{self, Hello, Identity, Peer, Purpose},
    limits::REDIAL_PAUSE,
    link::{LinkEvent, next_frame},
    message::{
        entry::{Enter, EnterReply, EntryRefused},
        membership::{Addresses, Role},
    },
    traffic::Traffic,
};

const CLUSTER: u64 = 77;
const TIMING: Timing = Timing {
    heartbeat: Duration::from_millis(5),
    suspicion: Duration::from_millis(400),
};

fn identity(node: u32) -> Identity {
    Identity {
        cluster: CLUSTER,
        node: NodeId(node),
        incarnation: Incarnation(u64::from(node) + 100),
    }
}

async fn listen() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("bound");
    (listener, address)
}

async fn dial(address: SocketAddr, purpose: Purpose) -> TcpStream {
    let hello = Hello {
        identity: identity(9),
        purpose,
    };
    handshake::dial(address, &hello)
        .await
        .expect("the door is open")
        .1
}

fn entry(manager: SocketAddr) -> Entry {
    let address = SocketAddr::from(([127, 0, 0, 1], 1));
    let enter = Enter {
        node: NodeId(1),
        incarnation: Incarnation(101),
        role: Role::Primary,
        addresses: Addresses {
            peers: address,
            clients: address,
        },
    };
    Entry {
        managers: vec![(manager.ip().to_string(), manager.port())],
        enter,
        cluster: CLUSTER,
    }
}

async fn write<M: serde::Serialize>(stream: &mut TcpStream, message: &M) {
    let mut buffer = BytesMut::new();
    FrameCodec::<()>::default()
        .encode(message, &mut buffer)
        .expect("small");
    stream.write_all(&buffer).await.expect("connected");
}

async fn read<M: serde::de::DeserializeOwned>(stream: &mut TcpStream) -> M {
    let mut codec = FrameCodec::<M>::default();
    next_frame(stream, &mut codec, &mut BytesMut::new(), &Traffic::default())
        .await
        .expect("a frame")
}

/// Answers one `Enter` at the manager's listener.
async fn answer(listener: &TcpListener, reply: EnterReply) -> (Peer, Enter) {
    let (stream, _) = listener.accept().await.expect("a caller");
    let (peer, mut stream) = handshake::accept(stream, &identity(0), &[Purpose::Entry])
        .await
        .expect("a member");
    let enter = read(&mut stream).await;
    write(&mut stream, &reply).await;
    (peer, enter)
}

#[tokio::test]
async fn a_caller_that_talks_nonsense_does_not_keep_others_out() {
    let (listener, address) = listen().await;
    let mut doorstep = Doorstep::open(listener, identity(1), &[Purpose::Client]);
    let mut nonsense = TcpStream::connect(address).await.expect("listening");
    nonsense
        .write_all(b"GET / HTTP/1.1\r\n\r\n")
        .await
        .expect("connected");
    let _silent = TcpStream::connect(address).await.expect("listening");
    let _caller = dial(address, Purpose::Client).await;
    let (peer, _) = doorstep.next().await;
    assert_eq!((peer.identity, peer.purpose), (identity(9), Purpose::Client));
    let mut rest = Vec::new();
    // The door hangs up, with a reset if it had not read everything.
    let _ = nonsense.read_to_end(&mut rest).await;
    assert_eq!(rest, b"");
}

#[tokio::test]
async fn a_purpose_that_is_not_served_is_rejected_at_the_door() {
    let (listener, address) = listen().await;
    let _doorstep = Doorstep::open(listener, identity(1), &[Purpose::Client]);
    let hello = Hello {
        identity: identity(9),
        purpose: Purpose::Delta,
    };
    let refused = handshake::dial(address, &hello)
        .await
        .map(|_| ())
        .map_err(|error| error.to_string());
    assert_eq!(
        refused,
        Err("the peer rejected the Delta connection: it does not serve that purpose".to_owned())
    );
}

#[tokio::test]
async fn a_member_enters_until_the_manager_calls_and_again_when_it_is_lost() {
    let (manager, manager_address) = listen().await;
    let (listener, address) = listen().await;
    let mut doorstep = Doorstep::open(listener, identity(1), &[Purpose::Manager]);
    let mut port = ManagerPort::<Seq, Seq>::enter(entry(manager_address), Callers::One, TIMING, Seq(0));

    let busy = EntryRefused::Busy {
        reason: "starting".to_owned(),
    };
    let (peer, enter) = answer(&manager, EnterReply::Refused(busy.clone())).await;
    assert_eq!(
        (peer.identity, enter),
        (identity(1), entry(manager_address).enter)
    );
    assert!(matches!(port.next().await, ManagerEvent::Refused(refused) if refused == busy));
    answer(&manager, EnterReply::Accepted).await;

    let mut call = dial(address, Purpose::Manager).await;
    let (peer, stream) = doorstep.next().await;
    port.called(&peer, stream);
    assert!(matches!(port.next().await, ManagerEvent::Called(life) if life == identity(9).incarnation));
    write(&mut call, &Seq(7)).await;
    assert!(matches!(port.next().await, ManagerEvent::Message(_, Seq(7))));
    port.send(identity(9).incarnation, Seq(8));
    let mut said = Seq(0);
    while said == Seq(0) {
        said = read(&mut call).await;
    }
    assert_eq!(said, Seq(8), "after heartbeats");

    drop(call);
    assert!(matches!(port.next().await, ManagerEvent::Lost(_)));
    let (_, again) = answer(&manager, EnterReply::Accepted).await;
    assert_eq!(again, entry(manager_address).enter);
}

#[tokio::test]
async fn a_silent_manager_is_given_up_and_a_speaking_one_is_not() {
    let (manager, manager_address) = listen().await;
    let (listener, address) = listen().await;
    let mut doorstep = Doorstep::open(listener, identity(1), &[Purpose::Manager]);
    let mut port = ManagerPort::<Seq, Seq>::enter(entry(manager_address), Callers::One, TIMING, Seq(0));
    let mut call = dial(address, Purpose::Manager).await;
    let (peer, stream) = doorstep.next().await;
    port.called(&peer, stream);
    assert!(matches!(port.next().await, ManagerEvent::Called(life) if life == identity(9).incarnation));
    for message in 1..=20 {
        write(&mut call, &Seq(message)).await;
        assert!(matches!(port.next().await, ManagerEvent::Message(_, Seq(seq)) if seq == message));
        tokio::time::sleep(TIMING.suspicion / 10).await;
    }
    assert!(matches!(port.next().await, ManagerEvent::Lost(_)));
    drop(manager);
}

#[tokio::test]
async fn the_last_call_of_a_manager_replaces_the_one_before() {
    let (_manager, manager_address) = listen().await;
    let (listener, address) = listen().await;
    let mut doorstep = Doorstep::open(listener, identity(1), &[Purpose::Manager]);
    let mut port = ManagerPort::<Seq, Seq>::enter(entry(manager_address), Callers::One, TIMING, Seq(0));
    let mut first = dial(address, Purpose::Manager).await;
    let (peer, stream) = doorstep.next().await;
    port.called(&peer, stream);
    assert!(matches!(port.next().await, ManagerEvent::Called(life) if life == identity(9).incarnation));
    let mut second = dial(address, Purpose::Manager).await;
    let (peer, stream) = doorstep.next().await;
    port.called(&peer, stream);
    assert!(matches!(port.next().await, ManagerEvent::Called(life) if life == identity(9).incarnation));
    // The first is closed by us: writing to it may succeed or fail, and means nothing.
    let _ = first.write_all(&[0; 9]).await;
    write(&mut second, &Seq(2)).await;
    assert!(matches!(port.next().await, ManagerEvent::Message(_, Seq(2))));
}

/// The life of a manager at that node.
fn manager(node: u32) -> Identity {
    identity(node)
}

/// A call by this manager, taken by the member.
async fn called_by(
    caller: Identity,
    address: SocketAddr,
    doorstep: &mut Doorstep,
    port: &mut ManagerPort<Seq, Seq>,
) -> TcpStream {
    let hello = Hello {
        identity: caller,
        purpose: Purpose::Manager,
    };
    let (_, call) = handshake::dial(address, &hello).await.expect("the door is open");
    let (peer, stream) = doorstep.next().await;
    port.called(&peer, stream);
    assert!(matches!(port.next().await, ManagerEvent::Called(life) if life == caller.incarnation));
    call
}

#[tokio::test]
async fn every_manager_that_calls_is_linked_and_entering_goes_on_until_one_accepts() {
    let (owner, owner_address) = listen().await;
    let (listener, address) = listen().await;
    let mut doorstep = Doorstep::open(listener, identity(1), &[Purpose::Manager]);
    let mut port = ManagerPort::<Seq, Seq>::enter(entry(owner_address), Callers::Every, TIMING, Seq(0));
    let mut calls = [
        called_by(manager(8), address, &mut doorstep, &mut port).await,
        called_by(manager(9), address, &mut doorstep, &mut port).await,
    ];
    // Both called, but neither let it in: it asks on. The refusal of a manager that follows is nobody's business.
    answer(
        &owner,
        EnterReply::Refused(EntryRefused::NotOwner { owner: NodeId(8) }),
    )
    .await;
    answer(&owner, EnterReply::Accepted).await;
    for (call, message) in calls.iter_mut().zip([Seq(18), Seq(19)]) {
        write(call, &message).await;
        let from = Incarnation(message.0 + 90);
        assert!(
            matches!(port.next().await, ManagerEvent::Message(life, said) if (life, said) == (from, message))
        );
    }
    port.send(manager(9).incarnation, Seq(29));
    let mut said = Seq(0);
    while said == Seq(0) {
        said = read(&mut calls[1]).await;
    }
    assert_eq!(said, Seq(29));
}

#[tokio::test]
async fn the_loss_of_one_of_several_managers_is_told_and_makes_the_member_enter_again() {
    let (owner, owner_address) = listen().await;
    let (listener, address) = listen().await;
    let mut doorstep = Doorstep::open(listener, identity(1), &[Purpose::Manager]);
    let mut port = ManagerPort::<Seq, Seq>::enter(entry(owner_address), Callers::Every, TIMING, Seq(0));
    let first = called_by(identity(0), address, &mut doorstep, &mut port).await;
    let mut second = called_by(manager(9), address, &mut doorstep, &mut port).await;
    // The manager at that door is the first one: the member is in, and asks no more until one is lost.
    answer(&owner, EnterReply::Accepted).await;
    write(&mut second, &Seq(1)).await;
    assert!(matches!(port.next().await, ManagerEvent::Message(_, Seq(1))));
    drop(first);
    assert!(matches!(port.next().await, ManagerEvent::Lost(life) if life == identity(0).incarnation));
    assert!(port.is_in_touch());
    answer(&owner, EnterReply::Accepted).await;
    // A later life takes the place of the one before it.
    let later = Identity {
        incarnation: Incarnation(999),
        ..manager(9)
    };
    let hello = Hello {
        identity: later,
        purpose: Purpose::Manager,
    };
    let _call = handshake::dial(address, &hello).await.expect("the door is open");
    let (peer, stream) = doorstep.next().await;
    port.called(&peer, stream);
    assert!(matches!(port.next().await, ManagerEvent::Lost(life) if life == manager(9).incarnation));
    assert!(matches!(port.next().await, ManagerEvent::Called(life) if life == later.incarnation));
}

#[tokio::test]
async fn a_member_of_one_manager_turns_another_away_while_that_one_is_in_touch() {
    let (_owner, owner_address) = listen().await;
    let (listener, address) = listen().await;
    let mut doorstep = Doorstep::open(listener, identity(1), &[Purpose::Manager]);
    let mut port = ManagerPort::<Seq, Seq>::enter(entry(owner_address), Callers::One, TIMING, Seq(0));
    let mut first = called_by(manager(8), address, &mut doorstep, &mut port).await;
    let hello = Hello {
        identity: manager(9),
        purpose: Purpose::Manager,
    };
    let (_, mut second) = handshake::dial(address, &hello).await.expect("the door is open");
    let (peer, stream) = doorstep.next().await;
    port.called(&peer, stream);
    // It may hear nothing, or a reset.
    let _ = second.read_to_end(&mut Vec::new()).await;
    write(&mut first, &Seq(3)).await;
    assert!(
        matches!(port.next().await, ManagerEvent::Message(life, Seq(3)) if life == manager(8).incarnation)
    );
}

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

#[test]
fn pauses_double_up_to_the_longest() {
    let pauses: Vec<_> = [0, 1, 2, 6, 7, 1000].map(redial_pause).to_vec();
    let (first, longest) = REDIAL_PAUSE;
    assert_eq!(
        pauses,
        [first, first * 2, first * 4, first * 64, longest, longest]
    );
}
