//! The protected structures; every write is recorded as byte ranges of an arena.

pub mod delta;
pub mod op;
