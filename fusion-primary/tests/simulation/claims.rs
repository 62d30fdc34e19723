//! What must hold whatever happens: one claim a file, and the world's record of the first one that broke.

mod acknowledged;
mod answers;
mod cuts;
mod encoding;
mod founding;
mod progress;
mod recovered;
mod refusals;
mod scrubs;

use std::fmt;

/// Which claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Claim {
    /// [`acknowledged`].
    Acknowledged,
    /// [`answers`].
    Answers,
    /// [`cuts`].
    Cuts,
    /// [`encoding`].
    Encoding,
    /// [`founding`].
    Founding,
    /// [`progress`].
    Progress,
    /// [`recovered`].
    Recovered,
    /// [`refusals`].
    Refusals,
    /// [`scrubs`].
    Scrubs,
}

/// A claim that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Broken {
    pub(crate) claim: Claim,
    /// What was found instead.
    pub(crate) found: String,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.claim, self.found)
    }
}
