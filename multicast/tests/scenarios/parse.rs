//! Reads the words of a script. A script is part of the tests: what it cannot read, it panics at.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use multicast::{
    id::{Epoch, GroupId, Incarnation, MessageId, NodeId, Seq, Timestamp},
    skeen::{
        message::{FromMember, Held, Standing, ToMember},
        sender::View,
    },
};

/// The words of one line that are not read yet.
pub(crate) struct Words<'a> {
    line: &'a str,
    rest: VecDeque<&'a str>,
}

impl<'a> Words<'a> {
    pub(crate) fn of(line: &'a str) -> Self {
        Self {
            line,
            rest: line.split_whitespace().collect(),
        }
    }

    pub(crate) fn next(&mut self) -> &'a str {
        let line = self.line;
        self.rest
            .pop_front()
            .unwrap_or_else(|| panic!("a word is missing: {line}"))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    fn number<N: std::str::FromStr>(&self, text: &str) -> N {
        text.parse()
            .unwrap_or_else(|_| panic!("not a number: {text} in {}", self.line))
    }

    /// The number behind this letter.
    fn tagged<N: std::str::FromStr>(&mut self, tag: char) -> N {
        let word = self.next();
        let text = word
            .strip_prefix(tag)
            .unwrap_or_else(|| panic!("{tag} is missing: {}", self.line));
        self.number(text)
    }

    /// The number behind this word.
    fn named(&mut self, name: &str) -> u64 {
        assert_eq!(self.next(), name, "{}", self.line);
        let word = self.next();
        self.number(word)
    }

    pub(crate) fn node(&mut self) -> NodeId {
        let word = self.next();
        NodeId(self.number(word))
    }

    pub(crate) fn epoch(&mut self) -> Epoch {
        Epoch(self.tagged('e'))
    }

    pub(crate) fn clock(&mut self) -> u64 {
        self.named("clock")
    }

    fn timestamp_of(&self, text: &str) -> Timestamp {
        let (counter, node) = text
            .split_once('.')
            .unwrap_or_else(|| panic!("no timestamp: {text}"));
        Timestamp {
            counter: self.number(counter),
            node: NodeId(self.number(node)),
        }
    }

    pub(crate) fn timestamp(&mut self) -> Timestamp {
        let word = self.next();
        self.timestamp_of(word)
    }

    fn id_of(&self, text: &str) -> MessageId {
        let (sender, seq) = text
            .split_once('#')
            .unwrap_or_else(|| panic!("no message id: {text}"));
        MessageId {
            sender: life(sender),
            seq: Seq(self.number(seq)),
        }
    }

    fn id(&mut self) -> MessageId {
        let word = self.next();
        self.id_of(word)
    }

    fn groups_of(&self, text: &str) -> Vec<GroupId> {
        let group = |text: &str| GroupId(self.number(text.trim_start_matches('g')));
        text.split(',').map(group).collect()
    }

    pub(crate) fn groups(&mut self) -> Vec<GroupId> {
        let word = self.next();
        self.groups_of(word)
    }

    fn stable(&mut self) -> Timestamp {
        assert_eq!(self.next(), "stable", "{}", self.line);
        self.timestamp()
    }

    /// `g1=1,2* g2=3`, to the end of the line; a node with a star is joining.
    pub(crate) fn view(&mut self) -> View {
        let (mut voters, mut joining) = (BTreeMap::new(), BTreeSet::new());
        while !self.is_empty() {
            let word = self.next();
            let (group, nodes) = word.split_once('=').unwrap_or_else(|| panic!("no group: {word}"));
            let mut members = BTreeSet::new();
            for node in nodes.split(',').filter(|node| !node.is_empty()) {
                let id = NodeId(self.number(node.trim_end_matches('*')));
                members.insert(id);
                joining.extend(node.ends_with('*').then_some(id));
            }
            voters.insert(self.groups_of(group)[0], members);
        }
        View::new(voters, joining)
    }

