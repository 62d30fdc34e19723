//! Managers that call: they are linked, lost, replaced and turned away, and entering goes on until one accepts.

use std::net::SocketAddr;

use multicast::id::{Incarnation, NodeId, Seq};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::{super::*, TIMING, answer, dial, entry, identity, listen, read, write};
use crate::{
    handshake::{self, Hello, Identity, Purpose},
    message::entry::{EnterReply, EntryRefused},
};

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
