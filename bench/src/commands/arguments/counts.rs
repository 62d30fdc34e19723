//! Several numbers of groups in one option: `1..5`, `3` or `1,5`.

/// Numbers of groups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counts(pub Vec<u32>);

/// The most groups of one experiment: fusion's n + f <= 256 with f = 1.
const MAX_GROUPS: u32 = 255;

/// `A..B` with both ends, or single numbers separated by commas.
///
/// # Errors
/// What is wrong with it, in words.
pub(super) fn counts(text: &str) -> Result<Counts, String> {
    let mut counts = Vec::new();
    for part in text.split(',') {
        let (first, last) = part.split_once("..").unwrap_or((part, part));
        let (first, last) = (count(first)?, count(last)?);
        if first > last {
            return Err(format!(
                "{first}..{last} is empty: the first number is the larger one"
            ));
        }
        counts.extend(first..=last);
    }
    Ok(Counts(counts))
}

fn count(text: &str) -> Result<u32, String> {
    let number: u32 = text
        .trim()
        .parse()
        .map_err(|_| format!("\"{text}\" is no number; expected 1..5, 3 or 1,5"))?;
    if (1..=MAX_GROUPS).contains(&number) {
        Ok(number)
    } else {
        Err(format!("{number} groups: there must be 1 to {MAX_GROUPS}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_ranges_with_both_ends_or_lists() {
        let parsed = |text| counts(text).map(|Counts(counts)| counts);
        assert_eq!(parsed("1..5"), Ok(vec![1, 2, 3, 4, 5]));
        assert_eq!(parsed("3"), Ok(vec![3]));
        assert_eq!(parsed("1,5"), Ok(vec![1, 5]));
        assert_eq!(parsed("1..2,255"), Ok(vec![1, 2, 255]));
        assert_eq!(
            parsed("256"),
            Err("256 groups: there must be 1 to 255".to_owned())
        );
        assert_eq!(parsed("0"), Err("0 groups: there must be 1 to 255".to_owned()));
        assert_eq!(
            parsed("5..1"),
            Err("5..1 is empty: the first number is the larger one".to_owned())
        );
        assert_eq!(
            parsed("x"),
            Err("\"x\" is no number; expected 1..5, 3 or 1,5".to_owned())
        );
    }
}
