//! Key references: how a caller says which key, when the key has no name of its own.

use crate::{KeyId, KeyKind};

/// A key to work with. References compose: a derived key's parent may be wrapped or derived itself, at most
/// [`KeyRef::MAX_DEPTH`] derivations deep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyRef {
    /// a key of the keystore
    Named(KeyId),
    /// a key that the caller keeps, sealed
    Wrapped(WrappedKey),
    /// a key that exists for this call only
    Derived {
        /// the key it is derived from
        parent: Box<KeyRef>,
        /// how; its output has the length of `kind`
        derivation: Derivation,
        /// what it is then
        kind: KeyKind,
    },
}

impl KeyRef {
    /// How many derivations may follow one another in one reference.
    pub const MAX_DEPTH: usize = 4;

    /// The key that `derivation` makes of this one.
    #[must_use]
    pub fn derive(self, derivation: Derivation, kind: KeyKind) -> Self {
        Self::Derived { parent: Box::new(self), derivation, kind }
    }
}

impl From<KeyId> for KeyRef {
    fn from(id: KeyId) -> Self {
        Self::Named(id)
    }
}

impl From<WrappedKey> for KeyRef {
    fn from(key: WrappedKey) -> Self {
        Self::Wrapped(key)
    }
}

/// A key sealed under a named one, kept by the caller. It works only where it was sealed, with the same associated
/// data and kind, and for the purpose it was sealed for (which stands in the blob).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrappedKey {
    /// the Wrap key it is sealed under
    pub under: KeyId,
    /// the sealed value; its form is the backend's own
    pub blob: Vec<u8>,
    /// what the key belongs to; not kept in the blob
    pub associated_data: Vec<u8>,
    /// what it is
    pub kind: KeyKind,
}

/// The one thing a wrapped key does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WrappedPurpose {
    /// AES-256: encrypts and decrypts data, as a named Wrap key does
    Data,
    /// AES or 3DES: a token's own key: derives, gives session secrets, enciphers its successors and data for the token,
    /// and is rewrapped
    Token,
}

impl WrappedPurpose {
    /// Whether a key of `kind` can serve this purpose.
    #[must_use]
    pub const fn takes(self, kind: KeyKind) -> bool {
        match self {
            Self::Data => matches!(kind, KeyKind::Aes256),
            Self::Token => kind.is_aes() || matches!(kind, KeyKind::Tdes2),
        }
    }

    /// Whether a published test key may serve this purpose, where the caller says so.
    #[must_use]
    pub const fn may_transport(self) -> bool {
        matches!(self, Self::Token)
    }
}

/// A derivation, as pure data: which scheme it belongs to is the caller's knowledge.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Derivation {
    /// Under AES: the AES-CMACs (RFC 4493, SP 800-38B) of the blocks, one after the other, cut to `length` bytes.
    /// With counted blocks this is SP 800-108 in counter mode.
    AesCmac {
        /// the inputs, each of any length
        blocks: Vec<Vec<u8>>,
        /// bytes of output: 1 to 16 for each block, and 64 at most
        length: usize,
    },
    /// Under 3DES: one 16-byte block, CBC, IV 0; 16 bytes of output.
    TdesCbc {
        /// the input
        block: [u8; 16],
    },
    /// Under 3DES: each block encrypted by itself (ECB), one after the other; 8 bytes of output for each, 64 at most.
    TdesEcb {
        /// the inputs
        blocks: Vec<[u8; 8]>,
    },
    /// Under AES: each block encrypted by itself (ECB), one after the other; 16 bytes of output for each, 64 at most.
    AesEcb {
        /// the inputs
        blocks: Vec<[u8; 16]>,
    },
}

impl Derivation {
    /// The length of the output in bytes.
    #[must_use]
    pub fn length(&self) -> usize {
        match self {
            Self::AesCmac { length, .. } => *length,
            Self::TdesCbc { .. } => 16,
            Self::TdesEcb { blocks } => blocks.len() * 8,
            Self::AesEcb { blocks } => blocks.len() * 16,
        }
    }
}
