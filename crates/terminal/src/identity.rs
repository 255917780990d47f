//! Who this terminal is: what enrolment left in `identity/`.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use cardwright_relay::Code;
use cardwright_relay::message::Id;

use crate::failure::Failure;
use crate::system::files;

/// An enrolled terminal.
pub struct Identity {
    place: PathBuf,
    /// the terminal's id
    pub terminal: Id,
    /// its name, for people
    pub name: String,
    /// the base it stands at
    pub base: String,
    /// the center's address it was enrolled at
    pub center: String,
    /// its certificate, DER
    pub certificate: Vec<u8>,
    /// the center's authority, DER: the only root that is trusted
    pub authority: Vec<u8>,
    /// the key that signs reader lists, SubjectPublicKeyInfo DER
    pub reader_list_key: Vec<u8>,
    /// its private key, PKCS#8 PEM
    pub(crate) key: Zeroizing<String>,
}

/// `terminal.toml` in `identity/`, written by enrolment.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Card {
    terminal: String,
    name: String,
    base: String,
    center: String,
}

/// The directory of identities below a state directory.
#[must_use]
pub fn place(state: &Path) -> PathBuf {
    state.join("identity")
}

impl Identity {
    /// Reads what enrolment left below `state`.
    ///
    /// # Errors
    /// `CW-5011` where there is none, `CW-5013` where a file of it cannot be read.
    pub fn load(state: &Path) -> Result<Self, Failure> {
        let place = place(state);
        let card_path = place.join("terminal.toml");
        if !card_path.exists() {
            return Err(Failure::machine(Code::NOT_ENROLLED, &[]));
        }
        let read =
            |name: &str| std::fs::read(place.join(name)).map_err(|error| Failure::file(&place.join(name), &error));
        let text = String::from_utf8_lossy(&read("terminal.toml")?).into_owned();
        let card: Card = toml::from_str(&text).map_err(|error| Failure::file(&card_path, &error))?;
        let terminal = hex::decode(&card.terminal).ok().and_then(|bytes| <[u8; 16]>::try_from(bytes).ok());
        let terminal = terminal.ok_or_else(|| Failure::file(&card_path, &"the terminal's id is not 16 bytes"))?;
        let key = String::from_utf8(read("key.pem")?).map_err(|_| Failure::file(&place.join("key.pem"), &"no PEM"))?;
        Ok(Self {
            terminal: terminal.into(),
            name: card.name,
            base: card.base,
            center: card.center,
            certificate: read("certificate.der")?,
            authority: read("authority.der")?,
            reader_list_key: read("reader-list-key.der")?,
            key: Zeroizing::new(key),
            place,
        })
    }

    /// Writes what enrolment was answered. The card goes last: without it, nothing counts.
    ///
    /// # Errors
    /// `CW-5013` with path and reason.
    pub(crate) fn store(
        state: &Path,
        center: &str,
        key: &Zeroizing<String>,
        enrolled: &cardwright_relay::message::Enrolled,
    ) -> Result<Self, Failure> {
        let place = place(state);
        files::make_private_directory(&place)?;
        let card = Card {
            terminal: hex::encode(*enrolled.terminal),
            name: enrolled.name.clone(),
            base: enrolled.base.clone(),
            center: center.to_owned(),
        };
        let card = toml::to_string(&card).map_err(|error| Failure::file(&place, &error))?;
        files::write_private(&place.join("key.pem"), key.as_bytes())?;
        files::write_private(&place.join("certificate.der"), &enrolled.certificate)?;
        files::write_private(&place.join("authority.der"), &enrolled.authority)?;
        files::write_private(&place.join("reader-list-key.der"), &enrolled.reader_list_key)?;
        files::write_private(&place.join("terminal.toml"), card.as_bytes())?;
        Self::load(state)
    }

    /// The newest version of a reader list that was ever held here; 0 for none.
    ///
    /// # Errors
    /// `CW-5013` where the file is there and says nothing: a list could be played back.
    pub fn newest_reader_list(&self) -> Result<u64, Failure> {
        let path = self.place.join("reader-list-version");
        match std::fs::read_to_string(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(0),
            Err(error) => Err(Failure::file(&path, &error)),
            Ok(text) => text.trim().parse().map_err(|error| Failure::file(&path, &error)),
        }
    }

    /// Keeps the version of a list that was verified, so that no older one is ever taken.
    ///
    /// # Errors
    /// `CW-5013` with path and reason.
    pub fn keep_reader_list(&self, version: u64) -> Result<(), Failure> {
        if self.newest_reader_list()? < version {
            files::write_private(&self.place.join("reader-list-version"), version.to_string().as_bytes())?;
        }
        Ok(())
    }
}
