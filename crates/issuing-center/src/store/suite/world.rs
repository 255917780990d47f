//! Rows to test with.

use cardwright_globalplatform::Protocol;
use cardwright_issuance::Id;
use cardwright_issuance::basis::Basis;
use cardwright_issuance::content::Content;
use cardwright_issuance::entry::{Entry, Event};
use cardwright_issuance::kind::OrderKind;
use cardwright_issuance::row::{Base, Card, Issuance, KeySet, Order, Reader, Terminal};
use cardwright_issuance::state::{CardState, IssuanceState, KeySetState, OrderState};

use crate::store::{Commit, Document, Person, Registration, SealedBlob, SealedOrder, Store, StoreError};

/// A time that means nothing.
pub(super) const NOW: i64 = 1_800_000_000_000_000;

/// Sixteen times the same byte.
pub(super) fn id(byte: u8) -> Id {
    Id::from([byte; 16])
}

/// Commits registrations and nothing else.
pub(super) async fn register<S: Store>(store: &S, registrations: Vec<Registration>) -> Result<(), StoreError> {
    store.commit(Commit { registrations, ..Commit::default() }).await
}

/// Commits one change and nothing else.
pub(super) async fn change<S: Store>(store: &S, change: cardwright_issuance::change::Change) -> Result<(), StoreError> {
    store.commit(Commit { changes: vec![change], ..Commit::default() }).await
}

/// That it was refused as a conflict.
pub(super) fn assert_conflict<T: std::fmt::Debug>(result: Result<T, StoreError>) {
    assert!(matches!(result, Err(StoreError::Conflict(_))), "not a conflict: {result:?}");
}

pub(super) fn base(name: &str) -> Base {
    Base { name: name.into(), reader_tier: 2 }
}

pub(super) fn person(byte: u8, name: &str) -> Person {
    let roles = vec!["order-entry".to_owned(), "operator".to_owned()];
    Person { id: id(byte), name: name.into(), roles, secret: "$argon2id$…".into() }
}

pub(super) fn document(name: &str, version: u32, text: &str) -> Document {
    Document { name: name.into(), version, text: text.into(), digest: [version as u8; 32], imported: NOW }
}

pub(super) fn terminal(byte: u8, name: &str) -> Terminal {
    Terminal {
        id: id(byte),
        name: name.into(),
        base: "north".into(),
        fingerprint: [byte; 32],
        expires: NOW + 1,
        revoked: None,
        instance: None,
        lease_until: 0,
    }
}

pub(super) fn reader(byte: u8, name: &str) -> Reader {
    Reader {
        id: id(byte),
        name: name.into(),
        base: "north".into(),
        tier: 2,
        card_slot: "Reader 00*".into(),
        sam_slot: "Reader 01*".into(),
        sam_key: vec![4, 5, 6],
        revoked: None,
    }
}

pub(super) fn order(byte: u8, reference: &str) -> Order {
    Order {
        id: id(byte),
        reference: reference.into(),
        base: "north".into(),
        profile: "identity".into(),
        kind: OrderKind::New,
        argument: None,
        state: OrderState::Received,
        entered_by: id(0xE0),
        entered: NOW + i64::from(byte),
        approved_by: None,
        card: None,
        replaces: None,
        campaign: None,
    }
}

pub(super) fn sealed_order(byte: u8) -> SealedOrder {
    SealedOrder { fields: vec![byte; 40], data_key: vec![byte; 60], destruction_day: 20_000 }
}

pub(super) fn prepared(byte: u8) -> SealedBlob {
    SealedBlob { sealed: vec![byte; 100], digest: [byte; 32], profile: [byte; 32] }
}

pub(super) fn card(byte: u8) -> Card {
    Card {
        id: id(byte),
        product: "blank".into(),
        cplc: vec![byte; 42],
        kdd: [byte; 10],
        state: CardState::Stock,
        order: None,
        open_tries: 0,
        masked_number: None,
        content: Content::default(),
    }
}

pub(super) fn key_set(card: u8, version: u8, generation: u32, state: KeySetState) -> KeySet {
    let wrapped = [vec![version, 1], vec![version, 2], vec![version, 3]];
    let check_values = [[1, 2, 3], [4, 5, 6], [7, 8, 9]];
    let protocol = Protocol::from_bytes([3, 0x70, 16]).expect("SCP03 with i = 70");
    KeySet { card: id(card), version, generation, state, protocol, wrapped, check_values }
}

pub(super) fn stock(byte: u8) -> Registration {
    Registration::Stock(
        card(byte),
        key_set(byte, 0x30, 0, KeySetState::Transport),
        key_set(byte, 0x31, 1, KeySetState::Derived),
    )
}

pub(super) fn issuance(byte: u8, order: u8, card: u8) -> Issuance {
    Issuance {
        id: id(byte),
        order: id(order),
        card: id(card),
        terminal: id(0x70),
        reader: id(0x80),
        operator: id(0xE2),
        state: IssuanceState::Leased,
        epoch: 7,
        step: 0,
        opened: NOW + i64::from(byte),
        deadline: NOW + 100,
        open_message: vec![byte; 300],
        second_challenge: id(0x99),
        basis: Basis { opened_with: (0x30, 0), ..Basis::default() },
    }
}

pub(super) fn entry(order: Option<u8>) -> Entry {
    Entry { order: order.map(id), ..Entry::new(NOW, Event::OrderReceived) }
}

/// A base, a terminal and a reader at it.
pub(super) async fn place<S: Store>(store: &S) {
    let rows = vec![
        Registration::Base(base("north")),
        Registration::Terminal(terminal(0x70, "desk-1")),
        Registration::Reader(reader(0x80, "reader-1")),
    ];
    register(store, rows).await.unwrap();
}

/// The place, and the order `byte` approved and prepared.
pub(super) async fn prepared_order<S: Store>(store: &S, byte: u8) {
    let rows = vec![
        Registration::Order(order(byte, &format!("R-{byte}")), sealed_order(byte)),
        Registration::Approve(id(byte), id(0xE1)),
        Registration::Prepared(id(byte), prepared(byte)),
    ];
    register(store, rows).await.unwrap();
}

/// The place, the order 1 prepared, the card 0x20 in stock, and the issuance 0x50 of them, opened.
pub(super) async fn running<S: Store>(store: &S) {
    place(store).await;
    prepared_order(store, 1).await;
    register(store, vec![stock(0x20)]).await.unwrap();
    let opened = cardwright_issuance::change::Change::OpenIssuance(Box::new(issuance(0x50, 1, 0x20)));
    change(store, opened).await.unwrap();
}
