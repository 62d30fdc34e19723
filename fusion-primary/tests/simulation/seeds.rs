//! How many worlds a test runs.

/// So many seeds; as many as the variable `FUSION_SEEDS` says, if it is set, or those from one to another one
/// (`17..18`), to see a single world again.
pub(crate) fn seeds(ordinary: u64) -> std::ops::Range<u64> {
    let Ok(wanted) = std::env::var("FUSION_SEEDS") else {
        return 0..ordinary;
    };
    let number = |text: &str| {
        text.parse()
            .expect("FUSION_SEEDS is a number or two with .. between")
    };
    match wanted.split_once("..") {
        Some((first, end)) => number(first)..number(end),
        None => 0..number(&wanted),
    }
}
