//! Certificates of keys that a card made: all that can be known beforehand stands in a template, the center's own
//! authority signs. The same key gives the same certificate, so that any node makes it again.

use cardwright_data_preparation::CertificateTemplate;
use cardwright_data_preparation::piv::{PublicKey, signature_block, signed_certificate};

/// What an authority is to sign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToBeSigned {
    authority: String,
    certificate: Vec<u8>,
}

impl ToBeSigned {
    pub(super) fn new(template: &CertificateTemplate, key: &PublicKey) -> Self {
        Self { authority: template.authority.clone(), certificate: template.to_be_signed(&key.to_der()) }
    }

    /// The keystore's handle of the RSA key that signs.
    #[must_use]
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// What the authority's private key of `modulus_length` bytes is applied to. `None` where it is too short for it.
    #[must_use]
    pub fn block(&self, modulus_length: usize) -> Option<Vec<u8>> {
        signature_block(&self.certificate, modulus_length)
    }

    /// The certificate with its signature.
    pub(super) fn signed(&self, signature: &[u8]) -> Vec<u8> {
        signed_certificate(&self.certificate, signature)
    }
}
