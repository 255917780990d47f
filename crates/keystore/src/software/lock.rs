//! The right to change the file, which one program at a time has, for as long as the change takes.
//!
//! The lock (flock(2)) is on a file beside the keystore's, because the keystore's own file is another one after each
//! change. The system takes it back from a program that dies.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use super::disk::same_owner;
use crate::Error;

/// How long to rest between two tries: less than a change takes on a disk.
const PAUSE: Duration = Duration::from_millis(2);

/// The right, given back when dropped.
pub(super) struct Lock(File);

impl Lock {
    /// Takes the lock file at `path`, made where it is missing, for who owns `keystore`; waits for it up to `patience`.
    pub(super) fn take(path: &Path, keystore: &Path, patience: Duration) -> Result<Self, Error> {
        let started = Instant::now();
        loop {
            let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path)?;
            same_owner(&file, keystore)?;
            match file.try_lock() {
                Ok(()) if is_at(&file, path)? => return Ok(Self(file)),
                Ok(()) | Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(error)) => return Err(error.into()),
            }
            if started.elapsed() >= patience {
                return Err(Error::Busy);
            }
            thread::sleep(PAUSE);
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Said aloud: closing alone does not give it back while a child process, just forked, has the file too.
        let _ = self.0.unlock();
    }
}

/// Whether the lock file was not taken away, so that others are kept out by the same one.
fn is_at(file: &File, path: &Path) -> Result<bool, Error> {
    let held = file.metadata()?;
    match fs::metadata(path) {
        Ok(found) => Ok((found.dev(), found.ino()) == (held.dev(), held.ino())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error.into()),
    }
}
