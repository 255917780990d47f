//! The host behind TLS: its certificate must lead to what was given for it.

use std::sync::Arc;
use std::time::Duration;

use cardwright_issuance::change::Change;
use cardwright_issuance::row::Outbox;
use cardwright_issuing_center::host::{self, delivery};
use cardwright_issuing_center::stop::Stop;
use cardwright_issuing_center::store::{Commit, Retry, Store};
use cardwright_relay::Code;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::world::World;

/// An authority, and a server for `localhost` that answers every request with 200.
async fn server() -> (String, u16) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let leaf = CertificateParams::new(vec!["localhost".to_owned()]).unwrap().signed_by(&key, &authority).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_protocol_versions(&[&rustls::version::TLS13]);
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let config = config.unwrap().with_no_client_auth().with_single_cert(vec![leaf.der().clone()], key).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(socket).await else { continue };
            let _ = stream.read(&mut [0; 8_192]).await;
            let _ = stream.write_all(b"HTTP/1.1 204 Taken\r\n\r\n").await;
            let _ = stream.shutdown().await;
        }
    });
    (authority.pem(), port)
}

#[tokio::test]
async fn only_a_host_whose_certificate_leads_to_the_given_one_is_told() {
    let world = World::new().await;
    let order = world.two_prepared().await.remove(0);
    let (center, admin) = (&world.center, &world.admin);
    let (right, port) = server().await;
    let (wrong, _) = server().await;
    let url = format!("https://localhost:{port}/events");
    let refused = host::set(center, admin, &url, Some(b"no certificate")).await.err().unwrap();
    assert_eq!(refused.code, Code::HOST_REFUSED);
    let event = Outbox { id: [1; 16].into(), kind: "issued".into(), order: order.id, card: None, created: 1 };
    let changes = vec![Change::AddOutbox(event)];
    center.store.commit(Commit { changes, ..Commit::default() }).await.unwrap();
    let (stop, stopping) = Stop::new();
    let told = tokio::spawn(delivery::run(center.clone(), stopping));
    host::set(center, admin, &url, Some(wrong.as_bytes())).await.unwrap();
    let waiting = async || center.store.events_waiting(1).await.unwrap();
    while waiting().await[0].last_error.is_none() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let error = waiting().await[0].last_error.clone().unwrap();
    assert!(error.contains("certificate"), "{error}");
    host::set(center, admin, &url, Some(right.as_bytes())).await.unwrap();
    center.store.retry_events(center.now(), Retry::All).await.unwrap();
    while !waiting().await.is_empty() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(stop.stop(Duration::from_secs(5)).await, "it stops when it is told to");
    told.await.unwrap();
}
