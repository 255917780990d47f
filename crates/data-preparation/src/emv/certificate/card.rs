//! Certificates of a card's keys, signed by the issuer: the key of dynamic authentication, together with the static
//! data (`EMV B2`), and the key that PINs are enciphered under, without it (`EMV B2`).

use super::{CertificateFault, ToBeSigned, certify, recover_key};
use crate::emv::ExpiryMonth;
use crate::emv::rsa::PublicKey;

const FORMAT: u8 = 0x04;
const HEAD: usize = 1 + 10 + 2 + 3;

/// The certificate of a card's key: the value of tag 9F46 (with 9F48, 9F47) or 9F2D (with 9F2F, 9F2E).
#[derive(Clone, PartialEq, Eq)]
pub struct CardCertificate {
    /// the card number, filled with F
    pub pan: [u8; 10],
    /// the month whose last day is the last it is good on
    pub expires: ExpiryMonth,
    /// the number that the issuer gave it
    pub serial: [u8; 3],
    /// the card's modulus
    pub modulus: Vec<u8>,
    /// the card's exponent
    pub exponent: Vec<u8>,
}

impl CardCertificate {
    /// How much longer the issuer's modulus is than what of the card's fits beside the rest.
    pub const OVERHEAD: usize = 42;

    /// The block that an issuer whose modulus has `issuer_length` bytes signs. `static_data` is that of
    /// `static_data_to_be_authenticated` for the key of dynamic authentication, and empty for the PIN key.
    ///
    /// # Errors
    /// [`CertificateFault::KeyLength`], [`CertificateFault::Rsa`].
    pub fn to_be_signed(&self, issuer_length: usize, static_data: &[u8]) -> Result<ToBeSigned, CertificateFault> {
        let mut head = vec![FORMAT];
        head.extend_from_slice(&self.pan);
        head.extend_from_slice(&self.expires.in_certificate());
        head.extend_from_slice(&self.serial);
        certify(&head, PublicKey::new(&self.modulus, &self.exponent)?, issuer_length, static_data)
    }

    /// Recovers the certificate from its value, the remainder (empty where it is not there) and the exponent.
    ///
    /// # Errors
    /// [`CertificateFault`].
    pub fn recover(
        certificate: &[u8],
        remainder: &[u8],
        exponent: &[u8],
        issuer: PublicKey<'_>,
        static_data: &[u8],
    ) -> Result<Self, CertificateFault> {
        let (head, modulus) = recover_key(certificate, HEAD, issuer, (remainder, exponent), static_data)?;
        let (format, rest) = head.split_first().ok_or(CertificateFault::Kind)?;
        let (pan, rest) = rest.split_first_chunk::<10>().ok_or(CertificateFault::Kind)?;
        let (month, serial) = rest.split_first_chunk::<2>().ok_or(CertificateFault::Kind)?;
        if *format != FORMAT {
            return Err(CertificateFault::Kind);
        }
        PublicKey::new(&modulus, exponent)?;
        Ok(Self {
            pan: *pan,
            expires: ExpiryMonth::from_certificate(*month).ok_or(CertificateFault::Expiry)?,
            serial: serial.try_into().map_err(|_| CertificateFault::Kind)?,
            modulus,
            exponent: exponent.to_vec(),
        })
    }
}
