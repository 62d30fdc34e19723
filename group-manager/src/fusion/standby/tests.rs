//! A manager beside another one, 8.10, as it follows, takes over and is succeeded: whole command lists.

use multicast::id::{Epoch, GroupId, Incarnation};
use structures::query::Query;
use wire::message::{
    client::Refusal,
    entry::Enter,
    membership::{Addresses, Member, Standing},
};

use super::*;
use crate::{
    coordinator::{Caller, EntryTicket},
    fusion::tests::script,
};

const OWN: Owner = Owner {
    node: NodeId(9),
    incarnation: Incarnation(100),
};

const OTHER: Owner = Owner {
    node: NodeId(8),
    incarnation: Incarnation(10),
};

/// The suspicion time of the scripts' clusters, in microseconds.
const SUSPICION: u64 = 1_000_000;

const CALLER: Caller = Caller {
    connection: 1,
    request: 1,
};

/// Primary 1 and fused server 11, both active.
fn stored(epoch: u64, owner: Option<Owner>) -> Membership {
    let cluster = script::cluster(1, 1);
    let mut members = cluster.absent_members();
    for (node, member) in &mut members {
        *member = Member {
            standing: Standing::Active,
            incarnation: Incarnation(1),
            addresses: Some(addresses(*node)),
            since: Epoch(1),
            ..member.clone()
        };
    }
    Membership {
        epoch: Epoch(epoch),
        owner,
        members,
        founded: vec![GroupId(0)],
        groups: cluster.groups().clone(),
        ..Membership::default()
    }
}

fn addresses(node: NodeId) -> Addresses {
    let address = std::net::SocketAddr::from(([127, 0, 0, 1], node.0 as u16));
    Addresses {
        peers: address,
        clients: address,
    }
}

fn manager(managers: usize, stored: Membership) -> FusedManager {
    FusedManager::new(script::cluster(1, 1), managers, stored, OWN, Micros(0)).expect("its own membership")
}

/// One of two, which follows 8.10 and is in touch with it.
fn following() -> FusedManager {
    let mut manager = manager(2, stored(4, Some(OTHER)));
    assert_eq!(
        manager.handle(Micros(1), Event::ManagerLinked(OTHER.incarnation)),
        []
    );
    manager
}

fn enters(node: u32) -> Event {
    let node = NodeId(node);
    let enter = Enter {
        node,
        incarnation: Incarnation(1),
        role: Role::Primary,
        addresses: addresses(node),
    };
    let ticket = EntryTicket(1);
    Event::Entered { ticket, enter }
}

fn reads() -> Event {
    let (group, query) = (GroupId(0), Query::All);
    let body = RequestBody::Read { group, query };
    Event::Clients(vec![(CALLER, body)])
}

/// The swap by which this manager becomes the owner of what is stored under `epoch`.
fn claim(epoch: u64) -> Command {
    Command::Store {
        expected: Epoch(epoch),
        next: Box::new(stored(epoch + 1, Some(OWN))),
    }
}

fn answered(reply: EnterReply) -> Vec<Command> {
    vec![Command::Answer(EntryTicket(1), reply)]
}

fn dials(node: u32) -> Vec<Command> {
    let dial = Command::Dial {
        node: NodeId(node),
        incarnation: Incarnation(1),
        addresses: addresses(NodeId(node)),
    };
    vec![Command::Answer(EntryTicket(1), EnterReply::Accepted), dial]
}

#[test]
fn an_only_manager_has_nobody_to_follow() {
    let earlier_life = Owner {
        incarnation: Incarnation(99),
        ..OWN
    };
    for owner in [None, Some(earlier_life)] {
        let mut manager = manager(1, stored(4, owner));
        assert_eq!(manager.handle(Micros(1), enters(1)), dials(1));
        assert_eq!(manager.membership(), &stored(4, Some(OWN)));
    }
}

#[test]
fn a_standby_lets_nobody_in_and_answers_what_the_store_says() {
    let mut manager = following();
    let owner = OTHER.node;
    let refused = EnterReply::Refused(EntryRefused::NotOwner { owner });
    assert_eq!(manager.handle(Micros(2), enters(1)), answered(refused));
    let elsewhere = Refusal::Unavailable {
        reason: "another manager owns the cluster".to_owned(),
    };
    assert_eq!(
        manager.handle(Micros(3), reads()),
        [Command::Reply(CALLER, ReplyBody::Refused(elsewhere))]
    );
    assert_eq!(
        manager.handle(Micros(4), Event::MembershipSeen(stored(7, Some(OTHER)))),
        []
    );
    assert_eq!(manager.membership(), &stored(7, Some(OTHER)));
    // Of another manager, this one holds no word against the store's.
    assert_eq!(
        manager.handle(Micros(5), Event::MembershipSeen(stored(6, None))),
        []
    );
    assert_eq!(manager.membership(), &stored(7, Some(OTHER)));
    assert_eq!(manager.handle(Micros(9 * SUSPICION), Event::Tick), []);
}

