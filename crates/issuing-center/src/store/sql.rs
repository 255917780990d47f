//! The store in SQL: SQLite and PostgreSQL, one text per query for both.
//!
//! SQLite has one connection that writes, in WAL with `synchronous=FULL`, and some that read. PostgreSQL has one
//! pool; there the row of the log's head, locked first, keeps commits in one order.

mod campaign;
mod certified;
mod change;
mod column;
mod commit;
mod database;
mod host;
mod issuance;
mod log;
mod made_ahead;
mod order;
mod people;
mod program;
mod registration;
mod schema;
mod sweep;
mod terminal;

use std::future::Future;

use cardwright_apdu::Aid;
use cardwright_issuance::Id;
use cardwright_issuance::row::{
    Base, Card, Challenge, Intent, Issuance, KeySet, Order, Outbox, Reader, Terminal, Ticket,
};
use cardwright_issuance::state::CardState;

use super::{
    CardCertificate, CardDecision, CardNumber, CertificationKeyRow, Commit, Document, EmvIssuer, EnrolmentCode,
    FailedAttempt, Found, HostEvent, HostRow, Idempotency, Leaf, Listed, LogHead, Person, PinMailer, PivAuthority,
    PoolKey, PoolLevel, Program, Retry, SealedBlob, SealedOrder, Store, StoreError,
};
use column::{columns, statement};
pub use database::SqlStore;
use database::{Dialect, store_error, unavailable};

impl Store for SqlStore {
    async fn commit(&self, commit: Commit) -> Result<(), StoreError> {
        commit::commit(self, commit).await
    }

    async fn take_lease(&self, terminal: Id, instance: Id, now: i64, until: i64) -> Result<bool, StoreError> {
        terminal::take_lease(self, terminal, instance, now, until).await
    }

    async fn add_challenges(&self, challenges: &[Challenge]) -> Result<(), StoreError> {
        terminal::add_challenges(self, challenges).await
    }

    async fn sweep(&self, now: i64) -> Result<u64, StoreError> {
        sweep::sweep(self, now).await
    }

    fn terminal_by_fingerprint(&self, fingerprint: [u8; 32]) -> impl Future<Output = Found<Terminal>> + Send {
        self.find(
            statement("SELECT * FROM terminals WHERE fingerprint = $1", columns![fingerprint]),
            terminal::terminal,
        )
    }

    fn terminals(&self) -> impl Future<Output = Listed<Terminal>> + Send {
        self.list(statement("SELECT * FROM terminals ORDER BY name, expires", vec![]), terminal::terminal)
    }

    fn reader(&self, id: Id) -> impl Future<Output = Found<Reader>> + Send {
        self.find(statement("SELECT * FROM readers WHERE id = $1", columns![id]), terminal::reader)
    }

    fn readers(&self) -> impl Future<Output = Listed<Reader>> + Send {
        self.list(statement("SELECT * FROM readers ORDER BY name, id", vec![]), terminal::reader)
    }

    fn enrolment_code(&self, hash: [u8; 32], now: i64) -> impl Future<Output = Found<EnrolmentCode>> + Send {
        let text = "SELECT * FROM enrolment_codes WHERE hash = $1 AND used IS NULL AND expires > $2";
        self.find(statement(text, columns![hash, now]), terminal::enrolment_code)
    }

    fn challenge(&self, id: Id) -> impl Future<Output = Found<Challenge>> + Send {
        self.find(statement("SELECT * FROM challenges WHERE id = $1", columns![id]), terminal::challenge)
    }

    fn ticket(&self, id: Id) -> impl Future<Output = Found<Ticket>> + Send {
        self.find(statement("SELECT * FROM tickets WHERE id = $1", columns![id]), terminal::ticket)
    }

    fn tickets_for(&self, terminal: Id, now: i64) -> impl Future<Output = Listed<Ticket>> + Send {
        let text =
            "SELECT * FROM tickets WHERE terminal = $1 AND expires > $2 AND used_by IS NULL ORDER BY expires, id";
        self.list(statement(text, columns![terminal, now]), terminal::ticket)
    }

    fn order(&self, id: Id) -> impl Future<Output = Found<Order>> + Send {
        self.find(statement("SELECT * FROM orders WHERE id = $1", columns![id]), order::order)
    }

