//! Plays a script and compares what the core commands with what the script says.
//!
//! ```text
//! cluster G F [B]      first line: groups 0.. of F + 1 nodes each (1, 2, ...), and min_backups; nodes that enter freeze
//!                      writers, or with `stream` behind it they do not; `sequencer` at the end: of that mechanism
//! > enter 1.2          the second life of node 1 enters           > linked 1.2      > lost 1.2
//! > stored             the store took what it was asked to hold
//! > open 0             a client opens its session with group 0    > write 0 k v     > get 0 k    > all 0
//! > together 1 l w 0 k -   inserts l in group 1 and deletes k in group 0: one write
//! > ordered get 0 k        > ordered all 0          reads with a place in the order
//! > run 1 2            node 1 takes what waits for it, and the manager its words; then node 2
//! > takes 1            node 1 takes the first thing that waits for it
//! > says 1 failed 101  node 1 says something that its core would not say by itself (failed, caught-up)
//! > add 5 0              an operator adds node 5 to group 0       > remove 5    and removes it; or > discard 5
//! > tick               > later 1000 (us)      > claim 9.1 (an unknown node enters)
//! > settle             calls are answered, the store stores, everyone takes everything; standings follow
//! > come 1.2           enters and all settles                     > restart   the manager starts from the store
//! > holds 1 2          the keys that these nodes hold             > epoch 1   the epoch that node 1 is in
//! > other swaps        manager 8.10 stores itself as the owner     > other seals 1 2    and these members are in its view
//! > other seen         the store's watch tells of it               > other up, down     its link
//! > other follows 1 2  or follows, and these members are linked  > other proposes 0 k v   and they answer
//! > other finishes 1   node 1 hears what has come of it            > other leaves 1 2      its links end there
//! > other returns 1    and one is up again
//! > other stuck        it asks for a new view                      > conflict           it stored first, instead of us
//! > conflict late      a swap's answer knows nothing new             > conflict own       an attempt before it took effect
//! > conflict former       a swap of this manager's life before, sent when it died, reached the store first
//! > late 1 5           node 1 says that it is in epoch 5
//! ```
//!
//! Lines without `>` are all commands that the event before them causes, in order. `#` is a comment.

use multicast::{
    id::{Epoch, GroupId, Incarnation, NodeId},
    skeen::sequencer::OrderedBy,
};
use settings::Join;
use structures::op::Op;
use structures::query::Query;
use wire::message::{
    client::{Reads, RequestBody},
    membership::{Membership, Role},
    replication::FromNode,
};

use super::{trace, world::World};
use crate::coordinator::{Command, Coordinator, Event};

/// Plays a script from its first line to its last.
pub(super) fn play(text: &str) {
    let mut lines = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    let first = lines.next().expect("a script has lines");
    let first = first.trim_start_matches("cluster");
    let (first, ordering) = match first.strip_suffix(" sequencer") {
        Some(first) => (first, OrderedBy::Sequencer),
        None => (first, OrderedBy::Skeen),
    };
    let (first, join) = match first.strip_suffix("stream") {
        Some(first) => (numbers(first), Join::Stream),
        None => (numbers(first), Join::Freeze),
    };
    let min_backups = first.get(2).map_or(0, |backups| *backups as usize);
    let mut world = World::of(ordering, join, first[0] as u16, first[1] as u32, min_backups);
    let (mut expected, mut actual) = (vec![], vec![]);
    for line in lines {
        expected.push(line.to_owned());
        if let Some(event) = line.strip_prefix("> ") {
            actual.push(line.to_owned());
            actual.extend(perform(&mut world, event));
        }
    }
    assert_eq!(expected, actual, "what the core did:\n{}\n", actual.join("\n"));
}

/// What one line of a script causes.
fn perform(world: &mut World, line: &str) -> Vec<String> {
    let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
    let stored = world.stored.clone();
    let commands = match word {
        "later" => {
            world.now.0 += numbers(rest)[0];
            return vec![];
        }
        "settle" => return settled(world),
        "come" => {
            let (node, life) = life(rest);
            world.enter(node, life);
            return settled(world);
        }
        "restart" => {
            world.restart();
            return vec![trace::members(&world.stored)];
        }
        "holds" => {
            let keys = |node: u64| world.keys(NodeId(node as u32));
            let line = |node| keys(node).map_or("nothing".to_owned(), |keys| format!("[{}]", keys.join(" ")));
            return numbers(rest).into_iter().map(line).collect();
        }
        "epoch" => {
            let epoch = |node: u64| world.processes[&NodeId(node as u32)].replica.epoch();
            return numbers(rest)
                .into_iter()
                .map(|node| format!("@{}", epoch(node).0))
                .collect();
        }
        "stored" => {
            let commands = world.store();
            return told(&world.stored, &commands);
        }
        _ => event(world, word, rest),
    };
    told(&stored, &commands)
}

