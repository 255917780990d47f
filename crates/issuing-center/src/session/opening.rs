//! OPEN: the first message of a session.

use cardwright_data_preparation::{Checked, PersonalizationData};
use cardwright_issuance::admission::{Facts, Parties, admit, admit_card, refusal};
use cardwright_issuance::basis::Basis;
use cardwright_issuance::entry::{Entry, Event};
use cardwright_issuance::product::CardProduct;
use cardwright_issuance::row::{Base, Card, Issuance, KeySet, Order, Terminal};
use cardwright_issuance::{Id, decision};
use cardwright_relay::Code;
use cardwright_relay::message::{Open, Outcome, Refusal, Reply};
use cardwright_relay::reader::proof_hash;
use sha2::{Digest, Sha256};

use super::engine::{Engine, Held, RESULT_PATIENCE, SCRIPT_DEADLINE, verdict};
use super::stages::{Source, key_sets};
use crate::refused::Refused;
use crate::sealing;
use crate::signature;
use crate::store::{Store, StoreError};

/// A card that was let in, with what its script is made from.
struct Admitted {
    product: CardProduct,
    card: Card,
    key_sets: Vec<KeySet>,
}

impl<S: Store> Engine<S> {
    /// Answers an OPEN with the first SCRIPT, or with the VERDICT that it was not let in. The same bytes get the same
    /// answer.
    ///
    /// # Errors
    /// `Refusal` for bytes that are no OPEN, or another OPEN for the same session; `Later` where store or keystore
    /// do not answer.
    pub async fn open(&self, terminal: &Terminal, body: &[u8]) -> Result<Vec<u8>, Refused> {
        let open: Open = cardwright_relay::decode(body)?;
        if let Some(issuance) = self.center.store.issuance(open.session).await? {
            return self.open_again(terminal, &issuance, body).await;
        }
        match self.try_open(terminal, &open, body).await? {
            Ok(reply) => Ok(reply),
            Err(refusal) => {
                // The same message was let in meanwhile, here or by another node.
                if let Some(issuance) = self.center.store.issuance(open.session).await? {
                    return self.open_again(terminal, &issuance, body).await;
                }
                let order = self.center.store.order_by_reference(&open.order).await?;
                let order = order.filter(|order| order.base == terminal.base).map(|order| order.id);
                let (session, reader) = (Some(open.session), Some(open.reader));
                self.log_refusal(terminal, &refusal, |entry| Entry { session, reader, order, ..entry }).await?;
                Ok(verdict(open.session, Outcome::Refused, refusal))
            }
        }
    }

    async fn open_again(&self, terminal: &Terminal, issuance: &Issuance, body: &[u8]) -> Result<Vec<u8>, Refused> {
        if issuance.terminal != terminal.id || issuance.open_message != body {
            return Err(self.conflict(terminal, issuance.id, 0).await?);
        }
        if issuance.state.is_ended() {
            return self.verdict_again(issuance).await;
        }
        self.script_again(issuance, 1).await
    }

    async fn try_open(
        &self,
        terminal: &Terminal,
        open: &Open,
        body: &[u8],
    ) -> Result<Result<Vec<u8>, Refusal>, Refused> {
        let store = &self.center.store;
        let base = store.base(&terminal.base).await?;
        let base = base.unwrap_or(Base { name: terminal.base.clone(), reader_tier: 2 });
        let reader = store.reader(open.reader).await?;
        let challenge = store.challenge(open.challenge).await?;
        let ticket = store.ticket(open.ticket).await?;
        let order = store.order_by_reference(&open.order).await?;
        let reader_proof_valid = match (&reader, &challenge) {
            (Some(reader), Some(challenge)) => {
                let hash = proof_hash(&open.session, &terminal.id, &reader.id, &challenge.value);
                signature::verifies_digest(&reader.sam_key, &hash, &open.reader_proof)
            }
            _ => false,
        };
        let facts = Facts {
            now: self.center.now(),
            terminal,
            base: &base,
            reader: reader.as_ref(),
            reader_proof_valid,
            challenge: challenge.as_ref(),
            ticket: ticket.as_ref(),
            order: order.as_ref(),
        };
        let parties = match admit(&facts, open) {
            Ok(parties) => parties,
            Err(refusal) => return Ok(Err(refusal)),
        };
        match self.admit_the_card(open, &parties).await? {
            Ok(admitted) => self.write(terminal, open, body, &parties, &admitted).await,
            Err(refusal) => Ok(Err(refusal)),
        }
    }

