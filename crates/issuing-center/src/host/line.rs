//! The line to the host: one connection and one POST an event, over TLS 1.3, or plain on this machine.

use std::sync::Arc;
use std::time::Duration;

use cardwright_relay::Code;
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::header::{CONTENT_TYPE, HOST, USER_AGENT};
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio_rustls::TlsConnector;

use super::address::Address;
use crate::refused::Refused;
use crate::store::HostRow;

/// For everything: name, connection, TLS, request, and the head of the answer.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// Where systems keep the certificates that they trust, the first that is there; `SSL_CERT_FILE` goes before.
const SYSTEM_ROOTS: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// What became of a POST.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Answer {
    /// the host's status
    Status(u16),
    /// nobody answered, and why
    Nobody(String),
}

/// A line to one host.
pub(super) struct Line {
    address: Address,
    tls: Option<Arc<ClientConfig>>,
}

impl Line {
    /// A line as the row says. Nothing is dialled yet.
    ///
    /// # Errors
    /// `HOST_REFUSED` where the address, or the certificates that the host's must lead to, cannot be used.
    pub(super) fn new(row: &HostRow) -> Result<Self, Refused> {
        let address = Address::parse(&row.url)?;
        let tls = match address.secure {
            true => Some(Arc::new(configuration(&row.url, row.ca.as_deref())?)),
            false => None,
        };
        Ok(Self { address, tls })
    }

    /// Posts `body` once, and waits for the head of the answer.
    pub(super) async fn post(&self, headers: &[(&'static str, String)], body: Vec<u8>) -> Answer {
        match tokio::time::timeout(PATIENCE, self.exchange(headers, body)).await {
            Ok(Ok(status)) => Answer::Status(status),
            Ok(Err(reason)) => Answer::Nobody(reason),
            Err(_) => Answer::Nobody(format!("no answer within {} s", PATIENCE.as_secs())),
        }
    }

    async fn exchange(&self, headers: &[(&'static str, String)], body: Vec<u8>) -> Result<u16, String> {
        let socket = self.connected().await?;
        let Some(tls) = &self.tls else { return self.request(socket, headers, body).await };
        let name = ServerName::try_from(self.address.host.clone()).map_err(|error| error.to_string())?;
        let stream = TlsConnector::from(Arc::clone(tls)).connect(name, socket).await;
        self.request(stream.map_err(|error| error.to_string())?, headers, body).await
    }

    /// A connection; without TLS to an address of this machine alone, whatever its name leads to.
    async fn connected(&self) -> Result<TcpStream, String> {
        let found = lookup_host((self.address.host.as_str(), self.address.port)).await;
        let mut reason = "the name leads to no address that may be used".to_owned();
        for address in found.map_err(|error| error.to_string())? {
            if !self.address.secure && !address.ip().is_loopback() {
                continue;
            }
            match TcpStream::connect(address).await {
                Ok(socket) => return Ok(socket),
                Err(error) => reason = error.to_string(),
            }
        }
        Err(reason)
    }

    async fn request(
        &self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        headers: &[(&'static str, String)],
        body: Vec<u8>,
    ) -> Result<u16, String> {
        let (mut sender, connection) =
            http1::handshake(TokioIo::new(stream)).await.map_err(|error| error.to_string())?;
        let mut request = Request::builder()
            .method(Method::POST)
            .uri(&self.address.path)
            .header(HOST, &self.address.authority)
            .header(USER_AGENT, "cardwright")
            .header(CONTENT_TYPE, "application/json");
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let request = request.body(Full::new(Bytes::from(body))).map_err(|error| error.to_string())?;
        // The connection is driven here and ends here: no task outlives the one who posts.
        let (mut connection, mut answer) = (std::pin::pin!(connection), std::pin::pin!(sender.send_request(request)));
        let answered = tokio::select! {
            biased;
            answered = &mut answer => answered,
            _ = &mut connection => answer.await,
        };
        answered.map(|answer| answer.status().as_u16()).map_err(|error| error.to_string())
    }
}

/// TLS to a host whose certificate leads to `ca`, or to one that the system trusts.
fn configuration(url: &str, ca: Option<&[u8]>) -> Result<ClientConfig, Refused> {
    let refused = |reason: String| Refused::with(Code::HOST_REFUSED, [url.to_owned(), reason]);
    let pem = match ca {
        Some(pem) => pem.to_vec(),
        None => system_roots().ok_or_else(|| refused("this machine has no file of trusted certificates".into()))?,
    };
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        let certificate = certificate.map_err(|error| refused(format!("a certificate cannot be read: {error}")))?;
        let added = roots.add(certificate);
        // One of many that the system trusts may be of a kind that is not known here.
        if let (Err(error), Some(_)) = (added, ca) {
            return Err(refused(format!("a certificate cannot be used: {error}")));
        }
    }
    if roots.is_empty() {
        return Err(refused("there is no certificate that its own could lead to".into()));
    }
    let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
    let builder = builder.with_protocol_versions(&[&rustls::version::TLS13]);
    let builder = builder.map_err(|error| refused(error.to_string()))?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

fn system_roots() -> Option<Vec<u8>> {
    let named = std::env::var_os("SSL_CERT_FILE").map(std::path::PathBuf::from);
    named.into_iter().chain(SYSTEM_ROOTS.map(Into::into)).find_map(|path| std::fs::read(path).ok())
}
