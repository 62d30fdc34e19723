//! One replica of one group.
//!
//! ```text
//! manager --Propose, Final--> Replica: multicast member + Structure --Proposal, Delivered--> manager
//! donor   --images, windows--> joiner: checked, indexed, then CaughtUp
//! ```
//!
//! [`replica`] is the core, pure; `transfer` streams a [`state`] from donor to joiner; [`run()`] is the shell.
//!
//! What is absent: no read is answered above the stable watermark, and nothing is served that was not checked.

mod arrivals;
mod background;
pub mod limits;
mod process;
pub mod replica;
mod run;
pub mod settings;
pub mod state;
mod transfer;

pub use process::main;
pub use run::run;
pub use settings::Settings;
