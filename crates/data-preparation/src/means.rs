//! What preparation needs besides profile and order: the keystore, certified issuer keys, keys from the pool, a number.

use cardwright_keystore::{KeyId, Keystore};
use zeroize::{Zeroize, Zeroizing};

use crate::{CertificationKey, Date};

/// What preparation works with, handed in by the center. A profile of identity cards alone needs none of it.
#[derive(Default)]
pub struct Means<'a> {
    /// what works with the profile's named keys
    pub keystore: Option<&'a dyn Keystore>,
    /// the issuer keys that the profile names, with their certificates
    pub issuers: &'a [IssuerKey],
    /// RSA keys of this card from the pool, each used once: in the order and of the sizes of `Profile::card_keys`
    pub card_keys: Vec<RsaComponents>,
    /// the card number, where it is assigned from the profile's range
    pub number: Option<&'a str>,
    /// as many fresh random bytes as `Profile::random_bytes` asks for
    pub random: Zeroizing<Vec<u8>>,
}

/// An issuer's RSA key, certified by an EMV certification authority (EMV B2 §6.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuerKey {
    /// the name that profiles know it by
    pub name: String,
    /// the keystore's handle of the private key
    pub key: KeyId,
    /// the public key
    pub public: RsaPublicKey,
    /// the value of tag 90, as long as the authority's modulus
    pub certificate: Vec<u8>,
    /// the value of tag 92: what of the modulus found no room in the certificate; empty where all did
    pub remainder: Vec<u8>,
    /// the value of tag 9F32
    pub exponent: Vec<u8>,
    /// the authority
    pub certification_key: CertificationKey,
    /// the last day of the month that the certificate expires in
    pub expires: Date,
}

/// A public RSA key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RsaPublicKey {
    /// the modulus, big-endian, without leading zeros
    pub modulus: Vec<u8>,
    /// the exponent: `03` or `010001`
    pub exponent: Vec<u8>,
}

/// A whole RSA key, every part big-endian. `n` and `d` are as long as the modulus, the others but `e` half as long.
/// Not printable; erased when dropped.
pub struct RsaComponents {
    /// the modulus
    pub n: Vec<u8>,
    /// the public exponent
    pub e: Vec<u8>,
    /// the private exponent
    pub d: Vec<u8>,
    /// the greater prime
    pub p: Vec<u8>,
    /// the smaller prime
    pub q: Vec<u8>,
    /// d mod p - 1
    pub d_p: Vec<u8>,
    /// d mod q - 1
    pub d_q: Vec<u8>,
    /// 1 / q mod p
    pub q_inv: Vec<u8>,
}

impl Drop for RsaComponents {
    fn drop(&mut self) {
        let Self { n, e, d, p, q, d_p, d_q, q_inv } = self;
        for part in [n, e, d, p, q, d_p, d_q, q_inv] {
            part.zeroize();
        }
    }
}
