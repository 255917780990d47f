//! HELLO and WORK: which reader lists are taken, and what is kept of what is handed out.

use std::sync::Arc;
use std::time::Duration;

use cardwright_relay::message::{Refusal, Ticket, Work, WorkQuery};
use cardwright_relay::{Code, decode, encode};
use cardwright_terminal::failure::Failure;
use cardwright_terminal::presence::{Presence, local_time};

use crate::center::{Center, Says};
use crate::world::{ATR, Enrolled, HOUR, enrolled, id, reader_list, welcome};

async fn arrive(terminal: &Enrolled, list: Vec<u8>) -> Result<Presence, Failure> {
    let center = Center::serve(&terminal.authority, move |_, _| Says::Body(200, encode(&welcome(list.clone())))).await;
    Presence::begin(terminal.line(&center), Arc::clone(&terminal.identity), id(2)).await
}

#[tokio::test]
async fn an_altered_an_expired_and_an_older_reader_list_are_refused_each_with_its_code() {
    let terminal = enrolled().await;
    let sign = |version, expires| terminal.authority.sign(&reader_list(version, expires));
    let presence = arrive(&terminal, sign(5, local_time() + HOUR)).await.unwrap();
    assert_eq!(presence.readers().unwrap().version(), 5);
    assert_eq!(terminal.identity.newest_reader_list().unwrap(), 5);

    let code = async |list| arrive(&terminal, list).await.err().map(|failure| failure.refusal().code);
    assert_eq!(code(sign(4, local_time() + HOUR)).await, Some(Code::READER_LIST_OLDER));
    assert_eq!(code(sign(6, local_time() - HOUR)).await, Some(Code::READER_LIST_EXPIRED));
    let other = crate::center::Authority::new().sign(&reader_list(9, local_time() + HOUR));
    assert_eq!(code(other).await, Some(Code::READER_LIST_ALTERED));
    let mut altered = sign(9, local_time() + HOUR);
    altered[40] ^= 1;
    assert_eq!(code(altered).await, Some(Code::READER_LIST_ALTERED));
    assert_eq!(terminal.identity.newest_reader_list().unwrap(), 5, "what is refused leaves no trace");
    assert_eq!(code(sign(5, local_time() + HOUR)).await, None);
}

#[tokio::test]
async fn a_second_instance_is_told_that_there_is_another() {
    let terminal = enrolled().await;
    let refusal = Refusal::new(Code::TERMINAL_TWICE, &[]);
    let center = Center::serve(&terminal.authority, move |_, _| Says::refusal(403, &refusal)).await;
    let outcome = Presence::begin(terminal.line(&center), Arc::clone(&terminal.identity), id(2)).await;
    assert_eq!(outcome.err().unwrap().refusal().code, Code::TERMINAL_TWICE);
}

#[tokio::test]
async fn a_challenge_is_taken_once_and_a_ticket_is_tried_once() {
    let terminal = enrolled().await;
    let list = terminal.authority.sign(&reader_list(1, local_time() + HOUR));
    let center = Center::serve(&terminal.authority, move |path, _| match path {
        "/v1/hello" => Says::Body(200, encode(&welcome(list.clone()))),
        _ => Says::Body(200, encode(&work())),
    });
    let center = center.await;
    let presence = Presence::begin(terminal.line(&center), Arc::clone(&terminal.identity), id(2)).await.unwrap();
    assert!(presence.preamble(&ATR).is_some() && presence.preamble(&[0x3B]).is_none());
    assert!(presence.take_challenge().is_some() && presence.take_challenge().is_none());
    assert!(presence.ticket(None).is_none());

    presence.work(Duration::from_millis(10)).await.unwrap();
    let ticket = presence.ticket(Some("K-7")).unwrap();
    assert!(presence.ticket(Some("K-8")).is_none());
    presence.spend(&ticket.id);
    presence.work(Duration::from_millis(10)).await.unwrap();
    assert!(presence.ticket(None).is_none(), "a ticket that was tried does not come back");
    assert!(presence.is_cancelled(&id(5)) && !presence.is_cancelled(&id(6)));

    presence.leave().await;
    let posted = center.posted.lock().unwrap();
    let queries: Vec<WorkQuery> = posted.iter().skip(1).map(|(_, body)| decode(body).unwrap()).collect();
    assert_eq!(queries[0].known_tickets, []);
    assert_eq!(queries[1].known_tickets, [id(4)]);
    assert_eq!((queries[0].leaving, queries[2].leaving), (None, Some(true)));
}

#[tokio::test]
async fn orders_come_before_the_desk_and_what_is_withdrawn_is_forgotten() {
    let terminal = enrolled().await;
    let list = terminal.authority.sign(&reader_list(1, local_time() + HOUR));
    let ticket =
        |byte, order: &str, expires| Ticket { id: id(byte), order: order.into(), operator: "o".into(), expires };
    let center = Center::serve(&terminal.authority, move |path, body| match path {
        "/v1/hello" => Says::Body(200, encode(&welcome(list.clone()))),
        _ => {
            let query: WorkQuery = decode(body).expect("a WORK");
            let soon = local_time() + 400_000;
            let tickets = vec![
                ticket(11, "", local_time() + HOUR),
                ticket(12, "K-9", local_time() + HOUR),
                ticket(13, "K-8", soon),
            ];
            // the second time the desk is closed, and an order's ticket that was tried is withdrawn
            let first = query.known_tickets.is_empty();
            let cancelled = if first { Vec::new() } else { vec![id(11), id(12), id(5)] };
            Says::Body(200, encode(&Work { tickets: if first { tickets } else { Vec::new() }, cancelled, ..work() }))
        }
    });
    let center = center.await;
    let presence = Presence::begin(terminal.line(&center), Arc::clone(&terminal.identity), id(2)).await.unwrap();
    presence.work(Duration::from_millis(10)).await.unwrap();
    assert_eq!(presence.ticket(None).unwrap().order, "K-9");
    assert_eq!(presence.ticket(Some("")).unwrap().id, id(11));
    presence.postpone(&id(12));
    assert_eq!(presence.ticket(None).unwrap().order, "K-8");
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(!presence.holds(&id(13)), "expired");
    assert_eq!(presence.ticket(None).unwrap().order, "K-9", "postponed, and still before the desk");
    presence.spend(&id(12));
    assert!(presence.ticket(None).unwrap().is_desk() && presence.holds(&id(11)));
    presence.work(Duration::from_millis(10)).await.unwrap();
    assert!(presence.ticket(None).is_none() && !presence.holds(&id(11)));
    assert!(presence.is_cancelled(&id(5)) && !presence.is_cancelled(&id(11)));
    presence.leave().await;
    let posted = center.posted.lock().unwrap();
    let last: WorkQuery = decode(&posted.last().unwrap().1).unwrap();
    assert_eq!(last.known_tickets, [], "what is withdrawn is not asked for again");
}

fn work() -> Work {
    let expires = local_time() + HOUR;
    Work {
        tickets: vec![Ticket { id: id(4), order: "K-7".into(), operator: "o".into(), expires }],
        cancelled: vec![id(5)],
        challenges: Vec::new(),
        reader_list: None,
        lease_until: local_time() + HOUR,
        time: local_time(),
    }
}
