//! The sockets: one task accepts, one task a connection keeps its two lanes.
//!
//! A caller is named by its first bytes, if there is a way to tell ([`Recognise`]); so one proxy before a process
//! can treat those who call it differently. What is ordered concerns the connections that there are and all later ones.

mod connection;

use std::{
    collections::BTreeMap,
    io,
    net::{Ipv4Addr, SocketAddr},
};

use tokio::{
    net::TcpListener,
    sync::watch,
    task::{AbortHandle, JoinSet},
};

use crate::fault::Faults;

/// A kind of callers; what the numbers mean is the user's to say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Caller(pub u64);

/// How to tell callers apart.
#[derive(Clone, Copy, Debug)]
pub struct Recognise {
    /// How many first bytes of a caller it takes. A caller that says fewer before it waits is never served.
    pub bytes: usize,
    /// Whose they are; of a caller that ends before, there are fewer bytes.
    pub caller: fn(&[u8]) -> Caller,
}

impl Recognise {
    /// All callers are alike: number 0.
    pub const NOBODY: Self = Self {
        bytes: 0,
        caller: |_| Caller(0),
    };
}

/// What is ordered now.
#[derive(Clone, Debug, Default)]
struct Orders {
    upstream: Option<SocketAddr>,
    /// For callers of their own.
    of_callers: BTreeMap<Caller, Faults>,
    /// For all others.
    of_others: Faults,
}

impl Orders {
    fn of(&self, caller: Caller) -> Faults {
        self.of_callers.get(&caller).copied().unwrap_or(self.of_others)
    }
}

/// A running proxy. Dropping it closes its listener and all its connections.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    handle: Handle,
    accepting: AbortHandle,
}

/// Changes what a proxy does while it runs.
#[derive(Clone, Debug)]
pub struct Handle(watch::Sender<Orders>);

impl Proxy {
    /// Listens on a free port of the loopback; leads nowhere yet, so that its callers are turned away. `seed` decides
    /// the jitter.
    ///
    /// # Errors
    /// Those of the operating system.
    pub async fn open(recognise: Recognise, seed: u64) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let (handle, orders) = watch::channel(Orders::default());
        let accepting = tokio::spawn(accept(listener, recognise, orders, seed));
        Ok(Self {
            address,
            handle: Handle(handle),
            accepting: accepting.abort_handle(),
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What changes it.
    pub fn handle(&self) -> &Handle {
        &self.handle
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Handle {
    /// Later callers are led to this address.
    pub fn lead_to(&self, upstream: SocketAddr) {
        self.0.send_modify(|orders| orders.upstream = Some(upstream));
    }

    /// All callers without orders of their own are treated like this.
    pub fn set(&self, faults: Faults) {
        self.0.send_modify(|orders| orders.of_others = faults);
    }

    /// This caller is treated like this.
    pub fn set_for(&self, caller: Caller, faults: Faults) {
        self.0.send_modify(|orders| {
            orders.of_callers.insert(caller, faults);
        });
    }

    /// Nothing is wrong any more, for anybody.
    pub fn heal(&self) {
        self.0.send_modify(|orders| {
            orders.of_callers.clear();
            orders.of_others = Faults::default();
        });
    }
}

/// Accepts until aborted; its connections end with it.
async fn accept(listener: TcpListener, recognise: Recognise, orders: watch::Receiver<Orders>, seed: u64) {
    let mut connections = JoinSet::new();
    for number in 0_u64.. {
        while connections.try_join_next().is_some() {}
        match listener.accept().await {
            Ok((stream, _)) => {
                let seed = seed.wrapping_add(number.wrapping_mul(2));
                connections.spawn(connection::serve(stream, recognise, orders.clone(), seed));
            }
            Err(error) => {
                tracing::warn!(%error, "the proxy does not accept any more");
                return;
            }
        }
    }
}
