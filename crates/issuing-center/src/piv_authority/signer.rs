//! An RSA key of the keystore as a signer of certificates: RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017 §8.2).

use std::sync::Arc;

use cardwright_data_preparation::piv::signature_block;
use cardwright_keystore::{Error, KeyId, Keystore};
use rcgen::{PKCS_RSA_SHA256, PublicKeyData, SignatureAlgorithm, SigningKey};
use sha1::{Digest, Sha1};
use x509_parser::prelude::FromDer;
use x509_parser::x509::SubjectPublicKeyInfo;

/// The key of an authority.
pub(super) struct RsaSigner {
    keystore: Arc<dyn Keystore>,
    key: KeyId,
    /// RSAPublicKey, DER
    public: Vec<u8>,
}

impl RsaSigner {
    /// The keystore's RSA key of this handle.
    ///
    /// # Errors
    /// The keystore's; `Unavailable` where it gives no SubjectPublicKeyInfo.
    pub(super) fn open(keystore: Arc<dyn Keystore>, key: KeyId) -> Result<Self, Error> {
        let info = keystore.public_key(&key)?;
        let public = match SubjectPublicKeyInfo::from_der(&info) {
            Ok((_, parsed)) => parsed.subject_public_key.data.to_vec(),
            Err(_) => return Err(Error::Unavailable("a public key without its form".into())),
        };
        Ok(Self { keystore, key, public })
    }

    /// How certificates name the key: SHA-1 of RSAPublicKey (RFC 5280 §4.2.1.2, method 1).
    pub(super) fn identifier(&self) -> [u8; 20] {
        identifier(&self.public)
    }
}

/// The identifier of the key whose RSAPublicKey (DER) this is.
pub(super) fn identifier(public: &[u8]) -> [u8; 20] {
    Sha1::digest(public).into()
}

impl PublicKeyData for RsaSigner {
    fn der_bytes(&self) -> &[u8] {
        &self.public
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &PKCS_RSA_SHA256
    }
}

impl SigningKey for RsaSigner {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        signature(&*self.keystore, &self.key, message).map_err(|_| rcgen::Error::RemoteKeyError)
    }
}

/// The signature of `message` by an RSA key of the keystore. The same message gives the same signature.
///
/// # Errors
/// The keystore's.
fn signature(keystore: &dyn Keystore, key: &KeyId, message: &[u8]) -> Result<Vec<u8>, Error> {
    let length = keystore.rsa_public_key(key)?.modulus.len();
    let short = || Error::Length { what: "an RSA key", length, allowed: "62 or more" };
    keystore.rsa_private(key, &signature_block(message, length).ok_or_else(short)?)
}

#[cfg(test)]
mod tests {
    use cardwright_keystore::software::{SoftwareKeystore, SystemRandomness};
    use cardwright_keystore::{KeyKind, NewKey, Purpose, RsaExponent, RsaSize};

    use super::*;

    #[test]
    fn a_signature_verifies_elsewhere_and_another_message_does_not() {
        let keystore = SoftwareKeystore::in_memory(Box::new(SystemRandomness));
        let key = KeyId::new("staff", 1).unwrap();
        let kind = KeyKind::Rsa(RsaSize::new(2_048, RsaExponent::F4).unwrap());
        keystore.generate(&NewKey { id: key.clone(), kind, purpose: Purpose::RsaSign, created: 0 }).unwrap();
        let signed = signature(&keystore, &key, b"message").unwrap();
        assert_eq!(signed, signature(&keystore, &key, b"message").unwrap(), "deterministic");
        let info = keystore.public_key(&key).unwrap();
        let (_, parsed) = SubjectPublicKeyInfo::from_der(&info).unwrap();
        let algorithm = &aws_lc_rs::signature::RSA_PKCS1_2048_8192_SHA256;
        let public = aws_lc_rs::signature::UnparsedPublicKey::new(algorithm, &*parsed.subject_public_key.data);
        assert!(public.verify(b"message", &signed).is_ok());
        assert!(public.verify(b"massage", &signed).is_err());
    }
}