    /// Which card it says it is, and whether that card may be written for this order.
    async fn admit_the_card(&self, open: &Open, parties: &Parties<'_>) -> Result<Result<Admitted, Refusal>, Refused> {
        let store = &self.center.store;
        let document = store.product(&open.product).await?;
        let product = document.and_then(|document| CardProduct::from_toml(&document.text).ok());
        let Some(product) = product.filter(|product| product.atr() == &open.atr[..]) else {
            return Ok(Err(refusal(Code::OTHER_PRODUCT, &[&open.product])));
        };
        let answers: Vec<&[u8]> = open.answers.iter().map(|answer| &answer[..]).collect();
        let identity = match product.identify(&answers) {
            Ok(identity) => identity,
            Err(fault) => return Ok(Err(refusal(Code::CARD_ANSWER_REFUSED, &[&fault.0]))),
        };
        let card = store.card_by_identity(product.name(), &identity.cplc, identity.kdd).await?;
        let card = match admit_card(card.as_ref(), parties.order, product.tries_allowed()) {
            Ok(card) => card.clone(),
            Err(refusal) => return Ok(Err(refusal)),
        };
        let key_sets = store.key_sets(card.id).await?;
        Ok(Ok(Admitted { product, card, key_sets }))
    }

    /// Makes the first script, commits its intent, and only then hands it out.
    async fn write(
        &self,
        terminal: &Terminal,
        open: &Open,
        body: &[u8],
        parties: &Parties<'_>,
        admitted: &Admitted,
    ) -> Result<Result<Vec<u8>, Refusal>, Refused> {
        let (transport, issuer) = key_sets(&admitted.card, &admitted.product, &admitted.key_sets)?;
        let second_challenge = self.random_id()?;
        let (order, host_challenge) = (parties.order.id, parties.challenge.value);
        let source = Source { product: &admitted.product, order, transport, issuer, host_challenge, second_challenge };
        let data = match self.current_data(parties.order).await? {
            Ok(data) => data,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let answer = open.answers.last().map(|answer| answer.to_vec()).unwrap_or_default();
        let stage = match self.first_stage(&source, data, &answer)? {
            Ok(stage) => stage,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let prepared = decision::prepare(&stage, open.session, 1, SCRIPT_DEADLINE);
        let now = self.center.now();
        let opening = decision::Opening {
            parties,
            terminal,
            card: &admitted.card,
            issuer_keys: issuer,
            open_message: body,
            second_challenge,
            basis: Basis { opened_with: (transport.version, transport.generation), ..Basis::default() },
            epoch: now,
            deadline: now + RESULT_PATIENCE,
        };
        match self.commit(decision::open(now, &opening, &stage, &prepared)).await {
            Ok(()) => {}
            Err(StoreError::Conflict(what)) => {
                tracing::info!(what, "somebody else was first");
                return Ok(Err(refusal(Code::ORDER_BUSY, &[&open.order])));
            }
            Err(error) => return Err(error.into()),
        }
        self.hold(open.session, Held { step: 1, stage, until: opening.deadline });
        Ok(Ok(cardwright_relay::encode(&Reply::Script(prepared.script))))
    }

    /// The order's prepared data, if it was made by the newest text of its profile. An issuance that is under way goes
    /// on by the data it began with; a new one is never a mixture.
    async fn current_data(&self, order: &Order) -> Result<Result<Checked<PersonalizationData>, Refusal>, Refused> {
        let data = sealing::open_prepared(&self.center, order.id).await?;
        let newest = self.center.store.profile(&data.profile.name).await?;
        let digest = newest.map(|document| <[u8; 32]>::from(Sha256::digest(document.text)));
        if digest == Some(data.profile.digest) {
            return Ok(Ok(data));
        }
        Ok(Err(refusal(Code::PROFILE_CHANGED, &[&order.reference, &data.profile.name])))
    }

    /// Logs that a message does not fit its session, and gives the refusal.
    pub(super) async fn conflict(&self, terminal: &Terminal, session: Id, step: u16) -> Result<Refused, Refused> {
        let event = Event::MessageConflict { step };
        let refusal = refusal(Code::MESSAGE_CONFLICT, &[]);
        self.log_refusal(terminal, &refusal, |entry| Entry { session: Some(session), event, ..entry }).await?;
        Ok(Refused::new(Code::MESSAGE_CONFLICT))
    }
}