    fn order_by_reference(&self, reference: &str) -> impl Future<Output = Found<Order>> + Send {
        self.find(statement("SELECT * FROM orders WHERE reference = $1", columns![reference]), order::order)
    }

    fn orders(&self, limit: u32) -> impl Future<Output = Listed<Order>> + Send {
        let text = "SELECT * FROM orders ORDER BY entered DESC, reference LIMIT $1";
        self.list(statement(text, columns![limit]), order::order)
    }

    fn orders_of_card(&self, card: Id) -> impl Future<Output = Listed<Order>> + Send {
        let text = "SELECT * FROM orders WHERE card = $1 ORDER BY entered, reference";
        self.list(statement(text, columns![card]), order::order)
    }

    fn sealed_order(&self, id: Id) -> impl Future<Output = Found<SealedOrder>> + Send {
        self.find(statement("SELECT * FROM sealed_orders WHERE order_id = $1", columns![id]), order::sealed_order)
    }

    fn prepared(&self, id: Id) -> impl Future<Output = Found<SealedBlob>> + Send {
        self.find(statement("SELECT * FROM prepared WHERE order_id = $1", columns![id]), order::prepared)
    }

    fn card_by_identity(&self, product: &str, cplc: &[u8], kdd: [u8; 10]) -> impl Future<Output = Found<Card>> + Send {
        let text = "SELECT * FROM cards WHERE product = $1 AND cplc = $2 AND kdd = $3";
        self.find(statement(text, columns![product, cplc, kdd]), order::card)
    }

    fn card(&self, id: Id) -> impl Future<Output = Found<Card>> + Send {
        self.find(statement("SELECT * FROM cards WHERE id = $1", columns![id]), order::card)
    }

    fn cards_in(&self, state: CardState, limit: u32) -> impl Future<Output = Listed<Card>> + Send {
        let text = "SELECT * FROM cards WHERE state = $1 ORDER BY product, cplc, kdd LIMIT $2";
        self.list(statement(text, columns![state, limit]), order::card)
    }

    fn cards_by_kdd(&self, kdd: [u8; 10]) -> impl Future<Output = Listed<Card>> + Send {
        self.list(statement("SELECT * FROM cards WHERE kdd = $1 ORDER BY product, cplc", columns![kdd]), order::card)
    }

    fn key_sets(&self, card: Id) -> impl Future<Output = Listed<KeySet>> + Send {
        self.list(
            statement("SELECT * FROM key_sets WHERE card = $1 ORDER BY generation", columns![card]),
            order::key_set,
        )
    }

    fn issuance(&self, session: Id) -> impl Future<Output = Found<Issuance>> + Send {
        self.find(statement("SELECT * FROM issuances WHERE id = $1", columns![session]), issuance::issuance)
    }

    fn issuances_of_card(&self, card: Id) -> impl Future<Output = Listed<Issuance>> + Send {
        let text = "SELECT * FROM issuances WHERE card = $1 ORDER BY opened, id";
        self.list(statement(text, columns![card]), issuance::issuance)
    }

    fn issuances_of(&self, order: Id) -> impl Future<Output = Listed<Issuance>> + Send {
        let text = "SELECT * FROM issuances WHERE order_id = $1 ORDER BY opened, id";
        self.list(statement(text, columns![order]), issuance::issuance)
    }

    fn overdue(&self, now: i64) -> impl Future<Output = Listed<Issuance>> + Send {
        let text = "SELECT * FROM issuances WHERE deadline < $1 \
                    AND state NOT IN ('issued', 'failed-clean', 'unknown', 'interrupted', 'wiped', 'quarantined') ORDER BY deadline, id";
        self.list(statement(text, columns![now]), issuance::issuance)
    }

    fn intents(&self, session: Id) -> impl Future<Output = Listed<Intent>> + Send {
        self.list(
            statement("SELECT * FROM intents WHERE issuance = $1 ORDER BY step", columns![session]),
            issuance::intent,
        )
    }

    fn outbox(&self, limit: u32) -> impl Future<Output = Listed<Outbox>> + Send {
        let text = "SELECT * FROM outbox WHERE taken IS NULL ORDER BY number LIMIT $1";
        self.list(statement(text, columns![limit]), issuance::outbox)
    }

