//! The four messages of a session.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use cardwright_issuance::Id;
use cardwright_issuance::admission::refusal;
use cardwright_issuance::change::{Change, Changes};
use cardwright_issuance::decision::{self, Tried};
use cardwright_issuance::entry::{Entry, Event};
use cardwright_issuance::flow::Stage;
use cardwright_issuance::kind::OrderKind;
use cardwright_issuance::row::{Issuance, Terminal};
use cardwright_issuance::state::IssuanceState;
use cardwright_relay::Code;
use cardwright_relay::message::{Abort, Outcome, Progress, Refusal, Reply, Verdict};

use super::keys::Authorities;
use super::refusals::{self, Refusals};
use crate::center::Center;
use crate::refused::Refused;
use crate::store::{Commit, Store, StoreError};

/// Milliseconds a terminal may take to run a script, from its receipt.
pub(super) const SCRIPT_DEADLINE: u32 = 120_000;
/// Microseconds the center waits for a RESULT before it calls the outcome unknown.
pub(super) const RESULT_PATIENCE: i64 = 15 * 60 * 1_000_000;

/// A stage whose script is out, so that its answers need no computing again.
pub(super) struct Held {
    pub(super) step: u16,
    pub(super) stage: Stage,
    /// after this it is dropped: whoever needs it later computes it again
    pub(super) until: i64,
}

/// Answers the messages of sessions.
pub struct Engine<S> {
    pub(super) center: Center<S>,
    held: Mutex<BTreeMap<Id, Held>>,
    refusals: Refusals,
    pub(super) authorities: Authorities,
}

impl<S: Store> Engine<S> {
    /// An engine that holds nothing yet.
    #[must_use]
    pub fn new(center: Center<S>) -> Self {
        let (held, refusals, authorities) = (Mutex::default(), Refusals::default(), Authorities::default());
        Self { center, held, refusals, authorities }
    }

    /// Takes a PROGRESS; nothing depends on it, and nothing is kept of it.
    ///
    /// # Errors
    /// A refusal where the bytes are none.
    pub fn progress(body: &[u8]) -> Result<(), Refused> {
        cardwright_relay::decode::<Progress>(body)?;
        Ok(())
    }

    /// Takes an ABORT: where a script is out, the outcome is unknown.
    ///
    /// # Errors
    /// A refusal where the bytes are none; `STORE_UNAVAILABLE` where the store does not answer.
    pub async fn abort(&self, terminal: &Terminal, body: &[u8]) -> Result<Vec<u8>, Refused> {
        let abort: Abort = cardwright_relay::decode(body)?;
        let reason = decision::reason(abort.reason);
        let issuance = self.center.store.issuance(abort.session).await?.filter(|found| found.terminal == terminal.id);
        let Some(issuance) = issuance else {
            return self.abort_unopened(terminal, &abort).await;
        };
        self.abort_opened(&issuance, reason).await
    }

    async fn abort_opened(&self, issuance: &Issuance, reason: &str) -> Result<Vec<u8>, Refused> {
        if issuance.state.is_ended() {
            return self.verdict_again(issuance).await;
        }
        let why = refusal(Code::CARD_LEFT, &["-", reason]);
        self.give_up(issuance, &why, Tried::Never).await?; // ABORT comes before the first command, or not at all
        match self.center.store.issuance(issuance.id).await? {
            Some(ended) if ended.state == IssuanceState::Issued => self.verdict_again(&ended).await,
            _ => Ok(verdict(issuance.id, Outcome::Unknown, why)),
        }
    }

    /// No OPEN of this session has come. One that is still on its way must not be let in: its challenge is used up here,
    /// so that its commit finds it used, at whatever node.
    async fn abort_unopened(&self, terminal: &Terminal, abort: &Abort) -> Result<Vec<u8>, Refused> {
        let why = refusal(Code::CARD_GONE, &[]);
        if let Some(challenge) = self.own_challenge(terminal, abort.challenge).await? {
            let rows = vec![Change::UseChallenge { challenge, session: abort.session }];
            match self.commit(Changes { rows, entries: Vec::new() }).await {
                Err(StoreError::Conflict(_)) => {
                    if let Some(issuance) = self.center.store.issuance(abort.session).await? {
                        return self.abort_opened(&issuance, decision::reason(abort.reason)).await;
                    }
                }
                other => other?,
            }
        }
        self.log_refusal(terminal, &why, |entry| Entry { session: Some(abort.session), ..entry }).await?;
        Ok(verdict(abort.session, Outcome::FailedClean, why))
    }

