//! "Did you mean": the word of a list that a mistyped word is nearest to.

/// Longer words are not compared: nobody meant a key by them, and the comparison costs their length.
const MAX_COMPARED_BYTES: usize = 64;
/// The shortest beginning of a word that counts as the word cut short.
const MIN_PREFIX_CHARS: usize = 3;

/// The nearest of `words` to what was written, if it is near: an edit per three characters (at least one),
/// letters in either case alike, or one of the two the beginning of the other. The first of equals wins.
pub(crate) fn nearest<'w>(written: &str, words: impl IntoIterator<Item = &'w str>) -> Option<&'w str> {
    if written.len() > MAX_COMPARED_BYTES {
        return None;
    }
    let written = written.to_lowercase();
    words
        .into_iter()
        .filter_map(|word| Some((distance(&written, word)?, word)))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, word)| word)
}

fn distance(written: &str, word: &str) -> Option<usize> {
    let edits = strsim::damerau_levenshtein(written, word);
    let allowed = (written.chars().count() / 3).max(1);
    let cut_short = written.len().min(word.len()) >= MIN_PREFIX_CHARS
        && (word.starts_with(written) || written.starts_with(word));
    (edits <= allowed || cut_short).then_some(edits)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEYS: [&str; 4] = ["multicast_host", "multicast_port", "proc_id", "mgr_port"];

    #[test]
    fn the_nearest_key_is_meant_and_nothing_where_none_is_near() {
        let meant = [
            "multicast_prt",
            "PROC-ID",
            "mgr",
            "mutlicast_host",
            "colour",
            "p",
            "",
        ]
        .map(|written| nearest(written, KEYS));
        assert_eq!(
            meant,
            [
                Some("multicast_port"),
                Some("proc_id"),
                Some("mgr_port"),
                Some("multicast_host"),
                None,
                None,
                None
            ]
        );
    }

    #[test]
    fn words_are_compared_up_to_the_limit_and_no_further() {
        let at_limit = format!("proc_id{}", "x".repeat(MAX_COMPARED_BYTES - 7));
        assert_eq!(nearest(&at_limit, KEYS), Some("proc_id"));
        assert_eq!(nearest(&format!("{at_limit}x"), KEYS), None);
    }
}
