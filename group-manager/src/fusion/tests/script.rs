//! Plays a script and compares what the core commands with what the script says.
//!
//! ```text
//! cluster P S          first line: primaries 1..P, fused servers 11.. (S of them, f = S)
//! > enter 1.2          the second life of node 1 enters           > linked 1.2      > lost 1.2
//! > stored             the store took what it was asked to hold   > conflict 9      > read 0
//! > 11: fenced 5 1=7   node 11 speaks                             > tick            > later 1000 (us)
//! > settle             everyone answers everything at once; the commands are not compared
//! > come 1.2           enters, is linked, and all settles
//! > add 13             an operator adds fused server 13           > remove 12       > discard 12
//! > add 3 7            adds primary 3, of the group named 7       > remove 12 0     tolerating 0 further crashes
//! > restart            the manager starts anew from the store; links are gone
//! ```
//!
//! Lines without `>` are the commands that the event before them causes, all of them, in order; after
//! `settle` and `come` they are the standings that result, and after `reports` the reports. `#` is a comment.
//! Every event comes 10 microseconds after the one before.

use std::collections::VecDeque;
use structures::query::Query;

use multicast::id::GroupId;
use wire::message::{
    client::RequestBody,
    entry::Enter,
    membership::{Addresses, Role},
    roster::{Change, NewMember},
};

use super::{
    super::*,
    answers::{obedient, speech},
    trace,
};
use crate::coordinator::{Caller, EntryTicket};

/// Microseconds between two events of a script.
const STEP_US: u64 = 10;

/// Suspicion time of the scripts' clusters, in microseconds.
const SUSPICION_US: u64 = 1_000_000;

/// A cluster of so many primaries (1..) and fused servers (11..).
pub(in crate::fusion) fn cluster(primaries: u32, servers: u32) -> FusionCluster {
    let primary = |place: u32| PrimaryPlace {
        node: NodeId(place + 1),
        group: GroupId(place as u16),
        column: place as u8,
    };
    let server = |place: u32| ServerPlace {
        node: NodeId(place + 11),
        row: place as u8,
    };
    let primaries: Vec<PrimaryPlace> = (0..primaries).map(primary).collect();
    let servers: Vec<ServerPlace> = (0..servers).map(server).collect();
    let names = (0..).map(GroupId).zip('A'..='Z').take(primaries.len());
    let names = names.map(|(group, letter)| (group, letter.to_string())).collect();
    let cluster = FusionCluster::new(servers.len(), &primaries, &servers, 0, SUSPICION_US);
    cluster.expect("sound").naming(names)
}

/// Plays a script from its first line to its last.
pub(super) fn play(text: &str) {
    let mut lines = text
        .lines()
        .filter(|line| !line.trim().is_empty() && !line.starts_with('#'));
    let first = numbers(
        lines
            .next()
            .expect("a script has lines")
            .trim_start_matches("cluster"),
    );
    let mut play = Play::new(cluster(first[0], first[1]));
    let (mut expected, mut actual) = (vec![], vec![]);
    for line in lines {
        expected.push(line.trim().to_owned());
        if let Some(event) = line.trim().strip_prefix('>') {
            actual.push(line.trim().to_owned());
            actual.extend(play.line(event.trim()));
        }
    }
    assert_eq!(expected, actual, "what the core did:\n{}\n", actual.join("\n"));
}

struct Play {
    core: FusionCoordinator,
    now: Micros,
    tickets: u64,
}

impl Play {
    fn new(cluster: FusionCluster) -> Self {
        let core = FusionCoordinator::new(cluster, Membership::default(), Micros(0)).expect("nothing stored");
        Self {
            core,
            now: Micros(0),
            tickets: 0,
        }
    }

