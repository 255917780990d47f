//! A small center: an authority, a server certificate, and a closure that answers.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use rcgen::{BasicConstraints, CertificateParams, CertificateSigningRequestParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use cardwright_relay::enrolment::fingerprint;
use cardwright_relay::message::{Enrol, Enrolled, Id, Refusal};
use cardwright_relay::reader::{ReaderList, SignedReaderList};
use cardwright_relay::{CENTER_NAME, decode, encode};

/// What a handler answers: a status and a body, or the line is cut without an answer.
pub(crate) enum Says {
    Body(u16, Vec<u8>),
    Cut,
}

impl Says {
    pub(crate) fn refusal(status: u16, refusal: &Refusal) -> Self {
        Self::Body(status, encode(refusal))
    }
}

/// Path and body of everything that was posted.
pub(crate) type Posted = Arc<Mutex<Vec<(String, Vec<u8>)>>>;

/// An authority, with the key that signs reader lists.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pub(crate) certificate: Vec<u8>,
    list_key: aws_lc_rs::signature::EcdsaKeyPair,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let key = KeyPair::generate().expect("a key pair");
        let mut parameters = CertificateParams::default();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        let certificate = parameters.self_signed(&key).expect("a certificate").der().to_vec();
        let algorithm = &aws_lc_rs::signature::ECDSA_P256_SHA256_ASN1_SIGNING;
        let list_key = aws_lc_rs::signature::EcdsaKeyPair::generate(algorithm).expect("a key pair");
        Self { issuer: Issuer::new(parameters, key), certificate, list_key }
    }

    pub(crate) fn fingerprint(&self) -> [u8; 16] {
        fingerprint(&self.certificate)
    }

    pub(crate) fn list_key(&self) -> Vec<u8> {
        use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
        use aws_lc_rs::signature::KeyPair as _;
        let der: PublicKeyX509Der = self.list_key.public_key().as_der().expect("an SPKI");
        der.as_ref().to_vec()
    }

    pub(crate) fn sign(&self, list: &ReaderList) -> Vec<u8> {
        let list = list.to_bytes();
        let random = aws_lc_rs::rand::SystemRandom::new();
        let signature = self.list_key.sign(&random, &list).expect("a signature").as_ref().to_vec();
        SignedReaderList { list: list.into(), signature: signature.into() }.to_bytes()
    }

    /// Answers ENROL with a certificate.
    pub(crate) fn enrol(&self, body: &[u8]) -> Enrolled {
        let enrol: Enrol = decode(body).expect("an ENROL");
        let request = CertificateSigningRequestParams::from_der(&(&enrol.certificate_request[..]).into());
        let certificate = request.expect("a PKCS#10").signed_by(&self.issuer).expect("a certificate");
        Enrolled {
            terminal: Id::from([0x11; 16]),
            name: "desk 1".into(),
            base: "tokyo".into(),
            certificate: certificate.der().to_vec().into(),
            authority: self.certificate.clone().into(),
            reader_list_key: self.list_key().into(),
        }
    }

    /// TLS of a server with a certificate of this authority, which presents `shown` as its authority.
    fn tls(&self, shown: &[u8], protocols: &[&[u8]]) -> ServerConfig {
        let key = KeyPair::generate().expect("a key pair");
        let parameters = CertificateParams::new(vec![CENTER_NAME.to_owned()]).expect("a name");
        let certificate = parameters.signed_by(&key, &self.issuer).expect("a certificate");
        let chain = vec![certificate.der().clone(), CertificateDer::from(shown.to_vec())];
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from(self.certificate.clone())).expect("a root");
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let clients = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider));
        let clients = clients.allow_unauthenticated().build().expect("a verifier");
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])
            .expect("TLS 1.3")
            .with_client_cert_verifier(clients)
            .with_single_cert(chain, PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der())))
            .expect("certificate and key fit");
        config.send_tls13_tickets = 0;
        config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
        config
    }
}

