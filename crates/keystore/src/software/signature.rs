//! P-256: the public key of a scalar, and signatures (FIPS 186-5; ECDSA with SHA-256).

use aws_lc_rs::agreement::{ECDH_P256, PrivateKey};
use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};

use crate::{Error, KeyKind};

/// The SubjectPublicKeyInfo of a private scalar of 32 bytes, or [`Error::KeyValue`] where it is none.
pub(super) fn public_key(scalar: &[u8]) -> Result<Vec<u8>, Error> {
    let pair = key_pair(scalar)?;
    let encoded: PublicKeyX509Der<'_> = pair.public_key().as_der().map_err(|_| Error::KeyValue(KeyKind::P256))?;
    Ok(encoded.as_ref().to_vec())
}

/// The signature of `message`, in DER.
pub(super) fn sign(scalar: &[u8], message: &[u8]) -> Result<Vec<u8>, Error> {
    let signature = key_pair(scalar)?
        .sign(&SystemRandom::new(), message)
        .map_err(|_| Error::Unavailable("the signature failed".into()))?;
    Ok(signature.as_ref().to_vec())
}

/// The pair lives for one call: between calls the scalar is in locked memory alone.
fn key_pair(scalar: &[u8]) -> Result<EcdsaKeyPair, Error> {
    let refused = || Error::KeyValue(KeyKind::P256);
    let public = PrivateKey::from_private_key(&ECDH_P256, scalar)
        .map_err(|_| refused())?
        .compute_public_key()
        .map_err(|_| refused())?;
    EcdsaKeyPair::from_private_key_and_public_key(&ECDSA_P256_SHA256_ASN1_SIGNING, scalar, public.as_ref())
        .map_err(|_| refused())
}
