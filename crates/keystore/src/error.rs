//! Why a keystore says no.

use crate::{Kcv, KeyId, KeyKind};

/// Why a verb was not done. Nothing was changed and nothing came out, unless the variant says otherwise.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The caller's: a key name or handle that cannot be one.
    #[error("{0:?} is not a key: a name has 1 to 64 of a-z, 0-9, -, _ and /, then a point and a version from 1")]
    Name(String),
    /// The caller's: no such key here. It was destroyed, or never made.
    #[error("there is no key {0}")]
    UnknownKey(KeyId),
    /// The caller's: the handle is taken. A key is never overwritten.
    #[error("key {0} exists already; take the next version")]
    KeyExists(KeyId),
    /// The caller's: the key's purpose does not allow this verb.
    #[error("{key} is not for this: {verb}")]
    NotAllowed {
        /// the key, as far as it has a name
        key: String,
        /// what was asked of it
        verb: &'static str,
    },
    /// The caller's: a kind of key that this purpose, derivation or mechanism cannot use.
    #[error("a key of kind {kind} does not fit: {what}")]
    Unsuitable {
        /// the kind that was given
        kind: KeyKind,
        /// the purpose, derivation or mechanism
        what: &'static str,
    },
    /// The caller's: a length that does not fit.
    #[error("{what}: {length} bytes do not fit, {allowed} would")]
    Length {
        /// what is too short or too long
        what: &'static str,
        /// its length in bytes
        length: usize,
        /// the lengths that fit, for people
        allowed: &'static str,
    },
    /// The caller's: an RSA modulus of so many bits.
    #[error("there are no RSA keys of {0} bits here: take 512 to 4096, a multiple of 8")]
    RsaBits(u16),
    /// The caller's: a key value that no key of the kind can have, as a P-256 scalar of zero, an RSA key of another size,
    /// or a triple DES key of two equal halves.
    #[error("the bytes are not a value of a {0} key")]
    KeyValue(KeyKind),
    /// The ceremony's: the value entered is not the value meant.
    #[error("the key's check value is {found}, {expected} was expected: a component was mistyped or is another key's")]
    KcvMismatch {
        /// what the ceremony's papers say
        expected: Kcv,
        /// what the entered value has
        found: Kcv,
    },
    /// The ceremony's: a key that everybody knows.
    #[error("this is a published test key: it protects nothing, and is taken as a transport key at most")]
    PublishedKey,
    /// The data's: sealed under another key, with other associated data, or changed since.
    #[error("the sealed bytes are not authentic: another key, other associated data, or changed")]
    NotAuthentic,
    /// The operator's: the file is whole, the passphrase does not open it.
    #[error("the passphrase does not open this keystore")]
    WrongPassphrase,
    /// The store's: the file is not as it was written. Restore it from the backup.
    #[error("the keystore file is damaged ({0}); restore it from the backup")]
    Damaged(&'static str),
    /// The store's: a newer program wrote the file.
    #[error("the keystore file has format {0}, this program reads format 1")]
    Format(String),
    /// The operator's: others may read the file.
    #[error("the keystore file may be read by others (mode {0:o}); chmod it to 600")]
    Permissions(u32),
    /// Another program's: it has been changing the file for longer than a change takes. Trying later may help.
    #[error("another program has been changing the keystore for too long; see what it does, then try again")]
    Busy,
    /// The operator's: the file was put under another passphrase since it was opened. The keys are all there.
    #[error("the keystore has another passphrase since it was opened; start this program again with the new one")]
    PassphraseChanged,
    /// The store's: the file system said no. After a write, the file holds the state before or after, whole.
    #[error("keystore file: {0}")]
    Io(#[from] std::io::Error),
    /// The store's: the backend is down, full, out of randomness or has miscalculated. Trying later may help.
    #[error("the keystore does not answer: {0}")]
    Unavailable(String),
}
