//! Every way that a small cluster can go, by model checking (stateright): the cores themselves, not a copy of them.
//!
//! A state is the cores, the links between them (in order; what never arrives is a crash or a broken link), and
//! what is left to do of the cluster's plan. An action is one message that arrives, one message begun, one step
//! of a takeover or of a join. The simulation beside this tries long lives of larger clusters; here every way is
//! gone, but for those of the largest clusters that only repeat others ([`reduction`]). The invariants are DESIGN
//! section 3's, as `always`; that everything completes, as `sometimes`, and once nothing is left to do, as `always`.

mod cluster;
mod properties;
mod reduction;
mod state;
mod tests;
