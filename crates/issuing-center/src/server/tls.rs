//! TLS for terminals: 1.3 alone, and no way to resume, for a resumed handshake asks for no certificate.

use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::NoServerSessionStorage;
use rustls::time_provider::TimeProvider;

use super::client_certificate::TerminalVerifier;
use crate::authority::ServerIdentity;
use crate::center::Clock;

/// Why the listener cannot speak TLS: the center's own certificate or key is at fault.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// certificate or key
    #[error("the listener's certificate or key: {0}")]
    Identity(#[from] rustls::Error),
    /// authority
    #[error("the authority's certificate: {0}")]
    Authority(#[from] rustls::server::VerifierBuilderError),
}

/// The listener's TLS: TLS 1.3, HTTP/2 or 1.1 by ALPN, certificates of `authority`'s terminals, the center's clock.
///
/// # Errors
/// [`TlsError`] where certificate, key and authority do not fit together.
pub fn configuration(
    identity: ServerIdentity,
    authority: &CertificateDer<'static>,
    clock: &Clock,
) -> Result<ServerConfig, TlsError> {
    let verifier = TerminalVerifier::new(authority.clone())?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_details(provider, Arc::new(CenterTime(Arc::clone(clock))))
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_client_cert_verifier(Arc::new(verifier))
        .with_single_cert(identity.chain, identity.key)?;
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0; // RFC 8446 §4.6.1
    config.max_early_data_size = 0; // RFC 8446 §8: what is sent early can be replayed
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

/// The center's clock as TLS asks it.
struct CenterTime(Clock);

impl std::fmt::Debug for CenterTime {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("CenterTime")
    }
}

impl TimeProvider for CenterTime {
    fn current_time(&self) -> Option<UnixTime> {
        let microseconds = u64::try_from((self.0)()).ok()?;
        Some(UnixTime::since_unix_epoch(Duration::from_micros(microseconds)))
    }
}
