//! What the center keeps, as one trait. The SQL store (SQLite and PostgreSQL, one text per query) and the
//! simulator's model store implement it, and are held to the same suite of tests.
//!
//! Everything that belongs to an issuance, and everything a person answers for, is written by [`Store::commit`]
//! alone: rows and log entries in one transaction, each row change touching exactly one row in the state it names.

mod campaign;
pub mod failpoint;
mod host_row;
mod kept;
mod kind;
mod program;
mod row;
mod sql;
#[cfg(feature = "conformance")]
pub mod suite;
pub mod tree;

use std::future::Future;

use cardwright_apdu::Aid;
use cardwright_issuance::Id;
use cardwright_issuance::change::Change;
use cardwright_issuance::entry::Entry;
use cardwright_issuance::row::{
    Base, Card, Challenge, Intent, Issuance, KeySet, Order, Outbox, Reader, Terminal, Ticket,
};
use cardwright_issuance::state::CardState;

pub use campaign::{
    Campaign, CampaignCard, CampaignChange, CampaignState, CampaignStore, Count, Freed, Outcome, WaitingStore,
};
pub use host_row::{CardDecision, DecisionKind, FailedAttempt, HostEvent, HostRow, Retry};
pub use kept::{Document, EnrolmentCode, Idempotency, Leaf, LogHead, Person, SealedBlob, SealedOrder};
pub use kind::CommitKind;
pub use program::{Program, ProgramApproval};
pub use row::{
    CardCertificate, CardNumber, CertificationKeyRow, Certified, EmvIssuer, IssuerCertificate, Novelty, PinMailer,
    PivAuthority, PoolKey, PoolLevel,
};
pub use sql::SqlStore;

/// Why the store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A row was not in the state the change named, or a unique value was taken: somebody else was first, or the
    /// caller is wrong. Nothing was written.
    #[error("conflict: {0}")]
    Conflict(String),
    /// The database does not answer or refuses; whether a commit happened may be unknown.
    #[error("the database failed: {0}")]
    Unavailable(String),
    /// What stands in the database cannot be read.
    #[error("damaged: {0}")]
    Damaged(String),
}

/// One transaction.
#[derive(Debug, Default)]
#[must_use]
pub struct Commit {
    /// changes of an issuance's rows, in order
    pub changes: Vec<Change>,
    /// new rows of people's work, in order; after `changes`
    pub registrations: Vec<Registration>,
    /// log entries, in order
    pub entries: Vec<Entry>,
}

