//! The issuer's host is told: the center and `docs/examples/receiver.py` as programs, with a gate between them.

use std::time::{Duration, Instant};

use cardwright_issuance::change::Change;
use cardwright_issuance::row::Outbox;
use cardwright_issuing_center::store::{Commit, HostEvent, SqlStore, Store};
use cardwright_keystore::software::{SoftwareKeystore, SystemRandomness};
use cardwright_keystore::{KeyId, KeyKind, Keystore, NewKey, PublishedKeys, Purpose};
use serde_json::Value;

use crate::beside::Serving;
use crate::commands::Desk;
use crate::gate::{Gate, Mode, exchange};
use crate::receiver::Receiver;

/// A center with two orders, whose host is behind a gate.
struct Bank {
    desk: Desk,
    gate: Gate,
    key: String,
    secret: String,
    store: SqlStore,
}

impl Bank {
    async fn new(mode: Mode) -> Self {
        let desk = Desk::new();
        desk.set_up();
        let orders = desk.orders(&["R-1", "R-2"]);
        desk.done(&["order", "import", &orders, "--as", "Eve"]);
        let gate = Gate::new(mode);
        let set = desk.done(&["host", "set", "--url", &gate.url(), "--as", "Ada"]);
        let text = |name: &str| set[name].as_str().unwrap().to_owned();
        let url = format!("sqlite://{}", desk.directory.path().join("state/center.sqlite").display());
        let store = SqlStore::open(&url).await.unwrap();
        let (key, secret) = (text("key"), text("secret"));
        Self { desk, gate, key, secret, store }
    }

    /// Writes events as issuances do: order, card, kind.
    async fn happened(&self, events: &[(&str, u8, &str)]) {
        for (place, (reference, card, kind)) in events.iter().enumerate() {
            let order = self.store.order_by_reference(reference).await.unwrap().unwrap().id;
            let mut id = [0; 16];
            aws_lc_rs::rand::fill(&mut id).unwrap();
            let created = 1_800_000_000_000_000 + place as i64;
            let event =
                Outbox { id: id.into(), kind: (*kind).to_owned(), order, card: Some([*card; 16].into()), created };
            let changes = vec![Change::AddOutbox(event)];
            self.store.commit(Commit { changes, ..Commit::default() }).await.unwrap();
        }
    }

    fn receiver(&self, name: &str) -> Receiver {
        Receiver::start(&self.desk, name, &self.key, &self.secret)
    }

    fn retry(&self) {
        self.desk.done(&["host", "retry", "--as", "Ada"]);
    }

