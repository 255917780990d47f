//! The software keystore: one encrypted file, its keys unwrapped in locked memory while it is open.
//!
//! Every verb runs in this process, with aws-lc-rs (AES-GCM, HMAC, P-256, SHA-256, randomness), RustCrypto (AES-CMAC,
//! CBC, 3DES) and the system's OpenSSL (RSA). A change is on the disk before its verb answers.
//!
//! Several programs of one machine may have the same file open, a server and the commands beside it. None loses what
//! another has changed, and each verb works with the keys that are in the file when it begins: a key destroyed by one
//! program is refused by all others from their next verb on. The file belongs on a local file system.

mod aead;
mod block_cipher;
mod blocks;
mod contents;
mod disk;
mod envelope;
mod kept;
mod lock;
mod making;
mod passphrase;
mod randomness;
mod resolve;
mod rsa;
mod shared_file;
mod signature;
mod stack;
mod symmetric;
mod verbs;
mod wrapped;

use std::path::Path;
use std::sync::RwLock;
use std::time::Duration;

pub use passphrase::PassphraseCost;
pub use randomness::{RandomSource, SystemRandomness};

use crate::Error;
use disk::Disk;
use envelope::Envelope;
use kept::{Kept, Keys};
use shared_file::SharedFile;

/// A keystore in one file, or in memory only.
pub struct SoftwareKeystore {
    kept: Kept,
    random: Box<dyn RandomSource>,
}

/// What a keystore is made with. The default is right for everything but tests and simulations.
pub struct Settings {
    /// how dear each guess of the passphrase is made; for new files and new passphrases only
    pub cost: PassphraseCost,
    /// where keys, nonces and salts come from
    pub random: Box<dyn RandomSource>,
    /// how long a change of the keys waits for another program to end its own, which takes milliseconds
    pub patience: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self { cost: PassphraseCost::RECOMMENDED, random: Box::new(SystemRandomness), patience: Duration::from_secs(5) }
    }
}

impl SoftwareKeystore {
    /// Makes a new, empty keystore at `path`, and a lock file beside it (`path` with `.lock`).
    ///
    /// # Errors
    /// [`Error::Io`] where a file is there already or cannot be made, [`Error::Busy`], [`Error::Unavailable`].
    pub fn create(path: &Path, passphrase: &[u8], settings: Settings) -> Result<Self, Error> {
        let disk = Disk::at(path, settings.patience)?;
        // Asked before the passphrase is worked on, and again under the lock.
        disk.refuse_existing()?;
        let envelope = Envelope::new(passphrase, settings.cost, &*settings.random)?;
        let file = SharedFile::create(disk, envelope, &*settings.random)?;
        Ok(Self { kept: Kept::InFile(file), random: settings.random })
    }

    /// Opens the keystore at `path`, which other programs may have open too.
    ///
    /// # Errors
    /// [`Error::WrongPassphrase`], [`Error::Damaged`], [`Error::Format`], [`Error::Permissions`], [`Error::Io`].
    pub fn open(path: &Path, passphrase: &[u8], settings: Settings) -> Result<Self, Error> {
        let file = SharedFile::open(Disk::of_existing(path, settings.patience)?, passphrase)?;
        Ok(Self { kept: Kept::InFile(file), random: settings.random })
    }

    /// A keystore that is gone with the process: for tests and simulations.
    #[must_use]
    pub fn in_memory(random: Box<dyn RandomSource>) -> Self {
        Self { kept: Kept::InMemory(RwLock::default()), random }
    }

    /// Keeps the file under another passphrase from now on. Other programs that have it open answer
    /// [`Error::PassphraseChanged`] until they open it with the new one.
    ///
    /// # Errors
    /// [`Error::Busy`], [`Error::Io`], [`Error::Unavailable`]; the errors of reading the file again.
    pub fn change_passphrase(&self, passphrase: &[u8], cost: PassphraseCost) -> Result<(), Error> {
        let Kept::InFile(file) = &self.kept else { return Ok(()) };
        let envelope = Envelope::new(passphrase, cost, &*self.random)?;
        file.change(Some(envelope), &*self.random, |_| Ok(()))
    }
}