    fn host(&self) -> impl Future<Output = Found<HostRow>> + Send {
        self.find(statement("SELECT * FROM host", vec![]), host::host)
    }

    async fn lease_event(&self, node: Id, now: i64, until: i64) -> Found<HostEvent> {
        host::lease_event(self, node, now, until).await
    }

    async fn event_failed(&self, failed: &FailedAttempt) -> Result<bool, StoreError> {
        host::event_failed(self, failed).await
    }

    async fn retry_events(&self, now: i64, which: Retry) -> Result<u64, StoreError> {
        host::retry_events(self, now, which).await
    }

    fn event(&self, id: Id) -> impl Future<Output = Found<HostEvent>> + Send {
        self.find(statement("SELECT * FROM outbox WHERE id = $1", columns![id]), host::event)
    }

    fn events_waiting(&self, limit: u32) -> impl Future<Output = Listed<HostEvent>> + Send {
        let text = "SELECT * FROM outbox WHERE taken IS NULL ORDER BY number LIMIT $1";
        self.list(statement(text, columns![limit]), host::event)
    }

    fn events_of(&self, order: Id) -> impl Future<Output = Listed<HostEvent>> + Send {
        let text = "SELECT * FROM outbox WHERE order_id = $1 ORDER BY number";
        self.list(statement(text, columns![order]), host::event)
    }

    fn events_after(&self, number: i64, limit: u32) -> impl Future<Output = Listed<HostEvent>> + Send {
        let text = "SELECT * FROM outbox WHERE number > $1 ORDER BY number LIMIT $2";
        self.list(statement(text, columns![number, limit]), host::event)
    }

    fn expiry_of(&self, order: Id) -> impl Future<Output = Found<i64>> + Send {
        let text = "SELECT day FROM card_expiries WHERE order_id = $1";
        self.find(statement(text, columns![order]), |row| column::read(row, "day"))
    }

    async fn has_event_waiting(&self, card: Id, kind: &str) -> Result<bool, StoreError> {
        host::has_waiting(self, card, kind).await
    }

    fn proposal_about(&self, card: Id) -> impl Future<Output = Found<CardDecision>> + Send {
        let text = "SELECT * FROM card_decisions WHERE card = $1 AND confirmed_by IS NULL";
        self.find(statement(text, columns![card]), host::decision)
    }

    fn base(&self, name: &str) -> impl Future<Output = Found<Base>> + Send {
        self.find(statement("SELECT * FROM bases WHERE name = $1", columns![name]), people::base)
    }

    fn person(&self, name: &str) -> impl Future<Output = Found<Person>> + Send {
        self.find(statement("SELECT * FROM people WHERE name = $1", columns![name]), people::person)
    }

    fn person_by_id(&self, id: Id) -> impl Future<Output = Found<Person>> + Send {
        self.find(statement("SELECT * FROM people WHERE id = $1", columns![id]), people::person)
    }

    fn product(&self, name: &str) -> impl Future<Output = Found<Document>> + Send {
        people::newest(self, "product", name)
    }

    fn products(&self) -> impl Future<Output = Listed<Document>> + Send {
        people::all_newest(self, "product")
    }

    fn profile(&self, name: &str) -> impl Future<Output = Found<Document>> + Send {
        people::newest(self, "profile", name)
    }

    fn profiles(&self) -> impl Future<Output = Listed<Document>> + Send {
        people::all_newest(self, "profile")
    }

    fn idempotency(&self, key: &str) -> impl Future<Output = Found<Idempotency>> + Send {
        self.find(statement("SELECT * FROM idempotency WHERE key = $1", columns![key]), people::idempotency)
    }

    fn destruction_key(&self, day: i64) -> impl Future<Output = Found<String>> + Send {
        let text = "SELECT key FROM destruction_keys WHERE day = $1";
        self.find(statement(text, columns![day]), |row| column::read(row, "key"))
    }

    fn setting(&self, name: &str) -> impl Future<Output = Found<Vec<u8>>> + Send {
        let text = "SELECT value FROM settings WHERE name = $1";
        self.find(statement(text, columns![name]), |row| column::read(row, "value"))
    }

    fn pool_levels(&self) -> impl Future<Output = Listed<PoolLevel>> + Send {
        let text = "SELECT bits, exponent, COUNT(*) AS keys FROM card_key_pool GROUP BY bits, exponent \
                    ORDER BY bits, exponent";
        self.list(statement(text, vec![]), made_ahead::pool_level)
    }