    /// The challenge, if it was given to this terminal and is not used.
    async fn own_challenge(&self, terminal: &Terminal, challenge: Option<Id>) -> Result<Option<Id>, StoreError> {
        let Some(id) = challenge else { return Ok(None) };
        let found = self.center.store.challenge(id).await?;
        Ok(found.filter(|row| row.terminal == terminal.id && row.used_by.is_none()).map(|row| row.id))
    }

    /// Gives up every issuance whose RESULT is overdue, and forgets what is held of sessions that are over; hands back
    /// how many were given up.
    ///
    /// # Errors
    /// The first reason why one of them was not given up; the others are all the same.
    pub async fn expire(&self) -> Result<usize, Refused> {
        let now = self.center.now();
        lock(&self.held).retain(|_, held| held.until > now);
        let overdue = self.center.store.overdue(now).await?;
        let why = refusal(Code::DEADLINE_OVER, &[]);
        let mut given_up = Ok(0);
        for issuance in &overdue {
            let outcome = self.give_up(issuance, &why, Tried::Perhaps).await;
            given_up = given_up.and_then(|count| outcome.map(|()| count + 1));
        }
        given_up
    }

    async fn give_up(&self, issuance: &Issuance, why: &Refusal, tried: Tried) -> Result<(), Refused> {
        let card = self.card_of(issuance).await?;
        let outbox = self.random_id()?;
        let sent = self.take_held(issuance.id).is_some();
        let order = self.center.store.order(issuance.order).await?;
        let ends = order.is_some_and(|order| order.kind == OrderKind::Terminate);
        let how = decision::GivenUp { sent, outbox, ends, tried };
        let changes = decision::unknown(self.center.now(), issuance, &card, why, how);
        self.commit(changes).await?;
        Ok(())
    }

    pub(super) async fn card_of(&self, issuance: &Issuance) -> Result<cardwright_issuance::row::Card, Refused> {
        let card = self.center.store.card(issuance.card).await?;
        card.ok_or_else(|| Refused::from(StoreError::Damaged("an issuance without its card".to_owned())))
    }

    pub(super) async fn commit(&self, changes: Changes) -> Result<(), StoreError> {
        let commit = Commit { changes: changes.rows, entries: changes.entries, ..Commit::default() };
        self.center.store.commit(commit).await
    }

    /// Writes a refusal to the log, unless this terminal has filled its share of it; `about` says what it is about.
    pub(super) async fn log_refusal(
        &self,
        terminal: &Terminal,
        refusal: &Refusal,
        about: impl FnOnce(Entry) -> Entry,
    ) -> Result<(), StoreError> {
        let now = self.center.now();
        let Some(left_out) = self.refusals.may_log(terminal.id, now) else { return Ok(()) };
        let event = Event::Refused { code: refusal.code.0, parameters: refusals::parameters(refusal, left_out) };
        let entry = about(Entry { terminal: Some(terminal.id), ..Entry::new(now, event) });
        self.commit(Changes { rows: Vec::new(), entries: vec![entry] }).await
    }

    pub(super) fn random_id(&self) -> Result<Id, Refused> {
        let bytes = self.center.keystore.random(16)?;
        let bytes: [u8; 16] = bytes.try_into().map_err(|_| Refused::new(Code::KEYSTORE_UNAVAILABLE))?;
        Ok(bytes.into())
    }

    pub(super) fn hold(&self, session: Id, held: Held) {
        lock(&self.held).insert(session, held);
    }

    pub(super) fn take_held(&self, session: Id) -> Option<Held> {
        lock(&self.held).remove(&session)
    }
}

pub(super) fn verdict(session: Id, outcome: Outcome, refusal: Refusal) -> Vec<u8> {
    let verdict = Verdict { session, outcome, refusal: Some(refusal), card: None, waiting: None, notice: None };
    cardwright_relay::encode(&Reply::Verdict(verdict))
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