/// Rows that come from people's work, not from an issuance.
#[derive(Debug)]
pub enum Registration {
    /// a place where cards are written
    Base(Base),
    /// somebody who answers for commands
    Person(Person),
    /// a card product, or a new text for it
    Product(Document),
    /// a profile; a name and version once
    Profile(Document),
    /// a terminal after enrolment
    Terminal(Terminal),
    /// revokes a terminal that is not revoked
    RevokeTerminal(Id, i64),
    /// a reader
    Reader(Reader),
    /// revokes a reader that is not revoked
    RevokeReader(Id, i64),
    /// a one-time code for a terminal
    EnrolmentCode(EnrolmentCode),
    /// marks an unused, unexpired code as used: (hash, now)
    UseEnrolmentCode([u8; 32], i64),
    /// a blank card with its transport keys and its first issuer keys, derived and not yet on it
    Stock(Card, KeySet, KeySet),
    /// an order with its sealed fields and its wrapped data key
    Order(Order, SealedOrder),
    /// an order's prepared data, sealed: expects `approved`, makes it `prepared`
    Prepared(Id, SealedBlob),
    /// an order that needs no data is prepared: expects `approved`
    PreparedBare(Id),
    /// an order approved by a person: expects `received`
    Approve(Id, Id),
    /// an operator's ticket
    Ticket(Ticket),
    /// ends an unused, unexpired ticket: (ticket, now)
    EndTicket(Id, i64),
    /// the answer to an API call with an Idempotency-Key
    Idempotency(Idempotency),
    /// a wrapping key for a destruction day (days since 1970) made in the keystore
    DestructionKey {
        /// days since 1970
        day: i64,
        /// the keystore handle's text form
        key: String,
    },
    /// a setting of the center, written once (authority certificate, key names, …)
    Setting {
        /// its name
        name: String,
        /// its value
        value: Vec<u8>,
    },
    /// an order's data prepared again: expects `prepared`; its unused tickets go
    PreparedAgain(Id, SealedBlob),
    /// the same with the card's data carried over, at the moment when the order is carried out: its tickets stay
    CarriedAgain(Id, SealedBlob),
    /// a card's key made ahead
    PoolKey(PoolKey),
    /// takes a key out of the pool, for good
    TakePoolKey(Id),
    /// the number of an order's card
    CardNumber(CardNumber, Novelty),
    /// a range of numbers steps on: expects that `before` are taken
    StepRange {
        /// the range's name
        range: String,
        /// how many were taken
        before: i64,
        /// how many are taken now
        after: i64,
    },
    /// a generated PIN for who prints it
    PinMailer(PinMailer),
    /// marks a PIN mailer as handed out: (order, now)
    PinMailerExported(Id, i64),
    /// an EMV certification authority's public key
    CertificationKey(CertificationKeyRow),
    /// an issuer's key, not certified yet
    EmvIssuer {
        /// its name in profiles
        name: String,
        /// the keystore handle
        key: String,
        /// the issuer identifier
        identifier: String,
    },
    /// a certificate over an issuer's key
    IssuerCertificate(IssuerCertificate),
    /// an authority for cards' own keys
    PivAuthority(PivAuthority),
    /// an authority's certificate, the first or a newer one
    PivCertified(String, Certified),
    /// a serial number given to a card's certificate
    CardCertificate(CardCertificate),
    /// a program for cards; its load file's AID and its name are there once
    Program(Program),
    /// approves a program that waits for it, by another person than its importer
    ApproveProgram(Aid, ProgramApproval),
    /// takes a program back that nobody approved
    WithdrawProgram(Aid),
    /// what a cancelled order had ready is gone: expects `cancelled`
    Free(Freed),
    /// a campaign, a card of it, or a change of them
    Campaign(CampaignChange),
    /// where the issuer's host is told events; the only one
    Host(HostRow),
    /// the last day on which the card of an order is valid, days since 1970; again where it is prepared again
    CardExpiry(Id, i64),
    /// an event that the host took: expects that it had not before; (event, now)
    EventTaken(Id, i64),
    /// what a person proposes about a card; an open proposal about it goes
    CardDecision(CardDecision),
    /// an open proposal confirmed by another person
    CardDecisionConfirmed {
        /// the proposal
        decision: Id,
        /// who confirms it
        by: Id,
        /// when
        time: i64,
    },
}

/// How long an expired challenge is kept, microseconds.
pub const CHALLENGE_KEPT: i64 = 3_600 * 1_000_000;
/// How long an expired enrolment code, and the answer for an Idempotency-Key, are kept, microseconds.
pub const ANSWER_KEPT: i64 = 7 * 24 * 3_600 * 1_000_000;

type Found<T> = Result<Option<T>, StoreError>;
type Listed<T> = Result<Vec<T>, StoreError>;

