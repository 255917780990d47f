//! The simulator's store: the center's rows in memory, held to the same suite of tests as the databases.

mod ahead;
mod apply;
mod campaigns;
mod host;
mod looking;
mod planted;
mod programs;
mod register;
mod rows;
mod terminals;
mod writing;

use std::sync::{Mutex, MutexGuard, PoisonError};

use cardwright_apdu::Aid;
use cardwright_issuance::Id;
use cardwright_issuance::row::{
    Base, Card, Challenge, Intent, Issuance, KeySet, Order, Outbox, Reader, Terminal, Ticket,
};
use cardwright_issuance::state::CardState;
use cardwright_issuing_center::store::{
    CardCertificate, CardDecision, CardNumber, CertificationKeyRow, Commit, Document, EmvIssuer, EnrolmentCode,
    FailedAttempt, HostEvent, HostRow, Idempotency, Leaf, LogHead, Person, PinMailer, PivAuthority, PoolKey, PoolLevel,
    Program, Retry, SealedBlob, SealedOrder, Store, StoreError,
};
use cardwright_transparency_log::Edge;

use rows::Rows;
use writing::{Fence, conflict, insert, newest};

/// The model. What it is asked to do it does at once and whole.
#[derive(Default)]
pub struct ModelStore {
    rows: Mutex<Rows>,
}

impl ModelStore {
    /// Another store with the same rows.
    #[must_use]
    pub fn copy(&self) -> Self {
        Self { rows: Mutex::new(self.rows().clone()) }
    }

    fn rows(&self) -> MutexGuard<'_, Rows> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What a store would do whose rows are written whatever they are: for showing that a missing fence is noticed.
    pub(crate) fn commit_unfenced(&self, commit: Commit) -> Result<(), StoreError> {
        self.rows().commit(commit, Fence::LeftOut)
    }
}

impl Store for ModelStore {
    async fn commit(&self, commit: Commit) -> Result<(), StoreError> {
        self.rows().commit(commit, Fence::Kept)
    }

    async fn take_lease(&self, terminal: Id, instance: Id, now: i64, until: i64) -> Result<bool, StoreError> {
        Ok(self.rows().take_lease(terminal, instance, now, until))
    }

    async fn add_challenges(&self, challenges: &[Challenge]) -> Result<(), StoreError> {
        let mut rows = self.rows();
        let mut added = rows.challenges.clone();
        challenges.iter().try_for_each(|row| insert(&mut added, row.id, row.clone(), "challenge"))?;
        rows.challenges = added;
        Ok(())
    }

    async fn sweep(&self, now: i64) -> Result<u64, StoreError> {
        Ok(self.rows().sweep(now))
    }

    async fn terminal_by_fingerprint(&self, fingerprint: [u8; 32]) -> Result<Option<Terminal>, StoreError> {
        Ok(self.rows().terminals.values().find(|row| row.fingerprint == fingerprint).cloned())
    }

    async fn terminals(&self) -> Result<Vec<Terminal>, StoreError> {
        let mut found: Vec<_> = self.rows().terminals.values().cloned().collect();
        found.sort_by(|left, right| left.name.cmp(&right.name));
        Ok(found)
    }

    async fn reader(&self, id: Id) -> Result<Option<Reader>, StoreError> {
        Ok(self.rows().readers.get(&id).cloned())
    }

    async fn readers(&self) -> Result<Vec<Reader>, StoreError> {
        let mut found: Vec<_> = self.rows().readers.values().cloned().collect();
        found.sort_by(|left, right| left.name.cmp(&right.name));
        Ok(found)
    }

    async fn enrolment_code(&self, hash: [u8; 32], now: i64) -> Result<Option<EnrolmentCode>, StoreError> {
        let rows = self.rows();
        let found = rows.codes.get(&hash).filter(|(code, used)| !used && code.expires > now);
        Ok(found.map(|(code, _)| code.clone()))
    }

