//! What the command line can ask for, and how each request is carried out.

pub mod arguments;
pub mod check_history;
pub mod config;
pub mod experiment;
pub mod floor;
pub mod lean;
pub mod load;
pub mod member;
pub mod node;
pub mod rejoin;
pub mod resync;
pub mod scrub;
pub mod takeover;
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
                eprintln!("error: {}", with_causes(&error));
                ExitCode::from(FAILED)
            }
            Self::Interrupted => {
                eprintln!("interrupted");
                ExitCode::from(INTERRUPTED)
            }
        }
    }
}

/// The error and its causes, each said once: many an error's own text ends with its cause's.
pub(crate) fn with_causes(error: &anyhow::Error) -> String {
    let mut said = String::new();
    for cause in error.chain().map(ToString::to_string) {
        match said.is_empty() {
            true => said = cause,
            false if said.ends_with(&cause) => {}
            false => said = format!("{said}: {cause}"),
        }
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_that_an_error_tells_itself_is_not_said_again() {
        let error = anyhow::anyhow!("no such file")
            .context("run.json: no such file")
            .context("cannot write");
        assert_eq!(with_causes(&error), "cannot write: run.json: no such file");
    }
}
