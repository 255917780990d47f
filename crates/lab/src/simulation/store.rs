//! The model store behind a commit that takes its time: whoever waits for it may be overtaken, or die, before it
//! and after it.

use std::future::poll_fn;
use std::ops::Deref;
use std::task::Poll;

use cardwright_apdu::Aid;
use cardwright_issuance::Id;
use cardwright_issuance::row::{
    Base, Card, Challenge, Intent, Issuance, KeySet, Order, Outbox, Reader, Terminal, Ticket,
};
use cardwright_issuance::state::{CardState, OrderState};
use cardwright_issuing_center::store::{
    Campaign, CampaignCard, CampaignStore, CardCertificate, CardDecision, CardNumber, CertificationKeyRow, Commit,
    Count, Document, EmvIssuer, EnrolmentCode, FailedAttempt, HostEvent, HostRow, Idempotency, Leaf, LogHead, Person,
    PinMailer, PivAuthority, PoolKey, PoolLevel, Program, Retry, SealedBlob, SealedOrder, Store, StoreError,
    WaitingStore,
};

use crate::model_store::ModelStore;

/// A store whose commits can be overtaken.
pub struct SlowStore {
    model: ModelStore,
    fenced: bool,
    slow_to_answer: bool,
}

impl SlowStore {
    /// A store whose commits can be overtaken before they are done and before they are answered; without its fence,
    /// it writes rows that are no longer as a change names them.
    pub(super) fn new(fenced: bool) -> Self {
        Self { model: ModelStore::default(), fenced, slow_to_answer: true }
    }

    /// A store whose commits can be overtaken before they are done, so that a test decides who is first.
    #[must_use]
    pub fn slow_to_begin() -> Self {
        Self { slow_to_answer: false, ..Self::new(true) }
    }
}

impl Deref for SlowStore {
    type Target = ModelStore;

    fn deref(&self) -> &ModelStore {
        &self.model
    }
}

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
            self.model.$name($($argument),*).await
        })*
    };
}

impl Store for SlowStore {
    async fn commit(&self, commit: Commit) -> Result<(), StoreError> {
        overtaken().await;
        let done = if self.fenced { self.model.commit(commit).await } else { self.model.commit_unfenced(commit) };
        if self.slow_to_answer {
            overtaken().await;
        }
        done
    }

    reads! {
        take_lease(terminal: Id, instance: Id, now: i64, until: i64) -> bool;
        add_challenges(challenges: &[Challenge]) -> ();
        sweep(now: i64) -> u64;
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
        orders_of_card(card: Id) -> Vec<Order>;
        issuances_of_card(card: Id) -> Vec<Issuance>;
        cards_in(state: cardwright_issuance::state::CardState, limit: u32) -> Vec<Card>;
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
        host() -> Option<HostRow>;
        lease_event(node: Id, now: i64, until: i64) -> Option<HostEvent>;
        event_failed(failed: &FailedAttempt) -> bool;
        retry_events(now: i64, which: Retry) -> u64;
        event(id: Id) -> Option<HostEvent>;
        events_waiting(limit: u32) -> Vec<HostEvent>;
        events_of(order: Id) -> Vec<HostEvent>;
        events_after(number: i64, limit: u32) -> Vec<HostEvent>;
        expiry_of(order: Id) -> Option<i64>;
        has_event_waiting(card: Id, kind: &str) -> bool;
        proposal_about(card: Id) -> Option<CardDecision>;
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
        pool_levels() -> Vec<PoolLevel>;
        pool_keys(bits: u16, exponent: u32, limit: u32) -> Vec<PoolKey>;
        number_of(order: Id) -> Option<CardNumber>;
        sequences_of(number: [u8; 32]) -> Vec<u8>;
        numbers_taken(range: &str) -> Option<i64>;
        pin_mailer(order: Id) -> Option<PinMailer>;
        pin_mailers_waiting(zone_key: &str, limit: u32) -> Vec<PinMailer>;
        certification_keys() -> Vec<CertificationKeyRow>;
        emv_issuers() -> Vec<EmvIssuer>;
        piv_authorities() -> Vec<PivAuthority>;
        card_certificates(authority: &str) -> Vec<CardCertificate>;
        program(load_file: Aid) -> Option<Program>;
        programs() -> Vec<Program>;
        leaves(first: i64, limit: u32) -> Vec<Leaf>;
        leaves_of(order: Id) -> Vec<Leaf>;
        log_head() -> LogHead;
    }
}

impl CampaignStore for SlowStore {
    reads! {
        campaign(name: &str) -> Option<Campaign>;
        campaign_by_id(id: Id) -> Option<Campaign>;
        campaigns() -> Vec<Campaign>;
        campaign_cards(campaign: Id, selected: bool, after: Id, limit: u32) -> Vec<CampaignCard>;
        campaign_counts(campaign: Id) -> Vec<Count>;
        campaign_orders(campaign: Id, state: OrderState, limit: u32) -> Vec<Order>;
    }
}

impl WaitingStore for SlowStore {
    reads! {
        replacements_of(card: Id) -> Vec<Order>;
        cards_after(state: CardState, after: Id, limit: u32) -> Vec<Card>;
    }
}
