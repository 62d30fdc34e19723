//! Who is silent for too long, by a clock that stands still unless the test moves it.

use multicast::id::Seq;
use tokio::time::{advance, pause};

use super::*;
use crate::{
    handshake::Purpose,
    member::{
        Doorstep,
        tests::{TIMING, dial, entry, identity, listen},
    },
};

/// More than a clock can tell apart.
const MOMENT: Duration = Duration::from_millis(1);

#[tokio::test]
async fn a_silent_manager_is_given_up_and_a_speaking_one_is_not() {
    let (_manager, manager_address) = listen().await;
    let (listener, address) = listen().await;
    let mut doorstep = Doorstep::open(listener, identity(1), &[Purpose::Manager]);
    let mut port = ManagerPort::<Seq, Seq>::enter(entry(manager_address), Callers::One, TIMING, Seq(0));
    let _call = dial(address, Purpose::Manager).await;
    let (peer, stream) = doorstep.next().await;
    port.called(&peer, stream);
    pause();
    for message in 1..=20 {
        port.take(identity(9).incarnation, 1, LinkEvent::Message(Seq(message)));
        advance(TIMING.suspicion).await;
        port.on_tick();
        assert!(port.is_in_touch(), "silent for as long as it may be");
    }
    advance(MOMENT).await;
    port.on_tick();
    assert!(!port.is_in_touch());
    assert!(matches!(port.due.back(), Some(ManagerEvent::Lost(life)) if *life == identity(9).incarnation));
}
