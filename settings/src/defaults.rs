//! The one table of defaults: what a key of `[cluster]` is where the file does not say it.
//!
//! Three more follow from the rest of the file and stand in [`crate::check`]: the mechanism (from the kinds of
//! section), the fault tolerance (from how many there are) and the manager (from `mgr_host` and `mgr_port`).

/// `name`.
pub(crate) const NAME: &str = "fusebox";
/// `key_bytes`.
pub(crate) const KEY_BYTES: usize = 16;
/// `element_bytes`.
pub(crate) const ELEMENT_BYTES: usize = 64;
/// `min_backups`: writes go on with whatever tolerance is left.
pub(crate) const MIN_BACKUPS: usize = 0;
/// `heartbeat_ms`.
pub(crate) const HEARTBEAT_MS: u64 = 100;
/// `suspicion_ms`.
pub(crate) const SUSPICION_MS: u64 = 1000;
/// The number of the manager section that `mgr_host` and `mgr_port` imply.
pub(crate) const IMPLIED_MANAGER_SECTION: u32 = 1;
