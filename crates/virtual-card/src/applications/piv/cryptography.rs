//! The asymmetric keys of the application: which there are, and what they can do (SP 800-73-5 part 1 Tables 5 and 6).

use cardwright_apdu::{StatusWord, tlv};
use serde::{Deserialize, Serialize};

use super::{Answer, elliptic_curve, rsa};
use crate::entropy::Entropy;
use crate::secret::Secret;

/// What the property template lists: 3DES and AES for the administrator, RSA-2048, P-256.
pub(super) const ALGORITHMS: [u8; 6] = [0x03, 0x08, 0x0A, 0x0C, 0x07, 0x11];

/// What a private key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum KeyReference {
    /// 9A: PIV authentication
    Authentication,
    /// 9C: digital signature
    Signature,
    /// 9D: key management
    KeyManagement,
    /// 9E: card authentication
    CardAuthentication,
}

impl KeyReference {
    pub(super) fn from_code(code: u8) -> Option<Self> {
        match code {
            0x9A => Some(Self::Authentication),
            0x9C => Some(Self::Signature),
            0x9D => Some(Self::KeyManagement),
            0x9E => Some(Self::CardAuthentication),
            _ => None,
        }
    }

    pub(super) fn code(self) -> u8 {
        match self {
            Self::Authentication => 0x9A,
            Self::Signature => 0x9C,
            Self::KeyManagement => 0x9D,
            Self::CardAuthentication => 0x9E,
        }
    }

    /// The object that holds the certificate of its public key (part 1 Table 3).
    pub(super) fn certificate(self) -> u32 {
        match self {
            Self::Authentication => 0x5F_C1_05,
            Self::Signature => 0x5F_C1_0A,
            Self::KeyManagement => 0x5F_C1_0B,
            Self::CardAuthentication => 0x5F_C1_01,
        }
    }
}

/// A cryptographic mechanism.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Algorithm {
    /// 07
    Rsa2048,
    /// 11
    P256,
}

impl Algorithm {
    pub(super) fn from_code(code: u8) -> Option<Self> {
        match code {
            0x07 => Some(Self::Rsa2048),
            0x11 => Some(Self::P256),
            _ => None,
        }
    }

    pub(super) fn code(self) -> u8 {
        match self {
            Self::Rsa2048 => 0x07,
            Self::P256 => 0x11,
        }
    }

    /// Persistent bytes that a private key takes.
    pub(super) fn memory_used(self) -> usize {
        match self {
            Self::Rsa2048 => 5 * 128,
            Self::P256 => 32,
        }
    }

    /// A new private key.
    pub(super) fn generate(self, entropy: &mut dyn Entropy) -> Option<PrivateKey> {
        match self {
            Self::Rsa2048 => rsa::generate(entropy).map(PrivateKey::Rsa2048),
            Self::P256 => elliptic_curve::generate(entropy).map(PrivateKey::P256),
        }
    }
}

/// A private key as it is kept.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum PrivateKey {
    /// RSAPrivateKey, DER (RFC 8017 §A.1.2): with the numbers of the Chinese remainder theorem
    Rsa2048(Secret),
    /// the scalar, 32 bytes
    #[serde(rename = "p-256")]
    P256(Secret),
}

impl PrivateKey {
    pub(super) fn algorithm(&self) -> Algorithm {
        match self {
            Self::Rsa2048(_) => Algorithm::Rsa2048,
            Self::P256(_) => Algorithm::P256,
        }
    }

    pub(super) fn memory_used(&self) -> usize {
        self.algorithm().memory_used()
    }

    pub(super) fn is_whole(&self) -> bool {
        match self {
            Self::Rsa2048(key) => rsa::is_whole(key),
            Self::P256(scalar) => elliptic_curve::is_whole(scalar),
        }
    }

    /// The public key: `7F49 {81 modulus, 82 exponent}` or `7F49 {86 point}` (part 2 §3.3.2).
    pub(super) fn public_template(&self) -> Option<Answer> {
        let content = match self {
            Self::Rsa2048(key) => {
                let (modulus, exponent) = rsa::public(key)?;
                [tlv::element(0x81, &modulus), tlv::element(0x82, &exponent)].concat()
            }
            Self::P256(scalar) => tlv::element(0x86, &elliptic_curve::public_point(scalar)?),
        };
        Some(Answer::new(tlv::element(0x7F49, &content)))
    }

    /// What a certificate has of the public key, as it stands there: the modulus, or the point.
    pub(super) fn public_bytes(&self) -> Option<Vec<u8>> {
        match self {
            Self::Rsa2048(key) => rsa::public(key).map(|(modulus, _)| modulus),
            Self::P256(scalar) => elliptic_curve::public_point(scalar).map(|point| point.to_vec()),
        }
    }

    /// RSA: the private operation on a block that whoever asks has padded. P-256: the ECDSA signature of a hash, DER.
    ///
    /// # Errors
    /// 6A80 for a block that is not as long as the modulus and below it, and for a hash of other than 20 to 32 bytes.
    pub(super) fn sign(&self, input: &[u8]) -> Result<Answer, StatusWord> {
        match self {
            Self::Rsa2048(key) => rsa::private_operation(key, input),
            Self::P256(scalar) => elliptic_curve::sign(scalar, input),
        }
        .ok_or(StatusWord::WRONG_DATA)
    }

    /// P-256: the secret shared with the owner of `point`, 32 bytes.
    ///
    /// # Errors
    /// 6A80 for an RSA key, and for what is no point of the curve.
    pub(super) fn agree(&self, point: &[u8]) -> Result<Answer, StatusWord> {
        match self {
            Self::Rsa2048(_) => None,
            Self::P256(scalar) => elliptic_curve::agree(scalar, point),
        }
        .ok_or(StatusWord::WRONG_DATA)
    }
}
