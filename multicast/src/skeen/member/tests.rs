//! One test per claim about a member.
