//! One record per client, one outcome per sequence number.
