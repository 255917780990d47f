//! A RESULT as it came, and what every RESULT changes, whatever it says.

use cardwright_apdu::Aid;
use cardwright_relay::message::ScriptResult;
use sha2::{Digest, Sha256};

use super::about;
use crate::Id;
use crate::change::{Change, Changes};
use crate::entry::{Entry, Event};
use crate::flow::Verified;
use crate::kind::OrderKind;
use crate::proof::Grade;
use crate::row::{Card, Issuance, KeySet, Order, Outbox};
use crate::state::{CardState, IssuanceState, OrderState, State};

/// A RESULT as it came, with the rows it is about.
pub struct Arrived<'a> {
    /// microseconds since 1970 UTC
    pub now: i64,
    /// the issuance
    pub issuance: &'a Issuance,
    /// the message
    pub result: &'a ScriptResult,
    /// the message's bytes
    pub bytes: &'a [u8],
    /// the order
    pub order: &'a Order,
    /// the card
    pub card: &'a Card,
    /// the card that the order's takes the place of
    pub replaced: Option<&'a Card>,
    /// the orders about the card, and for cards in its place
    pub others: &'a [Order],
    /// the card's key sets
    pub key_sets: &'a [KeySet],
}

impl Arrived<'_> {
    pub(super) fn entry(&self, event: Event) -> Entry {
        about(self.issuance, self.now, event)
    }

    /// Entries and rows that every RESULT makes, whatever it says.
    pub(super) fn received(&self) -> Changes {
        let step = self.result.step;
        let result_hash = Sha256::digest(self.bytes).into();
        let received = Event::Received { step, answers: self.result.answers.len() as u16, result_hash };
        // A RESULT names the script's id, which nobody knows to whom it was not sent.
        let entries = vec![self.entry(Event::Sent { step }), self.entry(received)];
        let close =
            Change::CloseIntent { issuance: self.issuance.id, step, result: self.bytes.to_vec(), received: self.now };
        Changes { rows: vec![close], entries }
    }

    /// What the card is after the order.
    pub(super) fn last_state(&self) -> CardState {
        let before = CardState::named(&self.issuance.basis.card_state);
        match (self.order.kind, before) {
            (OrderKind::Terminate, _) => CardState::Terminated,
            // to be locked makes it no less lost or ended
            (OrderKind::Block, Some(ended @ (CardState::Lost | CardState::Terminated))) => ended,
            (OrderKind::Block, _) => CardState::Locked,
            (OrderKind::Unblock, _) => self.unless_given_up(CardState::Live),
            (_, Some(CardState::Locked)) => CardState::Locked,
            _ => self.unless_given_up(CardState::Live),
        }
    }

    /// The state, but not in use where that was decided meanwhile: by an order that ends or locks the card and waits for it,
    /// or by another card that has taken its place.
    pub(super) fn unless_given_up(&self, state: CardState) -> CardState {
        let waits = |kind| {
            let asks = |order: &Order| order.card == Some(self.card.id) && order.kind == kind;
            self.others.iter().any(|order| asks(order) && order.state == OrderState::Prepared)
        };
        let is_replaced = || self.in_its_place().any(|order| order.state == OrderState::Issued);
        match state {
            CardState::Live if waits(OrderKind::Terminate) => CardState::Terminated,
            CardState::Live if waits(OrderKind::Block) || is_replaced() => CardState::Locked,
            other => other,
        }
    }

    fn in_its_place(&self) -> impl Iterator<Item = &Order> {
        self.others.iter().filter(|order| order.replaces == Some(self.card.id))
    }

    /// What of a card and the one in its place was looked at and is not changed here. It has to be as it was when this is
    /// committed: of two that end at once, the later one sees the other.
    pub(super) fn looked_at(&self) -> Vec<Change> {
        let closed = [OrderState::Issued, OrderState::Rejected, OrderState::Cancelled];
        let open = self.in_its_place().filter(|order| !closed.contains(&order.state));
        let orders = open.map(|order| Change::MoveOrder {
            order: order.id,
            from: order.state,
            to: order.state,
            card: order.card,
        });
        let replaced = self.replaced.filter(|card| card.state != CardState::Live);
        orders.chain(replaced.map(|card| Change::move_card(card, card.state, card.open_tries))).collect()
    }

    /// The card that this one takes the place of is used no more. One that is being written, or not known, is locked when
    /// that is settled.
    pub(super) fn replaced_ends(&self, outbox: Id) -> Vec<Change> {
        let Some(card) = self.replaced.filter(|card| card.state == CardState::Live) else { return Vec::new() };
        let moved = Change::move_card(card, CardState::Locked, card.open_tries);
        let (order, created) = (self.issuance.order, self.now);
        let told = Outbox { id: outbox, kind: "blocked".to_owned(), order, card: Some(card.id), created };
        vec![moved, Change::AddOutbox(told)]
    }

    pub(super) fn moved(&self, from: (IssuanceState, u16), to: (IssuanceState, u16), deadline: i64) -> Change {
        Change::MoveIssuance { issuance: self.issuance.id, epoch: self.issuance.epoch, from, to, deadline }
    }

    /// A card whose MACs are right took the opening, and counts failures from the beginning again: what the next script
    /// may open is the only try that is not proven.
    pub(super) fn one_try_left(&self, done: &Verified) -> Option<Change> {
        let is_proven = done.grade() == Some(Grade::A) && self.card.open_tries > 1;
        is_proven.then(|| Change::move_card(self.card, self.card.state, 1))
    }

    pub(super) fn card_moved(&self, from: CardState, to: CardState, masked_number: &str) -> Change {
        Change::MoveCard {
            card: self.issuance.card,
            from,
            to,
            order: if self.order.kind.is_new_card() { Some(self.order.id) } else { self.card.order },
            open_tries: 0,
            masked_number: Some(masked_number.to_owned()),
        }
    }

    /// What the answers are worth.
    pub(super) fn judged(&self, done: &Verified) -> Entry {
        let step = self.result.step;
        self.entry(match done.grade() {
            Some(grade) => Event::Proven { step, grade: grade.letter().to_owned() },
            None => Event::Believed { step },
        })
    }

    /// Per application, what of its optional data the terminal says the card does not know.
    pub(super) fn unknown_groupings(&self, done: &Verified) -> Vec<Entry> {
        let of_one = |run: &[(Aid, u16)]| {
            let groupings = run.iter().map(|(_, grouping)| *grouping).collect();
            let (step, application) = (self.result.step, run[0].0.to_string());
            self.entry(Event::GroupingsUnknown { step, application, groupings })
        };
        done.unknown_groupings().chunk_by(|one, next| one.0 == next.0).map(of_one).collect()
    }
}