    async fn challenge(&self, id: Id) -> Result<Option<Challenge>, StoreError> {
        Ok(self.rows().challenges.get(&id).cloned())
    }

    async fn ticket(&self, id: Id) -> Result<Option<Ticket>, StoreError> {
        Ok(self.rows().tickets.get(&id).cloned())
    }

    async fn tickets_for(&self, terminal: Id, now: i64) -> Result<Vec<Ticket>, StoreError> {
        let waiting = |row: &&Ticket| row.terminal == terminal && row.used_by.is_none() && row.expires > now;
        let mut found: Vec<_> = self.rows().tickets.values().filter(waiting).cloned().collect();
        found.sort_by_key(|row| (row.expires, row.id));
        Ok(found)
    }

    async fn order(&self, id: Id) -> Result<Option<Order>, StoreError> {
        Ok(self.rows().orders.get(&id).cloned())
    }

    async fn order_by_reference(&self, reference: &str) -> Result<Option<Order>, StoreError> {
        Ok(self.rows().orders.values().find(|row| row.reference == reference).cloned())
    }

    async fn orders(&self, limit: u32) -> Result<Vec<Order>, StoreError> {
        let mut found: Vec<_> = self.rows().orders.values().cloned().collect();
        found.sort_by_key(|row| (std::cmp::Reverse(row.entered), row.id));
        found.truncate(limit as usize);
        Ok(found)
    }

    async fn orders_of_card(&self, card: Id) -> Result<Vec<Order>, StoreError> {
        let mut found: Vec<_> = self.rows().orders.values().filter(|row| row.card == Some(card)).cloned().collect();
        found.sort_by(|one, other| (one.entered, &one.reference).cmp(&(other.entered, &other.reference)));
        Ok(found)
    }

    async fn sealed_order(&self, id: Id) -> Result<Option<SealedOrder>, StoreError> {
        Ok(self.rows().sealed_orders.get(&id).cloned())
    }

    async fn prepared(&self, id: Id) -> Result<Option<SealedBlob>, StoreError> {
        Ok(self.rows().prepared.get(&id).cloned())
    }

    async fn card_by_identity(&self, product: &str, cplc: &[u8], kdd: [u8; 10]) -> Result<Option<Card>, StoreError> {
        let same = |row: &&Card| row.product == product && row.cplc == cplc && row.kdd == kdd;
        Ok(self.rows().cards.values().find(same).cloned())
    }

    async fn card(&self, id: Id) -> Result<Option<Card>, StoreError> {
        Ok(self.rows().cards.get(&id).cloned())
    }

    async fn cards_in(&self, state: CardState, limit: u32) -> Result<Vec<Card>, StoreError> {
        let mut found: Vec<_> = self.rows().cards.values().filter(|row| row.state == state).cloned().collect();
        found.sort_by(|one, other| (&one.product, &one.cplc, one.kdd).cmp(&(&other.product, &other.cplc, other.kdd)));
        found.truncate(limit as usize);
        Ok(found)
    }

    async fn cards_by_kdd(&self, kdd: [u8; 10]) -> Result<Vec<Card>, StoreError> {
        Ok(self.rows().cards.values().filter(|row| row.kdd == kdd).cloned().collect())
    }

    async fn key_sets(&self, card: Id) -> Result<Vec<KeySet>, StoreError> {
        Ok(self.rows().key_sets.values().filter(|row| row.card == card).cloned().collect())
    }

    async fn issuance(&self, session: Id) -> Result<Option<Issuance>, StoreError> {
        Ok(self.rows().issuances.get(&session).cloned())
    }

    async fn issuances_of_card(&self, card: Id) -> Result<Vec<Issuance>, StoreError> {
        let mut found: Vec<_> = self.rows().issuances.values().filter(|row| row.card == card).cloned().collect();
        found.sort_by_key(|row| (row.opened, *row.id));
        Ok(found)
    }

    async fn issuances_of(&self, order: Id) -> Result<Vec<Issuance>, StoreError> {
        let mut found: Vec<_> = self.rows().issuances.values().filter(|row| row.order == order).cloned().collect();
        found.sort_by_key(|row| (row.opened, row.id));
        Ok(found)
    }

