//! Those who are slow, or send too much; and a center that stops.

use std::sync::Arc;
use std::time::{Duration, Instant};

use cardwright_issuing_center::server::Limits;
use cardwright_relay::message::{Enrol, Open, WorkQuery};
use cardwright_relay::{CENTER_NAME, CONTENT_TYPE, Message, encode};
use hyper::StatusCode;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::client::{Client, config, impatient, shake};
use crate::presence::query;
use crate::world::World;

/// Reads until the other side has ended the connection; fails where that takes longer than `patience`.
async fn ended<R: AsyncRead + Unpin>(stream: &mut R, patience: Duration) -> Vec<u8> {
    let mut read = Vec::new();
    let _ = tokio::time::timeout(patience, stream.read_to_end(&mut read)).await.expect("the connection is still open");
    read
}

#[tokio::test]
async fn a_handshake_that_is_not_begun_is_cut() {
    let world = World::with(impatient()).await;
    let mut socket = TcpStream::connect(world.address).await.unwrap();
    ended(&mut socket, Duration::from_secs(3)).await;
}

#[tokio::test]
async fn a_head_that_trickles_is_cut() {
    let world = World::with(impatient()).await;
    let config = config(&world, None, &[&rustls::version::TLS13], "http/1.1");
    let stream = shake(&world, Arc::new(config)).await.unwrap();
    let (mut read, mut write) = tokio::io::split(stream);
    let trickle = tokio::spawn(async move {
        let begun = write.write_all(b"POST /v1/enrol HTTP/1.1\r\nhost: x\r\n").await;
        while begun.is_ok() && write.write_all(b"a: b\r\n").await.is_ok() {
            let _ = write.flush().await;
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    });
    ended(&mut read, Duration::from_secs(3)).await;
    trickle.abort();
}

#[tokio::test]
async fn a_body_that_does_not_come_is_answered_and_forgotten() {
    let world = World::with(impatient()).await;
    let config = config(&world, None, &[&rustls::version::TLS13], "http/1.1");
    let mut stream = shake(&world, Arc::new(config)).await.unwrap();
    let head = format!(
        "POST /v1/enrol HTTP/1.1\r\nhost: {CENTER_NAME}\r\ncontent-type: {CONTENT_TYPE}\r\ncontent-length: 100\r\n\r\nabc"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let answer = ended(&mut stream, Duration::from_secs(4)).await;
    assert!(answer.starts_with(b"HTTP/1.1 408"), "{}", String::from_utf8_lossy(&answer));
}

#[tokio::test]
async fn a_connection_on_which_nothing_is_asked_is_ended() {
    let world = World::with(impatient()).await;
    let terminal = world.terminal("counter 1", "north").await;
    for protocol in ["h2", "http/1.1"] {
        let mut client = Client::speaking(&world, Some(&terminal), protocol).await.unwrap();
        assert_eq!(client.post(Open::PATH, b"x".to_vec()).await.unwrap().0, StatusCode::OK);
        let since = Instant::now();
        while !client.is_closed() {
            assert!(since.elapsed() < Duration::from_secs(5), "{protocol}: still open");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

#[tokio::test]
async fn a_long_poll_is_not_idle() {
    let world = World::with(impatient()).await;
    let terminal = world.terminal("counter 1", "north").await;
    let mut client = Client::connect(&world, Some(&terminal)).await.unwrap();
    let query = WorkQuery { wait: 2_500, reader_list_version: u64::MAX, ..query(1) };
    let since = Instant::now();
    assert_eq!(client.post(WorkQuery::PATH, encode(&query)).await.unwrap().0, StatusCode::OK);
    assert!(since.elapsed() >= Duration::from_millis(2_400));
}

#[tokio::test]
async fn a_stranger_does_not_stay() {
    let world = World::with(Limits { stranger: Duration::from_secs(1), ..Limits::default() }).await;
    let mut client = Client::connect(&world, None).await.unwrap();
    let since = Instant::now();
    while client.post("/v1/none", Vec::new()).await.is_ok() {
        assert!(since.elapsed() < Duration::from_secs(4));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn more_than_a_message_may_have_is_not_read() {
    let world = World::start().await;
    let terminal = world.terminal("counter 1", "north").await;
    for protocol in ["h2", "http/1.1"] {
        let mut client = Client::speaking(&world, Some(&terminal), protocol).await.unwrap();
        let answer = client.post(Open::PATH, vec![0; Open::LONGEST]).await.unwrap();
        assert_eq!(answer.0, StatusCode::OK, "{protocol}: the longest there may be");
        let answer = client.post(Open::PATH, vec![0; Open::LONGEST + 1]).await;
        assert!(answer.is_err() || answer.is_ok_and(|(status, _)| status == StatusCode::PAYLOAD_TOO_LARGE));
    }
    let mut stranger = Client::connect(&world, None).await.unwrap();
    let answer = stranger.post(Enrol::PATH, vec![0; Enrol::LONGEST + 1]).await.unwrap();
    assert_eq!(answer.0, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(world.echo.asked.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn a_head_that_is_too_long_is_not_read() {
    let world = World::start().await;
    let config = config(&world, None, &[&rustls::version::TLS13], "http/1.1");
    let mut stream = shake(&world, Arc::new(config)).await.unwrap();
    let head = format!("POST /v1/enrol HTTP/1.1\r\nhost: x\r\na: {}\r\n\r\n", "b".repeat(64 * 1024));
    let _ = stream.write_all(head.as_bytes()).await;
    let answer = ended(&mut stream, Duration::from_secs(4)).await;
    assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 431"), "{}", String::from_utf8_lossy(&answer));
}

#[tokio::test]
async fn only_so_many_connections_are_open_at_a_time_and_places_are_given_back() {
    let world = World::with(Limits { connections: 2, ..Limits::default() }).await;
    let one = Client::connect(&world, None).await.unwrap();
    let _two = Client::connect(&world, None).await.unwrap();
    let third = tokio::time::timeout(Duration::from_millis(500), Client::connect(&world, None)).await;
    assert!(third.is_err());
    drop(one);
    let third = tokio::time::timeout(Duration::from_secs(5), Client::connect(&world, None)).await;
    assert!(third.is_ok_and(|connected| connected.is_ok()));
}

#[tokio::test]
async fn silent_connections_and_strangers_from_one_address_do_not_shut_terminals_out() {
    let world = World::with(Limits { unproven: 3, connections: 12, ..Limits::default() }).await;
    let terminal = world.terminal("counter 1", "north").await;
    let mut known = Vec::new();
    for _ in 0..5 {
        let mut client = Client::connect(&world, Some(&terminal)).await.unwrap();
        assert_eq!(client.post(Open::PATH, b"x".to_vec()).await.unwrap().0, StatusCode::OK);
        known.push(client);
    }
    let mut silent = Vec::new();
    for _ in 0..3 {
        silent.push(TcpStream::connect(world.address).await.unwrap());
    }
    for _ in 0..30 {
        let mut fourth = TcpStream::connect(world.address).await.unwrap();
        ended(&mut fourth, Duration::from_secs(2)).await;
    }
    assert_eq!(known[4].post(Open::PATH, b"x".to_vec()).await.unwrap().0, StatusCode::OK);
    silent.pop();
    tokio::time::sleep(Duration::from_millis(200)).await;
    let mut stranger = Client::connect(&world, None).await.unwrap();
    assert_eq!(stranger.post("/v1/none", Vec::new()).await.unwrap().0, StatusCode::NOT_FOUND);
    let mut one_more = TcpStream::connect(world.address).await.unwrap();
    ended(&mut one_more, Duration::from_secs(2)).await;
}

#[tokio::test]
async fn what_is_begun_is_ended_though_the_terminal_has_gone() {
    let world = World::start().await;
    let terminal = world.terminal("counter 1", "north").await;
    *world.echo.delay.lock().unwrap() = Duration::from_millis(600);
    let mut client = Client::connect(&world, Some(&terminal)).await.unwrap();
    let gone = tokio::time::timeout(Duration::from_millis(300), client.post(Open::PATH, b"x".to_vec())).await;
    assert!(gone.is_err());
    drop(client);
    assert_eq!((world.echo.asked.lock().unwrap().len(), world.echo.finished.lock().unwrap().len()), (1, 0));
    tokio::time::sleep(Duration::from_millis(800)).await;
    assert_eq!(world.echo.finished.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_stop_answers_what_is_running_ends_long_polls_and_takes_nothing_new() {
    let mut world = World::start().await;
    let terminal = world.terminal("counter 1", "north").await;
    *world.echo.delay.lock().unwrap() = Duration::from_millis(800);
    let mut working = Client::connect(&world, Some(&terminal)).await.unwrap();
    let mut waiting = Client::connect(&world, Some(&terminal)).await.unwrap();
    let work = tokio::spawn(async move { working.post(Open::PATH, b"x".to_vec()).await });
    let long = WorkQuery { reader_list_version: u64::MAX, ..query(1) };
    let poll = tokio::spawn(async move { waiting.post(WorkQuery::PATH, encode(&long)).await });
    tokio::time::sleep(Duration::from_millis(300)).await;
    let since = Instant::now();
    assert!(world.service.take().unwrap().stop().await, "something was cut");
    assert!(since.elapsed() < Duration::from_secs(5));
    assert_eq!(work.await.unwrap().unwrap(), (StatusCode::OK, b"x".to_vec()));
    assert_eq!(poll.await.unwrap().unwrap().0, StatusCode::OK);
    assert!(TcpStream::connect(world.address).await.is_err());
}
