//! How long the values of a run are: all of one length, or drawn between two.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The lengths of values, both ends included. Written `8` or `1..1024`; ordered by the longest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ValueBytes {
    most: u16,
    least: u16,
}

/// A text that is no length and no range of lengths.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BadValueBytes {
    /// Not a number within the limits.
    #[error("\"{written}\" is no number from 0 to {}; expected 8 or 1..1024", u16::MAX)]
    NotANumber {
        /// The text.
        written: String,
    },
    /// The first number is the larger one.
    #[error("{least}..{most} is empty: the first number is the larger one")]
    Empty {
        /// The first number.
        least: u16,
        /// The second.
        most: u16,
    },
}

impl ValueBytes {
    /// No bytes at all: the values of a set.
    pub const NONE: Self = Self::fixed(0);

    /// Every value is that long.
    pub const fn fixed(bytes: u16) -> Self {
        Self {
            least: bytes,
            most: bytes,
        }
    }

    /// The shortest value.
    pub fn least(self) -> u16 {
        self.least
    }

    /// The longest value.
    pub fn most(self) -> u16 {
        self.most
    }

    /// The mean of many values.
    pub fn mean(self) -> f64 {
        (f64::from(self.least) + f64::from(self.most)) / 2.0
    }
}

impl fmt::Display for ValueBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.least == self.most {
            true => write!(f, "{}", self.most),
            false => write!(f, "{}..{}", self.least, self.most),
        }
    }
}

impl FromStr for ValueBytes {
    type Err = BadValueBytes;

    fn from_str(written: &str) -> Result<Self, BadValueBytes> {
        let number = |part: &str| {
            part.trim().parse().map_err(|_| BadValueBytes::NotANumber {
                written: part.to_owned(),
            })
        };
        let (least, most) = written.split_once("..").unwrap_or((written, written));
        let (least, most) = (number(least)?, number(most)?);
        match least <= most {
            true => Ok(Self { least, most }),
            false => Err(BadValueBytes::Empty { least, most }),
        }
    }
}

impl TryFrom<String> for ValueBytes {
    type Error = BadValueBytes;

    fn try_from(written: String) -> Result<Self, BadValueBytes> {
        written.parse()
    }
}

impl From<ValueBytes> for String {
    fn from(bytes: ValueBytes) -> Self {
        bytes.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_numbers_or_ranges_with_both_ends() {
        let parsed = |text: &str| text.parse::<ValueBytes>();
        assert_eq!(parsed("8"), Ok(ValueBytes::fixed(8)));
        let range = ValueBytes { least: 1, most: 1024 };
        assert_eq!((parsed("1..1024"), range.mean()), (Ok(range), 512.5));
        assert_eq!(parsed("65535"), Ok(ValueBytes::fixed(65535)));
        let said = |text| parsed(text).unwrap_err().to_string();
        assert_eq!(
            said("65536"),
            "\"65536\" is no number from 0 to 65535; expected 8 or 1..1024"
        );
        assert_eq!(said("9..8"), "9..8 is empty: the first number is the larger one");
        for text in ["8", "1..1024", "0"] {
            assert_eq!(parsed(text).map(|bytes| bytes.to_string()), Ok(text.to_owned()));
        }
    }
}
