//! The keys of one file that several programs have open, each with its copy in memory.
//!
//! A verb looks whether the file is still the one that was read, which takes a microsecond, and reads it again where
//! it is not. Where that fails, so does the verb: a key that may have been destroyed is not worked with. A change
//! takes the lock, reads what others have changed, and replaces the file before it answers. The file's key stays in
//! locked memory, so that reading again costs no Argon2id.

use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::RandomSource;
use super::contents;
use super::disk::{Disk, Version};
use super::envelope::Envelope;
use super::kept::Keys;
use super::lock::Lock;
use super::stack::leaving_no_trace;
use crate::Error;

/// A file and what was last read of it.
pub(super) struct SharedFile {
    disk: Disk,
    read: RwLock<Read>,
}

/// The keys of one version of the file.
pub(super) struct Read {
    pub(super) keys: Keys,
    envelope: Arc<Envelope>,
    version: Version,
}

impl SharedFile {
    /// A new file without keys.
    pub(super) fn create(disk: Disk, envelope: Envelope, random: &dyn RandomSource) -> Result<Self, Error> {
        let lock = disk.lock()?;
        disk.refuse_existing()?;
        let read = write(&disk, &lock, Keys::new(), Arc::new(envelope), random)?;
        disk.settle()?;
        Ok(Self { disk, read: RwLock::new(read) })
    }

    /// A file that is there.
    pub(super) fn open(disk: Disk, passphrase: &[u8]) -> Result<Self, Error> {
        let (version, file) = disk.read()?;
        let read = leaving_no_trace(|| {
            let (envelope, contents) = Envelope::open(&file, passphrase)?;
            Ok::<_, Error>(Read { keys: contents::decode(&contents)?, envelope: Arc::new(envelope), version })
        })?;
        Ok(Self { disk, read: RwLock::new(read) })
    }

    /// What the file holds now.
    pub(super) fn current(&self) -> Result<RwLockReadGuard<'_, Read>, Error> {
        let read = self.read.read().unwrap_or_else(PoisonError::into_inner);
        if self.disk.holds(&read.version)? {
            return Ok(read);
        }
        drop(read);
        let mut read = self.for_replacing();
        // Another thread may have read it while this one waited.
        if !self.disk.holds(&read.version)? {
            *read = self.read_again(&read.envelope)?;
        }
        Ok(RwLockWriteGuard::downgrade(read))
    }

    /// Makes the change `edit`, and keeps the file under `envelope` from then on, if one is given.
    pub(super) fn change<T>(
        &self,
        envelope: Option<Envelope>,
        random: &dyn RandomSource,
        edit: impl FnOnce(&mut Keys) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let lock = self.disk.lock()?;
        let (mut keys, kept_under) = {
            let read = self.current()?;
            (read.keys.clone(), Arc::clone(&read.envelope))
        };
        let result = edit(&mut keys)?;
        let written = write(&self.disk, &lock, keys, envelope.map_or(kept_under, Arc::new), random)?;
        *self.for_replacing() = written;
        self.disk.settle()?;
        Ok(result)
    }

    fn read_again(&self, envelope: &Arc<Envelope>) -> Result<Read, Error> {
        let (version, file) = self.disk.read()?;
        let keys = leaving_no_trace(|| contents::decode(&envelope.open_again(&file)?))?;
        Ok(Read { keys, envelope: Arc::clone(envelope), version })
    }

    fn for_replacing(&self) -> RwLockWriteGuard<'_, Read> {
        self.read.write().unwrap_or_else(PoisonError::into_inner)
    }
}

fn write(
    disk: &Disk,
    lock: &Lock,
    keys: Keys,
    envelope: Arc<Envelope>,
    random: &dyn RandomSource,
) -> Result<Read, Error> {
    let sealed = envelope.seal(&contents::encode(&keys), random)?;
    let version = disk.replace(lock, &sealed)?;
    Ok(Read { keys, envelope, version })
}
