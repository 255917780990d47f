//! What must hold whenever nothing is under way, however often the center has died: row by row against the log, and
//! card by card against the rows. Whatever does not hold is a sentence.

mod issuances;
mod keys;
mod registers;

use std::collections::BTreeMap;

use cardwright_issuance::entry::{Entry, Event};
use cardwright_issuance::row::{Card, Order};
use cardwright_issuance::state::{CardState, OrderState};
use cardwright_issuing_center::journal::{story, verification};
use cardwright_issuing_center::store::{SqlStore, Store};

use crate::card::HeldCard;

pub(crate) use registers::Names;

/// The log and the rows at one time.
struct Account<'a> {
    store: &'a SqlStore,
    entries: Vec<Entry>,
    faults: Vec<String>,
}

/// Everything that does not hold.
pub(crate) async fn faults(store: &SqlStore, names: &Names, cards: &[HeldCard]) -> Vec<String> {
    let mut faults = Vec::new();
    if let Err(refused) = verification::verify(store).await {
        faults.push(format!("the log does not verify: {refused:?}"));
    }
    let told = story::all(store).await.unwrap();
    let entries = told.into_iter().map(|told| told.entry).collect();
    let mut account = Account { store, entries, faults };
    registers::check(&mut account, names, cards).await;
    let orders = store.orders(10_000).await.unwrap();
    let mut rows = BTreeMap::new();
    for card in cards {
        for row in store.cards_by_kdd(card.kdd).await.unwrap() {
            rows.insert(card.kdd, row);
        }
    }
    for order in &orders {
        account.order(order);
        issuances::check(&mut account, order).await;
        account.cards_of(order, &rows, cards);
    }
    account.cards(&rows, cards);
    keys::check(&mut account, &rows, cards).await;
    account.faults
}

impl Account<'_> {
    fn expect(&mut self, holds: bool, fault: impl FnOnce() -> String) {
        if !holds {
            self.faults.push(fault());
        }
    }

    fn count(&self, of: impl Fn(&Entry) -> bool) -> usize {
        self.entries.iter().filter(|entry| of(entry)).count()
    }

    /// An order came once, and every state it went to is told once.
    fn order(&mut self, order: &Order) {
        let about = |entry: &&Entry| entry.order == Some(order.id);
        let received = self.entries.iter().filter(about).filter(|entry| entry.event == Event::OrderReceived).count();
        self.expect(received == 1, || format!("order {} was received {received} times", order.reference));
        let moved = |state: &str| {
            let event = Event::OrderMoved { state: state.to_owned() };
            self.entries.iter().filter(about).filter(|entry| entry.event == event).count()
        };
        let expected = [
            ("approved", order.approved_by.is_some() && order.state != OrderState::Rejected),
            ("prepared", order.approved_by.is_some() && order.state != OrderState::Rejected),
            ("issued", order.state == OrderState::Issued),
            ("rejected", order.state == OrderState::Rejected),
            ("cancelled", order.state == OrderState::Cancelled),
        ];
        let wrong: Vec<_> = expected.iter().filter(|(state, is)| moved(state) != usize::from(*is)).collect();
        let fault = format!("order {}, which is {:?}: {wrong:?}", order.reference, order.state);
        self.expect(wrong.is_empty(), || fault);
        let resting = !matches!(order.state, OrderState::Issuing | OrderState::Approved);
        self.expect(resting, || format!("order {} is {:?}, and nobody works on it", order.reference, order.state));
    }

    /// An order has one card at most, and where it is carried out that card is as it asks.
    fn cards_of(&mut self, order: &Order, rows: &BTreeMap<[u8; 10], Card>, cards: &[HeldCard]) {
        let of_order = |row: &&Card| row.order == Some(order.id) && !row.state.is_free();
        let bound: Vec<_> = rows.values().filter(of_order).collect();
        let (state, reference) = (order.state, &order.reference);
        if !order.kind.is_new_card() {
            self.expect(bound.is_empty(), || format!("change {reference} has taken a card from its order: {bound:?}"));
            let card = rows.values().find(|row| Some(row.id) == order.card).map(|row| row.state);
            let fits = match state {
                OrderState::Blocked => card.is_some_and(is_unsettled),
                _ => card.is_some(),
            };
            return self.expect(fits, || format!("change {reference} is {state:?}, its card {card:?}"));
        }
        self.expect(bound.len() < 2, || format!("order {reference} has {} cards", bound.len()));
        let usable =
            cards.iter().filter(|card| bound.iter().any(|row| row.kdd == card.kdd) && card.is_usable()).count();
        let fits = match state {
            OrderState::Issued => usable == 1 && bound.iter().all(|row| row.state != CardState::Stock),
            OrderState::Blocked => usable < 2 && bound.iter().all(|row| is_unsettled(row.state)),
            _ => bound.is_empty(),
        };
        self.expect(fits, || format!("order {reference} is {state:?}, {usable} usable of its cards {bound:?}"));
    }

    /// No card was locked or got what was not intended, and no two that can be used carry one number.
    fn cards(&mut self, rows: &BTreeMap<[u8; 10], Card>, cards: &[HeldCard]) {
        let mut numbers = BTreeMap::new();
        for card in cards {
            let name = hex::encode_upper(card.kdd);
            self.expect(card.failures() == 0, || format!("card {name} counts {} failed openings", card.failures()));
            let unforeseen = card.unforeseen.join(" ");
            self.expect(unforeseen.is_empty(), || format!("card {name} got without an intent: {unforeseen}"));
            let row = rows.get(&card.kdd);
            let untouched = card.secured == 0 || row.is_some_and(|row| row.state != CardState::Stock);
            self.expect(untouched, || format!("card {name} is in stock and was written"));
            let may_be_usable = row.is_some_and(|row| row.state.is_in_use() || is_unsettled(row.state));
            self.expect(may_be_usable || !card.is_usable(), || format!("card {name} can be used and is {row:?}"));
            let may_be_locked = row.is_some_and(|row| row.state == CardState::Locked || is_unsettled(row.state));
            self.expect(may_be_locked || !card.is_locked(), || format!("card {name} is locked and is {row:?}"));
            *card.number().map_or(&mut 0, |number| numbers.entry(number).or_insert(0)) += 1;
        }
        let doubled = numbers.values().filter(|count| **count > 1).count();
        self.expect(doubled == 0, || format!("{doubled} card numbers are on two cards that can be used"));
    }
}

/// What such a card holds must be found out first, or it was put aside before it was.
fn is_unsettled(state: CardState) -> bool {
    matches!(state, CardState::Unknown | CardState::PartlyActivated | CardState::Quarantined)
}
