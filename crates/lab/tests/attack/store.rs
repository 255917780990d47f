//! The model store behind commits that others may overtake, so that a test decides who is first.

use std::future::poll_fn;
use std::task::Poll;

use cardwright_issuance::Id;
use cardwright_issuance::row::{
    Base, Card, Challenge, Intent, Issuance, KeySet, Order, Outbox, Reader, Terminal, Ticket,
};
use cardwright_issuing_center::store::{
    Commit, Document, EnrolmentCode, Idempotency, Leaf, LogHead, Person, SealedBlob, SealedOrder, Store, StoreError,
};
use cardwright_lab::model_store::ModelStore;

/// A store whose commits wait once before they are done.
#[derive(Default)]
pub(crate) struct SlowStore(ModelStore);

/// Lets the others go first, once.
async fn overtaken() {
    let mut waited = false;
    poll_fn(|_| {
        let ready = std::mem::replace(&mut waited, true);
        if ready { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

macro_rules! reads {
    ($($name:ident($($argument:ident: $type:ty),*) -> $result:ty;)*) => {
        $(async fn $name(&self, $($argument: $type),*) -> Result<$result, StoreError> {
            self.0.$name($($argument),*).await
        })*
    };
}

impl Store for SlowStore {
    async fn commit(&self, commit: Commit) -> Result<(), StoreError> {
        overtaken().await;
        self.0.commit(commit).await
    }

    reads! {
        take_lease(terminal: Id, instance: Id, now: i64, until: i64) -> bool;
        add_challenges(challenges: &[Challenge]) -> ();
        terminal_by_fingerprint(fingerprint: [u8; 32]) -> Option<Terminal>;
        terminals() -> Vec<Terminal>;
        reader(id: Id) -> Option<Reader>;
        readers() -> Vec<Reader>;
        enrolment_code(hash: [u8; 32], now: i64) -> Option<EnrolmentCode>;
        challenge(id: Id) -> Option<Challenge>;
        ticket(id: Id) -> Option<Ticket>;
        tickets_for(terminal: Id, now: i64) -> Vec<Ticket>;
        order(id: Id) -> Option<Order>;
        order_by_reference(reference: &str) -> Option<Order>;
        orders(limit: u32) -> Vec<Order>;
        sealed_order(id: Id) -> Option<SealedOrder>;
        prepared(id: Id) -> Option<SealedBlob>;
        card_by_identity(product: &str, cplc: &[u8], kdd: [u8; 10]) -> Option<Card>;
        card(id: Id) -> Option<Card>;
        cards_by_kdd(kdd: [u8; 10]) -> Vec<Card>;
        key_sets(card: Id) -> Vec<KeySet>;
        issuance(session: Id) -> Option<Issuance>;
        issuances_of(order: Id) -> Vec<Issuance>;
        overdue(now: i64) -> Vec<Issuance>;
        intents(session: Id) -> Vec<Intent>;
        outbox(limit: u32) -> Vec<Outbox>;
        base(name: &str) -> Option<Base>;
        person(name: &str) -> Option<Person>;
        person_by_id(id: Id) -> Option<Person>;
        product(name: &str) -> Option<Document>;
        products() -> Vec<Document>;
        profile(name: &str) -> Option<Document>;
        profiles() -> Vec<Document>;
        idempotency(key: &str) -> Option<Idempotency>;
        destruction_key(day: i64) -> Option<String>;
        setting(name: &str) -> Option<Vec<u8>>;
        leaves(first: i64, limit: u32) -> Vec<Leaf>;
        leaves_of(order: Id) -> Vec<Leaf>;
        log_head() -> LogHead;
    }
}
