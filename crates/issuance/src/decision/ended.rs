//! A card that was being ended and answers no more.

use cardwright_relay::message::{Outcome, Verdict};

use super::{about, keys, shown, told};
use crate::Id;
use crate::admission::Parties;
use crate::change::{Change, Changes};
use crate::entry::{Entry, Event};
use crate::flow::Grade;
use crate::row::{Card, Issuance, KeySet, Order, Terminal};
use crate::state::{CardState, OrderState, State};

/// A card of which [`crate::admission::is_ended`] says that it is ended.
pub struct Ended<'a> {
    /// microseconds since 1970 UTC
    pub now: i64,
    /// the session in which it was seen
    pub session: Id,
    /// who and where
    pub parties: &'a Parties<'a>,
    /// the terminal
    pub terminal: &'a Terminal,
    /// the order to end it
    pub order: &'a Order,
    /// the card
    pub card: &'a Card,
    /// its key sets
    pub key_sets: &'a [KeySet],
    /// the issuance that left it so
    pub last: &'a Issuance,
    /// a new id for what the issuer's host is told
    pub outbox: Id,
}

/// The commit that ends card and order: nothing is sent to the card.
pub fn ended(seen: &Ended<'_>) -> (Changes, Verdict) {
    let Ended { now, session, parties, order, card, .. } = *seen;
    let mut rows = vec![Change::UseChallenge { challenge: parties.challenge.id, session }];
    if parties.ticket.order == Some(order.id) {
        rows.push(Change::UseTicket { ticket: parties.ticket.id, session });
    }
    rows.extend([
        Change::MoveCard {
            card: card.id,
            from: card.state,
            to: CardState::Terminated,
            order: card.order,
            open_tries: 0,
            masked_number: card.masked_number.clone(),
        },
        Change::MoveOrder { order: order.id, from: order.state, to: OrderState::Issued, card: Some(card.id) },
    ]);
    rows.extend(keys::of_an_ended_card(seen.key_sets));
    rows.push(told(seen.last, now, order.kind.told(), seen.outbox));
    let events = [
        Event::Believed { step: seen.last.step },
        Event::Settled,
        Event::CardMoved { state: CardState::Terminated.name().to_owned() },
        Event::OrderMoved { state: OrderState::Issued.name().to_owned() },
    ];
    let here = |event| Entry {
        session: Some(session),
        terminal: Some(seen.terminal.id),
        reader: Some(parties.reader.id),
        person: Some(parties.ticket.operator),
        ..about(seen.last, now, event)
    };
    let entries = events.into_iter().map(here).collect();
    let number = card.masked_number.as_deref().unwrap_or_default();
    let card = Some(shown(number, Grade::B));
    let verdict = Verdict { session, outcome: Outcome::Issued, refusal: None, card, waiting: None, notice: None };
    (Changes { rows, entries }, verdict)
}