    fn pool_keys(&self, bits: u16, exponent: u32, limit: u32) -> impl Future<Output = Listed<PoolKey>> + Send {
        let text = "SELECT * FROM card_key_pool WHERE bits = $1 AND exponent = $2 ORDER BY made, id LIMIT $3";
        self.list(statement(text, columns![bits, exponent, limit]), made_ahead::pool_key)
    }

    fn number_of(&self, order: Id) -> impl Future<Output = Found<CardNumber>> + Send {
        let text = "SELECT * FROM card_numbers WHERE order_id = $1";
        self.find(statement(text, columns![order]), made_ahead::card_number)
    }

    fn sequences_of(&self, number: [u8; 32]) -> impl Future<Output = Listed<u8>> + Send {
        let text = "SELECT sequence FROM card_numbers WHERE hash = $1 ORDER BY sequence";
        self.list(statement(text, columns![number]), |row| column::read(row, "sequence"))
    }

    fn numbers_taken(&self, range: &str) -> impl Future<Output = Found<i64>> + Send {
        let text = "SELECT taken FROM number_ranges WHERE name = $1";
        self.find(statement(text, columns![range]), |row| column::read(row, "taken"))
    }

    fn pin_mailer(&self, order: Id) -> impl Future<Output = Found<PinMailer>> + Send {
        let text = "SELECT * FROM pin_mailers WHERE order_id = $1";
        self.find(statement(text, columns![order]), made_ahead::pin_mailer)
    }

    fn pin_mailers_waiting(&self, zone_key: &str, limit: u32) -> impl Future<Output = Listed<PinMailer>> + Send {
        let text = "SELECT * FROM pin_mailers WHERE zone_key = $1 AND exported IS NULL \
                    ORDER BY prepared, order_id LIMIT $2";
        self.list(statement(text, columns![zone_key, limit]), made_ahead::pin_mailer)
    }

    fn certification_keys(&self) -> impl Future<Output = Listed<CertificationKeyRow>> + Send {
        let text = "SELECT * FROM certification_keys ORDER BY rid, key_index";
        self.list(statement(text, vec![]), certified::certification_key)
    }

    fn emv_issuers(&self) -> impl Future<Output = Listed<EmvIssuer>> + Send {
        self.list(statement(certified::ISSUERS, vec![]), certified::emv_issuer)
    }

    fn piv_authorities(&self) -> impl Future<Output = Listed<PivAuthority>> + Send {
        self.list(statement("SELECT * FROM piv_authorities ORDER BY name", vec![]), certified::piv_authority)
    }

    fn card_certificates(&self, authority: &str) -> impl Future<Output = Listed<CardCertificate>> + Send {
        let text = "SELECT * FROM card_certificates WHERE authority = $1 ORDER BY prepared, serial";
        self.list(statement(text, columns![authority]), certified::card_certificate)
    }

    fn program(&self, load_file: Aid) -> impl Future<Output = Found<Program>> + Send {
        let text = "SELECT * FROM programs WHERE load_file = $1";
        self.find(statement(text, columns![load_file.as_bytes()]), program::program)
    }

    fn programs(&self) -> impl Future<Output = Listed<Program>> + Send {
        self.list(statement("SELECT * FROM programs ORDER BY name", vec![]), program::program)
    }

    fn leaves(&self, first: i64, limit: u32) -> impl Future<Output = Listed<Leaf>> + Send {
        let text = "SELECT * FROM log_leaves WHERE leaf_index >= $1 ORDER BY leaf_index LIMIT $2";
        self.list(statement(text, columns![first, limit]), log::leaf)
    }

    fn leaves_of(&self, order: Id) -> impl Future<Output = Listed<Leaf>> + Send {
        let text = "SELECT * FROM log_leaves WHERE order_id = $1 ORDER BY leaf_index";
        self.list(statement(text, columns![order]), log::leaf)
    }

    async fn log_head(&self) -> Result<LogHead, StoreError> {
        let found =
            self.find(statement("SELECT size, root, edge FROM log_head WHERE id = 1", vec![]), log::head).await?;
        found.ok_or_else(|| StoreError::Damaged("the log has no head".into()))
    }
}
