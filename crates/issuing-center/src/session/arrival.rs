//! RESULT: what the card answered to a script.

use cardwright_issuance::admission::refusal;
use cardwright_issuance::decision::{self, Arrived};
use cardwright_issuance::flow::{Next, Stage};
use cardwright_issuance::product::CardProduct;
use cardwright_issuance::row::{Card, Intent, Issuance, KeySet, Order, Terminal};
use cardwright_issuance::state::IssuanceState;
use cardwright_relay::center::{Received, StepRecord};
use cardwright_relay::message::{Open, Outcome, Refusal, Reply, ScriptResult, Verdict};
use cardwright_relay::{Code, message_hash};

use super::engine::{Engine, Held, RESULT_PATIENCE, SCRIPT_DEADLINE, verdict};
use super::stages::Source;
use crate::refused::Refused;
use crate::store::{Store, StoreError};

/// The rows of an issuance that is under way or ended.
struct Rows {
    issuance: Issuance,
    intents: Vec<Intent>,
    order: Order,
    card: Card,
    /// the card that the order's takes the place of
    replaced: Option<Card>,
    /// the orders about the card, and for cards in its place
    others: Vec<Order>,
    key_sets: Vec<KeySet>,
    product: CardProduct,
    host_challenge: cardwright_issuance::Id,
}

impl Rows {
    /// The messages of this session that were answered: OPEN, and the RESULTs that are on record.
    fn received(&self) -> Vec<StepRecord> {
        let answered = |step, message: &[u8]| StepRecord { step, message_hash: message_hash(message), answered: true };
        let results = self.intents.iter().filter_map(|intent| Some(answered(intent.step, intent.result.as_deref()?)));
        [answered(0, &self.issuance.open_message)].into_iter().chain(results).collect()
    }

    /// Whether the RESULT is of the script that was intended at its step.
    fn expects(&self, result: &ScriptResult) -> bool {
        let intent = self.intents.iter().find(|intent| intent.step == result.step);
        intent.is_some_and(|intent| intent.script_hash.starts_with(&*result.script))
    }

    fn source(&self) -> Source<'_> {
        Source {
            product: &self.product,
            order: &self.order,
            card: &self.card,
            key_sets: &self.key_sets,
            basis: &self.issuance.basis,
            host_challenge: self.host_challenge,
            second_challenge: self.issuance.second_challenge,
        }
    }

    fn arrived<'a>(&'a self, now: i64, result: &'a ScriptResult, bytes: &'a [u8]) -> Arrived<'a> {
        Arrived {
            now,
            issuance: &self.issuance,
            result,
            bytes,
            order: &self.order,
            card: &self.card,
            replaced: self.replaced.as_ref(),
            others: &self.others,
            key_sets: &self.key_sets,
        }
    }
}

impl<S: Store> Engine<S> {
    /// Answers a RESULT with the next SCRIPT or the VERDICT. The same bytes get the same answer.
    ///
    /// # Errors
    /// `Refusal` for bytes that are no RESULT, another session's, or another RESULT for the same step; `Later` where
    /// store or keystore do not answer.
    pub async fn result(&self, terminal: &Terminal, body: &[u8]) -> Result<Vec<u8>, Refused> {
        let result: ScriptResult = cardwright_relay::decode(body)?;
        let found = self.center.store.issuance(result.session).await?;
        let Some(issuance) = found.filter(|issuance| issuance.terminal == terminal.id) else {
            return Err(Refused::new(Code::SESSION_UNKNOWN));
        };
        let rows = self.rows(issuance).await?;
        match Received::judge(&rows.received(), result.step, &message_hash(body)) {
            Received::Replay { .. } => self.result_again(rows, &result).await,
            Received::Fresh if rows.expects(&result) => self.first_result(rows, &result, body).await,
            Received::Fresh | Received::Conflict | Received::UnknownSession => {
                Err(self.conflict(terminal, result.session, result.step).await?)
            }
        }
    }

