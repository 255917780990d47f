//! An RSA key of the keystore as a signer of certificates: RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017 §8.2).

use std::sync::Arc;

use cardwright_keystore::{Error, KeyId, Keystore};
use rcgen::{PKCS_RSA_SHA256, PublicKeyData, SignatureAlgorithm, SigningKey};
use sha2::{Digest, Sha256};
use x509_parser::prelude::FromDer;
use x509_parser::x509::SubjectPublicKeyInfo;

/// DigestInfo of SHA-256 before the hash (RFC 8017 §9.2, note 1).
const DIGEST_INFO: [u8; 19] =
    [0x30, 0x31, 0x30, 0x0D, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20];

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
pub fn signature(keystore: &dyn Keystore, key: &KeyId, message: &[u8]) -> Result<Vec<u8>, Error> {
    let length = keystore.rsa_public_key(key)?.modulus.len();
    keystore.rsa_private(key, &encoded(message, length)?)
}

/// EMSA-PKCS1-v1_5 (RFC 8017 §9.2).
fn encoded(message: &[u8], length: usize) -> Result<Vec<u8>, Error> {
    let hash = Sha256::digest(message);
    let filling = length.checked_sub(3 + DIGEST_INFO.len() + hash.len()).filter(|filling| *filling >= 8);
    let filling = filling.ok_or(Error::Length { what: "an RSA key", length, allowed: "62 or more" })?;
    Ok([&[0x00, 0x01][..], &vec![0xFF; filling], &[0x00], &DIGEST_INFO, &hash].concat())
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
