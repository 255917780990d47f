//! What one person does not decide alone: that a card is lost, that it is put aside, that it is put aside no longer.
//! One proposes it, another confirms it, and the state that the first one saw still holds.

use cardwright_issuance::change::Change;
use cardwright_issuance::entry::{Entry, Event};
use cardwright_issuance::row::{Card, Order, Outbox};
use cardwright_issuance::state::{CardState, OrderState, State};
use cardwright_relay::Code;

use crate::center::Center;
use crate::refused::Refused;
use crate::registry::random_id;
use crate::store::{CardDecision, Commit, DecisionKind, Person, Registration, Store, StoreError};

/// How far a decision came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decided {
    /// another person has to confirm it
    Proposed,
    /// two people have decided it
    Confirmed {
        /// the card's state now
        state: CardState,
        /// the orders that were cancelled with it: what they made may be on the card, and goes to no other
        cancelled: Vec<Order>,
    },
}

/// Proposes `kind` about `card`, or confirms it where another person has proposed it. A newer proposal about a card
/// takes the place of an older one.
///
/// # Errors
/// `DECISION_REFUSED` where the card's state does not allow it, `SAME_PERSON`, `CHANGED_MEANWHILE`; the store's own.
pub async fn decide<S: Store>(
    center: &Center<S>,
    person: &Person,
    card: &Card,
    kind: DecisionKind,
) -> Result<Decided, Refused> {
    let store = &*center.store;
    let to = target(store, card, kind).await?;
    let open = store.proposal_about(card.id).await?;
    let same = open.filter(|open| open.kind == kind && open.card_state == card.state);
    let (commit, decided) = match same {
        Some(open) if open.proposed_by == person.id => {
            return Err(Refused::with(Code::SAME_PERSON, [person.name.as_str()]));
        }
        Some(open) => confirmed(center, person, card, &open, to).await?,
        None => (proposed(center, person, card, kind)?, Decided::Proposed),
    };
    match store.commit(commit).await {
        Err(StoreError::Conflict(_)) => Err(Refused::new(Code::CHANGED_MEANWHILE)),
        other => Ok(other.map(|()| decided)?),
    }
}

/// The state that the card comes to.
async fn target<S: Store>(store: &S, card: &Card, kind: DecisionKind) -> Result<CardState, Refused> {
    let runs = store.issuances_of_card(card.id).await?.iter().any(|issuance| !issuance.state.is_ended());
    let to = match (kind, card.state) {
        (DecisionKind::Lost, _) => CardState::Lost,
        (DecisionKind::Quarantine, _) => CardState::Quarantined,
        // Nothing was ever written to it, and no order has it.
        (DecisionKind::LiftQuarantine, CardState::Quarantined) if card.order.is_none() => CardState::Stock,
        // What it holds is found out at its next insertion.
        (DecisionKind::LiftQuarantine, CardState::Quarantined) => CardState::Unknown,
        (DecisionKind::LiftQuarantine, other) => other,
    };
    if runs || !card.state.may_become(to) {
        let card_name = hex::encode(*card.id);
        return Err(Refused::with(Code::DECISION_REFUSED, [&card_name, kind.name(), card.state.name()]));
    }
    Ok(to)
}

fn proposed<S>(center: &Center<S>, person: &Person, card: &Card, kind: DecisionKind) -> Result<Commit, Refused> {
    let now = center.now();
    let decision = CardDecision {
        id: random_id()?,
        card: card.id,
        kind,
        card_state: card.state,
        proposed_by: person.id,
        proposed: now,
    };
    let entries = vec![entry(now, person, card, "proposal about the card", kind)];
    Ok(Commit { registrations: vec![Registration::CardDecision(decision)], entries, ..Commit::default() })
}

/// The commit of a decision. A card that is lifted has one opening more than before, not all of them anew: what its own
/// counter says is not known.
async fn confirmed<S: Store>(
    center: &Center<S>,
    person: &Person,
    card: &Card,
    open: &CardDecision,
    to: CardState,
) -> Result<(Commit, Decided), Refused> {
    let now = center.now();
    let open_tries = match open.kind {
        DecisionKind::LiftQuarantine => card.open_tries.saturating_sub(1),
        DecisionKind::Lost | DecisionKind::Quarantine => card.open_tries,
    };
    let moved = Change::move_card(card, to, open_tries);
    let decision = Registration::CardDecisionConfirmed { decision: open.id, by: person.id, time: now };
    let entries = vec![entry(now, person, card, "decision about the card", open.kind)];
    let mut commit = Commit { changes: vec![moved], registrations: vec![decision], entries };
    let mut cancelled = Vec::new();
    if open.kind == DecisionKind::Lost {
        let orders = center.store.orders_of_card(card.id).await?;
        let told = card.order.or(orders.last().map(|order| order.id));
        for order in orders.into_iter().filter(|order| order.state == OrderState::Blocked) {
            cancelled.push(cancel(&mut commit, now, person, order));
        }
        if let Some(order) = told {
            let outbox = Outbox { id: random_id()?, kind: "lost".into(), order, card: Some(card.id), created: now };
            commit.changes.push(Change::AddOutbox(outbox));
        }
    }
    Ok((commit, Decided::Confirmed { state: to, cancelled }))
}

/// What a blocked order has made may be on the card: it is never written to another, which gets other keys and another
/// number or sequence number by an order of its own.
fn cancel(commit: &mut Commit, now: i64, person: &Person, order: Order) -> Order {
    let (from, to) = (order.state, OrderState::Cancelled);
    commit.changes.push(Change::MoveOrder { order: order.id, from, to, card: order.card });
    let event = Event::OrderMoved { state: to.name().to_owned() };
    let (about, card) = (Some(order.id), order.card);
    commit.entries.push(Entry { order: about, card, person: Some(person.id), ..Entry::new(now, event) });
    Order { state: to, ..order }
}

fn entry(now: i64, person: &Person, card: &Card, what: &str, kind: DecisionKind) -> Entry {
    let event = Event::Registered { what: what.to_owned(), name: kind.name().to_owned(), present: true };
    Entry { order: card.order, card: Some(card.id), person: Some(person.id), ..Entry::new(now, event) }
}
