//! The keys of `[cluster]` that begin with `detector_`.

use super::keys::Keys;
use crate::span::Spanned;
use crate::{DETECTOR_DEVIATION_MS, DETECTOR_PAUSE_MS, DETECTOR_THRESHOLD, DETECTOR_WINDOW, value};

/// See the module's documentation.
#[derive(Debug, Default)]
pub(crate) struct WrittenDetector {
    pub threshold: Option<Spanned<u64>>,
    pub window: Option<Spanned<u64>>,
    pub deviation_ms: Option<Spanned<u64>>,
    pub pause_ms: Option<Spanned<u64>>,
}

impl WrittenDetector {
    pub(super) fn read(keys: &mut Keys<'_, '_>) -> Self {
        let mut number = |key, range| keys.value(key, |written| value::number(written, range));
        Self {
            threshold: number("detector_threshold", &DETECTOR_THRESHOLD),
            window: number("detector_window", &DETECTOR_WINDOW),
            deviation_ms: number("detector_deviation_ms", &DETECTOR_DEVIATION_MS),
            pause_ms: number("detector_pause_ms", &DETECTOR_PAUSE_MS),
        }
    }
}
