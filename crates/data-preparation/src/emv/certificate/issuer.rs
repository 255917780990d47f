//! Issuer certificates: the scheme's certification authority certifies the issuer's key (`EMV B2`).

use super::{CertificateFault, ToBeSigned, certify, recover_key};
use crate::emv::ExpiryMonth;
use crate::emv::rsa::PublicKey;

const FORMAT: u8 = 0x02;
const HEAD: usize = 1 + 4 + 2 + 3;

/// The certificate of an issuer's key: the value of tag 90, with 92 and 9F32.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuerCertificate {
    /// the first 3 to 8 digits of the issuer's card numbers, filled with F
    pub identifier: [u8; 4],
    /// the month whose last day is the last it is good on
    pub expires: ExpiryMonth,
    /// the number that the authority gave it
    pub serial: [u8; 3],
    /// the issuer's modulus
    pub modulus: Vec<u8>,
    /// the issuer's exponent
    pub exponent: Vec<u8>,
}

impl IssuerCertificate {
    /// How much longer the authority's modulus is than what of the issuer's fits beside the rest.
    pub const OVERHEAD: usize = 36;

    /// The block that an authority whose modulus has `authority_length` bytes signs.
    ///
    /// # Errors
    /// [`CertificateFault::KeyLength`], [`CertificateFault::Rsa`].
    pub fn to_be_signed(&self, authority_length: usize) -> Result<ToBeSigned, CertificateFault> {
        let mut head = vec![FORMAT];
        head.extend_from_slice(&self.identifier);
        head.extend_from_slice(&self.expires.in_certificate());
        head.extend_from_slice(&self.serial);
        certify(&head, PublicKey::new(&self.modulus, &self.exponent)?, authority_length, &[])
    }

    /// Recovers the certificate from the values of tags 90, 92 (empty where it is not there) and 9F32.
    ///
    /// # Errors
    /// [`CertificateFault`].
    pub fn recover(
        certificate: &[u8],
        remainder: &[u8],
        exponent: &[u8],
        authority: PublicKey<'_>,
    ) -> Result<Self, CertificateFault> {
        let (head, modulus) = recover_key(certificate, HEAD, authority, (remainder, exponent), &[])?;
        let head: [u8; HEAD] = head.try_into().map_err(|_| CertificateFault::Kind)?;
        let [FORMAT, i0, i1, i2, i3, month, year, serial @ ..] = head else { return Err(CertificateFault::Kind) };
        PublicKey::new(&modulus, exponent)?;
        Ok(Self {
            identifier: [i0, i1, i2, i3],
            expires: ExpiryMonth::from_certificate([month, year]).ok_or(CertificateFault::Expiry)?,
            serial,
            modulus,
            exponent: exponent.to_vec(),
        })
    }
}
