//! The links to the members: called once they entered, watched for silence.

use std::{collections::BTreeMap, net::SocketAddr, sync::Arc, time::Duration};

use multicast::id::{Incarnation, NodeId};
use serde::{Serialize, de::DeserializeOwned};
use tokio::{net::TcpStream, sync::mpsc, time::Instant};
use wire::{
    Hello, Identity, Link, LinkEvent, Purpose, Traffic, WireError, handshake,
    message::{
        fusion::{ToPrimary, ToServer},
        membership::Role,
        replication::ToNode,
    },
};

use crate::{
    detector::{Attention, Detector, Expectations, Readmission},
    inbox::{FromMember, Inbox},
};

/// A link by the role of its member.
#[derive(Debug)]
enum RoleLink {
    Node(Link<ToNode>),
    Server(Link<ToServer>),
    Primary(Link<ToPrimary>),
}

/// What is to be said to a member, by its role.
#[derive(Debug)]
pub(crate) enum ToMember {
    Node(ToNode),
    Server(ToServer),
    Primary(ToPrimary),
}

impl RoleLink {
    fn send(&self, message: ToMember) -> Result<(), WireError> {
        match (self, message) {
            (Self::Node(link), ToMember::Node(message)) => link.send(message),
            (Self::Server(link), ToMember::Server(message)) => link.send(message),
            (Self::Primary(link), ToMember::Primary(message)) => link.send(message),
            // The core addresses members by the role that the cluster file gives them.
            (_, message) => {
                tracing::error!(?message, "a message for a member of another role is dropped");
                Ok(())
            }
        }
    }

    fn heartbeat(&self) -> Result<(), WireError> {
        match self {
            Self::Node(link) => link.send(ToNode::Heartbeat),
            Self::Server(link) => link.send(ToServer::Heartbeat),
            Self::Primary(link) => link.send(ToPrimary::Heartbeat),
        }
    }
}

#[derive(Debug)]
struct MemberLink {
    incarnation: Incarnation,
    link: RoleLink,
    detector: Detector,
}

/// All links to members.
#[derive(Debug)]
pub(crate) struct Members {
    identity: Identity,
    links: BTreeMap<NodeId, MemberLink>,
    expected: Expectations,
    readmission: Readmission,
    /// The moment that the detectors count from.
    began: Instant,
    attention: Attention,
    inbox: mpsc::Sender<Inbox>,
    traffic: Arc<Traffic>,
}

impl Members {
    pub(crate) fn new(
        identity: Identity,
        expected: Expectations,
        inbox: mpsc::Sender<Inbox>,
        traffic: Arc<Traffic>,
    ) -> Self {
        Self {
            identity,
            links: BTreeMap::new(),
            expected,
            readmission: Readmission::new(expected.longest_silence),
            began: Instant::now(),
            attention: Attention::new(expected, Duration::ZERO),
            inbox,
            traffic,
        }
    }

    /// Calls a member in a task of its own; [`Inbox::Dialled`] follows.
    pub(crate) fn dial(&self, node: NodeId, incarnation: Incarnation, address: SocketAddr) {
        let hello = Hello {
            identity: self.identity,
            purpose: Purpose::Manager,
        };
        let inbox = self.inbox.clone();
        tokio::spawn(async move {
            let outcome = handshake::dial(address, &hello).await.and_then(|(life, stream)| {
                if life == incarnation {
                    Ok(stream)
                } else {
                    Err(WireError::Closed)
                }
            });
            // A closed inbox means that the manager is stopping.
            drop(
                inbox
                    .send(Inbox::Dialled {
                        node,
                        incarnation,
                        outcome,
                    })
                    .await,
            );
        });
    }

    /// Starts the link over a stream that [`Members::dial`] made.
    pub(crate) fn link(&mut self, node: NodeId, role: Role, incarnation: Incarnation, stream: TcpStream) {
        let link = match role {
            Role::DataNode => RoleLink::Node(self.start(node, incarnation, stream, FromMember::Node)),
            Role::FusionServer => RoleLink::Server(self.start(node, incarnation, stream, FromMember::Server)),
            Role::Primary => RoleLink::Primary(self.start(node, incarnation, stream, FromMember::Primary)),
            Role::GroupManager => return,
        };
        let member = MemberLink {
            incarnation,
            link,
            detector: Detector::new(self.expected, self.began.elapsed()),
        };
        self.links.insert(node, member);
    }

    fn start<In, Out>(
        &self,
        node: NodeId,
        incarnation: Incarnation,
        stream: TcpStream,
        wrap: fn(In) -> FromMember,
    ) -> Link<Out>
    where
        In: DeserializeOwned + Send + 'static,
        Out: Serialize + Send + Sync + 'static,
    {
        let inbox = self.inbox.clone();
        Link::start(stream, Arc::clone(&self.traffic), move |event| {
            let event = match event {
                LinkEvent::Message(message) => LinkEvent::Message(wrap(message)),
                LinkEvent::Ended(error) => LinkEvent::Ended(error),
            };
            let inbox = inbox.clone();
            async move {
                inbox
                    .send(Inbox::Member {
                        node,
                        incarnation,
                        event,
                    })
                    .await
                    .is_ok()
            }
        })
    }

    /// Notes that the member's current life spoke; `false` if the message is of an older link.
    pub(crate) fn heard(&mut self, node: NodeId, incarnation: Incarnation) -> bool {
        let now = self.began.elapsed();
        let link = self
            .links
            .get_mut(&node)
            .filter(|link| link.incarnation == incarnation);
        link.map(|link| link.detector.heard(now)).is_some()
    }

    /// For how long a life that was suspected again and again is still kept out.
    pub(crate) fn keeps_out(&self, node: NodeId, incarnation: Incarnation) -> Option<Duration> {
        self.readmission.wait(self.began.elapsed(), node, incarnation)
    }

    /// Queues a message. A member without a link has been reported lost already.
    ///
    /// # Errors
    /// The life whose link cannot take it, and why.
    pub(crate) fn send(&self, to: NodeId, message: ToMember) -> Result<(), (Incarnation, WireError)> {
        let Some(member) = self.links.get(&to) else {
            return Ok(());
        };
        member
            .link
            .send(message)
            .map_err(|error| (member.incarnation, error))
    }

    /// Closes the member's link.
    pub(crate) fn unlink(&mut self, node: NodeId) {
        self.links.remove(&node);
    }

    /// Tells everyone that the manager lives; returns those that are silent for too long or gone. A manager
    /// that was itself held up has not listened meanwhile, and believes in everyone anew.
    pub(crate) fn heartbeat(&mut self) -> Vec<(NodeId, Incarnation, String)> {
        let now = self.began.elapsed();
        if self.attention.listens(now).is_some() {
            self.links
                .values_mut()
                .for_each(|member| member.detector.excuse(now));
        }
        let mut suspects = Vec::new();
        for (node, member) in &self.links {
            let (incarnation, detector) = (member.incarnation, &member.detector);
            if detector.is_suspect(now) {
                self.readmission.suspected(now, *node, incarnation);
                let (silent, suspicion) = (detector.silence(now).as_millis(), detector.suspicion(now));
                let reason = format!("silent for {silent} ms, a suspicion of {suspicion:.1}");
                suspects.push((*node, incarnation, reason));
            } else if let Err(error) = member.link.heartbeat() {
                suspects.push((*node, incarnation, error.to_string()));
            }
        }
        suspects
    }
}