    async fn overdue(&self, now: i64) -> Result<Vec<Issuance>, StoreError> {
        let late = |row: &&Issuance| !row.state.is_ended() && row.deadline < now;
        Ok(self.rows().issuances.values().filter(late).cloned().collect())
    }

    async fn intents(&self, session: Id) -> Result<Vec<Intent>, StoreError> {
        Ok(self.rows().intents.values().filter(|row| row.issuance == session).cloned().collect())
    }

    async fn outbox(&self, limit: u32) -> Result<Vec<Outbox>, StoreError> {
        Ok(self.rows().events_waiting(limit).into_iter().map(|waiting| waiting.event).collect())
    }

    async fn host(&self) -> Result<Option<HostRow>, StoreError> {
        Ok(self.rows().host.clone())
    }

    async fn lease_event(&self, node: Id, now: i64, until: i64) -> Result<Option<HostEvent>, StoreError> {
        Ok(self.rows().lease_event(node, now, until))
    }

    async fn event_failed(&self, failed: &FailedAttempt) -> Result<bool, StoreError> {
        Ok(self.rows().event_failed(failed))
    }

    async fn retry_events(&self, now: i64, which: Retry) -> Result<u64, StoreError> {
        Ok(self.rows().retry_events(now, which))
    }

    async fn event(&self, id: Id) -> Result<Option<HostEvent>, StoreError> {
        Ok(self.rows().all_events().find(|known| known.event.id == id).cloned())
    }

    async fn events_waiting(&self, limit: u32) -> Result<Vec<HostEvent>, StoreError> {
        Ok(self.rows().events_waiting(limit))
    }

    async fn events_of(&self, order: Id) -> Result<Vec<HostEvent>, StoreError> {
        Ok(self.rows().all_events().filter(|known| known.event.order == order).cloned().collect())
    }

    async fn events_after(&self, number: i64, limit: u32) -> Result<Vec<HostEvent>, StoreError> {
        Ok(self.rows().all_events().filter(|known| known.number > number).take(limit as usize).cloned().collect())
    }

    async fn expiry_of(&self, order: Id) -> Result<Option<i64>, StoreError> {
        Ok(self.rows().expiries.get(&order).copied())
    }

    async fn has_event_waiting(&self, card: Id, kind: &str) -> Result<bool, StoreError> {
        let waits = |known: &HostEvent| known.event.card == Some(card) && known.event.kind == kind;
        Ok(self.rows().events_waiting(u32::MAX).iter().any(waits))
    }

    async fn proposal_about(&self, card: Id) -> Result<Option<CardDecision>, StoreError> {
        Ok(self.rows().proposals.get(&card).copied())
    }

    async fn base(&self, name: &str) -> Result<Option<Base>, StoreError> {
        Ok(self.rows().bases.get(name).cloned())
    }

    async fn person(&self, name: &str) -> Result<Option<Person>, StoreError> {
        Ok(self.rows().persons.values().find(|row| row.name == name).cloned())
    }

    async fn person_by_id(&self, id: Id) -> Result<Option<Person>, StoreError> {
        Ok(self.rows().persons.get(&id).cloned())
    }

    async fn product(&self, name: &str) -> Result<Option<Document>, StoreError> {
        Ok(newest(&self.rows().products).into_iter().find(|row| row.name == name))
    }

    async fn products(&self) -> Result<Vec<Document>, StoreError> {
        Ok(newest(&self.rows().products))
    }

    async fn profile(&self, name: &str) -> Result<Option<Document>, StoreError> {
        Ok(newest(&self.rows().profiles).into_iter().find(|row| row.name == name))
    }

    async fn profiles(&self) -> Result<Vec<Document>, StoreError> {
        Ok(newest(&self.rows().profiles))
    }

    async fn idempotency(&self, key: &str) -> Result<Option<Idempotency>, StoreError> {
        Ok(self.rows().idempotency.get(key).cloned())
    }

