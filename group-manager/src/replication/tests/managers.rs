//! Several managers' cores in one simulated cluster: they share a membership store, fall asleep, wake up, lose swaps and
//! take over, while data nodes come and go and clients send again whatever was not answered.
//!
//! The managers' and the data nodes' cores are the real ones. Simulated is what surrounds them: the store, whose answers and
//! news come late; links that break and lose a tail of what was under way; processes that die; clients. A seed is a
//! world, the same one every time. Claims are judged as things happen; in the end everything heals, and every group
//! must serve.
//!
//! | invariant | source | module |
//! |---|---|---|
//! | an epoch has one owner, who alone seals it | DESIGN 3, rule 5; 5, "Membership store" | `claims::one_owner` |
//! | what was answered is at every active member, whoever answered it | rule 3; "output rule" | `claims::acknowledged` |
//! | members of a group hold the same, in the same order | report, section 2; rule 2 | `claims::same_order` |
//! | a write is applied once, however often and wherever it is sent | rule 7 | `claims::once` |
//! | a write of two groups is in both or in neither, at one place of one order | rules 2 and 5 | `claims::together` |
//! | healed, everyone serves and has everything | rules 5, 6 and 9 | `claims::progress` |
//!
//! A failure names its seed. `SIMULATION_SEEDS=17..18` shows that world again, `SIMULATION_SEEDS=20000` runs more of
//! them.

mod claims;
mod client;
mod course;
mod fault;
mod healing;
mod link;
mod manager;
mod moves;
mod node;
mod seeds;
mod store;
mod tests;
mod world;