    async fn rows(&self, issuance: Issuance) -> Result<Rows, Refused> {
        let store = &self.center.store;
        let damaged = |what: &str| StoreError::Damaged(what.to_owned());
        let open: Open = cardwright_relay::decode(&issuance.open_message)?;
        let challenge = store.challenge(open.challenge).await?.ok_or_else(|| damaged("a challenge is gone"))?;
        let document = store.product(&open.product).await?.ok_or_else(|| damaged("a card product is gone"))?;
        let product = CardProduct::from_toml(&document.text).map_err(|fault| StoreError::Damaged(fault.0))?;
        let order = store.order(issuance.order).await?.ok_or_else(|| damaged("an order is gone"))?;
        let replaced = match order.replaces {
            Some(card) => store.card(card).await?,
            None => None,
        };
        let mut others = store.orders_of_card(issuance.card).await?;
        others.extend(store.replacements_of(issuance.card).await?);
        Ok(Rows {
            order,
            replaced,
            others,
            intents: store.intents(issuance.id).await?,
            card: self.card_of(&issuance).await?,
            key_sets: store.key_sets(issuance.card).await?,
            issuance,
            product,
            host_challenge: challenge.value,
        })
    }

    async fn first_result(&self, rows: Rows, result: &ScriptResult, body: &[u8]) -> Result<Vec<u8>, Refused> {
        let held = self.take_held(result.session).filter(|held| held.step == result.step);
        let arrived = rows.arrived(self.center.now(), result, body);
        if rows.issuance.state.is_ended() {
            self.commit(decision::late(&arrived)).await?;
            return self.settled(rows, result).await;
        }
        let left = decision::left(result);
        let stage = match (held, &left) {
            (Some(held), _) => Some(held.stage),
            (None, None) => Some(self.stage_again(&rows.issuance, &rows.intents, &rows.source(), result.step).await?),
            (None, Some(_)) => self.stage_if_possible(&rows, result.step).await,
        };
        match (stage, left) {
            (Some(stage), None) => self.judge(&arrived, &rows, stage).await,
            (stage, Some(why)) => {
                let passed = stage.map(|stage| stage.partly_activated(&answers(result))).unwrap_or_default();
                self.not_proven(&arrived, &rows, &why, &passed).await
            }
            (None, None) => Err(Refused::new(Code::STORE_UNAVAILABLE)),
        }
    }

    /// The stage of a script that was left, to see which commit points its answers prove. That it was left is known
    /// without: where the keystore does not answer, none is proven.
    async fn stage_if_possible(&self, rows: &Rows, step: u16) -> Option<Stage> {
        let stage = self.stage_again(&rows.issuance, &rows.intents, &rows.source(), step).await;
        stage.inspect_err(|error| tracing::warn!(?error, "commit points of a script that was left")).ok()
    }

    /// Verifies the answers and commits what they prove.
    async fn judge(&self, arrived: &Arrived<'_>, rows: &Rows, stage: Stage) -> Result<Vec<u8>, Refused> {
        let answers = answers(arrived.result);
        let passed = stage.partly_activated(&answers);
        let (verified, next) = match stage.answers(&answers) {
            Ok((verified, Ok(next))) => (verified, next),
            Ok((_, Err(why))) => return self.not_proven(arrived, rows, &why, &passed).await,
            Err(flaw) => return self.not_proven(arrived, rows, &decision::flawed(&flaw), &passed).await,
        };
        if let Next::Declined(why) = &next {
            let (changes, verdict) = decision::declined(arrived, why);
            self.commit(changes).await?;
            return Ok(cardwright_relay::encode(&Reply::Verdict(verdict)));
        }
        let next = match self.next_stage(&rows.source(), next)? {
            Ok(next) => next,
            Err(why) => return self.not_proven(arrived, rows, &why, &passed).await,
        };
        let Some(next) = next else {
            let Some(grade) = verified.grade() else {
                return self.not_proven(arrived, rows, &decision::unproven(), &passed).await;
            };
            let told = self.random_id()?;
            let outbox = [told, if rows.replaced.is_some() { self.random_id()? } else { told }];
            let (changes, verdict) = decision::issued(arrived, &verified, grade, outbox);
            let verdict = self.with_what_waits(verdict, &rows.card, &rows.order).await?;
            self.commit(changes).await?;
            return Ok(cardwright_relay::encode(&Reply::Verdict(verdict)));
        };
        let step = arrived.result.step + 1;
        let prepared = decision::prepare(&next, rows.issuance.id, step, SCRIPT_DEADLINE);
        let deadline = arrived.now + RESULT_PATIENCE;
        self.commit(decision::proven(arrived, &verified, &prepared, next.kind(), deadline)).await?;
        self.hold(rows.issuance.id, Held { step, stage: next, until: deadline });
        Ok(cardwright_relay::encode(&Reply::Script(prepared.script)))
    }

