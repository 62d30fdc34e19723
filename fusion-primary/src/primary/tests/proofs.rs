//! What a read rests on: a lease by the primary's own clock, or a round of the servers that began after it came.

use structures::query::Query;

use super::*;

fn read(primary: &mut Primary, request: u64) -> Vec<Command> {
    let (group, query) = (GROUP, Query::Len);
    ask(primary, request, RequestBody::Read { group, query })
}

fn nothing(request: u64) -> Command {
    reply(request, ReplyBody::Len(0))
}

fn confirmed(primary: &mut Primary, server: NodeId, round: u64) -> Vec<Command> {
    hear(primary, server, AckFrame::Confirmed { round })
}

#[test]
fn a_lease_serves_reads_at_once_until_it_ends_by_the_primarys_own_clock() {
    let mut primary = founded(&[S]);
    primary.tell_time(Micros(299));
    assert_eq!(read(&mut primary, 8), [nothing(8)]);
    primary.tell_time(Micros(300));
    assert_eq!(read(&mut primary, 9), [confirm(S, 1)], "it may have stood still");
    lease(&mut primary, 300);
    assert_eq!(read(&mut primary, 10), [], "replies leave in order");
    assert_eq!(confirmed(&mut primary, S, 1), [nothing(9), nothing(10)]);
}

#[test]
fn what_lay_about_while_this_process_stood_still_is_no_lease() {
    let mut primary = founded(&[S]);
    primary.tell_time(Micros(100));
    assert_eq!(tick(&mut primary), [ask_lease(100)]);
    primary.tell_time(Micros(400));
    let since = Epoch(1);
    order(&mut primary, ToPrimary::Lease { asked_us: 100, since });
    order(&mut primary, ToPrimary::Heartbeat);
    assert_eq!(read(&mut primary, 8), [confirm(S, 1)]);
    let fenced = hear(&mut primary, S, AckFrame::Fenced { epoch: Epoch(9) });
    let hang_up = Command::HangUp { caller: caller(8) };
    assert_eq!(
        fenced,
        [hang_up, Command::Disconnect { server: S }, Command::Reenter]
    );
}

#[test]
fn a_lease_of_another_epoch_of_this_life_is_none() {
    let mut primary = founded(&[S]);
    primary.tell_time(Micros(300));
    assert_eq!(tick(&mut primary), [ask_lease(300)]);
    let (asked_us, since) = (300, Epoch(2));
    assert_eq!(order(&mut primary, ToPrimary::Lease { asked_us, since }), []);
    assert_eq!(read(&mut primary, 8), [confirm(S, 1)]);
}

#[test]
fn without_a_lease_a_read_waits_for_every_server_and_one_that_comes_meanwhile_for_the_next_round() {
    let mut primary = founded(&[S, T]);
    primary.handle(Event::ManagerLost);
    assert_eq!(read(&mut primary, 8), [confirm(S, 1), confirm(T, 1)]);
    assert_eq!(confirmed(&mut primary, S, 1), []);
    assert_eq!(
        read(&mut primary, 9),
        [],
        "S may have fenced this life since it answered"
    );
    assert_eq!(read(&mut primary, 10), []);
    let next = [nothing(8), confirm(S, 2), confirm(T, 2)];
    assert_eq!(confirmed(&mut primary, T, 1), next);
    assert_eq!(confirmed(&mut primary, T, 2), []);
    assert_eq!(confirmed(&mut primary, S, 2), [nothing(9), nothing(10)]);
}

#[test]
fn a_round_is_said_again_over_a_new_channel_and_waits_for_no_server_that_left_the_view() {
    let mut primary = founded(&[S, T]);
    primary.handle(Event::ManagerLost);
    read(&mut primary, 8);
    assert_eq!(primary.handle(Event::ServerLost { server: S }), [dial(S, 0)]);
    primary.handle(Event::ServerLinked { server: S });
    let opened = hear(&mut primary, S, AckFrame::Opened { applied: Seq(0) });
    assert_eq!(opened, [confirm(S, 1)]);
    assert_eq!(confirmed(&mut primary, S, 1), []);
    let left = view(&mut primary, 2, vec![seat(S, 1, true)]);
    assert_eq!(left, [Command::Disconnect { server: T }, nothing(8), viewed(2)]);
}

#[test]
fn a_server_that_is_waited_for_since_the_round_began_is_asked_too() {
    let mut primary = founded(&[S]);
    primary.handle(Event::ManagerLost);
    assert_eq!(read(&mut primary, 8), [confirm(S, 1)]);
    view(&mut primary, 2, vec![seat(S, 1, true), seat(T, 2, false)]);
    primary.handle(Event::ServerLinked { server: T });
    let end = DeltaFrame::ImageEnd {
        lengths: [0; REGIONS],
    };
    let opened = hear(&mut primary, T, AckFrame::Opened { applied: Seq(0) });
    assert_eq!(opened, [confirm(T, 1), to(T, end)]);
    assert_eq!(confirmed(&mut primary, S, 1), []);
    assert_eq!(confirmed(&mut primary, T, 1), [nothing(8)]);
}

#[test]
fn a_write_that_changes_nothing_waits_like_a_read() {
    let mut primary = founded(&[S]);
    send_write(&mut primary, 1);
    assert_eq!(ack(&mut primary, S, 1), [written(1)]);
    primary.handle(Event::ManagerLost);
    assert_eq!(send_write(&mut primary, 1), [confirm(S, 1)], "a retry");
    assert_eq!(confirmed(&mut primary, S, 1), [written(1)]);
}

#[test]
fn a_round_that_never_began_is_nonsense_and_costs_the_link() {
    let mut primary = founded(&[S]);
    primary.handle(Event::ManagerLost);
    read(&mut primary, 8);
    assert_eq!(confirmed(&mut primary.clone(), S, 1), [nothing(8)]);
    assert_eq!(confirmed(&mut primary, S, 2), [dial(S, 1)]);
}
