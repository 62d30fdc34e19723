//! One replica of one group.

pub mod replica;
mod reading;
mod process;
mod run;
pub mod settings;
pub mod state;
mod transfer;

pub use process::main;
pub use run::run;
pub use settings::Settings;
