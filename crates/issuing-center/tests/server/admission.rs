//! The control terminal database at the door: unknown, expired, revoked, copied, another center's.

use std::sync::Arc;
use std::time::{Duration, Instant};

use cardwright_issuing_center::store::Store;
use cardwright_relay::message::{Abort, Hello, Open, Progress, ScriptResult, Welcome, WorkQuery};
use cardwright_relay::{CONTENT_TYPE, Code, Message, encode};
use http_body_util::Full;
use hyper::StatusCode;
use rcgen::KeyPair;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::client::{Client, Identity, config, shake};
use crate::enrolment::request;
use crate::presence::{hello, query};
use crate::world::{DAY, World};

async fn refused_with(world: &World, identity: &Identity) -> (StatusCode, Code) {
    let mut client = Client::connect(world, Some(identity)).await.unwrap();
    client.ask::<_, Welcome>(&hello(1)).await.unwrap_err()
}

#[tokio::test]
async fn an_enrolled_terminal_is_let_in_over_both_versions_of_http() {
    let world = World::start().await;
    let terminal = world.terminal("counter 1", "north").await;
    for protocol in ["h2", "http/1.1"] {
        let mut client = Client::speaking(&world, Some(&terminal), protocol).await.unwrap();
        assert!(client.ask::<_, Welcome>(&hello(1)).await.is_ok());
        let answer = client.post(Open::PATH, b"bytes".to_vec()).await.unwrap();
        assert_eq!(answer, (StatusCode::OK, b"bytes".to_vec()));
        assert_eq!(client.post(ScriptResult::PATH, Vec::new()).await.unwrap(), (StatusCode::OK, Vec::new()));
    }
    assert_eq!(world.echo.asked.lock().unwrap()[0], ("counter 1".to_owned(), b"bytes".to_vec()));
}

#[tokio::test]
async fn a_terminal_that_is_not_in_the_database_is_refused() {
    let world = World::start().await;
    let key = KeyPair::generate().unwrap();
    // Signed by this center's authority, and yet nobody has entered it.
    let made = world.authority.certify(&request(&key), &[9; 16].into(), world.center.now()).unwrap();
    let identity = Identity { certificate: made.certificate, key: key.serialize_der() };
    assert_eq!(refused_with(&world, &identity).await, (StatusCode::FORBIDDEN, Code::TERMINAL_UNKNOWN));
    assert!(!world.refusals(Code::TERMINAL_UNKNOWN).await.is_empty());
}

#[tokio::test]
async fn a_revoked_terminal_is_refused() {
    let world = World::start().await;
    let terminal = world.terminal("counter 1", "north").await;
    world.register().revoke_terminal(&world.person, "counter 1").await.unwrap();
    assert_eq!(refused_with(&world, &terminal).await, (StatusCode::FORBIDDEN, Code::TERMINAL_REVOKED));
    assert!(world.refusals(Code::TERMINAL_REVOKED).await[0].terminal.is_some());
}

#[tokio::test]
async fn a_terminal_whose_certificate_has_expired_is_refused_by_code_not_by_a_broken_handshake() {
    let world = World::start().await;
    let terminal = world.terminal("counter 1", "north").await;
    world.pass(366 * DAY);
    assert_eq!(refused_with(&world, &terminal).await, (StatusCode::FORBIDDEN, Code::TERMINAL_EXPIRED));
    assert!(!world.refusals(Code::TERMINAL_EXPIRED).await.is_empty());
}

#[tokio::test]
async fn another_centers_terminal_is_refused() {
    let (here, there) = (World::start().await, World::start().await);
    let terminal = there.terminal("counter 1", "north").await;
    // TLS 1.3: the client learns of it at its first read.
    let answered = match Client::connect(&here, Some(&terminal)).await {
        Ok(mut client) => client.post(Hello::PATH, encode(&hello(1))).await.is_ok(),
        Err(_) => false,
    };
    assert!(!answered);
    assert!(Client::connect(&there, Some(&terminal)).await.unwrap().ask::<_, Welcome>(&hello(1)).await.is_ok());
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(!here.refusals(Code::TERMINAL_UNKNOWN).await.is_empty());
}

