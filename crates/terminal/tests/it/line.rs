//! The line: mutual TLS to one center, one connection, either version of HTTP.

use std::time::Duration;

use zeroize::Zeroizing;

use cardwright_relay::Code;
use cardwright_terminal::failure::Failure;
use cardwright_terminal::line::{Answer, Line};
use cardwright_terminal::tls;

use crate::center::{Authority, Center, Says};
use crate::world::enrolled;

const LIMIT: Duration = Duration::from_secs(5);

async fn post(line: &Line) -> Result<Vec<u8>, Failure> {
    match line.post("/v1/hello", Zeroizing::new(vec![1, 2, 3]), LIMIT).await? {
        Answer::Done(body) => Ok(body.to_vec()),
        Answer::Refused(_, refusal) => Err(Failure::Refused(refusal)),
    }
}

#[tokio::test]
async fn both_versions_of_http_carry_messages_several_at_once() {
    let terminal = enrolled().await;
    for protocols in [&[&b"h2"[..]][..], &[b"http/1.1"]] {
        let center = Center::serve_as(&terminal.authority, &terminal.authority.certificate, protocols, |_, body| {
            std::thread::sleep(Duration::from_millis(100));
            Says::Body(200, body.to_vec())
        });
        let line = terminal.line(&center.await);
        for _ in 0..2 {
            let (one, two, three) = tokio::join!(post(&line), post(&line), post(&line));
            assert_eq!((one.unwrap(), two.unwrap(), three.unwrap()), (vec![1, 2, 3], vec![1, 2, 3], vec![1, 2, 3]));
        }
    }
}

#[tokio::test]
async fn another_center_in_its_place_gets_no_message() {
    let terminal = enrolled().await;
    let center = Center::serve(&Authority::new(), |_, _| Says::Body(200, Vec::new())).await;
    assert_eq!(post(&terminal.line(&center)).await, Err(Failure::OtherCenter));
    assert!(center.counts().is_empty());
}

#[tokio::test]
async fn a_terminal_of_another_center_is_told_that_it_is_unknown() {
    let (mine, theirs) = (enrolled().await, enrolled().await);
    let center = Center::serve(&theirs.authority, |_, _| Says::Body(200, Vec::new())).await;
    // the client trusts the center, but shows a certificate of another authority
    let mut identity = cardwright_terminal::identity::Identity::load(mine.state.path()).unwrap();
    identity.authority = theirs.authority.certificate.clone();
    let line = Line::new(&center.address, tls::mutual(&identity).unwrap()).unwrap();
    let failure = post(&line).await.unwrap_err();
    assert_eq!(failure.refusal().code, Code::TERMINAL_UNKNOWN, "{failure}");
    assert!(center.counts().is_empty());
}

#[tokio::test]
async fn a_center_that_is_not_there_is_unreachable_and_a_page_that_is_no_refusal_too() {
    let terminal = enrolled().await;
    let line = Line::new("https://127.0.0.1:1", tls::mutual(&terminal.identity).unwrap()).unwrap();
    assert_eq!(post(&line).await.unwrap_err().refusal().code, Code::CENTER_UNREACHABLE);
    let center = Center::serve(&terminal.authority, |_, _| Says::Body(502, b"<html>".to_vec())).await;
    assert_eq!(post(&terminal.line(&center)).await, Err(Failure::Unreachable("HTTP status 502".into())));
    for address in ["http://127.0.0.1:7443", "127.0.0.1:7443", "https://a/b", ""] {
        assert!(Line::new(address, tls::mutual(&terminal.identity).unwrap()).is_err(), "{address}");
    }
}

#[tokio::test]
async fn an_answer_that_does_not_come_ends_at_the_limit() {
    let terminal = enrolled().await;
    let center = Center::serve(&terminal.authority, |_, _| {
        std::thread::sleep(Duration::from_millis(400));
        Says::Body(200, Vec::new())
    });
    let line = terminal.line(&center.await);
    let posted = line.post("/v1/hello", Zeroizing::new(vec![1]), Duration::from_millis(100)).await;
    assert!(matches!(posted, Err(Failure::Unreachable(_))));
    assert!(post(&line).await.is_ok(), "the next message makes a new connection");
}
