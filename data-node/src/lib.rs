//! One replica of one group.
