//! etcd's calls over HTTP, at the first endpoint that answers.
//!
//! The endpoint that answered last is asked first. One that refuses, is silent or talks nonsense is left for the next
//! one; if all do, the error has the words of each. A connection serves one call: memberships change rarely, and a
//! kept one would be dead when etcd was restarted meanwhile.

use std::{
    io::{BufRead, BufReader, Read},
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use settings::EtcdSettings;
use ureq::{Agent, Body, http::Response};

use super::answers::{Done, KeptLease, KeyValue, Range, Refusal, Swap, WatchLine};
use crate::store::StoreError;

/// The longest answer that is read, in bytes, and the most of one watch; etcd itself takes values of 1.5 million.
pub(super) const MAX_ANSWER_BYTES: u64 = 8 * 1024 * 1024;

/// The endpoints of an etcd cluster.
#[derive(Debug)]
pub(super) struct Gateway {
    agent: Agent,
    /// `http://host:port`.
    endpoints: Vec<String>,
    /// The place of the one that answered last.
    preferred: AtomicUsize,
    timeout: Duration,
}

/// Why an endpoint was left for the next one.
enum Failure {
    /// It could not be asked, or did not answer in time, or cannot serve just now.
    Silent(String),
    /// What it says is not what etcd says.
    Nonsense(String),
}

impl Gateway {
    pub(super) fn new(settings: &EtcdSettings) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_idle_connections(0)
            // What the environment says of proxies is for the web.
            .proxy(None)
            .build();
        let url = |endpoint: &settings::Endpoint| format!("http://{endpoint}");
        Self {
            agent: config.into(),
            endpoints: settings.endpoints.iter().map(url).collect(),
            preferred: AtomicUsize::new(0),
            timeout: settings.timeout,
        }
    }

    /// The key's value; and how many endpoints were asked.
    pub(super) fn range(&self, key: &str) -> Result<(Range, usize), StoreError> {
        self.call("/v3/kv/range", &json!({ "key": encoded(key) }))
    }

    /// Puts the value if the key's revision is this one; and how many endpoints were asked.
    pub(super) fn swap(&self, key: &str, revision: i64, value: &[u8]) -> Result<(Swap, usize), StoreError> {
        let key = encoded(key);
        let unchanged = json!({
            "key": key, "target": "MOD", "result": "EQUAL", "mod_revision": revision.to_string(),
        });
        let put = json!({ "request_put": { "key": key, "value": encoded(value) } });
        let range = json!({ "request_range": { "key": key } });
        let transaction = json!({ "compare": [unchanged], "success": [put], "failure": [range] });
        self.call("/v3/kv/txn", &transaction)
    }

    /// All keys that begin with this, which does not end with the greatest byte.
    pub(super) fn range_of(&self, prefix: &str) -> Result<Range, StoreError> {
        let mut end = prefix.as_bytes().to_vec();
        if let Some(last) = end.last_mut() {
            *last += 1;
        }
        let all = json!({ "key": encoded(prefix), "range_end": encoded(end) });
        Ok(self.call("/v3/kv/range", &all)?.0)
    }

    /// Lets a lease begin anew; whether there is one.
    pub(super) fn keep_lease(&self, lease: i64) -> Result<bool, StoreError> {
        let (kept, _): (KeptLease, _) =
            self.call("/v3/lease/keepalive", &json!({ "ID": lease.to_string() }))?;
        Ok(kept.result.ttl.is_some())
    }

    pub(super) fn grant_lease(&self, lease: i64, seconds: u64) -> Result<(), StoreError> {
        let grant = json!({ "ID": lease.to_string(), "TTL": seconds.to_string() });
        self.call::<Done>("/v3/lease/grant", &grant).map(|_| ())
    }

    /// Puts a value that ends with its lease.
    pub(super) fn put_leased(&self, key: &str, value: &str, lease: i64) -> Result<(), StoreError> {
        let put = json!({ "key": encoded(key), "value": encoded(value), "lease": lease.to_string() });
        self.call::<Done>("/v3/kv/put", &put).map(|_| ())
    }

    /// The key's writes from a revision on, for as long as the patience lasts.
    pub(super) fn watch(&self, key: &str, from: i64, patience: Duration) -> Result<Stream, StoreError> {
        let create = json!({ "create_request": { "key": encoded(key), "start_revision": from.to_string() } });
        let (stream, _) = self.first_that_answers(|endpoint| {
            let answer = self.post(endpoint, "/v3/watch", &create, patience)?;
            let lines = answer.into_body().into_reader().take(MAX_ANSWER_BYTES);
            Ok(Stream {
                endpoint: endpoint.to_owned(),
                lines: BufReader::new(Box::new(lines)),
            })
        })?;
        Ok(stream)
    }

    fn call<T: DeserializeOwned>(&self, path: &str, body: &Value) -> Result<(T, usize), StoreError> {
        self.first_that_answers(|endpoint| {
            let answer = self.post(endpoint, path, body, self.timeout)?;
            let bytes = content(answer)?;
            serde_json::from_slice(&bytes).map_err(|error| Failure::Nonsense(error.to_string()))
        })
    }

    /// The first answer, and how many endpoints were asked for it.
    fn first_that_answers<T>(
        &self,
        ask: impl Fn(&str) -> Result<T, Failure>,
    ) -> Result<(T, usize), StoreError> {
        let first = self.preferred.load(Ordering::Relaxed);
        let mut failures = Vec::new();
        for attempt in 0..self.endpoints.len() {
            let place = (first + attempt) % self.endpoints.len();
            let endpoint = &self.endpoints[place];
            match ask(endpoint) {
                Ok(answer) => {
                    self.preferred.store(place, Ordering::Relaxed);
                    return Ok((answer, attempt + 1));
                }
                Err(Failure::Nonsense(reason)) if self.endpoints.len() == 1 => {
                    return Err(nonsense(endpoint, reason));
                }
                Err(Failure::Silent(reason) | Failure::Nonsense(reason)) => {
                    failures.push(format!("{endpoint}: {reason}"));
                }
            }
        }
        Err(StoreError::Unreachable { failures })
    }

    fn post(
        &self,
        endpoint: &str,
        path: &str,
        body: &Value,
        timeout: Duration,
    ) -> Result<Response<Body>, Failure> {
        let request = self.agent.post(format!("{endpoint}{path}"));
        let request = request.config().timeout_global(Some(timeout)).build();
        let answer = request
            .content_type("application/json")
            .send(body.to_string())
            .map_err(|error| Failure::Silent(error.to_string()))?;
        let status = answer.status();
        if status.is_success() {
            return Ok(answer);
        }
        let said = content(answer).ok();
        match said.and_then(|bytes| serde_json::from_slice::<Refusal>(&bytes).ok()) {
            // etcd in trouble: without a leader, stopping, too slow.
            Some(refusal) => Err(Failure::Silent(refusal.message)),
            None => Err(Failure::Nonsense(format!("status {status}"))),
        }
    }
}

