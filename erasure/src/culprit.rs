//! Which node's bytes are wrong, as far as the syndromes can tell.
//!
//! Server r's *syndrome* is the signature of its parity block plus the primaries' signatures, each times its
//! coefficient: zero if all agree. A primary whose bytes differ by something of signature e makes every syndrome
//! `coefficient(r, column) * e`; a server whose parity is wrong makes its own syndrome alone differ from
//! zero. Suppose that at most one node is wrong. Then:
//!
//! - With one server there are as many explanations as nodes: nothing can be named.
//! - With two servers or more, one syndrome alone that is not zero is that server's fault: a primary's would be in
//!   all of them, for no coefficient is zero. If all are in the proportion of one column, it is that primary's
//!   fault; no other column has that proportion, since every 2 x 2 submatrix of the coefficients is
//!   invertible. So one wrong node is always named rightly.
//! - Anything else needs two wrong nodes or more, and nobody is named.
//!
//! The supposition itself shows only in part. With f servers, up to f - 1 wrong nodes are never taken for a
//! single other one: the difference would be a code word of at most f members that are not zero, and these
//! have at least f + 1. With exactly two servers, two wrong nodes may look like one; so a name is a reason to
//! look, never to repair.
//!
//! Invariant: a node is named only if it alone explains all syndromes.

use crate::coefficients::{coefficient, in_range};
use crate::field::divide;
use crate::signature::Signature;

/// Whose bytes are wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Culprit {
    /// Nobody's: the parity agrees with the primaries.
    Nobody,
    /// This primary's, if only one node's are.
    Primary {
        /// Its column.
        column: usize,
    },
    /// This fused server's, if only one node's are.
    Server {
        /// Its row.
        row: usize,
    },
    /// Somebody's, but the syndromes do not tell whose.
    Unknown,
}

/// Finds the culprit from the syndromes of all servers that were asked, those that are zero among them, and
/// the columns of the primaries whose blocks went into them.
///
/// A row that is named twice, or one without a coefficient for a column, makes no error: it explains nothing.
pub fn locate(syndromes: &[(usize, Signature)], columns: &[usize]) -> Culprit {
    if syndromes.iter().all(|(_, syndrome)| syndrome.is_zero()) {
        return Culprit::Nobody;
    }
    if syndromes.len() < 2 || has_repeated_row(syndromes) {
        return Culprit::Unknown;
    }
    // No two explanations fit, so the first is the only one.
    let primary = columns.iter().find(|column| explains(**column, syndromes));
    let primary = primary.map(|column| Culprit::Primary { column: *column });
    primary
        .or_else(|| lone_server(syndromes))
        .unwrap_or(Culprit::Unknown)
}

/// The server whose syndrome alone is not zero.
fn lone_server(syndromes: &[(usize, Signature)]) -> Option<Culprit> {
    let mut wrong = syndromes.iter().filter(|(_, syndrome)| !syndrome.is_zero());
    let (row, _) = wrong.next()?;
    wrong.next().is_none().then_some(Culprit::Server { row: *row })
}

/// Whether one change of this primary's bytes makes all these syndromes.
fn explains(column: usize, syndromes: &[(usize, Signature)]) -> bool {
    let mut changes = syndromes
        .iter()
        .map(|(row, syndrome)| change_behind(*row, column, syndrome));
    let first = changes.next().flatten();
    first.is_some() && changes.all(|change| change == first)
}

/// The signature of the change of a primary's bytes that makes this syndrome.
fn change_behind(row: usize, column: usize, syndrome: &Signature) -> Option<Signature> {
    let mut change = Signature::ZERO;
    if !in_range(row, column) {
        return None;
    }
    change.add_scaled(divide(1, coefficient(row, column)), syndrome);
    Some(change)
}

fn has_repeated_row(syndromes: &[(usize, Signature)]) -> bool {
    let is_repeated = |(at, (row, _)): (usize, &(usize, Signature))| {
        syndromes[..at].iter().any(|(earlier, _)| earlier == row)
    };
    syndromes.iter().enumerate().any(is_repeated)
}

#[cfg(test)]
mod tests;
