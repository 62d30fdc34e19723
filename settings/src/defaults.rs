//! The one table of defaults: what a key of `[cluster]` is where the file does not say it.
//!
//! Four more follow from the rest of the file: the mechanism (from the kinds of section), the fault tolerance (from
//! how many there are) and the manager (from `mgr_host` and `mgr_port`) in [`crate::check`], and the detector's
//! times (from the heartbeat and the suspicion time) in [`crate::detector`].

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
/// `detector_threshold`: one false suspicion in 10^8 silences like those seen.
pub(crate) const DETECTOR_THRESHOLD: u32 = 8;
/// `detector_window`.
pub(crate) const DETECTOR_WINDOW: usize = 128;
/// `etcd_prefix`.
pub(crate) const ETCD_PREFIX: &str = "/fusebox/";
/// `etcd_timeout_ms`.
pub(crate) const ETCD_TIMEOUT_MS: u64 = 1000;
/// The number of the manager section that `mgr_host` and `mgr_port` imply.
pub(crate) const IMPLIED_MANAGER_SECTION: u32 = 1;
