//! What a PIV application is personalized with (NIST SP 800-73): data objects, keys it makes itself, references.

use minicbor::{Decode, Encode};
use zeroize::Zeroize;

/// The content of one PIV application.
#[derive(Encode, Decode)]
#[cbor(map)]
pub struct PivContent {
    /// the data objects, without the certificates of `keys`
    #[n(0)]
    pub objects: Vec<PivObject>,
    /// the keys that the card makes itself
    #[n(1)]
    pub keys: Vec<PivKey>,
    /// PIN, PUK and administration key
    #[n(2)]
    pub references: Vec<PivReference>,
}

/// A data object. Erased when dropped.
#[derive(Encode, Decode)]
#[cbor(map)]
pub struct PivObject {
    /// its tag: `5FC102`, `7E`, ..
    #[n(0)]
    pub tag: u32,
    /// what stands inside tag 53
    #[cbor(n(1), with = "minicbor::bytes")]
    pub value: Vec<u8>,
    /// whether it tells something about a person
    #[n(2)]
    pub personal: bool,
}

/// A key that is made on the card, and what its certificate is made of.
#[derive(Encode, Decode)]
#[cbor(map)]
pub struct PivKey {
    /// `9A`, `9C`, `9D` or `9E`
    #[n(0)]
    pub slot: u8,
    /// `07` RSA-2048, `11` P-256
    #[n(1)]
    pub algorithm: u8,
    /// everything of the certificate but the public key
    #[n(2)]
    pub certificate: CertificateTemplate,
}

/// A certificate without its public key: TBSCertificate = SEQUENCE { before ‖ SubjectPublicKeyInfo ‖ after }, DER.
#[derive(Encode, Decode)]
#[cbor(map)]
pub struct CertificateTemplate {
    /// the keystore's handle of the RSA key that signs
    #[n(0)]
    pub authority: String,
    /// version to subject
    #[cbor(n(1), with = "minicbor::bytes")]
    pub before: Vec<u8>,
    /// the extensions
    #[cbor(n(2), with = "minicbor::bytes")]
    pub after: Vec<u8>,
}

/// A reference value that the card compares with. Erased when dropped.
#[derive(Encode, Decode)]
#[cbor(map)]
pub struct PivReference {
    /// `80` PIN, `81` PUK, `9B` administration key
    #[n(0)]
    pub reference: u8,
    /// of `9B` alone: `03` 3DES, `08` AES-128, `0A` AES-192, `0C` AES-256; otherwise 0
    #[n(1)]
    pub algorithm: u8,
    /// the value: PIN and PUK 8 bytes, filled up with FF; the key as long as its algorithm asks
    #[cbor(n(2), with = "minicbor::bytes")]
    pub value: Vec<u8>,
}

impl Drop for PivObject {
    fn drop(&mut self) {
        self.value.zeroize();
    }
}

impl Drop for CertificateTemplate {
    fn drop(&mut self) {
        self.before.zeroize();
        self.after.zeroize();
    }
}

impl Drop for PivReference {
    fn drop(&mut self) {
        self.value.zeroize();
    }
}
