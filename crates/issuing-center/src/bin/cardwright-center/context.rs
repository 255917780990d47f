//! What every command works with: the state directory, its configuration, store and keystore.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use cardwright_issuing_center::center::{Center, Clock};
use cardwright_issuing_center::refused::Refused;
use cardwright_issuing_center::store::SqlStore;
use cardwright_keystore::software::{Settings, SoftwareKeystore};
use cardwright_relay::Code;
use zeroize::{Zeroize, Zeroizing};

use crate::configuration::Configuration;
use crate::failure::Failure;

/// The longest secret or passphrase file.
const LONGEST: usize = 4_096;

/// A state directory and what says how it is used.
pub(crate) struct Context {
    pub(crate) state: PathBuf,
    pub(crate) configuration: Configuration,
    passphrase_file: Option<PathBuf>,
}

impl Context {
    pub(crate) fn new(state: PathBuf, passphrase_file: Option<PathBuf>) -> Result<Self, Failure> {
        let configuration = Configuration::read(&state)?;
        Ok(Self { state, configuration, passphrase_file })
    }

    /// The machine's clock.
    pub(crate) fn clock(&self) -> Clock {
        Arc::new(|| {
            let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
        })
    }

    /// Microseconds since 1970 UTC.
    pub(crate) fn now(&self) -> i64 {
        (self.clock())()
    }

    pub(crate) fn database_url(&self) -> String {
        self.configuration.database_url(&self.state)
    }

    pub(crate) fn keystore_path(&self) -> PathBuf {
        self.state.join(&self.configuration.keystore)
    }

    /// The rows alone: for what needs no key.
    pub(crate) async fn store(&self) -> Result<Arc<SqlStore>, Failure> {
        if !self.keystore_path().exists() {
            let path = self.state.display().to_string();
            return Err(Failure::Refused(Refused::with(Code::CENTER_MISSING, [path])));
        }
        Ok(Arc::new(SqlStore::open(&self.database_url()).await?))
    }

    /// Rows and keys, of which a running center may have the same.
    pub(crate) async fn center(&self) -> Result<Center<SqlStore>, Failure> {
        let store = self.store().await?;
        let keystore = SoftwareKeystore::open(&self.keystore_path(), &self.passphrase()?, Settings::default())?;
        Ok(Center { store, keystore: Arc::new(keystore), clock: self.clock() })
    }

    /// The keystore's passphrase, from a file or the environment.
    pub(crate) fn passphrase(&self) -> Result<Zeroizing<Vec<u8>>, Failure> {
        secret_from(self.passphrase_file.as_deref(), "CARDWRIGHT_CENTER_PASSPHRASE", "--passphrase-file")
    }
}

/// A secret's bytes: the first line of `file`, or the environment's `variable`. Never from the command line, which
/// every user of the machine can read.
pub(crate) fn secret_from(file: Option<&Path>, variable: &str, option: &str) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let Some(file) = file else {
        let mut value = std::env::var(variable)
            .map_err(|_| Failure::Usage(format!("a secret is needed: set {variable} or give {option} FILE")))?;
        let bytes = Zeroizing::new(value.as_bytes().to_vec());
        value.zeroize();
        return Ok(bytes);
    };
    let bytes = read_file(file, LONGEST)?;
    let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    Ok(Zeroizing::new(line.strip_suffix(b"\r").unwrap_or(line).to_vec()))
}

/// A file's bytes, wiped when dropped; at most `longest` of them.
pub(crate) fn read_file(path: &Path, longest: usize) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let unusable = |reason: String| Failure::file(path.display(), reason);
    let metadata = std::fs::metadata(path).map_err(|error| unusable(error.to_string()))?;
    if metadata.len() > longest as u64 {
        return Err(unusable(format!("larger than {longest} bytes")));
    }
    std::fs::read(path).map(Zeroizing::new).map_err(|error| unusable(error.to_string()))
}

/// A text file.
pub(crate) fn read_text(path: &Path) -> Result<String, Failure> {
    let bytes = read_file(path, 1024 * 1024)?;
    String::from_utf8(bytes.to_vec()).map_err(|_| Failure::file(path.display(), "not UTF-8 text"))
}
