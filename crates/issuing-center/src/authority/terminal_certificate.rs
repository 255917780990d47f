//! Certificates of terminals, from their PKCS#10 requests (RFC 2986).

use cardwright_relay::message::Id;
use rcgen::{
    CertificateSigningRequestParams, DnType, ExtendedKeyUsagePurpose, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256,
    PublicKeyData,
};
use rustls::pki_types::CertificateSigningRequestDer;

use super::key::POINT_LENGTH;
use super::{Authority, AuthorityError, certificate_params, end_of, fingerprint};

/// How long a terminal's certificate is valid; after that it enrols again with a new code.
const TERMINAL_DAYS: u32 = 365;

/// A terminal's certificate, just made.
#[derive(Debug)]
pub struct TerminalCertificate {
    /// X.509, DER
    pub certificate: Vec<u8>,
    /// SHA-256 of `certificate`
    pub fingerprint: [u8; 32],
    /// its end, microseconds since 1970 UTC
    pub expires: i64,
}

impl Authority {
    /// Signs a certificate for the key that made `request` (PKCS#10, DER). Of the request only the public key is
    /// taken: subject, times and usage are the center's.
    ///
    /// # Errors
    /// [`AuthorityError::Request`] where the request is not one, its signature is not by the key it names
    /// (RFC 2986 §4.2), or the key is not P-256; the keystore's own.
    pub fn certify(&self, request: &[u8], terminal: &Id, now: i64) -> Result<TerminalCertificate, AuthorityError> {
        let request = CertificateSigningRequestDer::from(request);
        let request = CertificateSigningRequestParams::from_der(&request).map_err(|error| match error {
            rcgen::Error::InvalidCertificationRequestSignature => {
                AuthorityError::Request("it is not signed by the key it names")
            }
            _ => AuthorityError::Request("it is not a PKCS#10 request"),
        })?;
        let key = request.public_key;
        if PublicKeyData::algorithm(&key) != &PKCS_ECDSA_P256_SHA256 || key.der_bytes().len() != POINT_LENGTH {
            return Err(AuthorityError::Request("its key is not a P-256 key"));
        }
        let mut params = certificate_params(self.keystore.as_ref(), now, TERMINAL_DAYS)?;
        params.distinguished_name.push(DnType::CommonName, hex::encode(terminal.as_slice()));
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let certificate = params.signed_by(&key, &self.issuer)?.der().to_vec();
        let fingerprint = fingerprint(&certificate);
        Ok(TerminalCertificate { certificate, fingerprint, expires: end_of(now, TERMINAL_DAYS) })
    }
}
