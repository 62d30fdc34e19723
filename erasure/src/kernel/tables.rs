//! What multiplication by a constant looks like to each set of instructions, computed by the compiler.
//!
//! Multiplication by a constant is linear over bits: the product of a byte is the xor of the products of
//! its set bits. A processor with GFNI takes that as an 8 x 8 matrix of bits; one that can only look 16
//! bytes up at once takes the products of the low and of the high four bits.

use crate::field::double;

/// Per coefficient, the matrix as `gf2p8affineqb` wants it: the byte 7 - i holds row i, whose bit j says
/// whether bit j of a byte goes into bit i of its product.
pub(super) static MATRICES: [u64; 256] = matrices();

/// Per coefficient, the products of 0..16, and those of 0, 16, 32 and so on up to 240.
pub(super) static NIBBLES: [[[u8; 16]; 2]; 256] = nibbles();

/// The products of 1, 2, 4 and so on up to 128.
const fn products_of_bits(coefficient: u8) -> [u8; 8] {
    let mut products = [coefficient; 8];
    let mut bit = 1;
    while bit < 8 {
        products[bit] = double(products[bit - 1]);
        bit += 1;
    }
    products
}

const fn matrices() -> [u64; 256] {
    let mut matrices = [0; 256];
    let mut coefficient = 0;
    while coefficient < 256 {
        matrices[coefficient] = matrix(products_of_bits(coefficient as u8));
        coefficient += 1;
    }
    matrices
}

const fn matrix(products: [u8; 8]) -> u64 {
    let mut matrix = 0;
    let mut place = 0;
    while place < 64 {
        let (row, column) = (place / 8, place % 8);
        let bit = (products[column] >> row & 1) as u64;
        matrix |= bit << (8 * (7 - row) + column);
        place += 1;
    }
    matrix
}

const fn nibbles() -> [[[u8; 16]; 2]; 256] {
    let mut nibbles = [[[0; 16]; 2]; 256];
    let mut coefficient = 0;
    while coefficient < 256 {
        let products = products_of_bits(coefficient as u8);
        let mut nibble = 0;
        while nibble < 16 {
            nibbles[coefficient][0][nibble] = product_of_nibble(nibble, products, 0);
            nibbles[coefficient][1][nibble] = product_of_nibble(nibble, products, 4);
            nibble += 1;
        }
        coefficient += 1;
    }
    nibbles
}

/// The product of a nibble that is shifted to the left by `shift`.
const fn product_of_nibble(nibble: usize, products: [u8; 8], shift: usize) -> u8 {
    let mut product = 0;
    let mut bit = 0;
    while bit < 4 {
        if nibble >> bit & 1 == 1 {
            product ^= products[bit + shift];
        }
        bit += 1;
    }
    product
}
