//! Every limit of a cluster file, by name. Each is inclusive, and has a test at it and one past it.

use std::ops::RangeInclusive;

use crate::Mechanism;

/// The longest cluster file, in bytes: holds the most groups with the most data nodes each.
pub const MAX_TEXT_BYTES: usize = 16 * 1024 * 1024;
/// The most problems that are rendered; the rest is counted.
pub const MAX_RENDERED_PROBLEMS: usize = 200;
/// The longest name of a cluster or a group, in bytes.
pub const MAX_NAME_BYTES: usize = 64;
/// The longest host name, in bytes (RFC 1035, section 2.3.4).
pub const MAX_HOST_BYTES: usize = 253;
/// The longest part of a host name between two dots, in bytes (RFC 1035, section 2.3.4).
pub const MAX_HOST_LABEL_BYTES: usize = 63;
/// The range of `key_bytes`.
pub const KEY_BYTES: RangeInclusive<u64> = 1..=255;
/// The range of `element_bytes`.
pub const ELEMENT_BYTES: RangeInclusive<u64> = 1..=65535;
/// The range of `heartbeat_ms`.
pub const HEARTBEAT_MS: RangeInclusive<u64> = 10..=60_000;
/// The range of `suspicion_ms`; the check against the heartbeats comes on top.
pub const SUSPICION_MS: RangeInclusive<u64> = 30..=3_600_000;
/// The range of `detector_threshold`.
pub const DETECTOR_THRESHOLD: RangeInclusive<u64> = 1..=100;
/// The range of `detector_window`: a deviation takes two intervals.
pub const DETECTOR_WINDOW: RangeInclusive<u64> = 2..=10_000;
/// The range of `detector_deviation_ms`: with none, a regular member would be suspected of being late by a
/// microsecond.
pub const DETECTOR_DEVIATION_MS: RangeInclusive<u64> = 1..=60_000;
/// The range of `detector_pause_ms`.
pub const DETECTOR_PAUSE_MS: RangeInclusive<u64> = 0..=3_600_000;
/// The range of `etcd_timeout_ms`.
pub const ETCD_TIMEOUT_MS: RangeInclusive<u64> = 10..=60_000;
/// The most endpoints of `etcd_endpoints`.
pub const MAX_ETCD_ENDPOINTS: usize = 16;
/// The longest `etcd_prefix`, in bytes.
pub const MAX_ETCD_PREFIX_BYTES: usize = 256;
/// How many heartbeats must fit into the suspicion time: one lost packet is no crash.
pub const HEARTBEATS_PER_SUSPICION: u64 = 3;
/// The range of `fault_tolerance` in replication: a group has one data node more.
pub const REPLICATION_FAULTS: RangeInclusive<u64> = 0..=16;
/// The range of `fault_tolerance` in fusion: the number of fusion servers.
pub const FUSION_FAULTS: RangeInclusive<u64> = 1..=4;
/// The most groups of a replicated cluster.
pub const MAX_REPLICATED_GROUPS: usize = 4096;
/// The most primaries and fusion servers together: rows and columns of a Cauchy matrix are distinct
/// elements of GF(2^8), which has 256.
pub const MAX_PRIMARIES_AND_FUSION_SERVERS: usize = 256;

/// The range of `fault_tolerance` under a mechanism.
pub fn fault_range(mechanism: Mechanism) -> RangeInclusive<u64> {
    match mechanism {
        Mechanism::Replication | Mechanism::ReplicationSequencer => REPLICATION_FAULTS,
        Mechanism::FusionLinked | Mechanism::FusionArena => FUSION_FAULTS,
    }
}
