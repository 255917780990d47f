//! Keys that sign notes, and what checks their signatures.

use std::fmt;
use std::str::FromStr;

use base64ct::{Base64, Encoding};
use sha2::{Digest, Sha256};

use crate::Error;

/// How a key signs. The byte is the specification's signature type (C2SP `signed-note`, "Signature types").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum SignatureKind {
    /// Ed25519 (RFC 8032) over the text; the public key is 32 bytes
    Ed25519 = 0x01,
    /// ECDSA with SHA-256 over the text, in DER; the public key is a SubjectPublicKeyInfo in DER
    Ecdsa = 0x02,
}

/// A public key with the name it signs notes under.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteKey {
    name: String,
    kind: SignatureKind,
    public_key: Vec<u8>,
}

impl NoteKey {
    /// The Ed25519 key `public_key` of `name`, which has no white space and no `+` in it.
    ///
    /// # Errors
    /// [`Error::Malformed`] where the name cannot be one.
    pub fn ed25519(name: impl Into<String>, public_key: [u8; 32]) -> Result<Self, Error> {
        Self::new(name.into(), SignatureKind::Ed25519, public_key.to_vec())
    }

    /// The ECDSA key of `name`, as SubjectPublicKeyInfo in DER.
    ///
    /// # Errors
    /// [`Error::Malformed`] where the name cannot be one.
    pub fn ecdsa(name: impl Into<String>, subject_public_key_info: Vec<u8>) -> Result<Self, Error> {
        Self::new(name.into(), SignatureKind::Ecdsa, subject_public_key_info)
    }

    fn new(name: String, kind: SignatureKind, public_key: Vec<u8>) -> Result<Self, Error> {
        if !is_name(&name) {
            return Err(Error::Malformed("a key's name is empty or has white space or + in it"));
        }
        Ok(Self { name, kind, public_key })
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How it signs.
    #[must_use]
    pub fn kind(&self) -> SignatureKind {
        self.kind
    }

    /// The public key, in the form of its kind.
    #[must_use]
    pub fn public_key(&self) -> &[u8] {
        &self.public_key
    }

    /// The key's id: the first bytes of a hash over name, kind and public key; for ECDSA over the public key alone
    /// (C2SP `signed-note`, "Signatures" and "Signature types").
    #[must_use]
    pub fn id(&self) -> [u8; 4] {
        let hash = match self.kind {
            SignatureKind::Ed25519 => Sha256::new()
                .chain_update(&self.name)
                .chain_update([b'\n', self.kind as u8])
                .chain_update(&self.public_key),
            SignatureKind::Ecdsa => Sha256::new().chain_update(&self.public_key),
        };
        let [first, second, third, fourth, ..]: [u8; 32] = hash.finalize().into();
        [first, second, third, fourth]
    }
}

/// `name+id+key`, as verifiers are configured with it: the id in hexadecimal; kind and public key in base64.
impl fmt::Display for NoteKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = [&[self.kind as u8], self.public_key.as_slice()].concat();
        write!(out, "{}+{:08x}+{}", self.name, u32::from_be_bytes(self.id()), Base64::encode_string(&key))
    }
}

impl FromStr for NoteKey {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        const WRONG: Error = Error::Malformed("a verifier's key is: name+id+key");
        let (name, rest) = text.split_once('+').ok_or(WRONG)?;
        let (_, encoded) = rest.split_once('+').ok_or(WRONG)?;
        let key = match Base64::decode_vec(encoded).map_err(|_| WRONG)?.split_first() {
            Some((0x01, public_key)) => Self::ed25519(name, public_key.try_into().map_err(|_| WRONG)?)?,
            Some((0x02, public_key)) => Self::ecdsa(name, public_key.to_vec())?,
            _ => return Err(Error::Malformed("a verifier's key of a kind that is not known here")),
        };
        if key.to_string() == text { Ok(key) } else { Err(Error::Malformed("the key is not the one its id names")) }
    }
}

pub(crate) fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.chars().any(|letter| letter.is_whitespace() || letter.is_control() || letter == '+')
}

/// What checks signatures: a cryptographic library, handed in.
pub trait SignatureCheck {
    /// Whether `signature` is `key`'s over `message`, by the key's kind.
    fn verify(&self, key: &NoteKey, message: &[u8], signature: &[u8]) -> bool;
}

impl<F: Fn(&NoteKey, &[u8], &[u8]) -> bool> SignatureCheck for F {
    fn verify(&self, key: &NoteKey, message: &[u8], signature: &[u8]) -> bool {
        self(key, message, signature)
    }
}
