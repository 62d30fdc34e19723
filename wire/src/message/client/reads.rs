//! Two ways to read a replicated group (DESIGN section 3, rule 8).
//!
//! A fused group has one primary that orders all its requests; there both ways are the same.

use serde::{Deserialize, Serialize};

/// Where a read is answered, and what its answer is worth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Reads {
    /// At one active member, up to its stable watermark: a state that the group has had at one moment and that no
    /// crash takes back. While members and managers agree on the view it shows every write that was answered before. A
    /// member and a manager that are both cut off, and do not know it yet, may answer with a state that is over.
    #[default]
    Local,
    /// At a place of its own in the order of writes, which every active member agrees on: it shows every write that
    /// was answered before the read was asked, whatever is cut off. Costs as much as a write.
    Ordered,
}

impl Reads {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Local, Self::Ordered];

    /// Its name on command lines and in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Ordered => "ordered",
        }
    }
}

impl std::fmt::Display for Reads {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// A word that names neither way.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{word:?} is no way to read: local or ordered")]
pub struct UnknownReads {
    /// The word.
    pub word: String,
}

impl std::str::FromStr for Reads {
    type Err = UnknownReads;

    fn from_str(word: &str) -> Result<Self, UnknownReads> {
        let named = Self::ALL.into_iter().find(|reads| reads.name() == word);
        named.ok_or_else(|| UnknownReads {
            word: word.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_is_read_back_from_its_name_and_nothing_else_is() {
        for reads in Reads::ALL {
            assert_eq!(reads.to_string().parse(), Ok(reads));
        }
        let word = "eventual".to_owned();
        assert_eq!("eventual".parse::<Reads>(), Err(UnknownReads { word }));
    }
}
