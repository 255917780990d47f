//! The certificate of the terminals' listener: its key lives in the state directory, and both are made anew when the
//! certificate nears its end or was signed by another authority.

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::{fs, io};

use cardwright_relay::CENTER_NAME;
use rcgen::{DnType, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose, SanType};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use x509_parser::prelude::X509Certificate;
use zeroize::Zeroizing;

use super::{Authority, AuthorityError, DAY, certificate_params};

const SERVER_DAYS: u32 = 365;
/// A certificate with less than this left is replaced.
const RENEW_BEFORE: i64 = 60 * DAY;
const KEY_FILE: &str = "listener-key.der";
const CERTIFICATE_FILE: &str = "listener-certificate.der";

/// What the terminals' listener shows, and the key that proves it.
pub struct ServerIdentity {
    /// the listener's certificate and the authority's, in this order
    pub chain: Vec<CertificateDer<'static>>,
    /// PKCS#8
    pub key: PrivateKeyDer<'static>,
}

impl Authority {
    /// The listener's key and certificate from `directory`, made anew there where they are missing, near their end
    /// at `now`, or not by this authority.
    ///
    /// # Errors
    /// [`AuthorityError::File`] where the directory does not let us; the keystore's own.
    pub fn server_identity(&self, directory: &Path, now: i64) -> Result<ServerIdentity, AuthorityError> {
        if let Some((certificate, key)) = self.kept(directory, now) {
            return Ok(self.identity(certificate, key));
        }
        let (certificate, key) = self.make_server_certificate(now)?;
        keep(directory, KEY_FILE, &key)?;
        keep(directory, CERTIFICATE_FILE, &certificate)?;
        Ok(self.identity(certificate, key))
    }

    fn identity(&self, certificate: Vec<u8>, key: Zeroizing<Vec<u8>>) -> ServerIdentity {
        ServerIdentity {
            chain: vec![CertificateDer::from(certificate), self.certificate.clone()],
            key: PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.to_vec())),
        }
    }

    /// What the directory holds, if it is good for some time yet.
    fn kept(&self, directory: &Path, now: i64) -> Option<(Vec<u8>, Zeroizing<Vec<u8>>)> {
        let key = Zeroizing::new(fs::read(directory.join(KEY_FILE)).ok()?);
        let certificate = fs::read(directory.join(CERTIFICATE_FILE)).ok()?;
        let (_, parsed) = x509_parser::parse_x509_certificate(&certificate).ok()?;
        let pair = KeyPair::try_from(key.as_slice()).ok()?;
        let fits = self.has_signed(&parsed)
            && parsed.public_key().raw == rcgen::PublicKeyData::subject_public_key_info(&pair)
            && parsed.validity().not_after.timestamp() * 1_000_000 > now + RENEW_BEFORE;
        drop(parsed);
        fits.then_some((certificate, key))
    }

    fn has_signed(&self, certificate: &X509Certificate<'_>) -> bool {
        x509_parser::parse_x509_certificate(&self.certificate)
            .is_ok_and(|(_, authority)| certificate.verify_signature(Some(authority.public_key())).is_ok())
    }

    fn make_server_certificate(&self, now: i64) -> Result<(Vec<u8>, Zeroizing<Vec<u8>>), AuthorityError> {
        let key = KeyPair::generate()?;
        let mut params = certificate_params(self.keystore.as_ref(), now, SERVER_DAYS)?;
        params.distinguished_name.push(DnType::CommonName, CENTER_NAME);
        params.subject_alt_names = vec![SanType::DnsName(CENTER_NAME.try_into()?)];
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let certificate = params.signed_by(&key, &self.issuer)?.der().to_vec();
        Ok((certificate, Zeroizing::new(key.serialize_der())))
    }
}

/// Writes a file that only its owner reads, whole or not at all.
fn keep(directory: &Path, name: &str, content: &[u8]) -> Result<(), AuthorityError> {
    let path = directory.join(name);
    let failed = |error| AuthorityError::File { path: path.display().to_string(), error };
    let beside = directory.join(format!("{name}.new"));
    write_private(&beside, content).map_err(failed)?;
    fs::rename(&beside, &path).map_err(failed)
}

fn write_private(path: &Path, content: &[u8]) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(content)?;
    file.sync_all()
}
