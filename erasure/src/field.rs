//! Products and quotients of single elements of GF(2^8).
//!
//! Every element but zero is a power of 2, so a product is a sum of logarithms. What is here serves
//! coefficients and small matrices; whole buffers are the kernels' work ([`crate::kernel`]).
//!
//! Invariant: the field's polynomial is x^8 + x^4 + x^3 + x^2 + 1 (0x11D), here and everywhere.

/// The polynomial less its highest power: what comes back in when a doubling overflows.
pub(crate) const REDUCTION: u8 = 0x1D;
/// Powers of 2 before they repeat.
const ORDER: usize = 255;

/// Powers of 2, written twice, so that a sum of two logarithms needs no remainder.
static POWERS: [u8; 2 * ORDER] = POWERS_AND_LOGARITHMS.0;
/// The exponent of each element; that of zero, which has none, is never asked for.
static LOGARITHMS: [u8; 256] = POWERS_AND_LOGARITHMS.1;
const POWERS_AND_LOGARITHMS: ([u8; 2 * ORDER], [u8; 256]) = powers_and_logarithms();

/// Twice the element.
pub(crate) const fn double(element: u8) -> u8 {
    let overflow = if element >> 7 == 1 { REDUCTION } else { 0 };
    (element << 1) ^ overflow
}

pub(crate) fn multiply(a: u8, b: u8) -> u8 {
    if a == 0 || b == 0 {
        return 0;
    }
    POWERS[logarithm(a) + logarithm(b)]
}

/// The quotient. The divisor is not zero.
pub(crate) fn divide(dividend: u8, divisor: u8) -> u8 {
    assert_ne!(divisor, 0, "divided by zero");
    if dividend == 0 {
        return 0;
    }
    POWERS[logarithm(dividend) + ORDER - logarithm(divisor)]
}

fn logarithm(element: u8) -> usize {
    usize::from(LOGARITHMS[usize::from(element)])
}

const fn powers_and_logarithms() -> ([u8; 2 * ORDER], [u8; 256]) {
    let mut powers = [0; 2 * ORDER];
    let mut logarithms = [0; 256];
    let (mut exponent, mut power) = (0, 1);
    while exponent < ORDER {
        powers[exponent] = power;
        powers[exponent + ORDER] = power;
        logarithms[power as usize] = exponent as u8;
        power = double(power);
        exponent += 1;
    }
    (powers, logarithms)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference;

    #[test]
    fn every_product_is_that_of_the_bitwise_multiplication() {
        for a in 0..=255 {
            for b in 0..=255 {
                assert_eq!(multiply(a, b), reference::multiply(a, b), "{a} * {b}");
            }
        }
    }

    #[test]
    fn every_quotient_times_its_divisor_is_the_dividend() {
        for dividend in 0..=255 {
            for divisor in 1..=255 {
                let product = reference::multiply(divide(dividend, divisor), divisor);
                assert_eq!(product, dividend, "{dividend} / {divisor}");
            }
        }
    }

    #[test]
    #[should_panic(expected = "divided by zero")]
    fn nothing_is_divided_by_zero() {
        divide(1, 0);
    }
}
