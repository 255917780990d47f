//! Named, versioned handles, and what may be known of the keys behind them.

use std::fmt;
use std::str::FromStr;

use crate::Error;
use crate::rsa::{RsaComponents, RsaSize};

/// A key's handle: a name and a version, written `name.version`. The value behind a handle never changes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId {
    name: String,
    version: u32,
}

impl KeyId {
    /// The handle of `version` (from 1) of the key `name` (1 to 64 of `a-z`, `0-9`, `-`, `_`, `/`).
    ///
    /// # Errors
    /// [`Error::Name`] where one of them is none.
    pub fn new(name: impl Into<String>, version: u32) -> Result<Self, Error> {
        let name = name.into();
        let letter = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'/');
        if !(1..=64).contains(&name.len()) || !name.bytes().all(letter) || version == 0 {
            return Err(Error::Name(format!("{name}.{version}")));
        }
        Ok(Self { name, version })
    }

    /// The name, the same for all versions.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The version, from 1.
    #[must_use]
    pub fn version(&self) -> u32 {
        self.version
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}.{}", self.name, self.version)
    }
}

impl FromStr for KeyId {
    type Err = Error;

    /// Reads `name.version`, the version in decimal without leading zeros.
    fn from_str(text: &str) -> Result<Self, Error> {
        let wrong = || Error::Name(text.to_owned());
        let (name, version) = text.rsplit_once('.').ok_or_else(wrong)?;
        let id = Self::new(name, version.parse().map_err(|_| wrong())?).map_err(|_| wrong())?;
        if id.to_string() == text { Ok(id) } else { Err(wrong()) }
    }
}

/// What a key is, mathematically.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyKind {
    /// AES, 16 bytes
    Aes128,
    /// AES, 24 bytes
    Aes192,
    /// AES, 32 bytes
    Aes256,
    /// two-key triple DES, 16 bytes, parity bits ignored
    Tdes2,
    /// HMAC-SHA-256, 32 bytes
    Hmac256,
    /// NIST P-256, the private scalar of 32 bytes, big-endian
    P256,
    /// RSA of this size, for raw operations
    Rsa(RsaSize),
}

impl KeyKind {
    /// All kinds but RSA, whose sizes are many.
    pub const ALL_BUT_RSA: [Self; 6] =
        [Self::Aes128, Self::Aes192, Self::Aes256, Self::Tdes2, Self::Hmac256, Self::P256];

    /// The length of the key's value in bytes; of an RSA key's, as [`RsaComponents::to_bytes`] gives it.
    #[must_use]
    pub const fn length(self) -> usize {
        match self {
            Self::Aes128 | Self::Tdes2 => 16,
            Self::Aes192 => 24,
            Self::Aes256 | Self::Hmac256 | Self::P256 => 32,
            Self::Rsa(size) => RsaComponents::encoded_length(size),
        }
    }

    /// Whether this is AES of any size.
    #[must_use]
    pub const fn is_aes(self) -> bool {
        matches!(self, Self::Aes128 | Self::Aes192 | Self::Aes256)
    }
}

impl fmt::Display for KeyKind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Self::Rsa(size) => return write!(out, "RSA ({size})"),
            Self::Aes128 => "AES-128",
            Self::Aes192 => "AES-192",
            Self::Aes256 => "AES-256",
            Self::Tdes2 => "3DES",
            Self::Hmac256 => "HMAC-SHA-256",
            Self::P256 => "P-256",
        };
        out.write_str(name)
    }
}

