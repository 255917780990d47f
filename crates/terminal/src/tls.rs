//! TLS 1.3 to one center and no other: by its fingerprint before enrolment, by its authority ever after.

use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{
    AlertDescription, CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
};

use cardwright_relay::enrolment::fingerprint;
use cardwright_relay::{CENTER_NAME, Code};

use crate::failure::Failure;
use crate::identity::Identity;

/// TLS for ENROL: no client certificate, and a server whose chain holds the authority of this fingerprint.
///
/// # Errors
/// Never in practice: `CW-5004` should the provider lack TLS 1.3.
pub fn by_fingerprint(expected: [u8; 16]) -> Result<ClientConfig, Failure> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let verifier = Arc::new(FingerprintVerifier { expected, provider: Arc::clone(&provider) });
    let builder = ClientConfig::builder_with_provider(provider).with_protocol_versions(&[&rustls::version::TLS13]);
    let builder = builder.map_err(|error| Failure::Unreachable(error.to_string()))?;
    Ok(spoken(builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth()))
}

/// TLS of an enrolled terminal: its own certificate, and the enrolled center's authority as the only root.
///
/// # Errors
/// `CW-5013` where what enrolment left cannot be used.
pub fn mutual(identity: &Identity) -> Result<ClientConfig, Failure> {
    let unusable = |error: &dyn std::fmt::Display| Failure::file(std::path::Path::new("identity"), error);
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(identity.authority.clone())).map_err(|error| unusable(&error))?;
    let key = PrivateKeyDer::from_pem_slice(identity.key.as_bytes()).map_err(|error| unusable(&error))?;
    let chain = vec![CertificateDer::from(identity.certificate.clone())];
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(|error| unusable(&error))?
        .with_root_certificates(roots)
        .with_client_auth_cert(chain, key)
        .map_err(|error| unusable(&error))?;
    Ok(spoken(config))
}

fn spoken(mut config: ClientConfig) -> ClientConfig {
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    config.resumption = rustls::client::Resumption::disabled();
    config
}

/// The name that is asked for, whatever the address.
#[must_use]
pub fn center_name() -> ServerName<'static> {
    ServerName::try_from(CENTER_NAME).expect("the constant is a DNS name")
}

/// Takes a server whose chain holds an authority of the expected fingerprint that signed the server's certificate.
#[derive(Debug)]
struct FingerprintVerifier {
    expected: [u8; 16],
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for FingerprintVerifier {
    fn verify_server_cert(
        &self,
        server: &CertificateDer<'_>,
        chain: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let unknown = Error::InvalidCertificate(CertificateError::UnknownIssuer);
        let authority = chain.iter().find(|certificate| fingerprint(certificate) == self.expected).ok_or(unknown)?;
        let mut roots = RootCertStore::empty();
        roots.add(authority.clone().into_owned())?;
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&self.provider))
            .build()
            .map_err(|error| Error::General(error.to_string()))?;
        verifier.verify_server_cert(server, &[], name, ocsp, now)
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _certificate: &CertificateDer<'_>,
        _signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(Error::General("TLS 1.2 is not spoken".to_owned()))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signature, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// What an error of the line means, where TLS is at its root: another center, or a terminal that is not let in.
/// `None` where the line is merely broken.
#[must_use]
pub fn meaning(error: &(dyn std::error::Error + 'static)) -> Option<Failure> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<Error>() {
            return of_tls(found);
        }
        let inner = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        next = inner.map(|inner| inner as &(dyn std::error::Error + 'static)).or_else(|| error.source());
    }
    None
}

fn of_tls(error: &Error) -> Option<Failure> {
    let refused = |code| Some(Failure::Refused(cardwright_relay::message::Refusal { code, parameters: Vec::new() }));
    match error {
        Error::InvalidCertificate(
            CertificateError::Expired
            | CertificateError::ExpiredContext { .. }
            | CertificateError::NotValidYet
            | CertificateError::NotValidYetContext { .. },
        ) => {
            Some(Failure::Unreachable("its certificate does not hold now; or this machine's clock is wrong".to_owned()))
        }
        Error::InvalidCertificate(_) => Some(Failure::OtherCenter),
        Error::AlertReceived(AlertDescription::CertificateExpired) => refused(Code::TERMINAL_EXPIRED),
        Error::AlertReceived(AlertDescription::CertificateRevoked) => refused(Code::TERMINAL_REVOKED),
        Error::AlertReceived(
            AlertDescription::UnknownCA
            | AlertDescription::BadCertificate
            | AlertDescription::CertificateUnknown
            | AlertDescription::CertificateRequired
            | AlertDescription::AccessDenied
            | AlertDescription::DecryptError,
        ) => refused(Code::TERMINAL_UNKNOWN),
        _ => None,
    }
}
