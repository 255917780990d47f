//! A card and the one that takes its place: never both in use, whatever was left unfinished on the old one.

use std::sync::Arc;

use cardwright_issuance::product::CardProduct;
use cardwright_issuance::row;
use cardwright_issuance::row::Order;
use cardwright_issuance::state::{CardState, OrderState};
use cardwright_issuing_center::card::decide;
use cardwright_issuing_center::intake::{self, NewOrder};
use cardwright_issuing_center::store::{DecisionKind, Store};
use cardwright_lab::life::bench::{Bench, Word};
use cardwright_lab::life::fault::{Fault, LineFault};
use cardwright_lab::life::house::{House, Wanted};
use cardwright_lab::model_store::ModelStore;
use cardwright_lab::simulation::at_once;
use cardwright_relay::Code;
use cardwright_relay::message::Outcome;
use cardwright_virtual_card::{Card, PowerCut, SeededEntropy};

const PRODUCT: &str = "scp03-i70-life";
pub(crate) const HOLDER: &[(&str, &str)] =
    &[("name", "Ada Example"), ("card_number", "6200001234567801"), ("pin", "4711")];
const MARRIED: &[(&str, &str)] = &[("name", "Ada Married"), ("card_number", "6200001234567801")];

/// A card in use, and a blank.
pub(crate) struct Pair {
    house: House<ModelStore>,
    pub(crate) bench: Bench,
    pub(crate) old: Card,
    new: Card,
}

impl Pair {
    pub(crate) fn issued() -> Self {
        Self::issued_on(PRODUCT)
    }

    pub(crate) fn issued_on(product: &str) -> Self {
        let house = House::found(ModelStore::default());
        let text = |path: &str| {
            let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
            std::fs::read_to_string(root.join(path)).unwrap()
        };
        house.import_profile(&text("profiles/identity.toml"));
        house.import_profile(&text("profiles/identity-2.toml"));
        let mut blanks = house.import_cards(product, 2).into_iter();
        let mut next = || Card::new(blanks.next().unwrap(), Box::new(SeededEntropy::new([0xE7; 32])));
        let (old, new) = (next(), next());
        let product = CardProduct::from_toml(&text(&format!("products/{product}.toml"))).unwrap();
        let (center, clock) = (house.center.clone(), Arc::clone(&house.clock));
        let bench = Bench::new(center, clock, house.terminals.clone(), product, house.people());
        let mut pair = Self { house, bench, old, new };
        let first = pair.order("first", "new", "identity", HOLDER);
        assert_eq!(pair.old(0, Word::Order(&first), Fault::Nothing), Outcome::Issued);
        pair
    }

    pub(crate) fn order(&self, reference: &str, kind: &str, profile: &str, fields: &[(&str, &str)]) -> Order {
        let card = if kind == "new" { "" } else { "first" };
        let argument = if kind == "replace" { "lost" } else { "" };
        self.house.order(&Wanted { reference, kind, profile, card, argument, fields })
    }

    pub(crate) fn old(&mut self, place: usize, word: Word<'_>, fault: Fault) -> Outcome {
        self.bench.insert(place, word, &mut self.old, fault).end.outcome
    }

    fn renewed(&mut self, order: &Order) {
        let done = self.bench.insert(0, Word::Order(order), &mut self.new, Fault::Nothing);
        assert_eq!(done.end.outcome, Outcome::Issued, "{:?}", done.end.refusal);
    }

    /// The old card loses its power when EXTERNAL AUTHENTICATE is done.
    pub(crate) fn torn_at_its_opening(&mut self) -> Fault {
        let lost = Fault::Line { message: 0, how: LineFault::RequestLost };
        let preamble = self.bench.insert(0, Word::Desk, &mut self.old, lost).commands.len();
        Fault::Torn { command: preamble, cut: PowerCut::BeforeAnswer }
    }

    pub(crate) fn row(&self, card: &Card) -> row::Card {
        let kdd = card.state().identity.key_diversification_data.clone().try_into().unwrap();
        at_once(self.bench.center.store.cards_by_kdd(kdd)).unwrap().remove(0)
    }

    pub(crate) fn states(&self) -> [CardState; 2] {
        [self.row(&self.old).state, self.row(&self.new).state]
    }

    pub(crate) fn state_of(&self, order: &Order) -> OrderState {
        at_once(self.bench.center.store.order(order.id)).unwrap().unwrap().state
    }
}

/// Where the card is left at a command of its change, and is not known when the new one is issued.
#[test]
fn a_card_that_was_left_in_the_middle_is_not_in_use_again_beside_the_one_in_its_place() {
    let mut pair = Pair::issued();
    let (change, renewal) = (
        pair.order("change", "personal-data", "identity", MARRIED),
        pair.order("renewal", "renew", "identity", HOLDER),
    );
    let torn = pair.torn_at_its_opening();
    pair.old(0, Word::Desk, torn);
    assert_eq!(pair.states()[0], CardState::Unknown);
    pair.renewed(&renewal);
    assert_eq!(pair.old(1, Word::Desk, Fault::Nothing), Outcome::Issued);
    assert_eq!((pair.states(), pair.state_of(&change)), ([CardState::Locked, CardState::Live], OrderState::Issued));
}

