//! Packed structures against the standard library's, and their deltas against their bytes.

mod deltas;
mod density;
mod images;
mod limits;
mod model;
mod properties;
mod results;
mod script;