    pub(crate) fn message_of_sender(&mut self) -> ToMember<String> {
        let kind = self.next();
        let epoch = self.epoch();
        match kind {
            "propose" => {
                let (id, groups, payload) = (self.id(), self.groups(), self.next().to_owned());
                ToMember::Propose {
                    epoch,
                    id,
                    groups,
                    payload,
                    stable: self.stable(),
                }
            }
            "final" => {
                let (id, timestamp) = (self.id(), self.timestamp());
                ToMember::Final {
                    epoch,
                    id,
                    timestamp,
                    stable: self.stable(),
                }
            }
            "restate" => {
                let (id, groups, payload) = (self.id(), self.groups(), self.next().to_owned());
                ToMember::Restate {
                    epoch,
                    id,
                    groups,
                    payload,
                    timestamp: self.timestamp(),
                }
            }
            "order" => {
                let (id, groups, payload) = (self.id(), self.groups(), self.next().to_owned());
                let timestamp = self.timestamp();
                assert_eq!(self.next(), "after", "{}", self.line);
                let after = self.timestamp();
                ToMember::Order {
                    epoch,
                    id,
                    groups,
                    payload,
                    timestamp,
                    after,
                    stable: self.stable(),
                }
            }
            "stable" => ToMember::Stable {
                epoch,
                watermark: self.timestamp(),
            },
            "seal" => ToMember::Seal { epoch },
            "view" => ToMember::View {
                epoch,
                clock: self.clock(),
            },
            _ => panic!("no message to a member: {}", self.line),
        }
    }

    pub(crate) fn message_of_member(&mut self) -> FromMember<String, u64> {
        let kind = self.next();
        let epoch = self.epoch();
        match kind {
            "proposal" => {
                let (id, timestamp) = (self.id(), self.timestamp());
                let is_final = !self.is_empty() && self.next() == "is-final";
                FromMember::Proposal {
                    epoch,
                    id,
                    timestamp,
                    is_final,
                }
            }
            "delivered" => {
                let (id, timestamp) = (self.id(), self.timestamp());
                FromMember::Delivered {
                    epoch,
                    id,
                    timestamp,
                    result: self.tagged('='),
                }
            }
            "sealed" => {
                let clock = self.clock();
                assert_eq!(self.next(), "delivered", "{}", self.line);
                let delivered = self.timestamp();
                FromMember::Sealed {
                    epoch,
                    clock,
                    delivered,
                    held: self.held(),
                }
            }
            "wrong-epoch" => {
                assert_eq!(self.next(), "own", "{}", self.line);
                FromMember::WrongEpoch {
                    offered: epoch,
                    own: self.epoch(),
                }
            }
            "unknown" => FromMember::Unknown { epoch, id: self.id() },
            "holding" => FromMember::Holding { epoch, id: self.id() },
            "in-view" => FromMember::InView { epoch },
            "want-stable" => FromMember::WantStable { epoch },
            _ => panic!("no message of a member: {}", self.line),
        }
    }

    /// `a#1:g1,g2:payload:final@5.2`, to the end of the line.
    fn held(&mut self) -> Vec<Held<String>> {
        let mut held = Vec::new();
        while !self.is_empty() {
            let parts: Vec<&str> = self.next().split(':').collect();
            let [id, groups, payload, standing] = parts[..] else {
                panic!("not held: {parts:?}")
            };
            let (standing, timestamp) = standing.split_once('@').expect("a standing at a timestamp");
            let timestamp = self.timestamp_of(timestamp);
            let standing = match standing {
                "tentative" => Standing::Tentative(timestamp),
                "final" => Standing::Final(timestamp),
                "delivered" => Standing::Delivered(timestamp),
                _ => panic!("no standing: {standing}"),
            };
            let (id, groups, payload) = (self.id_of(id), self.groups_of(groups), payload.to_owned());
            held.push(Held {
                id,
                groups,
                payload,
                standing,
            });
        }
        held
    }
}

/// A sender's life is written as one hexadecimal letter.
pub(crate) fn life(text: &str) -> Incarnation {
    Incarnation(u64::from_str_radix(text, 16).unwrap_or_else(|_| panic!("no sender: {text}")))
}
