//! What can be wrong with a connection: a value per direction.

use std::time::Duration;

/// How the two directions of a connection behave.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    /// From the caller to the process that it calls.
    pub forth: Conduct,
    /// The other way.
    pub back: Conduct,
}

/// How one direction behaves. By default nothing is wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Conduct {
    /// By how much everything comes later.
    pub delay: Duration,
    /// Up to how much later still, drawn anew for every piece; the order stays.
    pub jitter: Duration,
    /// Whether it comes at all.
    pub flow: Flow,
}

/// What becomes of the bytes of one direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Flow {
    /// They pass.
    #[default]
    Pass,
    /// They wait until this is over: a network that loses packets, which are then sent again.
    Stall,
    /// They are taken and lost. When this is over, a connection that lost any is broken.
    Swallow,
    /// So many more pass, then the connection ends, perhaps in the middle of a frame.
    CutAfter(u64),
    /// The connection is reset at once.
    Reset,
}

impl Conduct {
    /// Nothing wrong but the flow.
    pub fn of(flow: Flow) -> Self {
        Self {
            flow,
            ..Self::default()
        }
    }
}

impl Faults {
    /// The same in both directions.
    pub fn both(conduct: Conduct) -> Self {
        Self {
            forth: conduct,
            back: conduct,
        }
    }

    /// Only what the caller says.
    pub fn forth(conduct: Conduct) -> Self {
        Self {
            forth: conduct,
            ..Self::default()
        }
    }

    /// Only what the caller is told.
    pub fn back(conduct: Conduct) -> Self {
        Self {
            back: conduct,
            ..Self::default()
        }
    }
}
