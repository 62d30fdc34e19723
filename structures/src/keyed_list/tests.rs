//! The keyed list against a naive reference, and the claims of the report.
