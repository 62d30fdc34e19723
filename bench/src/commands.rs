//! What the command line can ask for, and how each request is carried out.

pub mod arguments;
pub mod config;
pub mod experiment;
pub mod floor;
pub mod lean;
pub mod node;
pub mod scrub;
pub mod up;

use std::process::ExitCode;

/// Exit code for a run that failed.
pub const FAILED: u8 = 1;

/// Exit code for bad usage or a bad cluster file.
pub const BAD_USAGE: u8 = 2;

/// Exit code after Ctrl-C.
pub const INTERRUPTED: u8 = 130;

/// What ends a command other than well.
#[derive(Debug)]
pub enum Failure {
    /// Bad usage or configuration, in words.
    Usage(String),
    /// Something went wrong.
    Failed(anyhow::Error),
    /// The user interrupted.
    Interrupted,
}

impl<E: Into<anyhow::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

impl Failure {
    /// Prints it (the one place) and gives the exit code.
    pub fn report(self) -> ExitCode {
        match self {
            Self::Usage(words) => {
                eprintln!("{}", words.trim_end());
                ExitCode::from(BAD_USAGE)
            }
            Self::Failed(error) => {
                eprintln!("error: {error:#}");
                ExitCode::from(FAILED)
            }
            Self::Interrupted => {
                eprintln!("interrupted");
                ExitCode::from(INTERRUPTED)
            }
        }
    }
}
