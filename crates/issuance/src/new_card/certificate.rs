//! Certificates of keys that a card made: all that can be known beforehand stands in a template, the center's own
//! authority signs. The same key gives the same certificate, so that any node makes it again (RFC 5280 §4.1,
//! RFC 8017 §8.2).

use cardwright_apdu::tlv;
use cardwright_data_preparation::CertificateTemplate;
use sha2::{Digest, Sha256};

use super::piv::PublicKey;

/// `SEQUENCE { sha256WithRSAEncryption, NULL }` (RFC 4055 §5).
const SHA256_WITH_RSA: [u8; 15] =
    [0x30, 0x0D, 0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x0B, 0x05, 0x00];
/// `SEQUENCE { rsaEncryption, NULL }` (RFC 3279 §2.3.1).
const RSA_ENCRYPTION: [u8; 15] =
    [0x30, 0x0D, 0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01, 0x05, 0x00];
/// `SEQUENCE { id-ecPublicKey, secp256r1 }` (RFC 5480 §2.1).
const P_256: [u8; 21] = [
    0x30, 0x13, 0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01, 0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03,
    0x01, 0x07,
];
/// DigestInfo of SHA-256 without the digest (RFC 8017 §9.2, note 1).
const SHA256_DIGEST_INFO: [u8; 19] =
    [0x30, 0x31, 0x30, 0x0D, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20];

const SEQUENCE: u32 = 0x30;
const INTEGER: u32 = 0x02;
const BIT_STRING: u32 = 0x03;

/// What an authority is to sign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToBeSigned {
    authority: String,
    certificate: Vec<u8>,
}

impl ToBeSigned {
    pub(super) fn new(template: &CertificateTemplate, key: &PublicKey) -> Self {
        let content = [&template.before[..], &subject_public_key_info(key), &template.after].concat();
        Self { authority: template.authority.clone(), certificate: tlv::element(SEQUENCE, &content) }
    }

    /// The keystore's handle of the RSA key that signs.
    #[must_use]
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// The TBSCertificate, DER.
    #[must_use]
    pub fn certificate(&self) -> &[u8] {
        &self.certificate
    }

    /// What the authority's private key of `modulus_length` bytes is applied to: SHA-256 in PKCS#1 v1.5 encoding
    /// (RFC 8017 §9.2). `None` where the key is too short for it.
    #[must_use]
    pub fn block(&self, modulus_length: usize) -> Option<Vec<u8>> {
        let info = [&SHA256_DIGEST_INFO[..], &Sha256::digest(&self.certificate)].concat();
        let filler = modulus_length.checked_sub(info.len() + 3).filter(|length| *length >= 8)?;
        Some([&[0x00, 0x01][..], &vec![0xFF; filler], &[0x00], &info].concat())
    }

    /// The certificate with its signature.
    pub(super) fn signed(&self, signature: &[u8]) -> Vec<u8> {
        let content = [&self.certificate[..], &SHA256_WITH_RSA, &bit_string(signature)].concat();
        tlv::element(SEQUENCE, &content)
    }
}

fn subject_public_key_info(key: &PublicKey) -> Vec<u8> {
    let (algorithm, key): (&[u8], Vec<u8>) = match key {
        PublicKey::Rsa { modulus, exponent } => {
            let numbers = [unsigned(modulus), unsigned(exponent)].concat();
            (&RSA_ENCRYPTION, tlv::element(SEQUENCE, &numbers))
        }
        PublicKey::P256(point) => (&P_256, point.clone()),
    };
    tlv::element(SEQUENCE, &[algorithm, &bit_string(&key)].concat())
}

/// A positive INTEGER: 00 before a first byte whose highest bit is set (X.690 §8.3).
fn unsigned(number: &[u8]) -> Vec<u8> {
    let sign = if number.first().is_some_and(|byte| byte & 0x80 != 0) { &[0x00][..] } else { &[] };
    tlv::element(INTEGER, &[sign, number].concat())
}

fn bit_string(bytes: &[u8]) -> Vec<u8> {
    tlv::element(BIT_STRING, &[&[0x00][..], bytes].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn to_be_signed() -> ToBeSigned {
        let template = CertificateTemplate { authority: "piv".to_owned(), before: vec![1], after: vec![2] };
        ToBeSigned::new(&template, &PublicKey::P256([&[4][..], &[9; 64]].concat()))
    }

    #[test]
    fn the_block_is_as_long_as_the_modulus_and_ends_with_the_digest() {
        let block = to_be_signed().block(256).unwrap();
        assert_eq!((block.len(), &block[..3]), (256, &[0x00, 0x01, 0xFF][..]));
        assert_eq!(block[224..], Sha256::digest(to_be_signed().certificate())[..]);
        assert_eq!(block[256 - 52..256 - 51], [0x00]);
        assert!(to_be_signed().block(61).is_none());
        assert!(to_be_signed().block(62).is_some());
    }

    #[test]
    fn the_key_stands_between_the_templates_two_parts() {
        let certificate = to_be_signed().certificate;
        assert_eq!(certificate[..3], [0x30, 93, 1]);
        assert_eq!((certificate.len(), certificate[94]), (95, 2));
        assert_eq!(certificate[3..5], [0x30, 0x59]);
    }

    #[test]
    fn a_modulus_is_a_positive_number() {
        assert_eq!(unsigned(&[0x80]), [0x02, 0x02, 0x00, 0x80]);
        assert_eq!(unsigned(&[1, 0, 1]), [0x02, 0x03, 1, 0, 1]);
    }
}