    async fn destruction_key(&self, day: i64) -> Result<Option<String>, StoreError> {
        Ok(self.rows().destruction_keys.get(&day).cloned())
    }

    async fn setting(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.rows().settings.get(name).cloned())
    }

    async fn pool_levels(&self) -> Result<Vec<PoolLevel>, StoreError> {
        Ok(self.rows().pool_levels())
    }

    async fn pool_keys(&self, bits: u16, exponent: u32, limit: u32) -> Result<Vec<PoolKey>, StoreError> {
        let fits = |key: &&PoolKey| key.bits == bits && key.exponent == exponent;
        let mut found: Vec<_> = self.rows().pool.values().filter(fits).cloned().collect();
        found.sort_by_key(|key| (key.made, key.id));
        found.truncate(limit as usize);
        Ok(found)
    }

    async fn number_of(&self, order: Id) -> Result<Option<CardNumber>, StoreError> {
        Ok(self.rows().numbers.get(&order).cloned())
    }

    async fn sequences_of(&self, number: [u8; 32]) -> Result<Vec<u8>, StoreError> {
        let rows = self.rows();
        let mut found: Vec<_> =
            rows.numbers.values().filter(|row| row.hash == number).map(|row| row.sequence).collect();
        found.sort_unstable();
        Ok(found)
    }

    async fn numbers_taken(&self, range: &str) -> Result<Option<i64>, StoreError> {
        Ok(self.rows().ranges.get(range).copied())
    }

    async fn pin_mailer(&self, order: Id) -> Result<Option<PinMailer>, StoreError> {
        Ok(self.rows().mailers.get(&order).cloned())
    }

    async fn pin_mailers_waiting(&self, zone_key: &str, limit: u32) -> Result<Vec<PinMailer>, StoreError> {
        let waits = |row: &&PinMailer| row.zone_key == zone_key && row.exported.is_none();
        let mut found: Vec<_> = self.rows().mailers.values().filter(waits).cloned().collect();
        found.sort_by_key(|row| (row.prepared, row.order));
        found.truncate(limit as usize);
        Ok(found)
    }

    async fn certification_keys(&self) -> Result<Vec<CertificationKeyRow>, StoreError> {
        Ok(self.rows().certification_keys.values().cloned().collect())
    }

    async fn emv_issuers(&self) -> Result<Vec<EmvIssuer>, StoreError> {
        Ok(self.rows().issuers.values().cloned().collect())
    }

    async fn piv_authorities(&self) -> Result<Vec<PivAuthority>, StoreError> {
        Ok(self.rows().authorities.values().cloned().collect())
    }

    async fn card_certificates(&self, authority: &str) -> Result<Vec<CardCertificate>, StoreError> {
        Ok(self.rows().certificates_of(authority))
    }

    async fn program(&self, load_file: Aid) -> Result<Option<Program>, StoreError> {
        Ok(self.rows().programs.get(&load_file).cloned())
    }

    async fn programs(&self) -> Result<Vec<Program>, StoreError> {
        Ok(programs::by_name(&self.rows()))
    }

    async fn leaves(&self, first: i64, limit: u32) -> Result<Vec<Leaf>, StoreError> {
        let rows = self.rows();
        Ok(rows.leaves.iter().filter(|leaf| leaf.index >= first).take(limit as usize).cloned().collect())
    }

    async fn leaves_of(&self, order: Id) -> Result<Vec<Leaf>, StoreError> {
        Ok(self.rows().leaves.iter().filter(|leaf| leaf.order == Some(order)).cloned().collect())
    }

    async fn log_head(&self) -> Result<LogHead, StoreError> {
        let rows = self.rows();
        let mut edge = Edge::new();
        rows.leaves.iter().for_each(|leaf| edge.append(leaf.hash));
        Ok(LogHead { size: rows.leaves.len() as i64, root: edge.root(), edge: edge.hashes().to_vec() })
    }
}
