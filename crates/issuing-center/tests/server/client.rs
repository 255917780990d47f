//! A terminal's side of the line, with every knob a wrong one might turn.

use std::io;
use std::sync::Arc;

use cardwright_issuing_center::server::Limits;
use cardwright_relay::message::Refusal;
use cardwright_relay::{CENTER_NAME, CONTENT_TYPE, Code, Message, decode, encode};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::{http1, http2};
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::world::World;

/// A certificate and the key it is shown with.
#[derive(Clone)]
pub(crate) struct Identity {
    pub(crate) certificate: Vec<u8>,
    pub(crate) key: Vec<u8>,
}

/// What a client offers.
pub(crate) fn config(
    world: &World,
    identity: Option<&Identity>,
    versions: &[&'static SupportedProtocolVersion],
    protocol: &str,
) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add(world.authority.certificate().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_protocol_versions(versions).unwrap();
    let builder = builder.with_root_certificates(roots);
    let mut config = match identity {
        None => builder.with_no_client_auth(),
        Some(Identity { certificate, key }) => {
            let chain = vec![CertificateDer::from(certificate.clone())];
            let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.clone()));
            let key = rustls::crypto::aws_lc_rs::sign::any_supported_type(&key).unwrap();
            // Not asking whether the two belong together: a thief would not either.
            let shown = CertifiedKey::new(chain, key);
            builder.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(shown)))
        }
    };
    config.alpn_protocols = vec![protocol.as_bytes().to_vec()];
    config
}

pub(crate) async fn shake(world: &World, config: Arc<ClientConfig>) -> io::Result<TlsStream<TcpStream>> {
    let socket = TcpStream::connect(world.address).await?;
    socket.set_nodelay(true)?;
    TlsConnector::from(config).connect(ServerName::try_from(CENTER_NAME).unwrap(), socket).await
}

enum Sender {
    One(http1::SendRequest<Full<Bytes>>),
    Two(http2::SendRequest<Full<Bytes>>),
}

/// A connection that messages are posted on.
pub(crate) struct Client(Sender);

impl Client {
    /// Over HTTP/2, as a terminal does.
    pub(crate) async fn connect(world: &World, identity: Option<&Identity>) -> io::Result<Self> {
        Self::speaking(world, identity, "h2").await
    }

    pub(crate) async fn speaking(world: &World, identity: Option<&Identity>, protocol: &str) -> io::Result<Self> {
        let config = config(world, identity, &[&rustls::version::TLS13], protocol);
        let stream = TokioIo::new(shake(world, Arc::new(config)).await?);
        if protocol == "h2" {
            let (sender, connection) =
                http2::handshake(TokioExecutor::new(), stream).await.map_err(io::Error::other)?;
            tokio::spawn(connection);
            Ok(Self(Sender::Two(sender)))
        } else {
            let (sender, connection) = http1::handshake(stream).await.map_err(io::Error::other)?;
            tokio::spawn(connection);
            Ok(Self(Sender::One(sender)))
        }
    }

    pub(crate) async fn send(&mut self, request: Request<Full<Bytes>>) -> hyper::Result<Response<Incoming>> {
        match &mut self.0 {
            Sender::One(sender) => {
                sender.ready().await?;
                sender.send_request(request).await
            }
            Sender::Two(sender) => {
                sender.ready().await?;
                sender.send_request(request).await
            }
        }
    }

    pub(crate) async fn post(&mut self, path: &str, body: Vec<u8>) -> hyper::Result<(StatusCode, Vec<u8>)> {
        let request = Request::post(format!("https://{CENTER_NAME}{path}"))
            .header("host", CENTER_NAME)
            .header("content-type", CONTENT_TYPE)
            .body(Full::new(Bytes::from(body)))
            .unwrap();
        let response = self.send(request).await?;
        let status = response.status();
        Ok((status, response.into_body().collect().await?.to_bytes().to_vec()))
    }

    /// Posts a message and reads the answer, or the code it was refused with.
    pub(crate) async fn ask<M: Message, A: Message>(&mut self, message: &M) -> Result<A, (StatusCode, Code)> {
        let (status, body) = self.post(M::PATH, encode(message)).await.unwrap();
        if status == StatusCode::OK {
            return Ok(decode(&body).unwrap());
        }
        Err((status, decode::<Refusal>(&body).unwrap().code))
    }

    /// Whether the connection is gone.
    pub(crate) fn is_closed(&self) -> bool {
        match &self.0 {
            Sender::One(sender) => sender.is_closed(),
            Sender::Two(sender) => sender.is_closed(),
        }
    }
}

/// Limits for tests that wait for them.
pub(crate) fn impatient() -> Limits {
    let short = std::time::Duration::from_millis(700);
    Limits { handshake: short, head: short, body: short, idle: short, stranger: short * 4, ..Limits::default() }
}
