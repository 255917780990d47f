//! Files that a command writes: whole or not at all, never over one that is there, read by their owner alone.

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use crate::failure::Failure;

/// Writes `content` into a new file.
pub(crate) fn write(path: &Path, content: &[u8]) -> Result<(), Failure> {
    let unusable = |error: std::io::Error| Failure::file(path.display(), error);
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(unusable)?;
    let written = file.write_all(content).and_then(|()| file.sync_all());
    written.map_err(|error| {
        let _ = std::fs::remove_file(path);
        unusable(error)
    })
}

/// That there is no file of this name.
pub(crate) fn absent(path: &Path) -> Result<(), Failure> {
    match std::fs::symlink_metadata(path) {
        Ok(_) => Err(Failure::file(path.display(), "there is a file already; give another name")),
        Err(_) => Ok(()),
    }
}
