//! A client that looks for a primary's door in the moment in which it opens.

#![allow(
    clippy::unwrap_used,
    reason = "a test, its helpers included, may fail by panicking"
)]

use std::{collections::BTreeMap, sync::Arc};

use multicast::id::{Epoch, GroupId, Incarnation, NodeId};
use settings::Mechanism;
use tokio::{net::TcpListener, sync::mpsc};
use wire::{
    Identity, Link, LinkEvent, Purpose,
    client::Directory,
    handshake,
    message::{
        client::{ClientReply, ClientRequest, Refusal, ReplyBody, RequestBody},
        membership::{Member, Membership, Role, Standing},
    },
};

const CLUSTER: u64 = 7;

/// A manager that shows the primary as joining, and right after that knows it as active: to all other requests
/// it says what a manager says of a group whose primary serves.
async fn manage(listener: TcpListener) {
    let ours = Identity {
        cluster: CLUSTER,
        node: NodeId(0),
        incarnation: Incarnation(1),
    };
    let (stream, _) = listener.accept().await.unwrap();
    let (_, stream) = handshake::accept(stream, &ours, &[Purpose::Client])
        .await
        .unwrap();
    let (deliver, mut requests) = mpsc::channel::<LinkEvent<ClientRequest>>(8);
    let link = Link::start(stream, Arc::default(), move |event| {
        let deliver = deliver.clone();
        async move { deliver.send(event).await.is_ok() }
    });
    let joining = Member {
        role: Role::Primary,
        group: Some(GroupId(0)),
        row: None,
        column: None,
        standing: Standing::Joining,
        incarnation: Incarnation(2),
        addresses: None,
        since: Epoch(0),
    };
    let membership = Membership {
        epoch: Epoch(1),
        owner: None,
        members: BTreeMap::from([(NodeId(1), joining)]),
        founded: Vec::new(),
        left: Default::default(),
        began: Default::default(),
        ..Membership::default()
    };
    while let Some(LinkEvent::Message(ClientRequest { request, body })) = requests.recv().await {
        let body = match body {
            RequestBody::Members => ReplyBody::Members(Box::new(membership.clone())),
            _ => ReplyBody::Refused(Refusal::NotServedHere {
                role: Role::GroupManager,
            }),
        };
        link.send(ClientReply { request, body }).unwrap();
    }
}

#[tokio::test]
async fn a_door_that_opens_between_two_questions_is_looked_for_again() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let directory = Directory {
        managers: vec![("127.0.0.1".to_owned(), listener.local_addr().unwrap().port())],
        cluster: CLUSTER,
        mechanism: Mechanism::FusionLinked,
        suspicion: std::time::Duration::from_secs(1),
        shared: None,
    };
    let manager = tokio::spawn(manage(listener));
    let error = directory.door(GroupId(0)).await.unwrap_err();
    manager.abort();
    assert!(error.is_passing(), "{error}");
}