#[test]
fn the_end_of_the_owners_link_makes_a_standby_swap_and_then_let_members_in() {
    let mut manager = following();
    assert_eq!(
        manager.handle(Micros(2), Event::ManagerLost(OTHER.incarnation)),
        [claim(4)]
    );
    let not_yet = EntryRefused::NotOwner { owner: OTHER.node };
    assert_eq!(
        manager.handle(Micros(3), enters(1)),
        answered(EnterReply::Refused(not_yet)),
        "not before it is stored"
    );
    assert_eq!(manager.handle(Micros(4), Event::Stored { epoch: Epoch(5) }), []);
    assert_eq!(manager.handle(Micros(5), enters(1)), dials(1));
    assert_eq!(manager.membership(), &stored(5, Some(OWN)));
}

#[test]
fn an_owner_that_never_calls_is_succeeded_after_the_suspicion_time() {
    let mut manager = manager(2, stored(4, Some(OTHER)));
    assert_eq!(manager.handle(Micros(SUSPICION - 1), Event::Tick), []);
    assert_eq!(manager.handle(Micros(SUSPICION), Event::Tick), [claim(4)]);
}

/// Primary 2 of group B was removed since the cluster file was written, and its id was given to the primary of C; 12, a
/// fused server there, is a primary now.
#[test]
fn what_became_of_the_members_since_the_cluster_file_was_written_is_taken_over() {
    let mut current = stored(4, Some(OTHER));
    for (node, group, name) in [(2, 2, "C"), (12, 3, "D")] {
        let column = Some(group as u8);
        let absent = Member::absent(Role::Primary, Some(GroupId(group)));
        current.members.insert(NodeId(node), Member { column, ..absent });
        current.groups.insert(GroupId(group), name.to_owned());
    }
    let old_file = script::cluster(2, 2);
    let mut manager =
        FusedManager::new(old_file, 2, current.clone(), OWN, Micros(0)).expect("its own membership");
    let claimed = Membership {
        epoch: Epoch(5),
        owner: Some(OWN),
        ..current
    };
    let claim = Command::Store {
        expected: Epoch(4),
        next: Box::new(claimed.clone()),
    };
    assert_eq!(manager.handle(Micros(SUSPICION), Event::Tick), [claim]);
    let epoch = Epoch(5);
    assert_eq!(manager.handle(Micros(SUSPICION), Event::Stored { epoch }), []);
    assert_eq!(manager.membership(), &claimed);
    assert_eq!(
        manager.handle(Micros(SUSPICION), enters(2)),
        dials(2),
        "it is owned"
    );
}

#[test]
fn what_another_program_stored_is_not_claimed() {
    let mut manager = following();
    let mut foreign = stored(5, None);
    foreign.members = [(NodeId(1), Member::absent(Role::DataNode, None))].into();
    let seen = Event::MembershipSeen(foreign.clone());
    assert_eq!(manager.handle(Micros(2), seen), []);
    assert_eq!(manager.handle(Micros(9 * SUSPICION), Event::Tick), []);
    assert_eq!(manager.membership(), &foreign);
}

#[test]
fn of_two_that_take_over_the_one_that_loses_the_swap_follows() {
    let mut manager = following();
    let third = Owner {
        node: NodeId(7),
        incarnation: Incarnation(70),
    };
    manager.handle(Micros(2), Event::ManagerLinked(third.incarnation));
    assert_eq!(
        manager.handle(Micros(3), Event::ManagerLost(OTHER.incarnation)),
        [claim(4)]
    );
    let current = stored(5, Some(third));
    assert_eq!(manager.handle(Micros(4), Event::StoreConflict { current }), []);
    assert_eq!(manager.handle(Micros(9 * SUSPICION), Event::Tick), []);
    assert_eq!(manager.membership(), &stored(5, Some(third)));
}

#[test]
fn an_owner_that_sees_another_one_lets_all_its_members_go() {
    let mut manager = manager(1, stored(4, None));
    assert_eq!(manager.handle(Micros(1), enters(1)), dials(1));
    let unlinked = [1, 11].map(|node| Command::Unlink(NodeId(node)));
    assert_eq!(
        manager.handle(Micros(2), Event::MembershipSeen(stored(5, Some(OTHER)))),
        unlinked
    );
    let node = NodeId(1);
    let incarnation = Incarnation(1);
    assert_eq!(
        manager.handle(Micros(3), Event::Linked { node, incarnation }),
        [Command::Unlink(node)],
        "a call of before that is answered late"
    );
}