fn content(answer: Response<Body>) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    answer
        .into_body()
        .into_reader()
        .take(MAX_ANSWER_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| Failure::Silent(error.to_string()))?;
    match bytes.len() as u64 > MAX_ANSWER_BYTES {
        true => Err(Failure::Nonsense(format!("more than {MAX_ANSWER_BYTES} bytes"))),
        false => Ok(bytes),
    }
}

fn encoded(bytes: impl AsRef<[u8]>) -> String {
    STANDARD.encode(bytes)
}

fn nonsense(endpoint: &str, reason: String) -> StoreError {
    StoreError::Answer {
        endpoint: endpoint.to_owned(),
        reason,
    }
}

/// The writes to a key as they happen: an iterator of those that came together, until the connection ends.
pub(super) struct Stream {
    endpoint: String,
    lines: BufReader<Box<dyn Read>>,
}

impl Stream {
    fn unreachable(&self, reason: &str) -> StoreError {
        let failures = vec![format!("{}: {reason}", self.endpoint)];
        StoreError::Unreachable { failures }
    }
}

impl Iterator for Stream {
    type Item = Result<Vec<KeyValue>, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut line = String::new();
        match self.lines.read_line(&mut line) {
            Ok(0) => return None,
            Ok(_) => {}
            Err(error) => return Some(Err(self.unreachable(&error.to_string()))),
        }
        let said = serde_json::from_str::<WatchLine>(&line);
        Some(match said.map(|line| line.result) {
            Ok(watched) if watched.canceled => Err(self.unreachable("the watch was cancelled")),
            Ok(watched) => Ok(watched.writes()),
            Err(error) => Err(nonsense(&self.endpoint, error.to_string())),
        })
    }
}
