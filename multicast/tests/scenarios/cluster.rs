//! The members and senders of one script, and the links between them.
//!
//! A node's result of a delivery is the number of its deliveries, so that results tell the order.

use std::collections::{BTreeMap, VecDeque};

use multicast::{
    id::{Incarnation, NodeId},
    skeen::{
        member::{Member, MemberCommand},
        message::{FromMember, ToMember},
        sender::{Sender, SenderCommand},
        sequencer::OrderedBy,
    },
};

use crate::{
    parse::{Words, life},
    render,
};

/// Whoever a message comes from that no sender of the script sent.
const NOBODY: Incarnation = Incarnation(0);

#[derive(Default)]
pub(crate) struct Cluster {
    members: BTreeMap<NodeId, (Member<String, u64>, u64)>,
    senders: BTreeMap<Incarnation, Sender<String, u64>>,
    to_members: BTreeMap<(Incarnation, NodeId), VecDeque<ToMember<String>>>,
    to_senders: BTreeMap<(NodeId, Incarnation), VecDeque<FromMember<String, u64>>>,
}

impl Cluster {
    /// Carries out one line of a script; gives what came of it, a line each.
    ///
    /// ```text
    /// node 1 [restored 7.2 clock 9]        a new member
    /// node 1 joining                       a new member without a state
    /// sender a [sequencer]                 a new sender
    /// a seal e1 g1=1,2* g2=3               begin a view change; 2 is joining
    /// a follow e1 g1=1,2* g2=3             another sender owns that view
    /// a multicast g1,g2 x                  start a message
    /// a drained g1                         what the sender says to that
    /// 1 wants                              a read waits for the watermark
    /// 1 installs 2                         1 gets a copy of the state that 2 has now
    /// 1 linked a                           the link between the two comes up (again)
    /// 1 <-a final e1 a#1 5.2 stable 0.0    this message of sender a arrives; `<-`: of one that is not there
    /// a <- 1 proposal e1 a#1 5.1           this message of node 1 arrives
    /// pass a 1 | pass 1 a                  the oldest message of that link arrives
    /// pass all                             everything arrives, link by link, until all is still
    /// crash 1 | crash a                    gone, with all that it sent and was sent
    /// ```
    pub(crate) fn carry_out(&mut self, line: &str) -> Vec<String> {
        let mut words = Words::of(line);
        match words.next() {
            "node" => self.start_node(&mut words),
            "sender" => self.start_sender(&mut words),
            "crash" => self.crash(words.next()),
            "pass" => match words.next() {
                "all" => self.pass_all(),
                from => self.pass(from, words.next()),
            },
            who if is_node(who) => self.node_event(Words::of(who).node(), &mut words),
            who => self.sender_event(life(who), &mut words),
        }
    }

    fn start_sender(&mut self, words: &mut Words) -> Vec<String> {
        let life = life(words.next());
        let how = if words.is_empty() { "skeen" } else { words.next() };
        let ordering = match how {
            "skeen" => OrderedBy::Skeen,
            "sequencer" => OrderedBy::Sequencer,
            word => panic!("no way to order: {word}"),
        };
        self.senders.insert(life, Sender::new(life, ordering));
        Vec::new()
    }

    fn start_node(&mut self, words: &mut Words) -> Vec<String> {
        let node = words.node();
        let how = if words.is_empty() {
            "founding"
        } else {
            words.next()
        };
        let member = match how {
            "founding" => Member::new(node),
            "joining" => Member::joining(node),
            "restored" => Member::restored(node, words.timestamp(), words.clock()),
            word => panic!("no way to begin: {word}"),
        };
        self.members.insert(node, (member, 0));
        Vec::new()
    }

    fn node_event(&mut self, node: NodeId, words: &mut Words) -> Vec<String> {
        match words.next() {
            arrow if arrow.starts_with("<-") => {
                let from = arrow.strip_prefix("<-").filter(|from| !from.is_empty());
                let message = words.message_of_sender();
                self.arrive_at_node(from.map_or(NOBODY, life), node, message)
            }
            "wants" => {
                let questions = self.member(node).want_stable();
                self.take_member_commands(node, questions)
            }
            "linked" => {
                let greeting = self.member(node).handle_linked(life(words.next()));
                self.take_member_commands(node, greeting)
            }
            "installs" => self.install(node, words.node()),
            word => panic!("no event of a node: {word}"),
        }
    }

    fn sender_event(&mut self, life: Incarnation, words: &mut Words) -> Vec<String> {
        let sender = self
            .senders
            .get_mut(&life)
            .expect("the script started this sender");
        let commands = match words.next() {
            "seal" => {
                let epoch = words.epoch();
                sender.seal(epoch, words.view())
            }
            "follow" => {
                let epoch = words.epoch();
                sender.follow(epoch, words.view())
            }
            "multicast" => {
                let groups = words.groups();
                sender.multicast(groups, words.next().to_owned()).1
            }
            "drained" => {
                let is_drained = sender.is_drained(words.groups()[0]);
                return vec![format!("{:x} drained: {is_drained}", life.0)];
            }
            "<-" => {
                let node = words.node();
                let message = words.message_of_member();
                sender.handle(node, message)
            }
            word => panic!("no event of a sender: {word}"),
        };
        self.take_sender_commands(life, commands)
    }

