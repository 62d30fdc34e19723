//! The middle value.

/// The median: the middle value, or the mean of the two middle ones; `None` of nothing.
/// Order of the input does not matter; a NaN sorts as the largest.
pub fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let upper = *sorted.get(sorted.len() / 2)?;
    if sorted.len() % 2 == 1 {
        return Some(upper);
    }
    Some((sorted[sorted.len() / 2 - 1] + upper) / 2.0)
}

#[cfg(test)]
mod tests {
    use super::median;

    #[test]
    fn median_is_the_middle_or_the_mean_of_the_two_middle_values() {
        assert_eq!(
            [
                median(&[]),
                median(&[7.0]),
                median(&[9.0, 1.0]),
                median(&[9.0, 1.0, 2.0])
            ],
            [None, Some(7.0), Some(5.0), Some(2.0)]
        );
    }
}
