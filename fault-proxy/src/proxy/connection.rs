//! One connection: names its caller, calls the served process, keeps the two lanes.

use std::{io, net::SocketAddr, time::Duration};

use bytes::{Bytes, BytesMut};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpStream,
        tcp::{ReadHalf, WriteHalf},
    },
    sync::watch,
    time::{Instant, sleep_until},
};

use super::{Caller, Orders, Recognise};
use crate::{
    fault::{Conduct, Faults},
    lane::{Breakage, Lane, Step},
};

/// Bytes that one read takes at most, roughly.
const READ_BYTES: usize = 16 * 1024;

/// What the lanes of one connection share.
struct Keeper {
    orders: watch::Receiver<Orders>,
    caller: Caller,
    /// Moments are counted from here.
    began: Instant,
    seed: u64,
}

/// Serves one caller to its end.
pub(super) async fn serve(
    mut caller: TcpStream,
    recognise: Recognise,
    orders: watch::Receiver<Orders>,
    seed: u64,
) {
    let Ok(first) = first_bytes(&mut caller, recognise.bytes).await else {
        return;
    };
    let upstream = orders.borrow().upstream;
    let Ok(mut served) = call(upstream).await else {
        return;
    };
    // Small frames go as they come: a delay is what was ordered, not what the kernel adds.
    let _ = (caller.set_nodelay(true), served.set_nodelay(true));
    let keeper = Keeper {
        caller: (recognise.caller)(&first),
        began: Instant::now(),
        orders,
        seed,
    };
    if keeper.both(&mut caller, &mut served, first).await == Err(Breakage::Reset) {
        let _ = (caller.set_zero_linger(), served.set_zero_linger());
    }
}

/// As many bytes, or fewer if the caller ends before.
async fn first_bytes(caller: &mut TcpStream, count: usize) -> io::Result<Bytes> {
    let mut first = BytesMut::with_capacity(count);
    let mut limited = caller.take(count as u64);
    while first.len() < count && limited.read_buf(&mut first).await? > 0 {}
    Ok(first.freeze())
}

async fn call(upstream: Option<SocketAddr>) -> io::Result<TcpStream> {
    match upstream {
        Some(address) => TcpStream::connect(address).await,
        None => Err(io::ErrorKind::NotConnected.into()),
    }
}

impl Keeper {
    /// Keeps both lanes until both have finished, or one breaks.
    async fn both(
        &self,
        caller: &mut TcpStream,
        served: &mut TcpStream,
        first: Bytes,
    ) -> Result<(), Breakage> {
        let faults = self.orders.borrow().of(self.caller);
        let mut forth = Lane::new(faults.forth, self.seed);
        let back = Lane::new(faults.back, self.seed + 1);
        if !first.is_empty() {
            forth.arrive(self.now(), first);
        }
        let (from_caller, to_caller) = caller.split();
        let (from_served, to_served) = served.split();
        tokio::try_join!(
            self.keep(forth, from_caller, to_served, |faults| faults.forth),
            self.keep(back, from_served, to_caller, |faults| faults.back),
        )?;
        Ok(())
    }

    async fn keep(
        &self,
        mut lane: Lane,
        mut from: ReadHalf<'_>,
        mut to: WriteHalf<'_>,
        mine: fn(Faults) -> Conduct,
    ) -> Result<(), Breakage> {
        let closed = |_| Breakage::Closed;
        let mut orders = self.orders.clone();
        let mut buffer = BytesMut::new();
        let mut conduct = mine(orders.borrow_and_update().of(self.caller));
        lane.set(conduct);
        loop {
            let step = lane.step(self.now());
            match step {
                Step::Break(breakage) => return Err(breakage),
                Step::Finish => return to.shutdown().await.map_err(closed),
                Step::Forward | Step::WaitUntil(_) | Step::Wait => {}
            }
            let front = lane.front();
            buffer.reserve(READ_BYTES);
            tokio::select! {
                // In this order: what was ordered before something came holds for it, and what waits goes first.
                biased;
                changed = orders.changed() => {
                    changed.map_err(|_| Breakage::Closed)?;
                    let ordered = mine(orders.borrow_and_update().of(self.caller));
                    // Orders for others do not begin a count of ours anew.
                    if ordered != conduct {
                        conduct = ordered;
                        lane.set(conduct);
                    }
                }
                written = to.write(&front), if step == Step::Forward => {
                    lane.forwarded(written.map_err(closed)?);
                }
                read = from.read_buf(&mut buffer), if lane.wants_more() => match read.map_err(closed)? {
                    0 => lane.end(self.now()),
                    _ => lane.arrive(self.now(), buffer.split().freeze()),
                },
                () = sleep_until(self.moment(step)), if matches!(step, Step::WaitUntil(_)) => {}
            }
        }
    }

    fn now(&self) -> Duration {
        self.began.elapsed()
    }

    fn moment(&self, step: Step) -> Instant {
        match step {
            Step::WaitUntil(moment) => self.began + moment,
            _ => self.began,
        }
    }
}
