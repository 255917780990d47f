//! Files and directories that only their owner reads, written whole or not at all.

use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use crate::failure::Failure;

/// Makes a directory with mode 0700, and those above it; one that is there gets the mode.
///
/// # Errors
/// `CW-5013` with path and reason.
pub fn make_private_directory(path: &Path) -> Result<(), Failure> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
    let made = made.and_then(|()| std::fs::set_permissions(path, Permissions::from_mode(0o700)));
    made.map_err(|error| Failure::file(path, &error))
}

/// Writes a file with mode 0600: beside it, flushed to the disk, then put in its place.
///
/// # Errors
/// `CW-5013` with path and reason; what was there before is untouched then.
pub fn write_private(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let beside = path.with_extension("new");
    let written = (|| {
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
        file.set_permissions(Permissions::from_mode(0o600))?;
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(&beside, path)?;
        path.parent().map_or(Ok(()), |parent| File::open(parent)?.sync_all())
    })();
    written.map_err(|error: std::io::Error| Failure::file(path, &error))
}

/// Opens a log file for appending, mode 0600.
///
/// # Errors
/// `CW-5013` with path and reason.
pub fn open_log(path: &Path) -> Result<File, Failure> {
    let opened = OpenOptions::new().create(true).append(true).mode(0o600).open(path);
    opened.map_err(|error| Failure::file(path, &error))
}
