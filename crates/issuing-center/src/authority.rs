//! The center's certification authority: who the center is to its terminals, and who a terminal is to the center.
//!
//! One self-signed P-256 certificate is made when the center is set up, with a key that stays in the keystore, and is
//! kept as a setting. It signs the certificate of the terminals' listener and those of terminals, and nothing else:
//! a path length of 0 forbids authorities below it.

mod key;
mod server_certificate;
mod terminal_certificate;

use std::sync::Arc;
use std::time::Duration;

use cardwright_keystore::Keystore;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyUsagePurpose, SerialNumber};
use rustls::pki_types::CertificateDer;
use sha2::{Digest, Sha256};

use crate::calendar::DAY;

pub use self::key::AuthorityKey;
pub use self::server_certificate::ServerIdentity;
pub use self::terminal_certificate::TerminalCertificate;

/// The setting that holds the authority's certificate, DER.
pub const CERTIFICATE_SETTING: &str = "authority-certificate";

/// How long the authority's own certificate is valid.
const AUTHORITY_DAYS: u32 = 20 * 365;
/// How far back certificates begin, for clocks that are behind.
const CLOCK_ALLOWANCE: i64 = 3_600 * 1_000_000;

/// Why a certificate was not made.
#[derive(Debug, thiserror::Error)]
pub enum AuthorityError {
    /// The keystore's: the key is not there, or it does not answer.
    #[error("the authority's key: {0}")]
    Keystore(#[from] cardwright_keystore::Error),
    /// The terminal's: its request is not PKCS#10, not signed by the key it names, or the key is not P-256.
    #[error("the certificate request is refused: {0}")]
    Request(&'static str),
    /// The center's own certificate does not belong to the keystore's key, or cannot be read.
    #[error("the authority's certificate does not fit its key: {0}")]
    Certificate(String),
    /// The state directory's: the listener's key and certificate could not be kept or read.
    #[error("{path}: {error}")]
    File {
        /// the file
        path: String,
        /// what the system said
        error: std::io::Error,
    },
}

impl From<rcgen::Error> for AuthorityError {
    fn from(error: rcgen::Error) -> Self {
        Self::Certificate(error.to_string())
    }
}

/// The authority, ready to sign.
pub struct Authority {
    certificate: CertificateDer<'static>,
    issuer: Issuer<'static, AuthorityKey>,
    keystore: Arc<dyn Keystore>,
}

impl Authority {
    /// Makes the authority's self-signed certificate, DER, when the center is set up; the key must be there already.
    ///
    /// # Errors
    /// [`AuthorityError::Keystore`] where the key is missing or the keystore does not answer.
    pub fn create(keystore: &Arc<dyn Keystore>, now: i64) -> Result<Vec<u8>, AuthorityError> {
        let key = AuthorityKey::open(Arc::clone(keystore))?;
        let mut params = certificate_params(keystore.as_ref(), now, AUTHORITY_DAYS)?;
        params.distinguished_name.push(DnType::CommonName, "cardwright issuing center authority");
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        Ok(params.self_signed(&key)?.der().to_vec())
    }

    /// The authority of a center that was set up: the setting's certificate and the keystore's key.
    ///
    /// # Errors
    /// [`AuthorityError::Certificate`] where the two do not belong together.
    pub fn open(keystore: Arc<dyn Keystore>, certificate: &[u8]) -> Result<Self, AuthorityError> {
        let key = AuthorityKey::open(Arc::clone(&keystore))?;
        let (_, parsed) = x509_parser::parse_x509_certificate(certificate)
            .map_err(|error| AuthorityError::Certificate(error.to_string()))?;
        if parsed.public_key().raw != key.subject_public_key_info() {
            return Err(AuthorityError::Certificate("it names another key".to_owned()));
        }
        let certificate = CertificateDer::from(certificate.to_vec());
        let issuer = Issuer::from_ca_cert_der(&certificate, key)?;
        Ok(Self { certificate, issuer, keystore })
    }

    /// The authority's certificate: the only root that terminals trust, and the only one their certificates lead to.
    #[must_use]
    pub fn certificate(&self) -> &CertificateDer<'static> {
        &self.certificate
    }
}

/// SHA-256 over a certificate's DER: how the terminals' database names it.
#[must_use]
pub fn fingerprint(certificate: &[u8]) -> [u8; 32] {
    Sha256::digest(certificate).into()
}

/// A certificate for `days` from `now` (microseconds since 1970 UTC), with a random serial number and no name yet.
pub(crate) fn certificate_params(
    keystore: &dyn Keystore,
    now: i64,
    days: u32,
) -> Result<CertificateParams, AuthorityError> {
    let mut serial = keystore.random(16)?;
    serial[0] = serial[0] & 0x7F | 0x40; // RFC 5280 §4.1.2.2: positive, at most 20 octets
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.serial_number = Some(SerialNumber::from(serial));
    params.not_before = rcgen::date_time_ymd(1970, 1, 1) + since_1970(now - CLOCK_ALLOWANCE);
    params.not_after = rcgen::date_time_ymd(1970, 1, 1) + since_1970(end_of(now, days));
    params.use_authority_key_identifier_extension = true;
    Ok(params)
}

/// The end of a certificate made at `now`, in whole seconds as certificates have them.
fn end_of(now: i64, days: u32) -> i64 {
    (now + i64::from(days) * DAY) / 1_000_000 * 1_000_000
}

fn since_1970(time: i64) -> Duration {
    Duration::from_secs(u64::try_from(time / 1_000_000).unwrap_or(0))
}