#[tokio::test]
async fn a_certificate_copied_without_its_key_is_worth_nothing() {
    let world = World::start().await;
    let terminal = world.terminal("counter 1", "north").await;
    let thief = Identity { key: KeyPair::generate().unwrap().serialize_der(), ..terminal };
    let answered = match Client::connect(&world, Some(&thief)).await {
        Ok(mut client) => client.post(Hello::PATH, encode(&hello(1))).await.is_ok(),
        Err(_) => false,
    };
    assert!(!answered);
}

#[tokio::test]
async fn a_terminal_copied_with_its_key_is_noticed_as_a_second_instance() {
    let world = World::start().await;
    let terminal = world.terminal("counter 1", "north").await;
    let mut first = Client::connect(&world, Some(&terminal)).await.unwrap();
    let mut second = Client::connect(&world, Some(&terminal.clone())).await.unwrap();
    assert!(first.ask::<_, Welcome>(&hello(1)).await.is_ok());
    let answer = second.ask::<_, Welcome>(&hello(2)).await.unwrap_err();
    assert_eq!(answer, (StatusCode::CONFLICT, Code::TERMINAL_TWICE));
    assert!(first.ask::<_, Welcome>(&hello(1)).await.is_ok());
    assert_eq!(world.refusals(Code::TERMINAL_TWICE).await.len(), 1);
}