    async fn not_proven(
        &self,
        arrived: &Arrived<'_>,
        rows: &Rows,
        why: &Refusal,
        passed: &[String],
    ) -> Result<Vec<u8>, Refused> {
        let (changes, verdict) = decision::not_proven(arrived, &rows.card, why, passed, self.random_id()?);
        self.commit(changes).await?;
        if let Some(ended) = self.center.store.issuance(rows.issuance.id).await?
            && ended.state == IssuanceState::Issued
        {
            return self.verdict_again(&ended).await;
        }
        Ok(cardwright_relay::encode(&Reply::Verdict(verdict)))
    }

    async fn result_again(&self, rows: Rows, result: &ScriptResult) -> Result<Vec<u8>, Refused> {
        let next = result.step + 1;
        if !rows.issuance.state.is_ended() && rows.intents.iter().any(|intent| intent.step == next) {
            return self.script_again(&rows.issuance, next).await;
        }
        self.settled(rows, result).await
    }

    /// The verdict on an issuance that has ended, for a RESULT of it that is on record: the same each time.
    async fn settled(&self, rows: Rows, result: &ScriptResult) -> Result<Vec<u8>, Refused> {
        let outcome = match rows.issuance.state {
            IssuanceState::Unknown | IssuanceState::Interrupted => Outcome::Unknown,
            IssuanceState::FailedClean => Outcome::FailedClean,
            _ => return self.ended(&rows).await,
        };
        if let Some(why) = decision::left(result) {
            return Ok(verdict(rows.issuance.id, outcome, why));
        }
        let stage = self.stage_again(&rows.issuance, &rows.intents, &rows.source(), result.step).await?;
        let why = match stage.answers(&answers(result)) {
            Ok((_, Ok(Next::Declined(why)))) => Some(why),
            Ok((_, Ok(next))) => self.next_stage(&rows.source(), next)?.err(),
            Ok((_, Err(why))) => Some(why),
            Err(flaw) => Some(decision::flawed(&flaw)),
        };
        match why {
            Some(why) => Ok(verdict(rows.issuance.id, outcome, why)),
            None => self.ended(&rows).await,
        }
    }

    /// The verdict on an issuance that has ended, for an OPEN that comes again.
    pub(super) async fn verdict_again(&self, issuance: &Issuance) -> Result<Vec<u8>, Refused> {
        self.ended(&self.rows(issuance.clone()).await?).await
    }

    /// The script of `step`, computed again; it must be the one whose hash was committed.
    pub(super) async fn script_again(&self, issuance: &Issuance, step: u16) -> Result<Vec<u8>, Refused> {
        let rows = self.rows(issuance.clone()).await?;
        let left = (rows.issuance.deadline - self.center.now()) / 1_000;
        if rows.issuance.state.is_ended() || left <= 0 {
            return self.ended(&rows).await;
        }
        let stage = self.stage_again(&rows.issuance, &rows.intents, &rows.source(), step).await?;
        let deadline = u32::try_from(left).unwrap_or(u32::MAX).min(SCRIPT_DEADLINE);
        let mut prepared = decision::prepare(&stage, issuance.id, step, deadline);
        if step == 1 {
            let settles = rows.issuance.basis.settles;
            prepared.script.notice = self.notice_again(&rows.order, settles, rows.card.id).await?;
        }
        if issuance.step == step {
            self.hold(issuance.id, Held { step, stage, until: rows.issuance.deadline });
        }
        Ok(cardwright_relay::encode(&Reply::Script(prepared.script)))
    }

    /// The verdict on an issuance that has ended.
    async fn ended(&self, rows: &Rows) -> Result<Vec<u8>, Refused> {
        let session = rows.issuance.id;
        if rows.issuance.state != IssuanceState::Issued {
            return Ok(verdict(session, Outcome::Unknown, refusal(Code::CARD_UNKNOWN, &[])));
        }
        let number = rows.card.masked_number.as_deref();
        let card = number.zip(rows.product.proof().grade()).map(|(number, grade)| decision::shown(number, grade));
        let verdict = Verdict { session, outcome: Outcome::Issued, refusal: None, card, waiting: None, notice: None };
        let verdict = self.with_what_waits(verdict, &rows.card, &rows.order).await?;
        Ok(cardwright_relay::encode(&Reply::Verdict(verdict)))
    }
}

fn answers(result: &ScriptResult) -> Vec<&[u8]> {
    result.answers.iter().map(|answer| &answer[..]).collect()
}
