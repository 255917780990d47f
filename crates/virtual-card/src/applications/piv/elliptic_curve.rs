//! P-256: keys, signatures, key agreement.

use p256::ecdsa::signature::hazmat::PrehashSigner;
use p256::ecdsa::{Signature, SigningKey};
use p256::elliptic_curve::sec1::ToSec1Point;
use p256::{PublicKey, SecretKey, ecdh};

use super::Answer;
use crate::entropy::Entropy;
use crate::secret::Secret;

/// Numbers drawn before a source that hands out no scalar is given up.
const DRAWS: usize = 16;

/// A scalar, 32 bytes.
pub(super) fn generate(entropy: &mut dyn Entropy) -> Option<Secret> {
    (0..DRAWS).find_map(|_| {
        let mut bytes = vec![0; 32];
        entropy.fill(&mut bytes);
        Some(Secret::new(bytes)).filter(is_whole)
    })
}

pub(super) fn is_whole(scalar: &Secret) -> bool {
    scalar.expose().len() == 32 && SecretKey::from_slice(scalar.expose()).is_ok()
}

/// `04 ‖ X ‖ Y`.
pub(super) fn public_point(scalar: &Secret) -> Option<Vec<u8>> {
    let key = SecretKey::from_slice(scalar.expose()).ok()?;
    Some(key.public_key().to_sec1_point(false).as_bytes().to_vec())
}

/// The DER signature of a hash of 20 to 32 bytes; a shorter one is the same number. The nonce is that of RFC 6979.
pub(super) fn sign(scalar: &Secret, hash: &[u8]) -> Option<Answer> {
    if !(20..=32).contains(&hash.len()) {
        return None;
    }
    let key = SigningKey::from_slice(scalar.expose()).ok()?;
    let signature: Signature = key.sign_prehash(hash).ok()?;
    Some(Answer::new(signature.to_der().as_bytes().to_vec()))
}

/// X of the shared point. Only an uncompressed point of the curve is taken.
pub(super) fn agree(scalar: &Secret, point: &[u8]) -> Option<Answer> {
    let uncompressed = point.len() == 65 && point.first() == Some(&0x04);
    let other = PublicKey::from_sec1_bytes(point).ok().filter(|_| uncompressed)?;
    let key = SecretKey::from_slice(scalar.expose()).ok()?;
    let shared = ecdh::diffie_hellman(key.to_nonzero_scalar(), other.as_affine());
    Some(Answer::new(shared.raw_secret_bytes().to_vec()))
}
