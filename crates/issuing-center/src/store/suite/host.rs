//! The outbox on its way to the issuer's host, and what two people decide about a card.

use cardwright_issuance::change::Change;
use cardwright_issuance::row::Outbox;
use cardwright_issuance::state::CardState;

use super::world::{NOW, assert_conflict, change, id, prepared_order, register, running, stock};
use crate::store::{CardDecision, DecisionKind, FailedAttempt, HostEvent, HostRow, Registration, Retry, Store};

fn happened(byte: u8, kind: &str, card: u8) -> Outbox {
    Outbox { id: id(byte), kind: kind.into(), order: id(1), card: Some(id(card)), created: NOW + i64::from(byte) }
}

async fn write<S: Store>(store: &S, events: &[Outbox]) {
    for event in events {
        change(store, Change::AddOutbox(event.clone())).await.unwrap();
    }
}

async fn leased<S: Store>(store: &S, node: u8, now: i64) -> Option<HostEvent> {
    store.lease_event(id(node), now, now + 60).await.unwrap()
}

fn failed(byte: u8, node: u8, next: i64, was_reached: bool) -> FailedAttempt {
    FailedAttempt { event: id(byte), node: id(node), next, was_reached, error: "500".into() }
}

pub(super) async fn the_host_is_the_one_that_was_set_last<S: Store>(store: &S) {
    assert_eq!(store.host().await.unwrap(), None);
    let mut host = HostRow {
        url: "https://host.example/events".into(),
        ca: Some(vec![1, 2, 3]),
        key: "host-signature.1".into(),
        previous_key: None,
        previous_until: 0,
    };
    register(store, vec![Registration::Host(host.clone())]).await.unwrap();
    assert_eq!(store.host().await.unwrap(), Some(host.clone()));
    (host.ca, host.previous_key, host.previous_until) = (None, Some("host-signature.0".into()), NOW);
    register(store, vec![Registration::Host(host.clone())]).await.unwrap();
    assert_eq!(store.host().await.unwrap(), Some(host));
}

pub(super) async fn an_event_is_leased_to_one_and_again_when_the_lease_is_over<S: Store>(store: &S) {
    running(store).await;
    assert_eq!(leased(store, 0xA, NOW).await, None);
    write(store, &[happened(2, "issued", 0x20)]).await;
    let event = HostEvent::new(happened(2, "issued", 0x20), 1);
    assert_eq!(leased(store, 0xA, NOW).await, Some(event.clone()));
    assert_eq!(leased(store, 0xB, NOW).await, None);
    assert_eq!(leased(store, 0xA, NOW + 59).await, None, "who holds it is sending it");
    assert_eq!(leased(store, 0xB, NOW + 60).await, Some(event));
    assert!(!store.event_failed(&failed(2, 0xA, NOW, true)).await.unwrap(), "another holds it now");
    assert!(store.event_failed(&failed(2, 0xB, NOW, true)).await.unwrap());
}

pub(super) async fn a_later_event_of_a_card_waits_for_the_earlier_one_and_no_other_card_does<S: Store>(store: &S) {
    running(store).await;
    register(store, vec![stock(0x21)]).await.unwrap();
    // Written in this order, whatever their ids and times are.
    write(store, &[happened(9, "unknown", 0x20), happened(3, "issued", 0x20), happened(2, "issued", 0x21)]).await;
    let next = async |now| leased(store, 0xA, now).await.map(|leased| leased.event.id);
    assert_eq!(next(NOW).await, Some(id(9)));
    assert_eq!(next(NOW).await, Some(id(2)), "another card's does not wait");
    assert_eq!(next(NOW).await, None);
    assert!(store.event_failed(&failed(9, 0xA, NOW + 500, true)).await.unwrap());
    assert_eq!(next(NOW + 59).await, None, "the earlier one waits for its next attempt, and the later one for it");
    register(store, vec![Registration::EventTaken(id(9), NOW + 1)]).await.unwrap();
    assert_eq!(next(NOW + 2).await, Some(id(3)));
}

pub(super) async fn an_event_that_failed_waits_for_its_time_or_is_called_back<S: Store>(store: &S) {
    running(store).await;
    register(store, vec![stock(0x21)]).await.unwrap();
    write(store, &[happened(2, "issued", 0x20), happened(3, "issued", 0x21)]).await;
    leased(store, 0xA, NOW).await.unwrap();
    leased(store, 0xA, NOW).await.unwrap();
    assert!(store.event_failed(&failed(2, 0xA, NOW + 100, true)).await.unwrap());
    assert!(store.event_failed(&failed(3, 0xA, NOW + 200, false)).await.unwrap());
    assert!(!store.event_failed(&failed(3, 0xA, NOW + 300, false)).await.unwrap(), "it was given back already");
    let waiting = store.events_waiting(10).await.unwrap();
    let seen: Vec<_> = waiting.iter().map(|one| (one.attempts, one.next_attempt, one.last_error.as_deref())).collect();
    assert_eq!(seen, [(1, NOW + 100, Some("500")), (1, NOW + 200, Some("500"))]);
    assert_eq!(leased(store, 0xA, NOW + 99).await, None);
    assert_eq!(store.retry_events(NOW + 1, Retry::Unanswered).await.unwrap(), 1);
    assert_eq!(leased(store, 0xA, NOW + 1).await.unwrap().event.id, id(3));
    assert_eq!(leased(store, 0xA, NOW + 1).await, None);
    assert_eq!(store.retry_events(NOW + 1, Retry::All).await.unwrap(), 1);
    assert_eq!(leased(store, 0xA, NOW + 1).await.unwrap().event.id, id(2));
}