/// A running center.
pub(crate) struct Center {
    pub(crate) address: String,
    pub(crate) posted: Posted,
    /// bytes that passed in both directions, TLS and HTTP included
    pub(crate) bytes: Arc<AtomicU64>,
}

impl Center {
    /// Serves HTTP/2 and 1.1 with `authority`.
    pub(crate) async fn serve(
        authority: &Authority,
        answer: impl Fn(&str, &[u8]) -> Says + Send + Sync + 'static,
    ) -> Self {
        Self::serve_as(authority, &authority.certificate, &[b"h2", b"http/1.1"], answer).await
    }

    /// The same, presenting `shown` as the authority, and speaking `protocols` alone.
    pub(crate) async fn serve_as(
        authority: &Authority,
        shown: &[u8],
        protocols: &[&[u8]],
        answer: impl Fn(&str, &[u8]) -> Says + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let inner = listener.local_addr().expect("an address");
        let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(authority.tls(shown, protocols)));
        let posted = Posted::default();
        let answer = Arc::new(answer);
        let seen = Arc::clone(&posted);
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let (acceptor, answer, seen) = (acceptor.clone(), Arc::clone(&answer), Arc::clone(&seen));
                tokio::spawn(async move {
                    if let Ok(stream) = acceptor.accept(socket).await {
                        serve_connection(TokioIo::new(stream), answer, seen).await;
                    }
                });
            }
        });
        let bytes = Arc::new(AtomicU64::new(0));
        let address = count_between(inner, Arc::clone(&bytes)).await;
        Self { address: format!("https://{address}"), posted, bytes }
    }

    /// How often each path was posted to.
    pub(crate) fn counts(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for (path, _) in self.posted.lock().expect("no test panics here").iter() {
            *counts.entry(path.clone()).or_default() += 1;
        }
        counts
    }
}

async fn serve_connection<A>(io: TokioIo<tokio_rustls::server::TlsStream<TcpStream>>, answer: Arc<A>, seen: Posted)
where
    A: Fn(&str, &[u8]) -> Says + Send + Sync + 'static,
{
    let service = service_fn(move |request: Request<Incoming>| {
        let (answer, seen) = (Arc::clone(&answer), Arc::clone(&seen));
        async move {
            let path = request.uri().path().to_owned();
            let body = request.into_body().collect().await.map(|body| body.to_bytes()).unwrap_or_default();
            seen.lock().expect("no test panics here").push((path.clone(), body.to_vec()));
            // a handler may wait, as WORK does
            let said = tokio::task::spawn_blocking(move || answer(&path, &body)).await.expect("no test panics here");
            match said {
                Says::Cut => Err(std::io::Error::other("the line is cut")),
                Says::Body(status, body) => {
                    let response = Response::builder().status(status).header("content-type", "application/cbor");
                    Ok(response.body(Full::new(Bytes::from(body))).expect("a response"))
                }
            }
        }
    });
    let _ = auto::Builder::new(TokioExecutor::new()).serve_connection(io, service).await;
}

/// A proxy that counts what passes.
async fn count_between(inner: SocketAddr, bytes: Arc<AtomicU64>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((outside, _)) = listener.accept().await {
            let bytes = Arc::clone(&bytes);
            tokio::spawn(async move {
                let Ok(inside) = TcpStream::connect(inner).await else { return };
                let ((out_read, out_write), (in_read, in_write)) = (outside.into_split(), inside.into_split());
                tokio::join!(pump(out_read, in_write, &bytes), pump(in_read, out_write, &bytes));
            });
        }
    });
    address
}

async fn pump(mut from: impl AsyncReadExt + Unpin, mut to: impl AsyncWriteExt + Unpin, bytes: &AtomicU64) {
    let mut buffer = vec![0; 65_536];
    while let Ok(count @ 1..) = from.read(&mut buffer).await {
        bytes.fetch_add(count as u64, Ordering::Relaxed);
        if to.write_all(&buffer[..count]).await.is_err() {
            return;
        }
    }
    let _ = to.shutdown().await;
}
