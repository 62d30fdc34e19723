//! What is left of a run that failed: its seed, the history, the nodes' log.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// A run's folder: removed at its end, kept if the run fails.
pub struct Evidence {
    folder: Option<TempDir>,
    what: String,
    seed: u64,
}

impl Evidence {
    pub fn of(what: &str, seed: u64) -> Self {
        let folder = tempfile::Builder::new()
            .prefix("fusebox-chaos-")
            .tempdir()
            .unwrap();
        Self {
            folder: Some(folder),
            what: what.to_owned(),
            seed,
        }
    }

    pub fn folder(&self) -> &Path {
        self.folder.as_ref().expect("kept until the end").path()
    }

    pub fn history(&self) -> PathBuf {
        self.folder().join("history.jsonl")
    }
}

impl Drop for Evidence {
    fn drop(&mut self) {
        if std::thread::panicking()
            && let Some(folder) = self.folder.take()
        {
            let kept = folder.keep();
            let (what, seed) = (&self.what, self.seed);
            eprintln!(
                "{what} failed with FUSEBOX_CHAOS_SEED={seed}; history and log are in {}",
                kept.display()
            );
        }
    }
}
