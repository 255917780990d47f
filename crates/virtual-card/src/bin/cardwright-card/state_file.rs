//! A card's state in a file: replaced as a whole, and in one reader at a time.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use cardwright_virtual_card::{CardState, SeededEntropy};

use crate::failure::Failure;

/// Reads a state file.
pub(crate) fn load(path: &Path) -> Result<CardState, Failure> {
    let bytes = std::fs::read(path).map_err(Failure::at(path.display()))?;
    CardState::from_json(&bytes).map_err(|error| Failure::Refused(format!("{}: {error}", path.display())))
}

/// Writes a state file that must not be there yet.
pub(crate) fn create(path: &Path, state: &CardState) -> Result<(), Failure> {
    if path.exists() {
        return Err(Failure::Refused(format!("{} is there already", path.display())));
    }
    save(path, state)
}

/// Replaces a state file: new file, fsync, rename, fsync of the directory. A cut leaves the old or the new.
pub(crate) fn save(path: &Path, state: &CardState) -> Result<(), Failure> {
    let temporary = beside(path, "new");
    let written = private_file(&temporary).and_then(|mut file| {
        file.write_all(&state.to_json())?;
        file.sync_all()
    });
    written.map_err(Failure::at(temporary.display()))?;
    std::fs::rename(&temporary, path).map_err(Failure::at(path.display()))?;
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(directory).and_then(|directory| directory.sync_all()).map_err(Failure::at(directory.display()))
}

/// A file that its owner alone can read; what was there is gone.
fn private_file(path: &Path) -> std::io::Result<File> {
    OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)
}

/// A file that its owner alone can read, and that was not there.
pub(crate) fn new_private_file(path: &Path) -> std::io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

/// Holds the card of `path`, so that it is in no second reader, until the value is dropped.
pub(crate) fn hold(path: &Path) -> Result<File, Failure> {
    let lock = beside(path, "lock");
    let file = private_file(&lock).map_err(Failure::at(lock.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Failure::Refused(format!("{} is in another reader", path.display()))),
        Err(TryLockError::Error(error)) => Err(Failure::at(lock.display())(error)),
    }
}

/// Random numbers for one insertion or one batch, seeded by the operating system.
pub(crate) fn entropy() -> Result<SeededEntropy, Failure> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(|error| Failure::Environment(format!("random numbers: {error}")))?;
    Ok(SeededEntropy::new(seed))
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    PathBuf::from(name)
}
