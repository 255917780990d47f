//! OPEN: the first message of a session.

use cardwright_data_preparation::{Checked, PersonalizationData};
use cardwright_issuance::admission::{Chosen, Facts, Parties, admit, choose, refusal};
use cardwright_issuance::change::{Change, Changes};
use cardwright_issuance::entry::{Entry, Event};
use cardwright_issuance::kind::OrderKind;
use cardwright_issuance::product::CardProduct;
use cardwright_issuance::row::{Base, Card, Issuance, KeySet, Order, Terminal};
use cardwright_issuance::state::{CardState, OrderState, State};
use cardwright_issuance::{Id, decision};
use cardwright_relay::Code;
use cardwright_relay::message::{Open, Outcome, Refusal, Reply};
use cardwright_relay::reader::proof_hash;
use sha2::{Digest, Sha256};

use super::choosing::{Based, base, seen};
use super::engine::{Engine, Held, RESULT_PATIENCE, SCRIPT_DEADLINE, verdict};
use super::stages::Source;
use super::telling::notice;
use crate::host::is_told;
use crate::intake::carried::bring_up_to_date;
use crate::intake::waiting;
use crate::refused::Refused;
use crate::registry::is_a_refusal;
use crate::signature;
use crate::store::{CampaignState, Store, StoreError};

