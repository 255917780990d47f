//! The file on the disk: replaced as a whole, readable by its owner only, and known again.

use std::ffi::OsString;
use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::lock::Lock;
use crate::Error;

/// The file's place.
pub(super) struct Disk {
    path: PathBuf,
    patience: Duration,
}

/// A file that was at the place. It is kept open, so that no later file is given its inode and taken for it.
pub(super) struct Version {
    _file: File,
    identity: Identity,
}

/// What tells one file from another, and a file from what it was before somebody wrote into it.
#[derive(PartialEq, Eq)]
struct Identity {
    device: u64,
    inode: u64,
    length: u64,
    /// seconds and nanoseconds
    written: (i64, i64),
    /// seconds and nanoseconds; of these nobody can put the clock back
    changed: (i64, i64),
}

impl From<&Metadata> for Identity {
    fn from(of: &Metadata) -> Self {
        Self {
            device: of.dev(),
            inode: of.ino(),
            length: of.size(),
            written: (of.mtime(), of.mtime_nsec()),
            changed: (of.ctime(), of.ctime_nsec()),
        }
    }
}

impl Disk {
    /// A place where no file needs to be yet. A change of the file waits up to `patience` for others to end theirs.
    pub(super) fn at(path: &Path, patience: Duration) -> Result<Self, Error> {
        Ok(Self { path: std::path::absolute(path)?, patience })
    }

    /// The place of a file that is there, by whatever links.
    pub(super) fn of_existing(path: &Path, patience: Duration) -> Result<Self, Error> {
        Ok(Self { path: fs::canonicalize(path)?, patience })
    }

    /// The right to change the file.
    pub(super) fn lock(&self) -> Result<Lock, Error> {
        Lock::take(&self.beside(".lock"), &self.path, self.patience)
    }

    /// That no file is there yet.
    pub(super) fn refuse_existing(&self) -> Result<(), Error> {
        match fs::symlink_metadata(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error.into()),
            Ok(_) => Err(io::Error::from(io::ErrorKind::AlreadyExists).into()),
        }
    }

    /// The whole file, unless others may read it too. Needs no lock: a file is replaced, never written into.
    pub(super) fn read(&self) -> Result<(Version, Vec<u8>), Error> {
        let mut file = File::open(&self.path)?;
        let metadata = file.metadata()?;
        let mode = metadata.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(Error::Permissions(mode));
        }
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok((Version { _file: file, identity: Identity::from(&metadata) }, bytes))
    }

    /// Whether the file at the place is still `version`.
    pub(super) fn holds(&self, version: &Version) -> Result<bool, Error> {
        Ok(Identity::from(&fs::metadata(&self.path)?) == version.identity)
    }

    /// Puts `bytes` in the file's place: whoever looks, at whatever moment, finds all of the old or all of the new.
    /// That the new one outlives a power failure is for [`Disk::settle`] to see to.
    pub(super) fn replace(&self, _lock: &Lock, bytes: &[u8]) -> Result<Version, Error> {
        let new = self.beside(".new");
        match fs::remove_file(&new) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?;
        same_owner(&file, &self.path)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&new, &self.path)?;
        // Only now: taking the place counts as a change of the file.
        let identity = Identity::from(&file.metadata()?);
        Ok(Version { _file: file, identity })
    }

    /// Sees to it that the directory, too, is on the disk.
    pub(super) fn settle(&self) -> Result<(), Error> {
        let directory = self.path.parent().unwrap_or(Path::new("/"));
        Ok(File::open(directory)?.sync_all()?)
    }

    fn beside(&self, ending: &str) -> PathBuf {
        let mut name = OsString::from(&self.path);
        name.push(ending);
        name.into()
    }
}

/// Gives `file` to who owns what is at `path`: the system's administrator may change a keystore beside the server
/// whose it is, and must not take it away from it.
pub(super) fn same_owner(file: &File, path: &Path) -> Result<(), Error> {
    let owner = match fs::metadata(path) {
        Ok(metadata) => (metadata.uid(), metadata.gid()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    let now = file.metadata()?;
    if (now.uid(), now.gid()) != owner {
        fchown(file, Some(owner.0), Some(owner.1))?;
    }
    Ok(())
}