/// The one thing a named key does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Purpose {
    /// AES-256: seals data and keys
    Wrap,
    /// AES or 3DES: a master; only derives, and never gives secrets directly
    Derive,
    /// AES or 3DES: a token's own key, the same on many tokens: gives session secrets and encrypts its successors
    Token,
    /// HMAC: keyed hashes
    Mac,
    /// P-256: signatures
    Sign,
    /// AES or 3DES: a master whose derived keys are handed out as session secrets, to be put on tokens as data.
    /// It does nothing else: what keeps a token's channel is derived from a [`Purpose::Derive`] key.
    Personalize,
    /// 3DES: MACs by ISO/IEC 9797-1 algorithm 3; of one block, that is the block encrypted
    RetailMac,
    /// AES or 3DES: enciphers and deciphers single blocks that are exchanged with another party, as PIN blocks are
    Zone,
    /// RSA: the raw private operation, on blocks that the caller has formed
    RsaSign,
}

impl Purpose {
    /// All purposes.
    pub const ALL: [Self; 9] = [
        Self::Wrap,
        Self::Derive,
        Self::Token,
        Self::Mac,
        Self::Sign,
        Self::Personalize,
        Self::RetailMac,
        Self::Zone,
        Self::RsaSign,
    ];

    /// Whether a key of `kind` can serve this purpose.
    #[must_use]
    pub const fn takes(self, kind: KeyKind) -> bool {
        match self {
            Self::Wrap => matches!(kind, KeyKind::Aes256),
            Self::Derive | Self::Token | Self::Personalize | Self::Zone => {
                kind.is_aes() || matches!(kind, KeyKind::Tdes2)
            }
            Self::Mac => matches!(kind, KeyKind::Hmac256),
            Self::Sign => matches!(kind, KeyKind::P256),
            Self::RetailMac => matches!(kind, KeyKind::Tdes2),
            Self::RsaSign => matches!(kind, KeyKind::Rsa(_)),
        }
    }

    /// Whether a published test key may serve this purpose, where the caller says so.
    #[must_use]
    pub const fn may_transport(self) -> bool {
        matches!(self, Self::Derive | Self::Token)
    }
}

/// A key check value: 3 bytes that tell key values apart and may be printed.
///
/// 3DES: the first bytes of the encrypted block `00` × 8 (GPCS §B.6); AES: of the block `01` × 16 (GPCS §B.6);
/// HMAC: of the MAC of the empty message.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Kcv(pub [u8; 3]);

impl fmt::Display for Kcv {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [first, second, third] = self.0;
        write!(out, "{first:02X}{second:02X}{third:02X}")
    }
}

impl fmt::Debug for Kcv {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Kcv({self})")
    }
}

/// What everybody may know of a key's value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Public {
    /// of a symmetric key
    Kcv(Kcv),
    /// of a P-256 or RSA key: SubjectPublicKeyInfo, DER (RFC 5480, RFC 3279)
    Key(Vec<u8>),
}

/// A key to be made or imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewKey {
    /// its handle, not yet taken
    pub id: KeyId,
    /// what it is
    pub kind: KeyKind,
    /// the one thing it will do
    pub purpose: Purpose,
    /// when it is made, in µs since 1970-01-01 UTC
    pub created: i64,
}

/// A key, as far as it may be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyInfo {
    /// its handle
    pub id: KeyId,
    /// what it is
    pub kind: KeyKind,
    /// the one thing it does
    pub purpose: Purpose,
    /// when it was made, in µs since 1970-01-01 UTC, as the caller said
    pub created: i64,
    /// check value or public key
    pub public: Public,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handle_reads_back_and_nothing_else_is_one() {
        let id: KeyId = "base/north-2.17".parse().unwrap();
        assert_eq!((id.name(), id.version()), ("base/north-2", 17));
        assert_eq!(id.to_string(), "base/north-2.17");
        for wrong in ["", "a", "a.", ".1", "a.0", "a.01", "a.+1", "A.1", "a b.1", "a.b.1", "a.4294967296", "é.1"] {
            assert!(wrong.parse::<KeyId>().is_err(), "{wrong}");
        }
        assert!(KeyId::new("a".repeat(64), 1).is_ok() && KeyId::new("a".repeat(65), 1).is_err());
    }
}
