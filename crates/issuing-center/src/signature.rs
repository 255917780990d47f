//! Signatures of others, verified: P-256, ECDSA, SHA-256.

use aws_lc_rs::digest;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, ParsedPublicKey};

/// Whether `signature` (ASN.1 DER) over `message` verifies under the key (SubjectPublicKeyInfo DER).
#[must_use]
pub fn verifies(key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    ParsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, key).is_ok_and(|key| key.verify_sig(message, signature).is_ok())
}

/// The same for a message of which only the SHA-256 is signed by whoever holds the key.
#[must_use]
pub fn verifies_digest(key: &[u8], hash: &[u8; 32], signature: &[u8]) -> bool {
    let Ok(hash) = digest::Digest::import_less_safe(hash, &digest::SHA256) else { return false };
    ParsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, key).is_ok_and(|key| key.verify_digest_sig(&hash, signature).is_ok())
}
