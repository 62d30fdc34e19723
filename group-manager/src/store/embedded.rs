//! The default store: one JSON file beside the manager.
//!
//! ```text
//! lock FILE.lock -> read FILE, compare its epoch -> write FILE.new, fsync -> rename to FILE -> fsync the folder
//! ```
//!
//! A crash at any point leaves the old membership or the new one, whole: the rename is the moment. The lock
//! is held for one compare-and-swap only and ends with the process that holds it, however that ends; so two
//! managers on one file never both win from the same epoch, and a dead one blocks nobody.
//!
//! Managers that share the file share its file system, and so a machine: neither the lock nor the look of a
//! file is to be relied on over a network (managers on several machines need the `etcd` store).

use std::{
    ffi::OsString,
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use multicast::id::Epoch;
use nix::fcntl::{Flock, FlockArg};
use wire::message::membership::Membership;

use super::{MembershipStore, StoreError, envelope};

/// Longest membership file that is read, in bytes; 256 members take about 100 thousand.
const MAX_FILE_BYTES: u64 = 4 * 1024 * 1024;

/// How often a watch looks whether the file is another one; a look costs a microsecond.
const WATCH_PAUSE: Duration = Duration::from_millis(10);

/// A membership file.
#[derive(Clone, Debug)]
pub struct EmbeddedStore {
    path: PathBuf,
}

impl EmbeddedStore {
    /// The store in this file, which need not exist yet; its folder must.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// The membership file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The file, as errors name it.
    fn place(&self) -> String {
        self.path.display().to_string()
    }

    fn beside(&self, suffix: &str) -> PathBuf {
        let mut name = OsString::from(&self.path);
        name.push(suffix);
        name.into()
    }

    /// Waits until no other process swaps. Released when dropped, or by the process's end.
    fn lock(&self) -> Result<Flock<File>, StoreError> {
        let path = self.beside(".lock");
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(failed("open", &path))?;
        Flock::lock(file, FlockArg::LockExclusive)
            .map_err(|(_, errno)| failed("lock", &path)(io::Error::from(errno)))
    }

    /// The first half of a swap: what a crash leaves behind before the rename.
    fn write_beside(&self, membership: &Membership) -> Result<PathBuf, StoreError> {
        let path = self.beside(".new");
        let bytes = envelope::sealed(&self.place(), membership)?;
        let mut file = File::create(&path).map_err(failed("create", &path))?;
        file.write_all(&bytes).map_err(failed("write", &path))?;
        file.sync_all().map_err(failed("sync", &path))?;
        Ok(path)
    }

    /// The second half: from here on the new membership is stored.
    fn rename_over(&self, written: &Path) -> Result<(), StoreError> {
        fs::rename(written, &self.path).map_err(failed("replace", &self.path))?;
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new("."));
        File::open(folder)
            .and_then(|folder| folder.sync_all())
            .map_err(failed("sync", folder))
    }

    /// The file as it is now; none if nothing was ever stored.
    fn open(&self) -> Result<Option<File>, StoreError> {
        match File::open(&self.path) {
            Ok(file) => Ok(Some(file)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed("open", &self.path)(error)),
        }
    }

    fn read(&self, file: &File) -> Result<Membership, StoreError> {
        let actual = file.metadata().map_err(failed("inspect", &self.path))?.len();
        if actual > MAX_FILE_BYTES {
            return Err(StoreError::TooLarge {
                path: self.path.clone(),
                actual,
                limit: MAX_FILE_BYTES,
            });
        }
        let mut bytes = Vec::new();
        file.take(MAX_FILE_BYTES)
            .read_to_end(&mut bytes)
            .map_err(failed("read", &self.path))?;
        envelope::opened(&self.place(), &bytes)
    }

    /// Whether the path still leads to this file. Nobody writes into a stored file, and the number of one that
    /// is open is not given out again; so it does exactly until the next swap.
    fn is_still(&self, file: Option<&File>) -> Result<bool, StoreError> {
        let identity = |found: fs::Metadata| (found.dev(), found.ino());
        let now = match fs::metadata(&self.path) {
            Ok(found) => Some(identity(found)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(failed("inspect", &self.path)(error)),
        };
        let then = file.map(File::metadata).transpose();
        Ok(now == then.map_err(failed("inspect", &self.path))?.map(identity))
    }
}

impl MembershipStore for EmbeddedStore {
    fn load(&self) -> Result<Membership, StoreError> {
        match self.open()? {
            Some(file) => self.read(&file),
            None => Ok(Membership::default()),
        }
    }

    fn compare_and_swap(&self, expected: Epoch, next: &Membership) -> Result<(), StoreError> {
        if next.epoch <= expected {
            return Err(StoreError::EpochNotRising {
                expected,
                next: next.epoch,
            });
        }
        let _lock = self.lock()?;
        let current = self.load()?;
        if current.epoch != expected {
            return Err(StoreError::Conflict {
                expected,
                current: Box::new(current),
            });
        }
        let written = self.write_beside(next)?;
        self.rename_over(&written)
    }

    fn watch(&self, known: Epoch, patience: Duration) -> Result<Option<Membership>, StoreError> {
        let began = Instant::now();
        loop {
            let file = self.open()?;
            let stored = file.as_ref().map(|file| self.read(file)).transpose()?;
            if let Some(stored) = stored.filter(|stored| stored.epoch > known) {
                return Ok(Some(stored));
            }
            while self.is_still(file.as_ref())? {
                let left = patience.saturating_sub(began.elapsed());
                if left.is_zero() {
                    return Ok(None);
                }
                thread::sleep(left.min(WATCH_PAUSE));
            }
        }
    }
}

fn failed(action: &'static str, path: &Path) -> impl Fn(io::Error) -> StoreError {
    move |source| StoreError::Io {
        action,
        path: path.into(),
        source,
    }
}

#[cfg(test)]
mod tests;