    /// Waits until what waits is as `wanted`.
    async fn until(&self, what: &str, wanted: impl Fn(&[HostEvent]) -> bool) {
        let patience = Instant::now() + Duration::from_secs(60);
        loop {
            let waiting = self.store.events_waiting(1_000).await.unwrap();
            if wanted(&waiting) {
                return;
            }
            assert!(Instant::now() < patience, "{what}: {waiting:?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn until_nothing_waits(&self) {
        self.until("nothing waits", <[HostEvent]>::is_empty).await;
    }

    /// Waits until the first event was sent in vain for this reason.
    async fn until_failed(&self, reason: &str) {
        let failed = |waiting: &[HostEvent]| {
            waiting.first().and_then(|first| first.last_error.as_ref()).is_some_and(|error| error.contains(reason))
        };
        self.until(reason, failed).await;
    }
}

fn member(events: &[Value], card: u8, name: &str) -> Vec<Value> {
    let card = hex::encode([card; 16]);
    events.iter().filter(|event| event["card"] == card.as_str()).map(|event| event[name].clone()).collect()
}

#[tokio::test]
async fn events_wait_while_the_host_is_down_refuses_or_is_slow_and_come_in_order_when_it_is_up() {
    let bank = Bank::new(Mode::Shut).await;
    let center = Serving::start(&bank.desk);
    bank.happened(&[("R-1", 1, "issued"), ("R-1", 1, "blocked"), ("R-2", 2, "issued"), ("R-1", 1, "unblocked")]).await;
    bank.until_failed("").await;
    let shown = bank.desk.done(&["host", "show"]);
    assert_eq!((shown["waiting"].as_u64(), shown["events"][1]["attempts"].as_u64()), (Some(4), Some(0)));
    assert_eq!(bank.desk.done(&["order", "show", "R-1"])["host"]["state"], "waiting");
    let (status, order) = center.ask("Eve", "GET /api/v1/orders/R-1", "", "");
    assert_eq!((status, order["host"]["state"].as_str()), (200, Some("waiting")));
    for (mode, reason) in [(Mode::Answer(500), "the host answered 500"), (Mode::Silent, "no answer within 10 s")] {
        bank.gate.set(mode);
        bank.retry();
        bank.until_failed(reason).await;
    }
    let stranger = Receiver::start(&bank.desk, "stranger", &bank.key, &"0".repeat(64));
    bank.gate.set(Mode::Open(stranger.port));
    bank.retry();
    bank.until_failed("the host answered 401").await;
    assert_eq!(stranger.taken().await, Vec::<Value>::new(), "who has another secret takes nothing");
    let sent: Vec<_> = bank.gate.events();
    let waiting = bank.store.events_waiting(10).await.unwrap();
    for (place, event) in waiting.iter().enumerate() {
        let was_sent = sent.contains(&hex::encode(*event.event.id));
        assert_eq!(was_sent, place == 0 || place == 2, "a later event of a card waits for the earlier one");
    }
    let receiver = bank.receiver("host");
    bank.gate.set(Mode::Open(receiver.port));
    bank.retry();
    bank.until_nothing_waits().await;
    let taken = receiver.taken().await;
    assert_eq!(member(&taken, 1, "kind"), ["issued", "blocked", "unblocked"]);
    assert_eq!(member(&taken, 2, "kind"), ["issued"]);
    assert_eq!(member(&taken, 1, "order")[0], "R-1");
    assert!(receiver.accounts().await.iter().all(|(_, state)| state == "active"));
    assert_eq!(bank.desk.done(&["order", "show", "R-1"])["host"]["state"], "told");
    assert_eq!(center.ask("Eve", "GET /api/v1/orders/R-1", "", "").1["host"]["state"], "told");
    let log = bank.desk.done(&["log", "show", "--order", "R-1"]).to_string();
    assert!(log.contains("The issuer's host was told: blocked."), "{log}");
}

#[tokio::test]
async fn without_a_host_events_wait_and_are_told_when_there_is_one() {
    let desk = Desk::new();
    desk.set_up();
    assert_eq!(desk.refused(&["host", "retry", "--as", "Ada"]), (1, "CW-1041".into()));
    assert_eq!(desk.refused(&["host", "rotate-key", "--as", "Ada"]), (1, "CW-1041".into()));
    let far = ["host", "set", "--url", "http://host.example/events", "--as", "Ada"];
    assert_eq!(desk.refused(&far), (1, "CW-1040".into()));
    let by_another = ["host", "set", "--url", "http://127.0.0.1:1/", "--as", "Eve"];
    assert_eq!(desk.refused(&by_another), (1, "CW-1003".into()));
    assert_eq!(desk.done(&["host", "show"])["url"], Value::Null);
    let first = desk.done(&["host", "set", "--url", "http://127.0.0.1:1/", "--as", "Ada"]);
    assert_eq!(first["secret"].as_str().unwrap().len(), 64);
    let again = desk.done(&["host", "set", "--url", "http://127.0.0.1:2/", "--as", "Ada"]);
    assert_eq!(again["secret"], Value::Null, "a secret is shown once");
    assert_eq!(desk.done(&["host", "show"])["key"], first["key"]);
}

#[tokio::test]
async fn an_event_that_was_taken_when_the_center_died_is_sent_again_and_taken_once() {
    let bank = Bank::new(Mode::Shut).await;
    let receiver = bank.receiver("host");
    bank.gate.set(Mode::Open(receiver.port));
    let mut dying = Serving::start_with(&bank.desk, &[("CARDWRIGHT_FAILPOINT", "before-event-taken")]);
    bank.happened(&[("R-1", 1, "issued"), ("R-1", 1, "blocked")]).await;
    assert!(!dying.program.wait().unwrap().success(), "it died at the failpoint");
    assert_eq!(bank.gate.events().len(), 1);
    assert_eq!(member(&receiver.taken().await, 1, "kind"), ["issued"], "the host has it");
    assert_eq!(bank.store.events_waiting(10).await.unwrap().len(), 2, "and nobody here knows");
    let _center = Serving::start(&bank.desk);
    bank.until_nothing_waits().await;
    let sent = bank.gate.events();
    assert_eq!((sent.len(), &sent[0]), (3, &sent[1]), "the same event again, then the next");
    assert_eq!(member(&receiver.taken().await, 1, "kind"), ["issued", "blocked"]);
}

#[tokio::test]
async fn an_answer_that_is_lost_costs_a_second_sending_and_nothing_else() {
    let bank = Bank::new(Mode::Shut).await;
    let receiver = bank.receiver("host");
    bank.gate.set(Mode::Deaf(receiver.port));
    let _center = Serving::start(&bank.desk);
    bank.happened(&[("R-1", 1, "issued")]).await;
    bank.until_failed("").await;
    bank.gate.set(Mode::Open(receiver.port));
    bank.retry();
    bank.until_nothing_waits().await;
    assert!(bank.gate.events().len() >= 2);
    assert_eq!(receiver.taken().await.len(), 1);
}

#[tokio::test]
async fn two_nodes_send_each_event_once_and_every_card_in_order() {
    let bank = Bank::new(Mode::Shut).await;
    let receiver = bank.receiver("host");
    bank.gate.set(Mode::Open(receiver.port));
    let kinds = ["issued", "blocked", "unblocked", "changed", "terminated"];
    let events: Vec<_> = kinds.iter().flat_map(|kind| (1..=8).map(move |card| ("R-1", card, *kind))).collect();
    bank.happened(&events).await;
    let _nodes = [Serving::start(&bank.desk), Serving::start(&bank.desk)];
    bank.until_nothing_waits().await;
    let mut sent = bank.gate.events();
    sent.sort();
    sent.dedup();
    assert_eq!((sent.len(), bank.gate.events().len()), (40, 40));
    let taken = receiver.taken().await;
    for card in 1..=8 {
        assert_eq!(member(&taken, card, "kind"), kinds, "card {card}");
    }
    assert!(receiver.accounts().await.iter().all(|(_, state)| state == "closed"));
}

#[tokio::test]
async fn an_account_that_an_order_blocked_is_not_made_active_by_a_change() {
    let bank = Bank::new(Mode::Shut).await;
    let receiver = bank.receiver("host");
    bank.gate.set(Mode::Open(receiver.port));
    let cards = [
        (&["issued", "blocked", "changed"][..], "blocked"),
        (&["issued", "unknown", "blocked", "unknown", "changed"], "blocked"),
        (&["issued", "blocked", "changed", "unblocked"], "active"),
        (&["issued", "unknown", "changed"], "active"),
        (&["issued", "lost"], "held"),
        (&["issued", "unknown", "terminated", "changed"], "closed"),
    ];
    let events =
        cards.iter().zip(1..).flat_map(|((kinds, _), card)| kinds.iter().map(move |kind| ("R-1", card, *kind)));
    bank.happened(&events.collect::<Vec<_>>()).await;
    let _center = Serving::start(&bank.desk);
    bank.until_nothing_waits().await;
    let states: Vec<_> = receiver.accounts().await.into_iter().map(|(_, state)| state).collect();
    assert_eq!(states, cards.map(|(_, state)| state));
}

#[tokio::test]
async fn a_new_secret_serves_at_once_and_the_one_before_for_a_while() {
    let bank = Bank::new(Mode::Shut).await;
    let new = bank.desk.done(&["host", "rotate-key", "--as", "Ada"]);
    assert_eq!((bank.key.as_str(), new["key"].as_str()), ("host-signature.1", Some("host-signature.2")));
    assert_ne!(new["secret"].as_str(), Some(bank.secret.as_str()));
    let _center = Serving::start(&bank.desk);
    let old = bank.receiver("old");
    bank.gate.set(Mode::Open(old.port));
    bank.happened(&[("R-1", 1, "issued")]).await;
    bank.until_nothing_waits().await;
    let newer = Receiver::start(&bank.desk, "newer", "host-signature.2", new["secret"].as_str().unwrap());
    bank.gate.set(Mode::Open(newer.port));
    bank.happened(&[("R-1", 1, "blocked")]).await;
    bank.until_nothing_waits().await;
    assert_eq!((old.taken().await.len(), newer.taken().await.len()), (1, 1));
}

/// A request as the center sends it, with the time of `now` and this body.
fn signed(secret: &str, event: &str, body: &str, seconds: i64) -> Vec<u8> {
    let keystore = SoftwareKeystore::in_memory(Box::new(SystemRandomness));
    let id = KeyId::new("host-signature", 1).unwrap();
    let new = NewKey { id: id.clone(), kind: KeyKind::Hmac256, purpose: Purpose::Mac, created: 0 };
    keystore.import(&new, &hex::decode(secret).unwrap(), None, PublishedKeys::Refused).unwrap();
    let mac = hex::encode(keystore.mac(&id, format!("{seconds}.{body}").as_bytes()).unwrap());
    format!(
        "POST /events HTTP/1.1\r\nhost: h\r\ncontent-length: {}\r\ncardwright-event: {event}\r\n\
         cardwright-time: {seconds}\r\ncardwright-signature: {id}={mac}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

fn status(answer: &[u8]) -> String {
    String::from_utf8_lossy(answer).split(' ').nth(1).unwrap_or_default().to_owned()
}

#[tokio::test]
async fn the_receiver_refuses_what_is_forged_old_or_out_of_order_and_takes_nothing_twice() {
    let desk = Desk::new();
    let secret = "5A".repeat(32);
    let receiver = Receiver::start(&desk, "host", "host-signature.1", &secret);
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs() as i64;
    let body = |id: &str, number: i64| {
        format!(
            "{{\"format\":1,\"id\":\"{id}\",\"number\":{number},\"kind\":\"issued\",\"card\":\"c\",\"order\":\"R\",\
             \"masked_number\":null}}"
        )
    };
    let post = |request: Vec<u8>| status(&exchange(receiver.port, &request).unwrap());
    let right = signed(&secret, "a", &body("a", 5), now);
    let altered = |from: &str, to: &str| String::from_utf8(right.clone()).unwrap().replacen(from, to, 1).into_bytes();
    assert_eq!(post(altered("issued", "iSsued")), "401", "another body");
    assert_eq!(post(altered(&format!("time: {now}"), &format!("time: {}", now + 1))), "401", "another time");
    assert_eq!(post(altered("host-signature.1=", "host-signature.2=")), "401", "an unknown key");
    assert_eq!(post(altered("event: a", "event: b")), "400", "another event than the signed one");
    assert_eq!(post(signed(&"5B".repeat(32), "a", &body("a", 5), now)), "401", "another secret");
    assert_eq!(post(signed(&secret, "a", &body("a", 5), now - 400)), "401", "sent too long ago");
    assert_eq!(receiver.taken().await, Vec::<Value>::new());
    assert_eq!(post(right.clone()), "200", "the control");
    assert_eq!(post(right), "200", "a replay is answered, and nothing is done");
    assert_eq!(post(signed(&secret, "b", &body("b", 4), now)), "409", "an earlier event after a later one");
    assert_eq!(post(signed(&secret, "c", &body("c", 6), now)), "200");
    assert_eq!(receiver.taken().await.len(), 2);
}
