//! The cores of fusion in one simulated world: the manager's, the primaries', the fused servers'.
//!
//! Nothing is played by hand: the three are the real state machines that the processes run. Simulated is what surrounds
//! them: connections that break and lose a tail of what was under way, processes that die, are cut off or are
//! suspected, managers that die and go on from the store, clients that send again. A seed is a world, the same one every
//! time. Claims are judged after each step; in the end everything heals, and every group must serve.
//!
//! | invariant | source | module |
//! |---|---|---|
//! | what was answered is at every member and survives | DESIGN 4, "Primary" (output rule) | `claims::acknowledged` |
//! | answers are those of a structure that never crashed | DESIGN 3, rule 7; 4, "Primary" | `claims::answers` |
//! | a lost primary is cut at the smallest applied | DESIGN 4, "Recovery", step 2 | `claims::cuts` |
//! | a server holds the encoding of what it applied | DESIGN 4, "Fused server" | `claims::encoding` |
//! | one membership follows another; founded once | DESIGN 5; 4, "More than f crashes" | `claims::founding` |
//! | healed, everyone serves and has everything | DESIGN 4, "Recovery" | `claims::progress` |
//! | residuals decode to the bytes at the cut | DESIGN 4, "Recovery", steps 3 and 4 | `claims::recovered` |
//! | more than f are refused by name, nothing is guessed | DESIGN 4, "More than f crashes" | `claims::refusals` |
//! | a scrub raises no false alarm | DESIGN 4, "Scrub" | `claims::scrubs` |
//!
//! Tests: `random_worlds` (random everything, up to f missing, and beyond it), `crash_sets` (every set of up to f + 1
//! processes), `later_crashes` (something more at every moment of a recovery), `planted_faults` (broken cores are caught).
//!
//! A failure names its seed. `FUSION_SEEDS=1437..1438` shows the random world of one seed again, `FUSION_SEEDS=20000`
//! runs more of them; optimised (`CARGO_PROFILE_DEV_OPT_LEVEL=1`), they run three times as fast.

mod claims;
mod client;
mod course;
mod crash_sets;
mod duplex;
mod fault;
mod group;
mod later_crashes;
mod operations;
mod planted_faults;
mod random_worlds;
mod seeds;
mod shape;
mod world;
