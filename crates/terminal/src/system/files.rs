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

/// A log longer than this is put aside when the program starts; one that was put aside before goes.
const LONGEST_LOG: u64 = 8 * 1_024 * 1_024;

/// Opens a log file for appending, mode 0600.
///
/// # Errors
/// `CW-5013` with path and reason.
pub fn open_log(path: &Path) -> Result<File, Failure> {
    if path.metadata().is_ok_and(|log| log.len() > LONGEST_LOG) {
        std::fs::rename(path, path.with_extension("log.1")).map_err(|error| Failure::file(path, &error))?;
    }
    let opened = OpenOptions::new().create(true).append(true).mode(0o600).open(path);
    opened.map_err(|error| Failure::file(path, &error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_private_whole_and_alone() {
        let place = tempfile::tempdir().unwrap();
        let directory = place.path().join("identity");
        make_private_directory(&directory).unwrap();
        let path = directory.join("key.pem");
        for text in ["first", "second"] {
            write_private(&path, text.as_bytes()).unwrap();
            assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
        }
        let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&directory), mode(&path)), (0o700, 0o600));
        assert_eq!(std::fs::read_dir(&directory).unwrap().count(), 1);
        assert!(write_private(&place.path().join("none/key.pem"), b"").is_err());
    }

    #[test]
    fn a_log_that_has_grown_long_is_put_aside_once() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("terminal.log");
        open_log(&path).unwrap().set_len(LONGEST_LOG + 1).unwrap();
        open_log(&path).unwrap().write_all(b"new").unwrap();
        assert_eq!(path.metadata().unwrap().len(), 3);
        assert_eq!(place.path().join("terminal.log.1").metadata().unwrap().len(), LONGEST_LOG + 1);
    }
}
