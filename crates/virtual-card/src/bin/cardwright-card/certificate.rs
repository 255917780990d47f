//! A self-signed certificate around a SAM's public key (RFC 5280 §4.1). It only carries the key: who may read is
//! told by the center's reader list, so it names no authority and does not expire.

use cardwright_apdu::tlv::element;
use p256::ecdsa::signature::hazmat::PrehashSigner;
use p256::ecdsa::{Signature, SigningKey};
use p256::pkcs8::EncodePublicKey;
use sha2::{Digest, Sha256};

use crate::failure::Failure;

/// ecdsa-with-SHA256, 1.2.840.10045.4.3.2.
const ECDSA_WITH_SHA256: [u8; 8] = [0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03, 0x02];
/// id-at-commonName, 2.5.4.3.
const COMMON_NAME: [u8; 3] = [0x55, 0x04, 0x03];
/// id-ce-keyUsage, 2.5.29.15.
const KEY_USAGE: [u8; 3] = [0x55, 0x1D, 0x0F];

/// A SAM's public key in the forms that programs want.
pub(crate) struct PublicForms {
    /// the certificate, DER
    pub(crate) certificate: Vec<u8>,
    /// SubjectPublicKeyInfo, DER
    pub(crate) public_key: Vec<u8>,
}

/// The certificate of `key` for `name`.
pub(crate) fn issue(key: &SigningKey, name: &str, serial: [u8; 8]) -> Result<PublicForms, Failure> {
    let impossible = |_| Failure::Environment("the key cannot be encoded".into());
    let public_key = key.verifying_key().to_public_key_der().map_err(impossible)?.to_vec();
    let to_be_signed = to_be_signed(name, serial, &public_key);
    let signature: Signature = key
        .sign_prehash(&Sha256::digest(&to_be_signed))
        .map_err(|_| Failure::Environment("the certificate cannot be signed".into()))?;
    let bits = [&[0][..], signature.to_der().as_bytes()].concat();
    let certificate = element(0x30, &[to_be_signed, algorithm(), element(0x03, &bits)].concat());
    Ok(PublicForms { certificate, public_key })
}

/// TBSCertificate (RFC 5280 §4.1.2), version 3, valid from 2020 without an end (§4.1.2.5).
fn to_be_signed(name: &str, serial: [u8; 8], public_key: &[u8]) -> Vec<u8> {
    let version = element(0xA0, &element(0x02, &[2]));
    let mut positive = serial;
    positive[0] = positive[0] & 0x7F | 0x40; // positive, and in its shortest form
    let common_name = element(0x30, &[element(0x06, &COMMON_NAME), element(0x0C, name.as_bytes())].concat());
    let distinguished_name = element(0x30, &element(0x31, &common_name));
    let validity = [element(0x17, b"200101000000Z"), element(0x18, b"99991231235959Z")].concat();
    let fields = [
        version,
        element(0x02, &positive),
        algorithm(),
        distinguished_name.clone(),
        element(0x30, &validity),
        distinguished_name,
        public_key.to_vec(),
        element(0xA3, &element(0x30, &digital_signature_only())),
    ];
    element(0x30, &fields.concat())
}

fn algorithm() -> Vec<u8> {
    element(0x30, &element(0x06, &ECDSA_WITH_SHA256))
}

/// keyUsage digitalSignature, critical (RFC 5280 §4.2.1.3).
fn digital_signature_only() -> Vec<u8> {
    let bits = element(0x03, &[7, 0x80]);
    element(0x30, &[element(0x06, &KEY_USAGE), element(0x01, &[0xFF]), element(0x04, &bits)].concat())
}
