//! How a data node gets (back) into its replicated group.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// What its group's writers notice of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Join {
    /// Two short pauses: it votes from the first on, and gets the state while they go on.
    #[default]
    Stream,
    /// They are held back until it has the state: the report's way. For one manager alone.
    Freeze,
}

impl Join {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Stream, Self::Freeze];

    /// Its name in cluster files and on command lines.
    pub fn name(self) -> &'static str {
        match self {
            Self::Stream => "stream",
            Self::Freeze => "freeze",
        }
    }
}

impl fmt::Display for Join {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A word that is no way to join.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("`{word}` is no way to join: stream or freeze")]
pub struct UnknownJoin {
    /// The word.
    pub word: String,
}

impl FromStr for Join {
    type Err = UnknownJoin;

    fn from_str(word: &str) -> Result<Self, UnknownJoin> {
        let named = Self::ALL.into_iter().find(|join| join.name() == word);
        named.ok_or_else(|| UnknownJoin {
            word: word.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_is_read_back_from_its_name_and_nothing_else_is() {
        for join in Join::ALL {
            assert_eq!(join.to_string().parse(), Ok(join));
        }
        let word = "copy".to_owned();
        assert_eq!("copy".parse::<Join>(), Err(UnknownJoin { word }));
    }
}
