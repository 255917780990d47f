//! What the approval of an order does at once, before any card is seen: who holds a card that is blocked, ended or
//! replaced can use it nowhere where the issuer's host decides, and its replacement is not made before that is told.

use std::collections::BTreeMap;

use cardwright_issuance::Id;
use cardwright_issuance::change::Change;
use cardwright_issuance::kind::OrderKind;
use cardwright_issuance::row::{Card, Order, Outbox};
use cardwright_issuance::state::{CardState, State};
use cardwright_relay::Code;

use super::argument::Reason;
use super::sense;
use crate::refused::Refused;
use crate::registry::random_id;
use crate::store::{Store, StoreError};

/// The effects of one commit: a card that two orders are about is in the state that the first one left it in.
#[derive(Default)]
pub(super) struct Effects {
    cards: BTreeMap<Id, Card>,
}

impl Effects {
    /// The rows that the approval of `order` makes besides its own.
    ///
    /// # Errors
    /// `CHANGE_REFUSED` where its card takes no such change any more; the store's own.
    pub(super) async fn of<S: Store>(&mut self, store: &S, now: i64, order: &Order) -> Result<Vec<Change>, Refused> {
        let Some(id) = order.card.filter(|_| !order.kind.is_new_card()).or(order.replaces) else {
            return Ok(Vec::new());
        };
        let card = match self.cards.get(&id) {
            Some(card) => card.clone(),
            None => store.card(id).await?.ok_or_else(|| StoreError::Damaged("an order of no card".into()))?,
        };
        if let Some(reason) = sense::gone(order.kind, card.state) {
            return Err(Refused::with(Code::CHANGE_REFUSED, [order.reference.as_str(), reason]));
        }
        let Some((to, told)) = effect(order) else { return Ok(Vec::new()) };
        let mut rows = Vec::new();
        // What is being written, or not known, stays so until it is settled; the order waits for that.
        let possible = |to: &CardState| card.state.may_become(*to) && is_settled(card.state, *to);
        if let Some(to) = to.iter().copied().find(possible).filter(|_| !to.contains(&card.state)) {
            rows.push(Change::move_card(&card, to, card.open_tries));
            self.cards.insert(card.id, Card { state: to, ..card.clone() });
        }
        let (kind, card) = (told.to_owned(), Some(card.id));
        rows.push(Change::AddOutbox(Outbox { id: random_id()?, kind, order: order.id, card, created: now }));
        Ok(rows)
    }
}

/// The states that the card goes to, the first that is possible, and what the issuer's host is told.
fn effect(order: &Order) -> Option<(&'static [CardState], &'static str)> {
    let reason = order.argument.as_deref().and_then(Reason::named);
    match (order.kind, reason) {
        (OrderKind::Block, _) => Some((&[CardState::Locked], "blocked")),
        (OrderKind::Terminate, _) => Some((&[CardState::Terminated], "terminated")),
        (OrderKind::Replace, Some(Reason::Damaged)) => Some((&[CardState::Locked, CardState::Lost], "blocked")),
        (OrderKind::Replace, _) => Some((&[CardState::Lost], "blocked")),
        _ => None,
    }
}

/// Whether approval may move a card from this state: not one that is being written, and of those that are not known
/// only to lost, from where nothing but its end leads.
fn is_settled(from: CardState, to: CardState) -> bool {
    match from {
        CardState::Live | CardState::Locked | CardState::Quarantined => true,
        CardState::Unknown | CardState::PartlyActivated => to == CardState::Lost,
        _ => false,
    }
}
