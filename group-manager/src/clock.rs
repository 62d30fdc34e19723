//! The manager's clock: the one place of this crate where the time of day is asked for. Cores are told it.

use std::{
    sync::LazyLock,
    time::{Duration, SystemTime},
};

use tokio::time::Instant;

use crate::coordinator::Micros;

/// The time of day when this was first asked, and what has passed since: whoever sets the clock sets no suspicion.
pub(crate) fn now() -> Micros {
    static BEGAN: LazyLock<(Instant, Duration)> = LazyLock::new(|| {
        let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        (Instant::now(), since_1970.unwrap_or_default())
    });
    let (began, since_1970) = *BEGAN;
    Micros((since_1970 + began.elapsed()).as_micros() as u64)
}
