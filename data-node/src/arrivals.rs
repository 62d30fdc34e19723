//! States on their way to this node: each is received and checked in the background, and ends as one event of the shell.
//!
//! Invariants: as many are under way as there are places; who got a place says how it ended, even if its thread panics or
//! never begins.

use structures::kind::StructureSpec;
use tokio::{
    net::TcpStream,
    sync::mpsc::{self, OwnedPermit},
};

use crate::{
    background,
    limits::MAX_ARRIVING_STATES,
    replica::Arrived,
    transfer::{self, Broken},
};

/// How a transfer ended.
#[derive(Debug)]
pub(crate) enum Transferred {
    Arrived(Box<Arrived>),
    /// The donor's stream made no state; which transfer's is known from its first frame on.
    Broken {
        transfer: Option<u64>,
        reason: String,
    },
}

/// As many states arrive as may be.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{MAX_ARRIVING_STATES} states arrive already")]
pub(crate) struct NoPlace;

/// The places, and the ends of those that had one.
pub(crate) struct Arrivals {
    /// Its capacity is what the places are.
    places: mpsc::Sender<Transferred>,
    ended: mpsc::Receiver<Transferred>,
}

impl Arrivals {
    pub(crate) fn new() -> Self {
        let (places, ended) = mpsc::channel(MAX_ARRIVING_STATES);
        Self { places, ended }
    }

    /// Receives the state that a donor streams, and checks it.
    ///
    /// # Errors
    /// [`NoPlace`]; the connection is closed then.
    pub(crate) fn receive(&self, stream: TcpStream, spec: StructureSpec) -> Result<(), NoPlace> {
        let place = self.place()?;
        let started = background::run("state-arriving", receive(place, stream, spec));
        if let Err(error) = started {
            tracing::error!(%error, "no thread to receive a state in"); // its place told the shell
        }
        Ok(())
    }

    /// How the next one ended.
    pub(crate) async fn next(&mut self) -> Transferred {
        let ended = self.ended.recv().await;
        ended.expect("the sender beside it is open")
    }

    fn place(&self) -> Result<Place, NoPlace> {
        let permit = self.places.clone().try_reserve_owned();
        Ok(Place {
            transfer: None,
            permit: Some(permit.map_err(|_| NoPlace)?),
        })
    }
}

async fn receive(mut place: Place, stream: TcpStream, spec: StructureSpec) {
    match transfer::receive(stream).await {
        Ok(received) => {
            tracing::info!(donor = %received.donor, "a donor's state is here");
            place.transfer = Some(received.transfer);
            let arrived = Box::new(received.check(spec));
            place.end(Transferred::Arrived(arrived));
        }
        // The donor may never know: what it sent last may still have found room on its way.
        Err(Broken { transfer, error }) => {
            tracing::warn!(%error, "a state transfer broke off");
            let reason = error.to_string();
            place.end(Transferred::Broken { transfer, reason });
        }
    }
}

/// One state's way here; dropped before its end was said, it broke off.
struct Place {
    transfer: Option<u64>,
    permit: Option<OwnedPermit<Transferred>>,
}

impl Place {
    fn end(mut self, how: Transferred) {
        self.say(how);
    }

    fn say(&mut self, how: Transferred) {
        if let Some(permit) = self.permit.take() {
            permit.send(how);
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let reason = "the thread that received it did not get to its end".to_owned();
        let transfer = self.transfer;
        self.say(Transferred::Broken { transfer, reason });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broken(ended: &Transferred) -> Option<Option<u64>> {
        match ended {
            Transferred::Broken { transfer, .. } => Some(*transfer),
            Transferred::Arrived(_) => None,
        }
    }

    #[tokio::test]
    async fn states_arrive_up_to_the_limit_and_not_one_past_it() {
        let mut arrivals = Arrivals::new();
        let take = |_| arrivals.place().expect("there is room");
        let mut places: Vec<Place> = (0..MAX_ARRIVING_STATES).map(take).collect();
        assert_eq!(arrivals.place().err(), Some(NoPlace));
        drop(places.pop());
        assert_eq!(arrivals.place().err(), Some(NoPlace), "its end is not heard yet");
        assert_eq!(broken(&arrivals.next().await), Some(None));
        assert_eq!(arrivals.place().err(), None);
    }

    #[tokio::test]
    async fn a_panic_on_the_way_is_the_end_of_the_transfer() {
        let mut arrivals = Arrivals::new();
        let mut place = arrivals.place().expect("there is room");
        place.transfer = Some(7);
        let work = async move {
            let _place = place;
            panic!("as a check of the state might");
        };
        background::run("a test", work).expect("a thread");
        assert_eq!(broken(&arrivals.next().await), Some(Some(7)));
    }
}
