//! A host and a port, as written: no name is resolved here.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Where a process listens.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Endpoint {
    /// A host name in lower case, or an IPv4 or IPv6 address in its canonical form, without brackets.
    pub host: String,
    /// The TCP port; 0 asks for a free one.
    pub port: u16,
}

impl From<(&str, u16)> for Endpoint {
    fn from((host, port): (&str, u16)) -> Self {
        let host = host.to_owned();
        Self { host, port }
    }
}

impl fmt::Display for Endpoint {
    /// `host:port`, with an IPv6 address in brackets, as `tokio::net::lookup_host` and humans read it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host.contains(':') {
            true => write!(f, "[{}]:{}", self.host, self.port),
            false => write!(f, "{}:{}", self.host, self.port),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(host: &str) -> String {
        Endpoint {
            host: host.to_owned(),
            port: 80,
        }
        .to_string()
    }

    #[test]
    fn only_ipv6_addresses_are_shown_in_brackets() {
        assert_eq!(
            ["localhost", "127.0.0.1", "::1"].map(shown),
            ["localhost:80", "127.0.0.1:80", "[::1]:80"].map(str::to_owned)
        );
    }
}
