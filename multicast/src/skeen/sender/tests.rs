//! One test per claim about a sender.
