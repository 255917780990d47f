//! The file on the disk: one writer, replaced as a whole, readable by its owner only.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::Error;

/// The file's place, held against others for as long as this lives.
pub(super) struct Disk {
    path: PathBuf,
    _lock: File,
}

impl Disk {
    /// Takes the place. The lock is on a file beside it, because the file itself is replaced at each change.
    pub(super) fn lock(path: &Path) -> Result<Self, Error> {
        let lock =
            OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(beside(path, ".lock"))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: path.to_owned(), _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(Error::InUse),
            Err(TryLockError::Error(error)) => Err(error.into()),
        }
    }

    /// Takes the place of a file that is there already.
    pub(super) fn lock_existing(path: &Path) -> Result<Self, Error> {
        fs::metadata(path)?;
        Self::lock(path)
    }

    /// That no file is there yet.
    pub(super) fn refuse_existing(&self) -> Result<(), Error> {
        match fs::symlink_metadata(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error.into()),
            Ok(_) => Err(io::Error::from(io::ErrorKind::AlreadyExists).into()),
        }
    }

    /// The whole file, unless others may read it too.
    pub(super) fn read(&self) -> Result<Vec<u8>, Error> {
        let mode = fs::metadata(&self.path)?.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(Error::Permissions(mode));
        }
        Ok(fs::read(&self.path)?)
    }

    /// Puts `bytes` in the file's place: whoever looks, at whatever moment, finds all of the old or all of the new.
    pub(super) fn replace(&self, bytes: &[u8]) -> Result<(), Error> {
        let new = beside(&self.path, ".new");
        match fs::remove_file(&new) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&new, &self.path)?;
        let directory = self.path.parent().filter(|parent| !parent.as_os_str().is_empty());
        File::open(directory.unwrap_or(Path::new(".")))?.sync_all()?;
        Ok(())
    }
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(ending);
    name.into()
}