fn event(world: &mut World, word: &str, rest: &str) -> Vec<Command> {
    let words: Vec<&str> = rest.split(' ').collect();
    let group = || GroupId(words[0].parse().expect("a group"));
    let bytes = |place: usize| words[place].as_bytes().to_vec();
    match word {
        "enter" => {
            let (node, life) = life(rest);
            if world.processes.get(&node).is_some_and(|process| process.linked) {
                return world.enter_as(node, life, Role::DataNode);
            }
            world.enter(node, life)
        }
        "claim" => {
            let (node, life) = life(rest);
            world.enter_as(node, life, Role::DataNode)
        }
        "linked" => {
            let (node, life) = life(rest);
            world.link(node, life)
        }
        "lost" => {
            let (node, life) = life(rest);
            world.lose(node, life)
        }
        "conflict" => {
            let current = match rest {
                "former" => world.former_swaps(),
                "late" => world.core.membership().clone(),
                "own" => {
                    world.stored = world.storing.take().expect("a swap is under way");
                    world.stored.clone()
                }
                _ => {
                    world.storing = None;
                    world.others_swap()
                }
            };
            world.feed(Event::StoreConflict { current })
        }
        "other" => match words[0] {
            "swaps" => {
                world.others_swap();
                vec![]
            }
            "seals" => {
                world.other_seals(&numbers(rest.trim_start_matches("seals")));
                vec![]
            }
            "follows" => {
                world.other_follows(&numbers(rest.trim_start_matches("follows")));
                vec![]
            }
            "proposes" => {
                world.other_proposes(part(&words[1..4]));
                vec![]
            }
            "finishes" => {
                world.other_finishes(&numbers(rest.trim_start_matches("finishes")));
                vec![]
            }
            "leaves" => {
                world.other_leaves(&numbers(rest.trim_start_matches("leaves")));
                vec![]
            }
            "returns" => {
                world.other_returns(&numbers(rest.trim_start_matches("returns")));
                vec![]
            }
            word => world.of_the_other(word),
        },
        "late" => {
            let numbers = numbers(rest);
            world.is_in(NodeId(numbers[0] as u32), Epoch(numbers[1]))
        }
        "open" => world.write(group(), Op::OpenSession),
        "write" => world.write(
            group(),
            Op::Insert {
                key: bytes(1),
                value: bytes(2),
            },
        ),
        "together" => world.write_together(words.chunks(3).map(part).collect()),
        "get" | "all" => world.ask(read(Reads::Local, word, &words)),
        "ordered" => world.ask(read(Reads::Ordered, words[0], &words[1..])),
        "add" | "remove" | "discard" => world.change(word, &numbers(rest)),
        "run" => numbers(rest)
            .into_iter()
            .flat_map(|node| world.run(NodeId(node as u32)))
            .collect(),
        "takes" => {
            world.node_takes(NodeId(rest.parse().expect("a node")));
            vec![]
        }
        "says" => world.feed(Event::FromNode(
            NodeId(words[0].parse().expect("a node")),
            said(&words[1..]),
        )),
        "tick" => world.feed(Event::Tick),
        _ => panic!("no event: {word} {rest}"),
    }
}

/// `0 k v`: an insert in group 0; `0 k -`: a delete; `0 open -`: the opening of a session.
fn part(words: &[&str]) -> (GroupId, Vec<Op>) {
    let key = words[1].as_bytes().to_vec();
    let op = match words[2] {
        "-" if words[1] == "open" => Op::OpenSession,
        "-" => Op::Delete { key },
        value => Op::Insert {
            key,
            value: value.as_bytes().to_vec(),
        },
    };
    (GroupId(words[0].parse().expect("a group")), vec![op])
}

fn read(reads: Reads, word: &str, words: &[&str]) -> RequestBody {
    let group = GroupId(words[0].parse().expect("a group"));
    let query = match word {
        "all" => Query::All,
        _ => Query::Get {
            key: words[1].as_bytes().to_vec(),
        },
    };
    RequestBody::read(reads, group, query)
}

fn said(words: &[&str]) -> FromNode {
    let transfer = words[1].parse().expect("a transfer");
    match words[0] {
        "failed" => FromNode::TransferFailed {
            transfer,
            reason: "broken".to_owned(),
        },
        "caught-up" => FromNode::CaughtUp {
            transfer,
            transfer_us: 5,
            install_us: 3,
        },
        word => panic!("no node says {word}"),
    }
}

fn settled(world: &mut World) -> Vec<String> {
    world.settle();
    assert_eq!(
        world.core.membership(),
        &world.stored,
        "the core believes what is stored"
    );
    vec![trace::members(&world.stored)]
}

fn told(stored: &Membership, commands: &[Command]) -> Vec<String> {
    commands
        .iter()
        .map(|command| trace::command(stored, command))
        .collect()
}

fn life(text: &str) -> (NodeId, Incarnation) {
    let (node, life) = text.split_once('.').expect("node.life");
    (
        NodeId(node.parse().expect("a node")),
        Incarnation(life.parse().expect("a life")),
    )
}

fn numbers(text: &str) -> Vec<u64> {
    text.split_whitespace()
        .map(|number| number.parse().expect("a number"))
        .collect()
}
