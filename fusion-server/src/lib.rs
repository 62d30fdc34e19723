//! One fused backup of all primaries.
