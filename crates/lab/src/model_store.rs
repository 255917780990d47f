//! The simulator's store: the center's rows in memory, held to the same suite of tests as the databases.

mod ahead;
mod apply;
mod campaigns;
mod programs;
mod register;

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use cardwright_apdu::Aid;
use cardwright_issuance::Id;
use cardwright_issuance::row::{
    Base, Card, Challenge, Intent, Issuance, KeySet, Order, Outbox, Reader, Terminal, Ticket,
};
use cardwright_issuance::state::CardState;
use cardwright_issuing_center::store::{
    ANSWER_KEPT, CHALLENGE_KEPT, Campaign, CampaignCard, CardCertificate, CardNumber, CertificationKeyRow, Commit,
    Document, EmvIssuer, EnrolmentCode, Idempotency, Leaf, LogHead, Person, PinMailer, PivAuthority, PoolKey,
    PoolLevel, Program, SealedBlob, SealedOrder, Store, StoreError,
};
use cardwright_transparency_log::{Edge, leaf_hash};

/// All rows. A commit works on a copy that replaces them only when everything in it was possible.
#[derive(Clone, Default)]
struct Rows {
    bases: BTreeMap<String, Base>,
    persons: BTreeMap<Id, Person>,
    products: BTreeMap<(String, u32), Document>,
    profiles: BTreeMap<(String, u32), Document>,
    terminals: BTreeMap<Id, Terminal>,
    readers: BTreeMap<Id, Reader>,
    codes: BTreeMap<[u8; 32], (EnrolmentCode, bool)>,
    challenges: BTreeMap<Id, Challenge>,
    tickets: BTreeMap<Id, Ticket>,
    orders: BTreeMap<Id, Order>,
    sealed_orders: BTreeMap<Id, SealedOrder>,
    prepared: BTreeMap<Id, SealedBlob>,
    cards: BTreeMap<Id, Card>,
    key_sets: BTreeMap<(Id, u32, u8), KeySet>,
    issuances: BTreeMap<Id, Issuance>,
    intents: BTreeMap<(Id, u16), Intent>,
    outbox: Vec<Outbox>,
    idempotency: BTreeMap<String, Idempotency>,
    destruction_keys: BTreeMap<i64, String>,
    settings: BTreeMap<String, Vec<u8>>,
    pool: BTreeMap<Id, PoolKey>,
    numbers: BTreeMap<Id, CardNumber>,
    ranges: BTreeMap<String, i64>,
    mailers: BTreeMap<Id, PinMailer>,
    certification_keys: BTreeMap<([u8; 5], u8), CertificationKeyRow>,
    issuers: BTreeMap<String, EmvIssuer>,
    authorities: BTreeMap<String, PivAuthority>,
    card_certificates: BTreeMap<(String, Vec<u8>), CardCertificate>,
    programs: BTreeMap<Aid, Program>,
    campaigns: BTreeMap<Id, Campaign>,
    campaign_cards: BTreeMap<(Id, Id), CampaignCard>,
    leaves: Vec<Leaf>,
}

/// Whether a change must find its row as it names it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fence {
    Kept,
    LeftOut,
}

/// The model. What it is asked to do it does at once and whole.
#[derive(Default)]
pub struct ModelStore {
    rows: Mutex<Rows>,
}

impl ModelStore {
    fn rows(&self) -> MutexGuard<'_, Rows> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What a store would do whose rows are written whatever they are: for showing that a missing fence is noticed.
    pub(crate) fn commit_unfenced(&self, commit: Commit) -> Result<(), StoreError> {
        self.rows().commit(commit, Fence::LeftOut)
    }

    /// Every card, for whoever asserts something about all of them.
    #[must_use]
    pub fn all_cards(&self) -> Vec<Card> {
        self.rows().cards.values().cloned().collect()
    }

    /// Every issuance, for whoever asserts something about all of them.
    #[must_use]
    pub fn all_issuances(&self) -> Vec<Issuance> {
        self.rows().issuances.values().cloned().collect()
    }
}

impl Rows {
    fn commit(&mut self, commit: Commit, fence: Fence) -> Result<(), StoreError> {
        let mut rows = self.clone();
        commit.changes.into_iter().try_for_each(|change| apply::change(&mut rows, change, fence))?;
        commit.registrations.into_iter().try_for_each(|row| register::register(&mut rows, row))?;
        for entry in commit.entries {
            let bytes = entry.to_bytes();
            let (index, hash) = (rows.leaves.len() as i64, leaf_hash(&bytes));
            rows.leaves.push(Leaf { index, entry: bytes, hash, order: entry.order });
        }
        *self = rows;
        Ok(())
    }
}

impl Store for ModelStore {
    async fn commit(&self, commit: Commit) -> Result<(), StoreError> {
        self.rows().commit(commit, Fence::Kept)
    }

    async fn take_lease(&self, terminal: Id, instance: Id, now: i64, until: i64) -> Result<bool, StoreError> {
        let mut rows = self.rows();
        let Some(row) = rows.terminals.get_mut(&terminal).filter(|row| row.revoked.is_none()) else {
            return Ok(false);
        };
        if row.instance.is_some_and(|held| held != instance) && row.lease_until > now {
            return Ok(false);
        }
        (row.instance, row.lease_until) = (Some(instance), until);
        Ok(true)
    }

    async fn add_challenges(&self, challenges: &[Challenge]) -> Result<(), StoreError> {
        let mut rows = self.rows();
        let mut added = rows.challenges.clone();
        challenges.iter().try_for_each(|row| insert(&mut added, row.id, row.clone(), "challenge"))?;
        rows.challenges = added;
        Ok(())
    }

    async fn sweep(&self, now: i64) -> Result<u64, StoreError> {
        let mut guard = self.rows();
        let rows = &mut *guard;
        let before = rows.challenges.len() + rows.codes.len() + rows.idempotency.len();
        let opened = |row: &Challenge| row.used_by.is_some_and(|session| rows.issuances.contains_key(&session));
        rows.challenges.retain(|_, row| row.expires >= now - CHALLENGE_KEPT || opened(row));
        rows.codes.retain(|_, (code, _)| code.expires >= now - ANSWER_KEPT);
        rows.idempotency.retain(|_, row| row.created >= now - ANSWER_KEPT);
        let after = rows.challenges.len() + rows.codes.len() + rows.idempotency.len();
        Ok((before - after) as u64)
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
        let mut found = self.rows().outbox.clone();
        found.sort_by_key(|row| (row.created, row.id));
        found.truncate(limit as usize);
        Ok(found)
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
        Ok(ahead::pool_levels(&self.rows()))
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
        Ok(ahead::card_certificates(&self.rows(), authority))
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

/// The newest text of each name.
fn newest(rows: &BTreeMap<(String, u32), Document>) -> Vec<Document> {
    let by_name: BTreeMap<&str, &Document> = rows.values().map(|row| (&row.name[..], row)).collect();
    by_name.into_values().cloned().collect()
}

fn insert<K: Ord, V>(rows: &mut BTreeMap<K, V>, key: K, row: V, what: &str) -> Result<(), StoreError> {
    if rows.contains_key(&key) {
        return Err(conflict(what));
    }
    rows.insert(key, row);
    Ok(())
}

fn conflict(what: &str) -> StoreError {
    StoreError::Conflict(what.to_owned())
}
