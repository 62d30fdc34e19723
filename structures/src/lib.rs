//! The protected structures; every write is recorded as byte ranges of an arena.
