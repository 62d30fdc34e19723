//! One replica of one group.

mod process;
mod reading;
pub mod replica;
mod run;
pub mod settings;
pub mod state;
mod transfer;

pub use process::main;
pub use run::run;
pub use settings::Settings;
