//! Packed structures against the standard library's, and their deltas against their bytes.

mod limits;
mod model;
mod properties;
mod script;
