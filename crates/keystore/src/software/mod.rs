//! The software keystore: one encrypted file, its keys unwrapped in locked memory while it is open.
//!
//! Every verb runs in this process, with aws-lc-rs (AES-GCM, HMAC, P-256, SHA-256, randomness) and RustCrypto
//! (AES-CMAC, CBC, 3DES). A change is on the disk before its verb answers.

mod aead;
mod contents;
mod disk;
mod envelope;
mod passphrase;
mod randomness;
mod resolve;
mod signature;
mod stack;
mod symmetric;
mod verbs;
mod wrapped;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock};

pub use passphrase::PassphraseCost;
pub use randomness::{RandomSource, SystemRandomness};

use crate::{Error, KeyId};
use contents::Entry;
use disk::Disk;
use envelope::Envelope;
use stack::leaving_no_trace;

/// All keys, by handle.
type Keys = BTreeMap<KeyId, Entry>;

/// A keystore in one file, or in memory only.
pub struct SoftwareKeystore {
    keys: RwLock<Keys>,
    file: Mutex<Option<KeystoreFile>>,
    random: Box<dyn RandomSource>,
}

/// Where the keys are kept, and the key they are kept under.
struct KeystoreFile {
    disk: Disk,
    envelope: Envelope,
}

/// What a keystore is made with. The default is right for everything but tests and simulations.
pub struct Settings {
    /// how dear each guess of the passphrase is made; for new files and new passphrases only
    pub cost: PassphraseCost,
    /// where keys, nonces and salts come from
    pub random: Box<dyn RandomSource>,
}

impl Default for Settings {
    fn default() -> Self {
        Self { cost: PassphraseCost::RECOMMENDED, random: Box::new(SystemRandomness) }
    }
}

impl SoftwareKeystore {
    /// Makes a new, empty keystore at `path`, and a lock file beside it (`path` with `.lock`).
    ///
    /// # Errors
    /// [`Error::Io`] where a file is there already or cannot be made, [`Error::InUse`], [`Error::Unavailable`].
    pub fn create(path: &Path, passphrase: &[u8], settings: Settings) -> Result<Self, Error> {
        let disk = Disk::lock(path)?;
        disk.refuse_existing()?;
        let envelope = Envelope::new(passphrase, settings.cost, &*settings.random)?;
        let keystore = Self {
            keys: RwLock::default(),
            file: Mutex::new(Some(KeystoreFile { disk, envelope })),
            random: settings.random,
        };
        keystore.save(&Keys::new())?;
        Ok(keystore)
    }

    /// Opens the keystore at `path`, and keeps others from opening it.
    ///
    /// # Errors
    /// [`Error::WrongPassphrase`], [`Error::Damaged`], [`Error::Format`], [`Error::Permissions`], [`Error::InUse`],
    /// [`Error::Io`].
    pub fn open(path: &Path, passphrase: &[u8], settings: Settings) -> Result<Self, Error> {
        let disk = Disk::lock_existing(path)?;
        let (envelope, keys) = leaving_no_trace(|| {
            let (envelope, contents) = Envelope::open(&disk.read()?, passphrase)?;
            Ok::<_, Error>((envelope, contents::decode(&contents)?))
        })?;
        Ok(Self {
            keys: RwLock::new(keys),
            file: Mutex::new(Some(KeystoreFile { disk, envelope })),
            random: settings.random,
        })
    }

    /// A keystore that is gone with the process: for tests and simulations.
    #[must_use]
    pub fn in_memory(random: Box<dyn RandomSource>) -> Self {
        Self { keys: RwLock::default(), file: Mutex::new(None), random }
    }

    /// Keeps the file under another passphrase from now on.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::Unavailable`]; the old passphrase holds then.
    pub fn change_passphrase(&self, passphrase: &[u8], cost: PassphraseCost) -> Result<(), Error> {
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        let envelope = Envelope::new(passphrase, cost, &*self.random)?;
        if let Some(file) = self.file().as_mut() {
            file.disk.replace(&envelope.seal(&contents::encode(&keys), &*self.random)?)?;
            file.envelope = envelope;
        }
        Ok(())
    }

    /// Makes the change `edit` of all keys, on the disk first.
    fn change<T>(&self, edit: impl FnOnce(&mut Keys) -> Result<T, Error>) -> Result<T, Error> {
        let mut keys = self.keys.write().unwrap_or_else(PoisonError::into_inner);
        let mut changed = keys.clone();
        let result = edit(&mut changed)?;
        self.save(&changed)?;
        *keys = changed;
        Ok(result)
    }

    fn save(&self, keys: &Keys) -> Result<(), Error> {
        match self.file().as_ref() {
            Some(file) => file.disk.replace(&file.envelope.seal(&contents::encode(keys), &*self.random)?),
            None => Ok(()),
        }
    }

    fn file(&self) -> MutexGuard<'_, Option<KeystoreFile>> {
        self.file.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