/// The same where the old card is being written at the moment when the new one is issued.
#[test]
fn a_card_that_is_being_written_is_not_in_use_again_beside_the_one_in_its_place() {
    let mut pair = Pair::issued();
    let (_, renewal) = (
        pair.order("change", "personal-data", "identity", MARRIED),
        pair.order("renewal", "renew", "identity", HOLDER),
    );
    let silent = Fault::Line { message: 1, how: LineFault::RequestLostSilently };
    pair.old(0, Word::Desk, silent);
    assert_eq!(pair.states()[0], CardState::Dirty);
    pair.renewed(&renewal);
    pair.bench.give_up();
    pair.old(1, Word::Desk, Fault::Nothing);
    assert_eq!(pair.states(), [CardState::Locked, CardState::Live]);
}

/// Nobody makes a card usable again that another has taken the place of.
#[test]
fn a_card_with_another_in_its_place_is_never_unblocked() {
    let mut pair = Pair::issued();
    let renewal = pair.order("renewal", "renew", "identity", HOLDER);
    pair.order("block", "block", "", &[]);
    pair.old(0, Word::Desk, Fault::Nothing);
    let unblock = pair.order("unblock", "unblock", "", &[]);
    pair.renewed(&renewal);
    assert_eq!(pair.states(), [CardState::Locked, CardState::Live]);
    for word in [Word::Desk, Word::Order(&unblock)] {
        pair.old(0, word, Fault::Nothing);
        assert_eq!(pair.states(), [CardState::Locked, CardState::Live], "{word:?}");
    }
    let again = NewOrder {
        row: 1,
        reference: "again".to_owned(),
        base: "north".to_owned(),
        profile: String::new(),
        kind: "unblock".to_owned(),
        card: "first".to_owned(),
        argument: String::new(),
        customer: "Town".to_owned().into(),
        taken_by: "Tom".to_owned().into(),
        date: None,
        fields: Vec::new(),
        photo: None,
    };
    let taken = at_once(intake::receive(&pair.bench.center, &pair.bench.people[0], &[again]));
    assert!(taken.is_err(), "an order to unblock a card that was replaced is taken");
}

/// A card that is declared lost keeps the count of its openings: its end is no way around it.
#[test]
fn a_lost_card_is_not_opened_more_often_than_any_other() {
    let mut pair = Pair::issued();
    pair.order("change", "personal-data", "identity", MARRIED);
    let allowed = pair.bench.product.tries_allowed();
    let torn = pair.torn_at_its_opening();
    for _ in 0..allowed {
        pair.old(0, Word::Desk, torn);
    }
    assert_eq!((pair.states()[0], pair.row(&pair.old).open_tries), (CardState::Unknown, allowed));
    pair.order("lost", "replace", "identity", HOLDER);
    let end = pair.order("end", "terminate", "", &[]);
    assert_eq!(pair.states()[0], CardState::Lost);
    let done = pair.bench.insert(0, Word::Order(&end), &mut pair.old, Fault::Nothing);
    assert_eq!(done.end.refusal.map(|refusal| refusal.code), Some(Code::CARD_QUARANTINED));
    assert!(pair.row(&pair.old).open_tries <= allowed);
}

/// A card that is lost or ended is made to know it, and stays what it is.
#[test]
fn a_lost_or_ended_card_that_is_locked_stays_lost_or_ended() {
    for ended in [CardState::Lost, CardState::Terminated] {
        let mut pair = Pair::issued();
        let block = pair.order("block", "block", "", &[]);
        if ended == CardState::Terminated {
            pair.order("end", "terminate", "", &[]);
        } else {
            for person in &pair.bench.people {
                let row = pair.row(&pair.old);
                at_once(decide(&pair.bench.center, person, &row, DecisionKind::Lost)).unwrap();
            }
        }
        assert_eq!(pair.states()[0], ended);
        pair.old(0, Word::Order(&block), Fault::Nothing);
        assert_eq!((pair.states()[0], pair.state_of(&block)), (ended, OrderState::Issued));
    }
}

/// Who blocks a card while it is made usable again has it blocked.
#[test]
fn a_card_that_is_blocked_while_it_is_unblocked_is_blocked() {
    let mut pair = Pair::issued();
    pair.order("block", "block", "", &[]);
    pair.old(0, Word::Desk, Fault::Nothing);
    let unblock = pair.order("unblock", "unblock", "", &[]);
    let silent = Fault::Line { message: 1, how: LineFault::RequestLostSilently };
    pair.old(0, Word::Desk, silent);
    assert_eq!(pair.states()[0], CardState::Dirty);
    pair.order("again", "block", "", &[]);
    pair.bench.give_up();
    pair.old(1, Word::Desk, Fault::Nothing);
    let store = &pair.bench.center.store;
    let told: Vec<String> = [&unblock.id]
        .iter()
        .flat_map(|id| at_once(store.events_of(**id)).unwrap())
        .map(|event| event.event.kind)
        .collect();
    assert_eq!((pair.states()[0], pair.state_of(&unblock)), (CardState::Locked, OrderState::Issued), "{told:?}");
    assert!(!told.contains(&"unblocked".to_owned()), "{told:?}");
}
