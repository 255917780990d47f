//! TLS 1.3 alone, nothing resumed; OpenSSL as a judge from outside.

use std::io::Write;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use cardwright_relay::CENTER_NAME;
use cardwright_relay::message::{Hello, Welcome};
use rustls::HandshakeKind;
use rustls::client::Resumption;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::client::{Client, config, shake};
use crate::world::World;

#[tokio::test]
async fn tls_1_2_is_refused() {
    let world = World::start().await;
    let old = config(&world, None, &[&rustls::version::TLS12], "h2");
    assert!(shake(&world, Arc::new(old)).await.is_err());
    let new = config(&world, None, &[&rustls::version::TLS13], "h2");
    assert!(shake(&world, Arc::new(new)).await.is_ok());
}

#[tokio::test]
async fn no_session_is_ever_resumed() {
    let world = World::start().await;
    let terminal = world.terminal("counter 1", "north").await;
    let mut config = config(&world, Some(&terminal), &[&rustls::version::TLS13], "http/1.1");
    config.resumption = Resumption::in_memory_sessions(16);
    let config = Arc::new(config);
    for _ in 0..3 {
        let mut stream = shake(&world, Arc::clone(&config)).await.unwrap();
        // A request and its answer, so that a ticket would have come.
        let request = format!("POST /v1/none HTTP/1.1\r\nhost: {CENTER_NAME}\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        assert!(answer.starts_with(b"HTTP/1.1 404"));
        assert_eq!(stream.get_ref().1.tls13_tickets_received(), 0);
        assert_eq!(stream.get_ref().1.handshake_kind(), Some(HandshakeKind::Full));
    }
}

#[tokio::test]
async fn the_chain_holds_the_listeners_certificate_and_the_authoritys() {
    let world = World::start().await;
    let stream = shake(&world, Arc::new(config(&world, None, &[&rustls::version::TLS13], "h2"))).await.unwrap();
    let chain = stream.get_ref().1.peer_certificates().unwrap();
    assert_eq!(chain.len(), 2);
    assert_eq!(&chain[1], world.authority.certificate());
    let (_, server) = x509_parser::parse_x509_certificate(&chain[0]).unwrap();
    let usage = server.extended_key_usage().unwrap().unwrap().value;
    assert!(usage.server_auth && !usage.client_auth && !server.is_ca());
}

#[tokio::test]
async fn answers_carry_no_header_that_is_not_needed() {
    let world = World::start().await;
    let terminal = world.terminal("counter 1", "north").await;
    let mut client = Client::connect(&world, Some(&terminal)).await.unwrap();
    let hello = Hello { format: 1, instance: [1; 16].into(), software: String::new(), reader_list_version: 0 };
    assert!(client.ask::<_, Welcome>(&hello).await.is_ok());
    let request = hyper::Request::post(format!("https://{CENTER_NAME}/v1/open"))
        .header("content-type", "application/cbor")
        .body(http_body_util::Full::new(hyper::body::Bytes::from_static(b"x")))
        .unwrap();
    let response = client.send(request).await.unwrap();
    let names: Vec<_> = response.headers().keys().map(|name| name.as_str().to_owned()).collect();
    assert!(names.iter().all(|name| ["content-type", "content-length"].contains(&name.as_str())), "{names:?}");
}

/// What `openssl s_client` says of a server, after a line was sent and the server had time to send tickets.
async fn judged(address: std::net::SocketAddr, version: &'static str) -> String {
    tokio::task::spawn_blocking(move || {
        let address = address.to_string();
        let mut client = Command::new("openssl")
            .args(["s_client", "-connect", &address, "-servername", CENTER_NAME, version, "-ign_eof"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let request = format!("GET / HTTP/1.1\r\nhost: {CENTER_NAME}\r\nconnection: close\r\n\r\n");
        let _ = client.stdin.as_mut().unwrap().write_all(request.as_bytes());
        let output = client.wait_with_output().unwrap();
        [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat()
    })
    .await
    .unwrap()
}

#[tokio::test]
async fn openssl_finds_tls_1_3_alone_and_no_ticket() {
    let world = World::start().await;
    let said = judged(world.address, "-tls1_3").await;
    assert!(said.contains("New, TLSv1.3, Cipher is TLS_"), "{said}");
    assert!(said.contains("HTTP/1.1 404"), "{said}");
    assert!(!said.contains("New Session Ticket"), "{said}");
    assert!(said.contains("Early data was not sent"), "{said}");
    let said = judged(world.address, "-tls1_2").await;
    assert!(said.contains("alert protocol version") && !said.contains("HTTP/1.1"), "{said}");
}

/// The control: the same judge finds tickets and TLS 1.2 where they are.
#[tokio::test]
async fn openssl_would_find_a_ticket_and_tls_1_2() {
    struct Stopped(Child);
    impl Drop for Stopped {
        fn drop(&mut self) {
            let _ = self.0.kill();
            let _ = self.0.wait();
        }
    }
    let directory = tempfile::tempdir().unwrap();
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = rcgen::CertificateParams::new(vec![CENTER_NAME.to_owned()]).unwrap().self_signed(&key).unwrap();
    let (key_file, certificate_file) = (directory.path().join("key"), directory.path().join("certificate"));
    std::fs::write(&key_file, key.serialize_pem()).unwrap();
    std::fs::write(&certificate_file, certificate.pem()).unwrap();
    let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let server = Command::new("openssl")
        .args(["s_server", "-www", "-accept", &address.to_string()])
        .arg("-key")
        .arg(&key_file)
        .arg("-cert")
        .arg(&certificate_file)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let _server = Stopped(server);
    while std::net::TcpStream::connect(address).is_err() {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert!(judged(address, "-tls1_3").await.contains("New Session Ticket"));
    assert!(judged(address, "-tls1_2").await.contains("TLSv1.2, Cipher is"));
}
