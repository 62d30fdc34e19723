//! What was answered, as it is written.

use serde::{Deserialize, Serialize};
use structures::{
    op::{Answer, Element, Outcome},
    query::{Found, Query},
};

use super::{LineError, bytes::Hex, operation::name};
use crate::history::operation::{Asked, Told};

/// One answer: `outcome` of a write, perhaps with the value that it took out; `len` or `found` of a read.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Said {
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    taken: Option<Hex>,
    #[serde(skip_serializing_if = "Option::is_none")]
    len: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    found: Option<Vec<(Hex, Hex)>>,
}

impl From<&Told> for Said {
    fn from(told: &Told) -> Self {
        let pair = |element: &Element| (Hex::from(&element.key[..]), Hex::from(&element.value[..]));
        let mut said = Self::default();
        match told {
            Told::Answer(answer) => {
                said.outcome = Some(outcome_name(answer.outcome).to_owned());
                said.taken = answer.value.as_ref().map(|value| Hex::from(value.as_slice()));
            }
            Told::Found(Found::Len(len)) => said.len = Some(*len),
            Told::Found(Found::Value(value)) => {
                let found = value
                    .iter()
                    .map(|value| (Hex::from(&[][..]), Hex::from(&value[..])));
                said.found = Some(found.collect());
            }
            Told::Found(Found::Element(element)) => said.found = Some(element.iter().map(pair).collect()),
            Told::Found(Found::Elements(elements)) => said.found = Some(elements.iter().map(pair).collect()),
            Told::Found(Found::Unsupported) => {
                said.outcome = Some(outcome_name(Outcome::Unsupported).to_owned());
            }
        }
        said
    }
}

impl Said {
    /// The answer that it is to what was asked.
    pub(super) fn to(self, asked: &Asked) -> Result<Told, LineError> {
        let wrong = || LineError::Answer {
            op: name(asked).to_owned(),
        };
        let outcome = self
            .outcome
            .as_deref()
            .map(|name| outcome_named(name).ok_or_else(wrong))
            .transpose()?;
        let Asked::Read(query) = asked else {
            let value = self.taken.map(|value| Vec::from(value).into());
            let answer = outcome.map(|outcome| Told::Answer(Answer { outcome, value }));
            return answer.ok_or_else(wrong);
        };
        if outcome == Some(Outcome::Unsupported) {
            return Ok(Found::Unsupported.into());
        }
        let element = |(key, value): (Hex, Hex)| Element {
            key: key.into(),
            value: value.into(),
        };
        let found = self
            .found
            .map(|found| found.into_iter().map(element).collect::<Vec<_>>());
        let told = match (query, self.len, found) {
            (Query::Len, Some(len), None) => Found::Len(len),
            (Query::Get { .. }, None, Some(mut found)) if found.len() <= 1 => {
                Found::Value(found.pop().map(|element| element.value))
            }
            (Query::At { .. } | Query::Last, None, Some(mut found)) if found.len() <= 1 => {
                Found::Element(found.pop())
            }
            (query, None, Some(found)) if query.is_long() => Found::Elements(found),
            _ => return Err(wrong()),
        };
        Ok(told.into())
    }
}

const OUTCOMES: [(Outcome, &str); 13] = [
    (Outcome::SessionOpened, "session-opened"),
    (Outcome::Inserted, "inserted"),
    (Outcome::Updated, "updated"),
    (Outcome::Deleted, "deleted"),
    (Outcome::AbsentKey, "absent-key"),
    (Outcome::BadKeyLength, "bad-key-length"),
    (Outcome::ValueTooLong, "value-too-long"),
    (Outcome::NoSession, "no-session"),
    (Outcome::Forgotten, "forgotten"),
    (Outcome::Full, "full"),
    (Outcome::Removed, "removed"),
    (Outcome::AbsentPlace, "absent-place"),
    (Outcome::Unsupported, "unsupported"),
];

/// The outcome's name in a file and in messages.
pub(in crate::history) fn outcome_name(outcome: Outcome) -> &'static str {
    let mut named = OUTCOMES.iter().filter(|(other, _)| *other == outcome);
    named.next().map_or("?", |(_, name)| *name)
}

fn outcome_named(name: &str) -> Option<Outcome> {
    let mut named = OUTCOMES.iter().filter(|(_, other)| *other == name);
    named.next().map(|(outcome, _)| *outcome)
}
