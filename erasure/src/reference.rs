//! Slow, obvious arithmetic that the tests compare with.

/// Product in GF(2^8) modulo x^8 + x^4 + x^3 + x^2 + 1, bit by bit.
pub(crate) fn multiply(a: u8, b: u8) -> u8 {
    let mut product: u16 = 0;
    for bit in 0..8 {
        if b >> bit & 1 == 1 {
            product ^= u16::from(a) << bit;
        }
    }
    for bit in (8..15).rev() {
        if product >> bit & 1 == 1 {
            product ^= 0x11D << (bit - 8);
        }
    }
    product as u8
}

/// Determinant, by expansion along the first row.
pub(crate) fn determinant(matrix: &[Vec<u8>]) -> u8 {
    let Some((first, rest)) = matrix.split_first() else {
        return 1;
    };
    let mut sum = 0;
    for (skipped, entry) in first.iter().enumerate() {
        let without = |row: &Vec<u8>| [&row[..skipped], &row[skipped + 1..]].concat();
        let minor: Vec<Vec<u8>> = rest.iter().map(without).collect();
        sum ^= multiply(*entry, determinant(&minor));
    }
    sum
}

/// Sum over columns of `coefficient(row, column)` times the region, the shorter ones padded with zeroes.
pub(crate) fn encode(row: usize, regions: &[Vec<u8>]) -> Vec<u8> {
    let longest = regions.iter().map(Vec::len).max().unwrap_or(0);
    let byte = |region: &Vec<u8>, at: usize| region.get(at).copied().unwrap_or(0);
    let sum_at = |at: usize| {
        let products = regions
            .iter()
            .enumerate()
            .map(|(column, region)| multiply(crate::coefficient(row, column), byte(region, at)));
        products.fold(0, |sum, product| sum ^ product)
    };
    (0..longest).map(sum_at).collect()
}

/// All ways to choose `count` of the numbers below `from`, each rising.
pub(crate) fn choices(from: usize, count: usize) -> Vec<Vec<usize>> {
    if count == 0 {
        return vec![vec![]];
    }
    let with_largest = |largest: usize| {
        let smaller = choices(largest, count - 1);
        smaller.into_iter().map(move |mut chosen| {
            chosen.push(largest);
            chosen
        })
    };
    (0..from).flat_map(with_largest).collect()
}
