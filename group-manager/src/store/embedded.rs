//! The default store: one JSON file beside the manager.
//!
//! ```text
//! lock FILE.lock -> read FILE, compare its epoch -> overwrite the half that is not the latest -> fdatasync
//! the first time, and when the halves are too short: write FILE.new, fsync -> rename to FILE -> fsync the folder
//! ```
//!
//! A crash at any point leaves the old membership or the new one, whole: see [`halves`]. The lock
//! is held for one compare-and-swap only and ends with the process that holds it, however that ends; so two
//! managers on one file never both win from the same epoch, and a dead one blocks nobody.
//!
//! Managers that share the file share its file system, and so a machine: neither the lock nor the look of a
//! file is to be relied on over a network (managers on several machines need the `etcd` store).

mod halves;

use std::{
    ffi::OsString,
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    ops::Range,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    thread,
    time::{Duration, Instant},
};

use multicast::id::Epoch;
use nix::fcntl::{Flock, FlockArg};
use wire::message::membership::Membership;

use self::halves::{BEGINNING_BYTES, Found};
use super::{MembershipStore, StoreError};

/// Longest membership file, in bytes, both halves together; 256 members take about 200 thousand.
const MAX_FILE_BYTES: u64 = 4 * 1024 * 1024;

/// How often a watch looks which epoch the file has; a look costs some microseconds.
const WATCH_PAUSE: Duration = Duration::from_millis(10);

/// A membership file.
#[derive(Debug)]
pub struct EmbeddedStore {
    path: PathBuf,
    /// The last epoch that this value knows to be on the disk.
    durable: AtomicU64,
}

impl EmbeddedStore {
    /// The store in this file, which need not exist yet; its folder must.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            durable: AtomicU64::new(0),
        }
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

    /// Stores into a file of its own, and puts that in the old one's place.
    fn replace(&self, membership: &Membership) -> Result<(), StoreError> {
        let written = self.write_beside(membership)?;
        self.rename_over(&written)
    }

    /// The first half of a replacement: what a crash leaves behind before the rename.
    fn write_beside(&self, membership: &Membership) -> Result<PathBuf, StoreError> {
        let path = self.beside(".new");
        let bytes = halves::new_file(&self.place(), membership)?;
        self.check_length(bytes.len() as u64)?;
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

    /// Sees to it that what was read is on the disk: whoever wrote it may have ended before it was.
    fn make_durable(&self, found: &Membership) -> Result<(), StoreError> {
        if self.durable.load(Relaxed) == found.epoch.0 {
            return Ok(());
        }
        if let Some(file) = self.open()? {
            file.sync_data().map_err(failed("sync", &self.path))?;
        }
        self.durable.store(found.epoch.0, Relaxed);
        Ok(())
    }

    /// Overwrites a half of the file, durably, and marks the other one as superseded.
    fn overwrite(&self, half: &Range<usize>, bytes: &[u8], epoch: Epoch) -> Result<(), StoreError> {
        let file = OpenOptions::new().write(true).open(&self.path);
        let file = file.map_err(failed("open", &self.path))?;
        file.write_all_at(bytes, half.start as u64)
            .map_err(failed("write", &self.path))?;
        file.sync_data().map_err(failed("sync", &self.path))?;
        // Not synced: without it a damaged half is taken for a torn one, no worse.
        let (at, mark) = halves::mark_beside(half, epoch);
        file.write_all_at(mark.as_bytes(), at as u64)
            .map_err(failed("write", &self.path))
    }

    /// The file as it is now; none if nothing was ever stored.
    fn open(&self) -> Result<Option<File>, StoreError> {
        match File::open(&self.path) {
            Ok(file) => Ok(Some(file)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed("open", &self.path)(error)),
        }
    }

    /// What the file holds; none if there is none. Without the lock, two swaps on the way may leave no half that was
    /// read whole.
    fn read(&self) -> Result<Option<Found>, StoreError> {
        let Some(file) = self.open()? else {
            return Ok(None);
        };
        self.check_length(file.metadata().map_err(failed("inspect", &self.path))?.len())?;
        let mut bytes = Vec::new();
        file.take(MAX_FILE_BYTES)
            .read_to_end(&mut bytes)
            .map_err(failed("read", &self.path))?;
        halves::latest(&self.place(), &bytes).map(Some)
    }

    /// What is stored, perhaps not on the disk yet.
    fn latest(&self) -> Result<Membership, StoreError> {
        let found = match self.read() {
            Err(StoreError::Garbage { .. }) => {
                // Perhaps it was overwritten under our eyes.
                let _lock = self.lock()?;
                self.read()
            }
            other => other,
        };
        Ok(found?.map(|found| found.membership).unwrap_or_default())
    }

    fn check_length(&self, actual: u64) -> Result<(), StoreError> {
        match actual > MAX_FILE_BYTES {
            true => Err(StoreError::TooLarge {
                path: self.path.clone(),
                actual,
                limit: MAX_FILE_BYTES,
            }),
            false => Ok(()),
        }
    }

    /// Whether the file may hold something later than `known`: its seals claim so, or it has none.
    fn may_be_later(&self, known: Epoch) -> Result<bool, StoreError> {
        let Some(file) = self.open()? else {
            return Ok(false);
        };
        let half = file.metadata().map_err(failed("inspect", &self.path))?.len() / 2;
        let mut claims = Vec::new();
        for start in [0, half] {
            let mut beginning = [0; BEGINNING_BYTES];
            let read = file.read_at(&mut beginning, start);
            let read = read.map_err(failed("read", &self.path))?;
            claims.extend(halves::claimed(&beginning[..read]));
        }
        Ok(claims.iter().max().is_none_or(|latest| *latest > known))
    }
}

impl MembershipStore for EmbeddedStore {
    fn load(&self) -> Result<Membership, StoreError> {
        let found = self.latest()?;
        self.make_durable(&found)?;
        Ok(found)
    }

    fn compare_and_swap(&self, expected: Epoch, next: &Membership) -> Result<(), StoreError> {
        if next.epoch <= expected {
            return Err(StoreError::EpochNotRising {
                expected,
                next: next.epoch,
            });
        }
        let _lock = self.lock()?;
        let (current, spare) = match self.read()? {
            Some(Found { membership, spare }) => (membership, spare),
            None => Default::default(),
        };
        if current == *next {
            // An attempt before this one wrote it and could not make it durable; a sync that failed once may say that
            // all is well the next time, so it is written anew.
            self.replace(next)?;
        }
        if current.epoch != expected {
            return Err(StoreError::Conflict {
                expected,
                current: Box::new(current),
            });
        }
        // Else a crash could tear this half, and lose that one.
        self.make_durable(&current)?;
        let half = match &spare {
            Some(spare) => halves::half(&self.place(), next, spare.len())?,
            None => None,
        };
        match spare.zip(half) {
            Some((spare, half)) => self.overwrite(&spare, &half, next.epoch)?,
            None => self.replace(next)?,
        }
        self.durable.store(next.epoch.0, Relaxed);
        Ok(())
    }

    fn watch(&self, known: Epoch, patience: Duration) -> Result<Option<Membership>, StoreError> {
        let began = Instant::now();
        loop {
            if self.may_be_later(known)? {
                let stored = self.latest()?;
                if stored.epoch > known {
                    return Ok(Some(stored));
                }
            }
            let left = patience.saturating_sub(began.elapsed());
            if left.is_zero() {
                return Ok(None);
            }
            thread::sleep(left.min(WATCH_PAUSE));
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