pub(super) async fn an_event_is_taken_once_and_waits_no_more<S: Store>(store: &S) {
    running(store).await;
    write(store, &[happened(2, "blocked", 0x20)]).await;
    assert!(store.has_event_waiting(id(0x20), "blocked").await.unwrap());
    assert!(!store.has_event_waiting(id(0x20), "issued").await.unwrap());
    assert!(!store.has_event_waiting(id(0x21), "blocked").await.unwrap());
    leased(store, 0xA, NOW).await.unwrap();
    assert_conflict(register(store, vec![Registration::EventTaken(id(3), NOW)]).await);
    register(store, vec![Registration::EventTaken(id(2), NOW + 5)]).await.unwrap();
    assert_conflict(register(store, vec![Registration::EventTaken(id(2), NOW + 6)]).await);
    assert!(!store.has_event_waiting(id(0x20), "blocked").await.unwrap());
    assert!(!store.event_failed(&failed(2, 0xA, NOW + 100, true)).await.unwrap(), "what was taken is not given back");
    assert_eq!(store.outbox(10).await.unwrap(), []);
    assert_eq!(store.events_waiting(10).await.unwrap(), []);
    assert_eq!(store.event(id(2)).await.unwrap().unwrap().taken, Some(NOW + 5));
    assert_eq!(leased(store, 0xA, NOW + 1_000).await, None);
}

pub(super) async fn events_are_found_by_order_and_by_number<S: Store>(store: &S) {
    running(store).await;
    prepared_order(store, 2).await;
    let other = Outbox { order: id(2), ..happened(7, "issued", 0x20) };
    write(store, &[happened(9, "unknown", 0x20), other.clone(), happened(3, "issued", 0x20)]).await;
    let ids = |found: Vec<HostEvent>| found.iter().map(|one| one.event.id).collect::<Vec<_>>();
    assert_eq!(ids(store.events_of(id(1)).await.unwrap()), [id(9), id(3)]);
    register(store, vec![Registration::EventTaken(id(7), NOW)]).await.unwrap();
    assert_eq!(ids(store.events_after(0, 10).await.unwrap()), [id(9), id(7), id(3)], "taken or not");
    assert_eq!(ids(store.events_after(2, 10).await.unwrap()), [id(3)]);
    assert_eq!(ids(store.events_after(0, 1).await.unwrap()), [id(9)]);
    assert_eq!(store.event(id(7)).await.unwrap(), Some(HostEvent { taken: Some(NOW), ..HostEvent::new(other, 2) }));
    assert_eq!(store.event(id(8)).await.unwrap(), None);
}

pub(super) async fn an_expiry_is_that_of_the_last_preparation<S: Store>(store: &S) {
    running(store).await;
    assert_eq!(store.expiry_of(id(1)).await.unwrap(), None);
    for day in [21_000, 21_031] {
        register(store, vec![Registration::CardExpiry(id(1), day)]).await.unwrap();
        assert_eq!(store.expiry_of(id(1)).await.unwrap(), Some(day));
    }
    assert_conflict(register(store, vec![Registration::CardExpiry(id(9), 1)]).await);
}

pub(super) async fn a_proposal_about_a_card_is_confirmed_by_another_person_once<S: Store>(store: &S) {
    register(store, vec![stock(0x20)]).await.unwrap();
    let proposal = |byte, kind| CardDecision {
        id: id(byte),
        card: id(0x20),
        kind,
        card_state: CardState::Stock,
        proposed_by: id(0xE0),
        proposed: NOW,
    };
    let confirmed = |byte, by| Registration::CardDecisionConfirmed { decision: id(byte), by: id(by), time: NOW + 1 };
    let lost = proposal(1, DecisionKind::Lost);
    register(store, vec![Registration::CardDecision(lost)]).await.unwrap();
    assert_eq!(store.proposal_about(id(0x20)).await.unwrap(), Some(lost));
    let quarantine = proposal(2, DecisionKind::Quarantine);
    register(store, vec![Registration::CardDecision(quarantine)]).await.unwrap();
    assert_eq!(store.proposal_about(id(0x20)).await.unwrap(), Some(quarantine), "the newer one counts");
    assert_conflict(register(store, vec![confirmed(1, 0xE1)]).await);
    assert_conflict(register(store, vec![confirmed(2, 0xE0)]).await);
    register(store, vec![confirmed(2, 0xE1)]).await.unwrap();
    assert_conflict(register(store, vec![confirmed(2, 0xE1)]).await);
    assert_eq!(store.proposal_about(id(0x20)).await.unwrap(), None);
    let nowhere = CardDecision { card: id(0x21), ..proposal(3, DecisionKind::Lost) };
    assert_conflict(register(store, vec![Registration::CardDecision(nowhere)]).await);
}