#[tokio::test]
async fn without_a_certificate_nothing_but_enrol_is_answered() {
    let world = World::start().await;
    let mut client = Client::connect(&world, None).await.unwrap();
    let paths = ["/v1/hello", "/v1/work", "/v1/open", "/v1/result", "/v1/progress", "/v1/abort"];
    for path in paths {
        let (status, body) = client.post(path, encode(&hello(1))).await.unwrap();
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{path}");
        assert_eq!(
            cardwright_relay::decode::<cardwright_relay::message::Refusal>(&body).unwrap().code,
            Code::TERMINAL_UNKNOWN
        );
    }
    assert_eq!(client.post("/v1/enrol", Vec::new()).await.unwrap().0, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(client.post("/v1/other", Vec::new()).await.unwrap().0, StatusCode::NOT_FOUND);
    assert!(world.echo.asked.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_terminal_that_is_revoked_loses_its_open_connections_within_five_seconds() {
    let world = World::start().await;
    let terminal = world.terminal("counter 1", "north").await;
    let mut waiting = Client::connect(&world, Some(&terminal)).await.unwrap();
    let mut idle = Client::speaking(&world, Some(&terminal), "http/1.1").await.unwrap();
    assert!(waiting.ask::<_, Welcome>(&hello(1)).await.is_ok());
    assert!(idle.ask::<_, Welcome>(&hello(1)).await.is_ok());
    let query = WorkQuery { reader_list_version: u64::MAX, ..query(1) };
    let poll = tokio::spawn(async move { waiting.post(WorkQuery::PATH, encode(&query)).await });
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(!poll.is_finished() && !idle.is_closed());
    let revoked = Instant::now();
    world.register().revoke_terminal(&world.person, "counter 1").await.unwrap();
    let polled = tokio::time::timeout(Duration::from_secs(5), poll).await.expect("still waiting").unwrap();
    assert!(polled.is_err() || polled.is_ok_and(|(status, _)| status == StatusCode::FORBIDDEN));
    while !idle.is_closed() {
        assert!(revoked.elapsed() < Duration::from_secs(5), "an idle connection is still open");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_terminal_revoked_between_two_messages_is_refused_at_once() {
    let world = World::start().await;
    let terminal = world.terminal("counter 1", "north").await;
    let mut client = Client::connect(&world, Some(&terminal)).await.unwrap();
    assert!(client.ask::<_, Welcome>(&hello(1)).await.is_ok());
    world.register().revoke_terminal(&world.person, "counter 1").await.unwrap();
    let (status, _) = client.post(Open::PATH, b"bytes".to_vec()).await.unwrap();
    assert_eq!(status, StatusCode::FORBIDDEN);
    assert!(world.echo.asked.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_terminal_revoked_while_its_open_was_on_the_way_is_refused() {
    let world = World::start().await;
    let terminal = world.terminal("counter 1", "north").await;
    for revoked in [false, true] {
        let config = config(&world, Some(&terminal), &[&rustls::version::TLS13], "http/1.1");
        let mut stream = shake(&world, Arc::new(config)).await.unwrap();
        let head = format!(
            "POST {} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: {CONTENT_TYPE}\r\ncontent-length: 6\r\n\r\n",
            Open::PATH
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(b"abc").await.unwrap();
        tokio::time::sleep(Duration::from_millis(300)).await;
        if revoked {
            world.register().revoke_terminal(&world.person, "counter 1").await.unwrap();
        }
        stream.write_all(b"def").await.unwrap();
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        let expected = if revoked { "HTTP/1.1 403" } else { "HTTP/1.1 200" };
        assert!(answer.starts_with(expected.as_bytes()), "{}", String::from_utf8_lossy(&answer));
    }
    assert_eq!(world.echo.asked.lock().unwrap().len(), 1, "the second was not taken");
}

#[tokio::test]
async fn every_message_of_a_terminal_that_is_refused_is_told_and_a_conflict_only_by_the_dialogue() {
    let world = World::start().await;
    let terminal = world.terminal("counter 1", "north").await;
    let [row] = world.center.store.terminals().await.unwrap().try_into().unwrap();
    let mut client = Client::connect(&world, Some(&terminal)).await.unwrap();
    *world.echo.refuses.lock().unwrap() = Some(Code::SESSION_UNKNOWN);
    for path in [Open::PATH, ScriptResult::PATH, Progress::PATH, Abort::PATH] {
        assert_eq!(client.post(path, Vec::new()).await.unwrap().0, StatusCode::NOT_FOUND);
    }
    let told = world.refusals(Code::SESSION_UNKNOWN).await;
    assert_eq!(told.len(), 4);
    assert!(told.iter().all(|entry| entry.terminal == Some(row.id)));
    let untyped = hyper::Request::post("https://x/v1/result").body(Full::default()).unwrap();
    assert_eq!(client.send(untyped).await.unwrap().status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert_eq!(world.refusals(Code::FORMAT_REFUSED).await.len(), 1);
    world.pass(DAY);
    *world.echo.refuses.lock().unwrap() = Some(Code::MESSAGE_CONFLICT);
    assert_eq!(client.post(ScriptResult::PATH, Vec::new()).await.unwrap().0, StatusCode::CONFLICT);
    assert_eq!(world.refusals(Code::MESSAGE_CONFLICT).await.len(), 0);
}

#[tokio::test]
async fn nobody_fills_the_log_by_being_refused() {
    let world = World::start().await;
    let terminal = world.terminal("counter 1", "north").await;
    world.register().revoke_terminal(&world.person, "counter 1").await.unwrap();
    let mut asked = 0;
    for _ in 0..10 {
        let mut client = Client::connect(&world, Some(&terminal)).await.unwrap();
        for _ in 0..10 {
            asked += usize::from(client.post(Open::PATH, Vec::new()).await.unwrap().0 == StatusCode::FORBIDDEN);
        }
    }
    assert_eq!(asked, 100);
    let told = world.refusals(Code::TERMINAL_REVOKED).await.len();
    assert!((1..=5).contains(&told), "{told} entries");
    // Another source is still told of.
    let mut stranger = Client::connect(&world, None).await.unwrap();
    assert_eq!(stranger.post(Open::PATH, Vec::new()).await.unwrap().0, StatusCode::UNAUTHORIZED);
    assert_eq!(world.refusals(Code::TERMINAL_UNKNOWN).await.len(), 1);
}
