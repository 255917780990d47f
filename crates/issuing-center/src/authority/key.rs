//! The authority's key as a signer whose key stays in the keystore.

use std::sync::Arc;

use cardwright_keystore::{KeyId, Keystore};
use rcgen::{PKCS_ECDSA_P256_SHA256, PublicKeyData, SignatureAlgorithm, SigningKey};

use super::AuthorityError;
use crate::center::AUTHORITY_KEY;

/// SubjectPublicKeyInfo of a P-256 key (RFC 5480 §2): 26 bytes of header, then the uncompressed point.
const POINT_AT: usize = 26;
/// Length of an uncompressed P-256 point (SEC 1 §2.3.3).
pub(super) const POINT_LENGTH: usize = 65;

/// The keystore's authority key.
pub struct AuthorityKey {
    keystore: Arc<dyn Keystore>,
    id: KeyId,
    public: Vec<u8>,
}

impl AuthorityKey {
    /// Version 1 of the key named [`AUTHORITY_KEY`].
    ///
    /// # Errors
    /// [`AuthorityError::Keystore`] where there is none; [`AuthorityError::Certificate`] where it is not P-256.
    pub fn open(keystore: Arc<dyn Keystore>) -> Result<Self, AuthorityError> {
        let id = KeyId::new(AUTHORITY_KEY, 1)?;
        let public = keystore.public_key(&id)?;
        if public.len() != POINT_AT + POINT_LENGTH {
            return Err(AuthorityError::Certificate("the authority's key is not a P-256 key".to_owned()));
        }
        Ok(Self { keystore, id, public })
    }

    /// SubjectPublicKeyInfo, DER.
    #[must_use]
    pub fn subject_public_key_info(&self) -> &[u8] {
        &self.public
    }
}

impl PublicKeyData for AuthorityKey {
    fn der_bytes(&self) -> &[u8] {
        &self.public[POINT_AT..]
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &PKCS_ECDSA_P256_SHA256
    }
}

impl SigningKey for AuthorityKey {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        self.keystore.sign(&self.id, message).map_err(|_| rcgen::Error::RemoteKeyError)
    }
}