    fn take_sender_commands(
        &mut self,
        life: Incarnation,
        commands: Vec<SenderCommand<String, u64>>,
    ) -> Vec<String> {
        let lines = commands
            .iter()
            .map(|command| format!("{:x} {}", life.0, render::sender_command(command)));
        let lines = lines.collect();
        for command in commands {
            if let SenderCommand::Send { to, message } = command {
                self.to_members.entry((life, to)).or_default().push_back(message);
            }
        }
        lines
    }

    fn member(&mut self, node: NodeId) -> &mut Member<String, u64> {
        &mut self
            .members
            .get_mut(&node)
            .expect("the script started this node")
            .0
    }

    fn arrive_at_node(&mut self, from: Incarnation, node: NodeId, message: ToMember<String>) -> Vec<String> {
        let commands = self.member(node).handle(from, message);
        self.take_member_commands(node, commands)
    }

    /// The number of deliveries is a copy, too: it is the state that results are made of.
    fn install(&mut self, node: NodeId, donor: NodeId) -> Vec<String> {
        let Some(snapshot) = self.member(donor).snapshot() else {
            return vec![format!("{} has no snapshot", donor.0)];
        };
        let deliveries = self.members[&donor].1;
        match self.member(node).install(snapshot) {
            Ok(commands) => {
                self.members.entry(node).and_modify(|(_, own)| *own = deliveries);
                self.take_member_commands(node, commands)
            }
            Err(error) => vec![format!("{} does not install it: {error}", node.0)],
        }
    }

    /// What is sent goes to the sender that it is meant for, if it runs.
    fn take_member_commands(
        &mut self,
        node: NodeId,
        commands: Vec<MemberCommand<String, u64>>,
    ) -> Vec<String> {
        let mut lines = Vec::new();
        let mut commands = VecDeque::from(commands);
        while let Some(command) = commands.pop_front() {
            match command {
                MemberCommand::Send { to, message } => {
                    lines.push(format!("{}: {}", node.0, render::from_member(&message)));
                    self.send_to_sender(node, to, message);
                }
                MemberCommand::Announce(message) => {
                    lines.push(format!("{} to all: {}", node.0, render::from_member(&message)));
                    for to in self.senders.keys().copied().collect::<Vec<_>>() {
                        self.send_to_sender(node, to, message.clone());
                    }
                }
                MemberCommand::Deliver {
                    id,
                    timestamp,
                    payload,
                } => {
                    lines.push(format!("{} delivers {id} {timestamp} {payload}", node.0));
                    let (member, deliveries) = self.members.get_mut(&node).expect("it runs");
                    *deliveries += 1;
                    let answers = member.delivered_with(timestamp, *deliveries);
                    answers
                        .into_iter()
                        .rev()
                        .for_each(|answer| commands.push_front(answer));
                }
            }
        }
        lines
    }

    fn send_to_sender(&mut self, node: NodeId, to: Incarnation, message: FromMember<String, u64>) {
        if self.senders.contains_key(&to) {
            self.to_senders.entry((node, to)).or_default().push_back(message);
        }
    }

    fn pass(&mut self, from: &str, to: &str) -> Vec<String> {
        if is_node(from) {
            let (node, life) = (Words::of(from).node(), life(to));
            let message = self
                .to_senders
                .get_mut(&(node, life))
                .and_then(VecDeque::pop_front);
            let message = message.expect("something is under way to the sender");
            let Some(sender) = self.senders.get_mut(&life) else {
                return Vec::new();
            };
            let commands = sender.handle(node, message);
            self.take_sender_commands(life, commands)
        } else {
            let (life, node) = (life(from), Words::of(to).node());
            let message = self
                .to_members
                .get_mut(&(life, node))
                .and_then(VecDeque::pop_front);
            self.arrive_at_node(life, node, message.expect("something is under way to the node"))
        }
    }

    fn pass_all(&mut self) -> Vec<String> {
        let mut lines = Vec::new();
        loop {
            let down = self.to_members.iter().find(|(_, link)| !link.is_empty());
            let up = self.to_senders.iter().find(|(_, link)| !link.is_empty());
            let (from, to) = match (down, up) {
                (Some(((life, node), _)), _) => (format!("{:x}", life.0), node.0.to_string()),
                (None, Some(((node, life), _))) => (node.0.to_string(), format!("{:x}", life.0)),
                (None, None) => return lines,
            };
            lines.extend(self.pass(&from, &to));
        }
    }

    fn crash(&mut self, who: &str) -> Vec<String> {
        if is_node(who) {
            let node = Words::of(who).node();
            self.members.remove(&node);
            self.to_members.retain(|(_, to), _| *to != node);
            self.to_senders.retain(|(from, _), _| *from != node);
        } else {
            let life = life(who);
            self.senders.remove(&life);
            self.to_members.retain(|(from, _), _| *from != life);
            self.to_senders.retain(|(_, to), _| *to != life);
        }
        Vec::new()
    }
}

/// Nodes are written with digits, senders with letters.
fn is_node(word: &str) -> bool {
    word.bytes().all(|byte| byte.is_ascii_digit())
}
