//! INI text to checked settings.
