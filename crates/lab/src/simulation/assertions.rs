//! What must hold after every event, whatever happened.

use cardwright_issuance::row::{Card as CardRow, Order};
use cardwright_issuance::state::{CardState, IssuanceState, OrderState};
use cardwright_issuing_center::store::Store;
use cardwright_virtual_card::{ApplicationState, Card};

use super::at_once;
use super::session::Session;
use super::store::SlowStore;

/// Where the identity application's instance is.
const INSTANCE: [u8; 10] = [0xF0, 0x43, 0x41, 0x52, 0x44, 0x57, 0x49, 0x44, 0x00, 0x01];

/// A card of the world with the center's name for it.
pub(super) struct KnownCard {
    pub(super) card: Card,
    pub(super) kdd: [u8; 10],
}

impl KnownCard {
    /// Whether its application can be used.
    fn is_active(&self) -> bool {
        let active = |application: &&cardwright_virtual_card::Application| {
            application.aid.as_bytes() == INSTANCE && application.state == ApplicationState::Selectable
        };
        self.card.state().applications.iter().any(|application| active(&application))
    }

    fn tries_spent(&self) -> u8 {
        self.card.state().key_sets.iter().map(|set| set.failures).max().unwrap_or_default()
    }
}

/// The first promise that is broken, if one is.
pub(super) fn broken(store: &SlowStore, cards: &[KnownCard]) -> Option<String> {
    let rows = store.all_cards();
    let orders = at_once(store.orders(1_000)).unwrap_or_default();
    cards
        .iter()
        .find_map(|card| broken_card(card, rows.iter().find(|row| row.kdd == card.kdd)))
        .or_else(|| orders.iter().find_map(|order| broken_order(order, &rows, cards)))
        .or_else(|| broken_issuances(store))
}

fn broken_card(card: &KnownCard, row: Option<&CardRow>) -> Option<String> {
    let row = row?;
    if row.state == CardState::Live && !card.is_active() {
        return Some("a card is live in the center and cannot be used".into());
    }
    if row.state == CardState::PartlyActivated && !card.is_active() {
        return Some("a card is partly activated in the center and cannot be used".into());
    }
    let states = [CardState::Live, CardState::Activating, CardState::PartlyActivated, CardState::Unknown];
    let may_be_active = states.contains(&row.state);
    if card.is_active() && !may_be_active {
        return Some(format!("a card can be used that is {:?} in the center", row.state));
    }
    (card.tries_spent() > 2).then(|| "a card was brought near its lock by us".into())
}

fn broken_order(order: &Order, rows: &[CardRow], cards: &[KnownCard]) -> Option<String> {
    let of_order: Vec<_> = rows.iter().filter(|row| row.order == Some(order.id) && !row.state.is_free()).collect();
    if of_order.len() > 1 {
        return Some(format!("order {} has {} cards", order.reference, of_order.len()));
    }
    let active = |row: &&CardRow| cards.iter().any(|card| card.kdd == row.kdd && card.is_active());
    if order.state == OrderState::Issued && !rows.iter().any(|row| row.order == Some(order.id) && active(&row)) {
        return Some(format!("order {} is issued and no card carries it", order.reference));
    }
    None
}

fn broken_issuances(store: &SlowStore) -> Option<String> {
    let issuances = store.all_issuances();
    let running = |state: IssuanceState| !state.is_ended();
    for one in issuances.iter().filter(|one| running(one.state)) {
        if issuances.iter().any(|other| other.id != one.id && other.order == one.order && running(other.state)) {
            return Some("an order is written twice at a time".into());
        }
    }
    let live = |order| issuances.iter().filter(|one| one.order == order && one.state == IssuanceState::Issued).count();
    issuances.iter().any(|one| live(one.order) > 1).then(|| "an order was issued twice".into())
}

/// Two cards that can be used and carry the same number, if there are any. Costs a look at every card.
pub(super) fn doubled(cards: &mut [KnownCard]) -> Option<String> {
    let mut numbers: Vec<Vec<u8>> = cards.iter_mut().filter_map(number).collect();
    numbers.sort();
    numbers.windows(2).any(|pair| pair[0] == pair[1]).then(|| "two cards that can be used carry one number".into())
}

fn number(known: &mut KnownCard) -> Option<Vec<u8>> {
    if !known.is_active() {
        return None;
    }
    let card = &mut known.card;
    card.reset();
    let select = [&[0x00, 0xA4, 0x04, 0x00, INSTANCE.len() as u8], &INSTANCE[..], &[0x00]].concat();
    card.transmit(&select);
    card.transmit(&[0x00, 0xA4, 0x02, 0x0C, 0x02, 0x01, 0x02]);
    let answer = card.transmit(&[0x00, 0xB0, 0x00, 0x00, 0x00]);
    card.reset();
    (answer.len() > 2).then(|| answer[..answer.len() - 2].to_vec())
}

/// A secured command may be sent only while its intent stands committed and unanswered.
pub(super) fn sent_without_intent(store: &SlowStore, session: &Session) -> Option<String> {
    let command = session.next_command()?;
    if command.first()? & 0x04 == 0 {
        return None;
    }
    let intents = at_once(store.intents(session.id)).unwrap_or_default();
    intents.is_empty().then(|| "a secured command without a committed intent".into())
}

/// What the terminal was told must be what the center holds.
pub(super) fn told_wrongly(store: &SlowStore, session: &Session) -> Option<String> {
    let end = session.end()?;
    let issued = end.outcome == cardwright_relay::message::Outcome::Issued;
    let order = at_once(store.order_by_reference(&session.order)).ok()??;
    (issued && order.state != OrderState::Issued)
        .then(|| "a terminal was told that a card is issued that is not".into())
}