/// A card that was let in, with what its script is made from.
struct Admitted {
    product: CardProduct,
    card: Card,
    key_sets: Vec<KeySet>,
    /// all orders about it
    orders: Vec<Order>,
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
        let order = match open.order.is_empty() {
            true => None,
            false => store.order_by_reference(&open.order).await?,
        };
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
        let admitted = match self.admit_the_card(open).await? {
            Ok(admitted) => admitted,
            Err(refusal) => return Ok(Err(refusal)),
        };
        self.carry_out(terminal, open, body, &parties, &admitted).await
    }

    /// Which card it says it is.
    async fn admit_the_card(&self, open: &Open) -> Result<Result<Admitted, Refusal>, Refused> {
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
        let Some(card) = card else {
            return Ok(Err(refusal(Code::CARD_NOT_IN_STOCK, &[])));
        };
        let key_sets = store.key_sets(card.id).await?;
        // what was left in the middle, then what waits and may be done now
        let mut orders = store.orders_of_card(card.id).await?;
        orders.retain(|order| order.state == OrderState::Blocked);
        orders.extend(waiting::changes(&**store, card.id).await?);
        Ok(Ok(Admitted { product, card, key_sets, orders }))
    }

    /// Chooses the order, and what it is opened on.
    async fn carry_out(
        &self,
        terminal: &Terminal,
        open: &Open,
        body: &[u8],
        parties: &Parties<'_>,
        admitted: &Admitted,
    ) -> Result<Result<Vec<u8>, Refusal>, Refused> {
        let Admitted { product, card, key_sets, orders } = admitted;
        let chosen = match choose(Some(card), parties, orders, product.tries_allowed()) {
            Ok(chosen) => chosen,
            // what waits for a card, or does not, is told to who holds the card itself
            Err(refusal) if refusal.code == Code::NOTHING_WAITS => {
                let authentic = self.authenticates(parties, admitted, open).await?;
                return Ok(Err(authentic.err().unwrap_or(refusal)));
            }
            Err(refusal) => {
                if refusal.code == Code::CARD_QUARANTINED {
                    self.put_aside(card, open).await?;
                }
                return Ok(Err(refusal));
            }
        };
        if let Err(refusal) = self.may_begin(&chosen, card).await? {
            return Ok(Err(refusal));
        }
        if let Some(old) = chosen.order.replaces
            && !is_told(&self.center, old, "blocked").await?
        {
            return Ok(Err(refusal(Code::HOST_NOT_TOLD, &[&chosen.order.reference])));
        }
        let before = self.center.store.issuances_of_card(card.id).await?;
        if !chosen.settles {
            match bring_up_to_date(&self.center, chosen.order, &before).await {
                Err(refused) if is_a_refusal(&refused) => return Ok(Err(refused.message())),
                other => other?,
            }
        }
        let answer = open.answers.last().map(|answer| answer.to_vec()).unwrap_or_default();
        let on_card = (product, card, &key_sets[..]);
        match base(&self.center, on_card, &chosen, (parties.ticket, &before), &answer)? {
            Ok(based) => self.write((terminal, open, body), parties, admitted, (&chosen, based)).await,
            Err(refusal) => Ok(Err(refusal)),
        }
    }

    /// Whether an order is begun now: not one of a campaign that is held back, whoever names it, and no card is made
    /// usable that another has taken the place of. One that was begun is finished.
    async fn may_begin(&self, chosen: &Chosen<'_>, card: &Card) -> Result<Result<(), Refusal>, Refused> {
        if chosen.settles {
            return Ok(Ok(()));
        }
        if let Some(campaign) = chosen.order.campaign
            && let Some(campaign) = self.center.store.campaign_by_id(campaign).await?
            && campaign.state != CampaignState::Approved
        {
            return Ok(Err(refusal(Code::CAMPAIGN_NOT_SO, &[&campaign.name, campaign.state.name()])));
        }
        if chosen.order.kind == OrderKind::Unblock {
            let in_its_place = self.center.store.replacements_of(card.id).await?;
            if in_its_place.iter().any(|order| order.state == OrderState::Issued) {
                return Ok(Err(refusal(Code::CARD_ENDED, &[])));
            }
        }
        Ok(Ok(()))
    }

    /// A card whose tries are used up is put aside: two people lift it.
    async fn put_aside(&self, card: &Card, open: &Open) -> Result<(), Refused> {
        let to = CardState::Quarantined;
        // a lost card stays lost
        if !card.state.may_become(to) || card.state == CardState::Lost {
            return Ok(());
        }
        let moved = Change::move_card(card, to, card.open_tries);
        let event = Event::CardMoved { state: to.name().to_owned() };
        let about = Entry {
            card: Some(card.id),
            order: card.order,
            session: Some(open.session),
            ..Entry::new(self.center.now(), event)
        };
        match self.commit(Changes { rows: vec![moved], entries: vec![about] }).await {
            Ok(()) | Err(StoreError::Conflict(_)) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Whether the card holds the keys that are on record for it: its cryptogram says so, and no try is spent.
    async fn authenticates(
        &self,
        parties: &Parties<'_>,
        admitted: &Admitted,
        open: &Open,
    ) -> Result<Result<(), Refusal>, Refused> {
        let Admitted { product, card, key_sets, .. } = admitted;
        let answer = open.answers.last().map(|answer| answer.to_vec()).unwrap_or_default();
        let basis = match seen(key_sets, &answer) {
            Ok(basis) => basis,
            Err(refusal) => return Ok(Err(refusal)),
        };
        // an order that asks nothing of the card but to be there
        let order = Order {
            id: card.id,
            reference: String::new(),
            base: String::new(),
            profile: String::new(),
            kind: OrderKind::Unblock,
            argument: None,
            state: OrderState::Prepared,
            entered_by: card.id,
            entered: 0,
            approved_by: None,
            card: Some(card.id),
            replaces: None,
            campaign: None,
        };
        let (host_challenge, second_challenge) = (parties.challenge.value, parties.challenge.value);
        let source = Source { product, order: &order, card, key_sets, basis: &basis, host_challenge, second_challenge };
        Ok(self.first_stage(&source, None, &answer).await?.map(|_| ()))
    }

    /// Makes the first script, commits its intent, and only then hands it out.
    async fn write(
        &self,
        (terminal, open, body): (&Terminal, &Open, &[u8]),
        parties: &Parties<'_>,
        admitted: &Admitted,
        (chosen, based): (&Chosen<'_>, Based),
    ) -> Result<Result<Vec<u8>, Refusal>, Refused> {
        let second_challenge = self.random_id()?;
        let key_sets: Vec<KeySet> = admitted.key_sets.iter().chain(&based.derived).cloned().collect();
        let source = Source {
            product: &admitted.product,
            order: chosen.order,
            card: &admitted.card,
            key_sets: &key_sets,
            basis: &based.basis,
            host_challenge: parties.challenge.value,
            second_challenge,
        };
        let data = match self.current_data(chosen).await? {
            Ok(data) => data,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let answer = open.answers.last().map(|answer| answer.to_vec()).unwrap_or_default();
        let stage = match self.first_stage(&source, data, &answer).await? {
            Ok(stage) => stage,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let mut prepared = decision::prepare(&stage, open.session, 1, SCRIPT_DEADLINE);
        prepared.script.notice = notice(chosen.order, chosen.settles, &admitted.orders);
        let now = self.center.now();
        let opening = decision::Opening {
            parties,
            order: chosen.order,
            terminal,
            card: &admitted.card,
            key_sets: &admitted.key_sets,
            derived: based.derived.as_ref(),
            open_message: body,
            second_challenge,
            basis: based.basis.clone(),
            epoch: now,
            deadline: now + RESULT_PATIENCE,
        };
        match self.commit(decision::open(now, &opening, &stage, &prepared)).await {
            Ok(()) => {}
            Err(StoreError::Conflict(what)) => {
                tracing::info!(what, "somebody else was first");
                return Ok(Err(refusal(Code::ORDER_BUSY, &[&chosen.order.reference])));
            }
            Err(error) => return Err(error.into()),
        }
        self.hold(open.session, Held { step: 1, stage, until: opening.deadline });
        Ok(Ok(cardwright_relay::encode(&Reply::Script(prepared.script))))
    }

    /// The order's prepared data, if it was made by the newest text of its profile. An order that is under way goes on by
    /// the data it began with; a new one is never a mixture.
    async fn current_data(
        &self,
        chosen: &Chosen<'_>,
    ) -> Result<Result<Option<Checked<PersonalizationData>>, Refusal>, Refused> {
        let Some(data) = self.data_of(chosen.order).await? else { return Ok(Ok(None)) };
        let newest = self.center.store.profile(&data.profile.name).await?;
        let digest = newest.map(|document| <[u8; 32]>::from(Sha256::digest(document.text)));
        if chosen.settles || digest == Some(data.profile.digest) {
            return Ok(Ok(Some(data)));
        }
        Ok(Err(refusal(Code::PROFILE_CHANGED, &[&chosen.order.reference, &data.profile.name])))
    }

    /// Logs that a message does not fit its session, and gives the refusal.
    pub(super) async fn conflict(&self, terminal: &Terminal, session: Id, step: u16) -> Result<Refused, Refused> {
        let event = Event::MessageConflict { step };
        let refusal = refusal(Code::MESSAGE_CONFLICT, &[]);
        self.log_refusal(terminal, &refusal, |entry| Entry { session: Some(session), event, ..entry }).await?;
        Ok(Refused::new(Code::MESSAGE_CONFLICT))
    }
}
