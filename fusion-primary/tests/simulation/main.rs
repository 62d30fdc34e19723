//! Primaries and fused servers, the real cores, under random interleavings, broken links and crashes.
//!
//! A manager played by hand ([`manager`]) and channels that lose what a closed connection loses ([`world`])
//! surround them; [`reference`] keeps every state that every primary was ever in, the slow obvious way.
//! Checked: whatever a server wholly holds is the encoding of its primaries' states, byte by byte; a reply
//! leaves only when every active server has applied its operation; a recovered primary is in the state at its
//! cut, with every acknowledged write in it.

mod manager;
mod reference;
mod world;

use proptest::prelude::*;
use wire::message::fusion::Layout;
use world::{Step, World};

fn steps(crashes: bool, longest: usize) -> impl Strategy<Value = Vec<Step>> {
    let step = (0..100u8, any::<u16>(), any::<u16>()).prop_map(move |(kind, who, what)| {
        let kind = if crashes || kind < 97 { kind } else { 0 };
        Step { kind, who, what }
    });
    proptest::collection::vec(step, 1..longest)
}

fn layouts() -> impl Strategy<Value = Layout> {
    prop_oneof![Just(Layout::Linked), Just(Layout::Arena)]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 2000, ..ProptestConfig::default() })]

    #[test]
    fn one_fault_of_three_primaries(layout in layouts(), steps in steps(true, 500)) {
        World::new(layout, 3, 1).run(&steps);
    }

    #[test]
    fn two_faults_of_any_mix(layout in layouts(), steps in steps(true, 700)) {
        World::new(layout, 3, 2).run(&steps);
    }

    #[test]
    fn three_faults_of_any_mix(layout in layouts(), steps in steps(true, 900)) {
        World::new(layout, 4, 3).run(&steps);
    }

    #[test]
    fn broken_links_alone_lose_and_repeat_nothing(layout in layouts(), steps in steps(false, 400)) {
        World::new(layout, 2, 2).run(&steps);
    }
}