    /// What one line of a script causes.
    fn line(&mut self, line: &str) -> Vec<String> {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        match word {
            "later" => {
                self.now.0 += u64::from(numbers(rest)[0]);
                vec![]
            }
            "reports" => self.core.recoveries().iter().map(trace::report).collect(),
            "settle" => self.settle(VecDeque::new()),
            "come" => {
                let enter = self.event("enter", rest);
                self.settle(VecDeque::from([enter]))
            }
            "restart" => {
                let (cluster, stored) = (self.core.cluster.clone(), self.core.membership.clone());
                self.core = FusionCoordinator::new(cluster, stored, self.now).expect("its own");
                vec![trace::members(self.core.membership())]
            }
            _ => {
                let event = self.event(word, rest);
                let stored = self.core.membership().clone();
                let is_stored = matches!(event, Event::Stored { .. });
                let commands = self.handle(event);
                let stored = if is_stored {
                    self.core.membership().clone()
                } else {
                    stored
                };
                commands
                    .iter()
                    .map(|command| trace::command(&stored, command))
                    .collect()
            }
        }
    }

    fn handle(&mut self, event: Event) -> Vec<Command> {
        self.now.0 += STEP_US;
        self.core.handle(self.now, event)
    }

    /// Everyone does at once what they are told, as if nothing could go wrong.
    fn settle(&mut self, mut events: VecDeque<Event>) -> Vec<String> {
        if let Some(next) = &self.core.in_flight {
            events.push_back(Event::Stored { epoch: next.epoch });
        }
        while let Some(event) = events.pop_front() {
            let commands = self.handle(event);
            events.extend(commands.into_iter().flat_map(obedient));
        }
        vec![trace::members(self.core.membership())]
    }

    fn event(&mut self, word: &str, rest: &str) -> Event {
        match word {
            "enter" => {
                let (node, incarnation) = life(rest);
                self.tickets += 1;
                let role = role(node);
                let address = format!("127.0.0.1:{}", 4000 + node.0)
                    .parse()
                    .expect("an address");
                let addresses = Addresses {
                    peers: address,
                    clients: address,
                };
                Event::Entered {
                    ticket: EntryTicket(self.tickets),
                    enter: Enter {
                        node,
                        incarnation,
                        role,
                        addresses,
                    },
                }
            }
            "linked" => {
                let (node, incarnation) = life(rest);
                Event::Linked { node, incarnation }
            }
            "lost" => {
                let (node, incarnation) = life(rest);
                Event::Lost {
                    node,
                    incarnation,
                    reason: "the script says so".to_owned(),
                }
            }
            "stored" => Event::Stored {
                epoch: self.core.in_flight.as_ref().expect("a swap is under way").epoch,
            },
            "conflict" => {
                let epoch = Epoch(u64::from(numbers(rest)[0]));
                let current = Membership {
                    epoch,
                    ..self.core.membership().clone()
                };
                Event::StoreConflict { current }
            }
            "read" => {
                let group = GroupId(numbers(rest)[0] as u16);
                let caller = Caller {
                    connection: 1,
                    request: 1,
                };
                let query = Query::All;
                Event::Clients(vec![(caller, RequestBody::Read { group, query })])
            }
            "add" | "remove" | "discard" => {
                let node = NodeId(numbers(rest)[0]);
                let discard = word == "discard";
                let change = match word {
                    "add" => Change::Add(NewMember {
                        node,
                        role: role(node),
                        group: (role(node) == Role::Primary).then(|| numbers(rest)[1].to_string()),
                        listens: vec![],
                    }),
                    _ => Change::Remove {
                        node,
                        discard,
                        tolerating: numbers(rest).get(1).copied(),
                    },
                };
                let caller = Caller {
                    connection: 1,
                    request: 1,
                };
                Event::Clients(vec![(caller, RequestBody::Change(change))])
            }
            "tick" => Event::Tick,
            "held-up" => Event::HeldUp,
            node => speech(node.trim_end_matches(':').parse().expect("a node"), rest),
        }
    }
}

fn role(node: NodeId) -> Role {
    match node.0 > 10 {
        true => Role::FusionServer,
        false => Role::Primary,
    }
}

fn life(text: &str) -> (NodeId, Incarnation) {
    let (node, life) = text.split_once('.').expect("node.life");
    (
        NodeId(node.parse().expect("a node")),
        Incarnation(life.parse().expect("a life")),
    )
}

pub(super) fn numbers(text: &str) -> Vec<u32> {
    text.split_whitespace()
        .map(|word| word.parse().expect("a number"))
        .collect()
}
