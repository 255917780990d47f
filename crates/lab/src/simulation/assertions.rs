//! What must hold after every event, whatever happened.

use cardwright_issuance::Id;
use cardwright_issuance::row::{Card as CardRow, Issuance, Order};
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
    /// the center's name for it
    pub(super) id: Id,
    /// its key diversification data
    pub(super) kdd: [u8; 10],
}

impl KnownCard {
    /// Whether its application can be used.
    pub(super) fn is_active(&self) -> bool {
        let active = |application: &&cardwright_virtual_card::Application| {
            application.aid.as_bytes() == INSTANCE && application.state == ApplicationState::Selectable
        };
        self.card.state().applications.iter().any(|application| active(&application))
    }

    /// The versions of the key sets that are on it, ascending.
    fn key_versions(&self) -> Vec<u8> {
        let mut versions: Vec<u8> = self.card.state().key_sets.iter().map(|set| set.version).collect();
        versions.sort_unstable();
        versions
    }

    /// A file that anybody may read.
    pub(super) fn told(&mut self, file: u8) -> Vec<u8> {
        let card = &mut self.card;
        card.reset();
        card.transmit(&[&[0x00, 0xA4, 0x04, 0x00, INSTANCE.len() as u8], &INSTANCE[..], &[0x00]].concat());
        card.transmit(&[0x00, 0xA4, 0x02, 0x0C, 0x02, 0x01, file]);
        let answer = card.transmit(&[0x00, 0xB0, 0x00, 0x00, 0x00]);
        card.reset();
        answer[..answer.len() - 2].to_vec()
    }

    fn tries_spent(&self) -> u8 {
        self.card.state().key_sets.iter().map(|set| set.failures).max().unwrap_or_default()
    }
}

/// The first promise that is broken, if one is.
pub(super) fn broken(store: &SlowStore, cards: &[KnownCard]) -> Option<String> {
    let rows = store.all_cards();
    let issuances = store.all_issuances();
    let orders = at_once(store.orders(1_000)).unwrap_or_default();
    cards
        .iter()
        .find_map(|card| broken_card(store, card, rows.iter().find(|row| row.kdd == card.kdd)?, &issuances))
        .or_else(|| orders.iter().find_map(|order| broken_order(order, &rows, cards)))
        .or_else(|| broken_issuances(&issuances))
}

fn broken_card(store: &SlowStore, card: &KnownCard, row: &CardRow, issuances: &[Issuance]) -> Option<String> {
    if row.state.is_in_use() && !card.is_active() {
        return Some(format!("a card is {:?} in the center and cannot be used", row.state));
    }
    if row.state == CardState::PartlyActivated && !card.is_active() {
        return Some("a card is partly activated in the center and cannot be used".into());
    }
    let (on_card, on_record) = (card.key_versions(), store.key_versions(row.id));
    if row.state.is_in_use() && on_card != on_record {
        return Some(format!("a card in use has the keys {on_card:02X?}, and {on_record:02X?} on record"));
    }
    let intended = [IssuanceState::Activating, IssuanceState::Interrupted, IssuanceState::Issued];
    let was_intended = issuances.iter().any(|one| one.card == row.id && intended.contains(&one.state));
    if card.is_active() && !was_intended {
        return Some(format!("a card can be used that is {:?} in the center", row.state));
    }
    let free = [CardState::Stock, CardState::Bound].contains(&row.state);
    if free && issuances.iter().any(|one| one.card == row.id) {
        return Some("a card was written and is in stock".into());
    }
    (card.tries_spent() > 2).then(|| "a card was brought near its lock by us".into())
}

fn broken_order(order: &Order, rows: &[CardRow], cards: &[KnownCard]) -> Option<String> {
    let of_order: Vec<_> = rows.iter().filter(|row| row.order == Some(order.id) && !row.state.is_free()).collect();
    if of_order.len() > 1 {
        return Some(format!("order {} has {} cards", order.reference, of_order.len()));
    }
    if !order.kind.is_new_card() && !of_order.is_empty() {
        return Some(format!("change {} took a card from its order", order.reference));
    }
    let own = rows.iter().find(|row| Some(row.id) == order.card);
    let lost = order.kind.is_new_card() && own.is_some_and(|row| row.order != Some(order.id));
    if order.state == OrderState::Issued && lost {
        return Some(format!("order {} is issued and its card carries another", order.reference));
    }
    let is_active = |row: &CardRow| cards.iter().any(|card| card.kdd == row.kdd && card.is_active());
    if order.state == OrderState::Issued && !own.is_some_and(is_active) {
        return Some(format!("order {} is issued and no card carries it", order.reference));
    }
    None
}

fn broken_issuances(issuances: &[Issuance]) -> Option<String> {
    let running = |state: IssuanceState| !state.is_ended();
    for one in issuances.iter().filter(|one| running(one.state)) {
        let same = |other: &&Issuance| other.order == one.order || other.card == one.card;
        if issuances.iter().filter(same).any(|other| other.id != one.id && running(other.state)) {
            return Some("an order or a card is written twice at a time".into());
        }
    }
    let live = |order| issuances.iter().filter(|one| one.order == order && one.state == IssuanceState::Issued).count();
    issuances.iter().any(|one| live(one.order) > 1).then(|| "an order was issued twice".into())
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
    let issuance = at_once(store.issuance(session.id)).ok()?;
    let Some(issuance) = issuance else {
        return issued.then(|| "a terminal was told of a card that nobody wrote".into());
    };
    let order = at_once(store.order(issuance.order)).ok()??;
    (issued && order.state != OrderState::Issued)
        .then(|| "a terminal was told that a card is issued that is not".into())
}
