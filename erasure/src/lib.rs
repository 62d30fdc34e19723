//! Coefficients, parity, residuals and decoding over GF(2^8).
//!
//! Pure arithmetic on bytes: fused server `row` holds the sum over primaries `column` of
//! `coefficient(row, column)` times the primary's region, shorter regions padded with zeroes.
//!
//! ```text
//! delta of a primary  --> Parity::add                        every update
//! parity block + live primaries' blocks --> multiply_add     a residual: the crashed primaries' sum
//! c residuals --> Decoder::decode_block                      a block of one crashed primary
//! ```
//!
//! | file | holds |
//! |---|---|
//! | [`coefficients`] | with what each server multiplies each primary, and why any c of them decode |
//! | [`kernel`] | sums of products over whole buffers, with the processor's best instructions |
//! | [`aligned`] | bytes that begin a line of the cache |
//! | [`parity`], [`decode`] | a server's coded bytes; from residuals back to bytes |
//! | [`signature`], [`culprit`] | comparing parity with primaries; whose bytes are wrong |
//! | `field`, `matrix` | single elements; inverting a small matrix |
//!
//! The field is GF(2^8) with the polynomial x^8 + x^4 + x^3 + x^2 + 1 (0x11D), in which addition and
//! subtraction are xor. What is absent: this crate knows no primary, server, epoch or sequence number.

pub mod aligned;
pub mod coefficients;
pub mod culprit;
pub mod decode;
mod field;
pub mod kernel;
mod matrix;
pub mod parity;
#[cfg(test)]
mod reference;
pub mod signature;

pub use aligned::AlignedBytes;
pub use coefficients::{MAX_ROWS, coefficient, in_range};
pub use culprit::{Culprit, locate};
pub use decode::{DecodeError, Decoder};
pub use kernel::{multiply_add, multiply_sum};
pub use parity::{Parity, ParityError};
pub use signature::Signature;
