//! What etcd's gateway answers, as JSON: 64-bit numbers are strings, bytes are in base64, and what is 0, empty or
//! false is left out.
//!
//! Invariant: every answer has its header; something without one is no answer of etcd's.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::{Deserialize, Deserializer, de::Error};

/// What stands before each answer.
#[derive(Debug, Deserialize)]
pub(super) struct Header {
    /// Rises with every write to any key.
    #[serde(deserialize_with = "number")]
    pub revision: i64,
}

/// A key's value.
#[derive(Debug, Deserialize)]
pub(super) struct KeyValue {
    #[serde(default, deserialize_with = "bytes")]
    pub key: Vec<u8>,
    /// The revision of its last write.
    #[serde(deserialize_with = "number")]
    pub mod_revision: i64,
    #[serde(default, deserialize_with = "bytes")]
    pub value: Vec<u8>,
}

/// To `range`.
#[derive(Debug, Deserialize)]
pub(super) struct Range {
    pub header: Header,
    /// At most one, unless a range of keys was asked for.
    #[serde(default)]
    pub kvs: Vec<KeyValue>,
}

/// To `txn`, as it comes.
#[derive(Debug, Deserialize)]
struct Transaction {
    #[serde(rename = "header")]
    _header: Header,
    #[serde(default)]
    succeeded: bool,
    #[serde(default)]
    responses: Vec<Response>,
}

#[derive(Debug, Deserialize)]
struct Response {
    response_range: Option<Range>,
}

/// To `txn`, as it is meant.
#[derive(Debug, Deserialize)]
#[serde(try_from = "Transaction")]
pub(super) enum Swap {
    /// The value is stored.
    Done,
    /// The key had another revision; what it holds.
    Refused(Range),
}

impl TryFrom<Transaction> for Swap {
    type Error = &'static str;

    fn try_from(transaction: Transaction) -> Result<Self, Self::Error> {
        if transaction.succeeded {
            return Ok(Self::Done);
        }
        let range = transaction.responses.into_iter().next();
        range
            .and_then(|response| response.response_range)
            .map(Self::Refused)
            .ok_or("a refused transaction does not say what is stored")
    }
}

/// One line of a watch.
#[derive(Debug, Deserialize)]
pub(super) struct WatchLine {
    pub result: Watched,
}

/// What happened to the key.
#[derive(Debug, Deserialize)]
pub(super) struct Watched {
    #[serde(rename = "header")]
    _header: Header,
    #[serde(default)]
    events: Vec<WatchEvent>,
    /// The watch is over, by etcd's decision.
    #[serde(default)]
    pub canceled: bool,
}

#[derive(Debug, Deserialize)]
struct WatchEvent {
    /// Absent for a write.
    #[serde(rename = "type")]
    kind: Option<String>,
    kv: KeyValue,
}

impl Watched {
    /// The writes among the events, oldest first.
    pub(super) fn writes(self) -> Vec<KeyValue> {
        let writes = self.events.into_iter().filter(|event| event.kind.is_none());
        writes.map(|event| event.kv).collect()
    }
}

/// To `lease/keepalive`.
#[derive(Debug, Deserialize)]
pub(super) struct KeptLease {
    pub result: Lease,
}

/// A lease that goes on, or that there is no more.
#[derive(Debug, Deserialize)]
pub(super) struct Lease {
    #[serde(rename = "header")]
    _header: Header,
    /// How long it goes on, in seconds; none if there is no such lease.
    #[serde(rename = "TTL")]
    pub ttl: Option<String>,
}

/// To whatever is done or refused.
#[derive(Debug, Deserialize)]
pub(super) struct Done {
    #[serde(rename = "header")]
    _header: Header,
}

/// What comes with a status other than 200.
#[derive(Debug, Deserialize)]
pub(super) struct Refusal {
    pub message: String,
}

fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    let digits = String::deserialize(deserializer)?;
    digits.parse().map_err(D::Error::custom)
}

fn bytes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    let text = String::deserialize(deserializer)?;
    STANDARD.decode(text).map_err(D::Error::custom)
}
