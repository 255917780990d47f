//! Row changes of an issuance, as the databases do them: each finds what it names, or the commit stops.

use cardwright_issuance::Id;
use cardwright_issuance::change::Change;
use cardwright_issuance::row::{Card, Issuance};
use cardwright_issuance::state::{CardState, State};
use cardwright_issuing_center::store::StoreError;

use super::{Fence, Rows, conflict};

/// Makes one change.
pub(super) fn change(rows: &mut Rows, change: Change, fence: Fence) -> Result<(), StoreError> {
    match change {
        Change::UseChallenge { challenge, session } => {
            let row = rows.challenges.get_mut(&challenge).ok_or_else(|| conflict("challenge"))?;
            once(&mut row.used_by, session, "challenge")
        }
        Change::UseTicket { ticket, session } => {
            let row = rows.tickets.get_mut(&ticket).ok_or_else(|| conflict("ticket"))?;
            once(&mut row.used_by, session, "ticket")
        }
        Change::OpenIssuance(issuance) => open(rows, *issuance, fence),
        Change::MoveIssuance { issuance, epoch, from, to, deadline } => {
            let row = rows.issuances.get_mut(&issuance).ok_or_else(|| conflict("issuance"))?;
            if fence == Fence::Kept && ((row.state, row.step) != from || row.epoch != epoch) {
                return Err(conflict("issuance"));
            }
            moved(&mut row.state, from.0, to.0, "issuance", fence)?;
            (row.step, row.deadline) = (to.1, deadline);
            Ok(())
        }
        Change::MoveOrder { order, from, to, card } => {
            let row = rows.orders.get_mut(&order).ok_or_else(|| conflict("order"))?;
            row.card = card;
            // it may stay as it is where something else depends on it
            if from == to && row.state == from { Ok(()) } else { moved(&mut row.state, from, to, "order", fence) }
        }
        Change::MoveCard { card, from, to, order, open_tries, masked_number } => {
            let row = rows.cards.get_mut(&card).ok_or_else(|| conflict("card"))?;
            if from != to || row.state != from {
                moved(&mut row.state, from, to, "card", fence)?; // a card may stay as it is while its tries change
            }
            (row.order, row.open_tries, row.masked_number) = (order, open_tries, masked_number);
            one_card_an_order(rows, card, order, fence)
        }
        Change::SetContent { card, content } => {
            rows.cards.get_mut(&card).ok_or_else(|| conflict("card"))?.content = *content;
            Ok(())
        }
        Change::AddKeySet(set) => {
            let key = (set.card, set.generation, set.version);
            super::insert(&mut rows.key_sets, key, *set, "key set")
        }
        Change::MoveKeySet { card, key_set: (version, generation), from, to } => {
            let row = rows.key_sets.get_mut(&(card, generation, version)).ok_or_else(|| conflict("key set"))?;
            moved(&mut row.state, from, to, "key set", fence)
        }
        Change::AddIntent(intent) => {
            let key = (intent.issuance, intent.step);
            super::insert(&mut rows.intents, key, *intent, "intent")
        }
        Change::CloseIntent { issuance, step, result, received } => {
            let row = rows.intents.get_mut(&(issuance, step)).ok_or_else(|| conflict("intent"))?;
            once(&mut row.result, result, "intent")?;
            row.received = Some(received);
            Ok(())
        }
        Change::AddOutbox(outbox) => rows.add_outbox(outbox),
    }
}

/// An order and a card have one running issuance.
fn open(rows: &mut Rows, issuance: Issuance, fence: Fence) -> Result<(), StoreError> {
    let known = rows.orders.contains_key(&issuance.order) && rows.cards.contains_key(&issuance.card);
    let same = |row: &Issuance| row.order == issuance.order || row.card == issuance.card;
    let running = rows.issuances.values().any(|row| !row.state.is_ended() && same(row));
    if !known || (running && fence == Fence::Kept) {
        return Err(conflict("issuance"));
    }
    super::insert(&mut rows.issuances, issuance.id, issuance, "issuance")
}

fn once<T>(place: &mut Option<T>, value: T, what: &str) -> Result<(), StoreError> {
    if place.is_some() {
        return Err(conflict(what));
    }
    *place = Some(value);
    Ok(())
}

fn moved<S: State>(state: &mut S, from: S, to: S, what: &str, fence: Fence) -> Result<(), StoreError> {
    if fence == Fence::Kept && (*state != from || !from.may_become(to)) {
        return Err(conflict(what));
    }
    *state = to;
    Ok(())
}

/// At most one card of an order that is not in stock or scrapped.
fn one_card_an_order(rows: &Rows, card: Id, order: Option<Id>, fence: Fence) -> Result<(), StoreError> {
    let claims = |row: &&Card| row.order == order && !matches!(row.state, CardState::Stock | CardState::Scrapped);
    let claimed = order.is_some() && rows.cards.values().filter(claims).any(|row| row.id != card);
    let claims_too = rows.cards.get(&card).is_some_and(|row| claims(&row));
    if fence == Fence::Kept && claimed && claims_too { Err(conflict("a second card of the order")) } else { Ok(()) }
}