/// The store. Reads see committed rows only; times are microseconds since 1970 UTC.
pub trait Store: CampaignStore + WaitingStore + Send + Sync {
    /// Writes everything of `commit` or nothing; appends the entries to the log in the same transaction.
    ///
    /// # Errors
    /// `Conflict` where a row was not as named; `Unavailable` where the outcome may be unknown.
    fn commit(&self, commit: Commit) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Takes or renews the lease of a terminal's live instance: true if `instance` holds it now, false if another
    /// one does until later than `now`.
    fn take_lease(
        &self,
        terminal: Id,
        instance: Id,
        now: i64,
        until: i64,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;
    /// Gives challenges to a terminal.
    fn add_challenges(&self, challenges: &[Challenge]) -> impl Future<Output = Result<(), StoreError>> + Send;
    /// Forgets what is over, and says how many rows: challenges expired for [`CHALLENGE_KEPT`], but for those that an
    /// issuance was opened with; enrolment codes expired, and answers for Idempotency-Keys given, [`ANSWER_KEPT`] ago.
    fn sweep(&self, now: i64) -> impl Future<Output = Result<u64, StoreError>> + Send;

    /// The terminal with this certificate.
    fn terminal_by_fingerprint(&self, fingerprint: [u8; 32]) -> impl Future<Output = Found<Terminal>> + Send;
    /// All terminals, by name.
    fn terminals(&self) -> impl Future<Output = Listed<Terminal>> + Send;
    /// The reader of this id.
    fn reader(&self, id: Id) -> impl Future<Output = Found<Reader>> + Send;
    /// All readers, by name.
    fn readers(&self) -> impl Future<Output = Listed<Reader>> + Send;
    /// The unused, unexpired code of this hash.
    fn enrolment_code(&self, hash: [u8; 32], now: i64) -> impl Future<Output = Found<EnrolmentCode>> + Send;
    /// The challenge of this id.
    fn challenge(&self, id: Id) -> impl Future<Output = Found<Challenge>> + Send;
    /// The ticket of this id.
    fn ticket(&self, id: Id) -> impl Future<Output = Found<Ticket>> + Send;
    /// Unused, unexpired tickets of a terminal.
    fn tickets_for(&self, terminal: Id, now: i64) -> impl Future<Output = Listed<Ticket>> + Send;
    /// The order of this id.
    fn order(&self, id: Id) -> impl Future<Output = Found<Order>> + Send;
    /// The order of this reference.
    fn order_by_reference(&self, reference: &str) -> impl Future<Output = Found<Order>> + Send;
    /// All orders, newest first, at most `limit`.
    fn orders(&self, limit: u32) -> impl Future<Output = Listed<Order>> + Send;
    /// All orders about a card, oldest first: those that issued it, and changes of it.
    fn orders_of_card(&self, card: Id) -> impl Future<Output = Listed<Order>> + Send;
    /// What is sealed of an order.
    fn sealed_order(&self, id: Id) -> impl Future<Output = Found<SealedOrder>> + Send;
    /// An order's prepared data.
    fn prepared(&self, id: Id) -> impl Future<Output = Found<SealedBlob>> + Send;
    /// The card with this product, CPLC and KDD.
    fn card_by_identity(&self, product: &str, cplc: &[u8], kdd: [u8; 10]) -> impl Future<Output = Found<Card>> + Send;
    /// The card of this id.
    fn card(&self, id: Id) -> impl Future<Output = Found<Card>> + Send;
    /// Cards in a state, at most `limit`.
    fn cards_in(&self, state: CardState, limit: u32) -> impl Future<Output = Listed<Card>> + Send;
    /// The cards with this KDD, of whatever product.
    fn cards_by_kdd(&self, kdd: [u8; 10]) -> impl Future<Output = Listed<Card>> + Send;
    /// A card's key sets, by generation.
    fn key_sets(&self, card: Id) -> impl Future<Output = Listed<KeySet>> + Send;
    /// The issuance of this session.
    fn issuance(&self, session: Id) -> impl Future<Output = Found<Issuance>> + Send;
    /// All issuances on a card, oldest first.
    fn issuances_of_card(&self, card: Id) -> impl Future<Output = Listed<Issuance>> + Send;
    /// All issuances of an order, oldest first.
    fn issuances_of(&self, order: Id) -> impl Future<Output = Listed<Issuance>> + Send;
    /// Issuances that have not ended and whose deadline is before `now`.
    fn overdue(&self, now: i64) -> impl Future<Output = Listed<Issuance>> + Send;
    /// An issuance's intents, by step.
    fn intents(&self, session: Id) -> impl Future<Output = Listed<Intent>> + Send;
    /// What waits to be told, in the order in which it was written.
    fn outbox(&self, limit: u32) -> impl Future<Output = Listed<Outbox>> + Send;
    /// The issuer's host.
    fn host(&self) -> impl Future<Output = Found<HostRow>> + Send;
    /// Leases the next event that is due to `node` until `until`: one that nobody holds, and before which the host has
    /// taken every other about the same card. None where there is none, or another was first.
    fn lease_event(&self, node: Id, now: i64, until: i64) -> impl Future<Output = Found<HostEvent>> + Send;
    /// Gives a leased event back that was sent in vain; false where `node` does not hold it any more.
    fn event_failed(&self, failed: &FailedAttempt) -> impl Future<Output = Result<bool, StoreError>> + Send;
    /// Makes events that wait for a later time due now, and says how many.
    fn retry_events(&self, now: i64, which: Retry) -> impl Future<Output = Result<u64, StoreError>> + Send;
    /// The event of this id.
    fn event(&self, id: Id) -> impl Future<Output = Found<HostEvent>> + Send;
    /// Events that the host has not taken, in order.
    fn events_waiting(&self, limit: u32) -> impl Future<Output = Listed<HostEvent>> + Send;
    /// All events about an order, in order.
    fn events_of(&self, order: Id) -> impl Future<Output = Listed<HostEvent>> + Send;
    /// Events after the one of this number, in order, taken or not.
    fn events_after(&self, number: i64, limit: u32) -> impl Future<Output = Listed<HostEvent>> + Send;
    /// Whether an event of this kind about a card waits.
    fn has_event_waiting(&self, card: Id, kind: &str) -> impl Future<Output = Result<bool, StoreError>> + Send;
    /// The last day on which the card of an order is valid, days since 1970.
    fn expiry_of(&self, order: Id) -> impl Future<Output = Found<i64>> + Send;
    /// What a person has proposed about a card and nobody has confirmed.
    fn proposal_about(&self, card: Id) -> impl Future<Output = Found<CardDecision>> + Send;
    /// The base of this name.
    fn base(&self, name: &str) -> impl Future<Output = Found<Base>> + Send;
    /// The person of this name.
    fn person(&self, name: &str) -> impl Future<Output = Found<Person>> + Send;
    /// The person of this id.
    fn person_by_id(&self, id: Id) -> impl Future<Output = Found<Person>> + Send;
    /// The newest text of a card product.
    fn product(&self, name: &str) -> impl Future<Output = Found<Document>> + Send;
    /// All card products, by name.
    fn products(&self) -> impl Future<Output = Listed<Document>> + Send;
    /// The newest text of a profile.
    fn profile(&self, name: &str) -> impl Future<Output = Found<Document>> + Send;
    /// All profiles, by name.
    fn profiles(&self) -> impl Future<Output = Listed<Document>> + Send;
    /// The kept answer for an Idempotency-Key.
    fn idempotency(&self, key: &str) -> impl Future<Output = Found<Idempotency>> + Send;
    /// The keystore handle of a destruction day.
    fn destruction_key(&self, day: i64) -> impl Future<Output = Found<String>> + Send;
    /// A setting.
    fn setting(&self, name: &str) -> impl Future<Output = Found<Vec<u8>>> + Send;
    /// The keys in the pool, by size.
    fn pool_levels(&self) -> impl Future<Output = Listed<PoolLevel>> + Send;
    /// Keys of the pool of one size, oldest first.
    fn pool_keys(&self, bits: u16, exponent: u32, limit: u32) -> impl Future<Output = Listed<PoolKey>> + Send;
    /// The number of an order's card.
    fn number_of(&self, order: Id) -> impl Future<Output = Found<CardNumber>> + Send;
    /// The sequence numbers of the cards whose number has this keyed hash.
    fn sequences_of(&self, number: [u8; 32]) -> impl Future<Output = Listed<u8>> + Send;
    /// How many numbers of a range are taken; none where no number ever was.
    fn numbers_taken(&self, range: &str) -> impl Future<Output = Found<i64>> + Send;
    /// The PIN mailer of an order.
    fn pin_mailer(&self, order: Id) -> impl Future<Output = Found<PinMailer>> + Send;
    /// PIN mailers under a zone key that were not handed out, oldest first.
    fn pin_mailers_waiting(&self, zone_key: &str, limit: u32) -> impl Future<Output = Listed<PinMailer>> + Send;
    /// All EMV certification keys, by RID and index.
    fn certification_keys(&self) -> impl Future<Output = Listed<CertificationKeyRow>> + Send;
    /// All issuers' keys with their newest certificates, by name.
    fn emv_issuers(&self) -> impl Future<Output = Listed<EmvIssuer>> + Send;
    /// All authorities for cards' own keys, by name.
    fn piv_authorities(&self) -> impl Future<Output = Listed<PivAuthority>> + Send;
    /// The serial numbers that an authority has given, oldest first.
    fn card_certificates(&self, authority: &str) -> impl Future<Output = Listed<CardCertificate>> + Send;
    /// The program whose load file has this AID, approved or not.
    fn program(&self, load_file: Aid) -> impl Future<Output = Found<Program>> + Send;
    /// All programs, by name.
    fn programs(&self) -> impl Future<Output = Listed<Program>> + Send;
    /// Leaves from `first`, at most `limit`, in order.
    fn leaves(&self, first: i64, limit: u32) -> impl Future<Output = Listed<Leaf>> + Send;
    /// Leaves about an order, in order.
    fn leaves_of(&self, order: Id) -> impl Future<Output = Listed<Leaf>> + Send;
    /// Size and root.
    fn log_head(&self) -> impl Future<Output = Result<LogHead, StoreError>> + Send;
}
