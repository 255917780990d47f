//! A change of every card: many cards in one store, faults at random, and then none.

use cardwright_issuance::Id;
use cardwright_issuance::product::CardProduct;
use cardwright_issuance::row::Order;
use cardwright_issuance::state::{CardState, OrderState};
use cardwright_issuing_center::campaign::{self, NewCampaign, Numbers};
use cardwright_issuing_center::store::Store;
use cardwright_relay::Code;
use cardwright_virtual_card::{Card, SeededEntropy};

use super::bench::{Bench, Word};
use super::fault::{Chance, Fault};
use super::house::{House, Wanted, file};
use super::judge;
use super::scene::row;
use crate::model_store::ModelStore;
use crate::simulation::at_once;

const NAME: &str = "everyone";
/// Rounds after the faults have stopped in which every card must be done.
const PATIENCE: usize = 4;

/// What is asked of all cards.
pub struct Asked {
    /// the card product
    pub product: &'static str,
    /// how many cards
    pub cards: usize,
    /// the kind of order
    pub kind: &'static str,
    /// the profile of its orders, where they name one
    pub profile: Option<&'static str>,
    /// what the kind needs to know
    pub argument: Option<&'static str>,
    /// of a hundred commands and messages, so many go wrong
    pub faults: u64,
    /// rounds with faults
    pub rounds: usize,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// the campaign's numbers when the faults stopped
    pub with_faults: Numbers,
    /// the numbers at its end
    pub at_the_end: Numbers,
    /// insertions
    pub insertions: usize,
    /// how often two people let a card be tried again
    pub let_again: usize,
    /// rounds without faults
    pub rounds: usize,
}

/// Issues the cards, makes the campaign, and has every card put in again and again.
///
/// # Errors
/// What is not as it has to be.
///
/// # Panics
/// Where the cards cannot be issued.
pub fn run(asked: &Asked, seed: u64) -> Result<Outcome, String> {
    let (mut bench, mut cards, house) = issued(asked);
    entered(&house, asked)?;
    let none = numbers(&house);
    let mut outcome = Outcome { with_faults: none, at_the_end: none, insertions: 0, let_again: 0, rounds: 0 };
    for round in 0..asked.rounds {
        let chance = |card| Chance { seed: seed ^ (round * 100_003 + card) as u64, of_a_hundred: asked.faults };
        round_of(&mut bench, &mut cards, &mut outcome, &|card| Fault::Random(chance(card)));
    }
    outcome.with_faults = numbers(&house);
    while numbers(&house).done < numbers(&house).selected && outcome.rounds < PATIENCE {
        round_of(&mut bench, &mut cards, &mut outcome, &|_| Fault::Nothing);
        outcome.rounds += 1;
    }
    outcome.at_the_end = numbers(&house);
    cards.iter().try_for_each(|(id, card)| right(&bench, *id, card))?;
    Ok(outcome)
}

/// One person enters the campaign, another approves it.
fn entered(house: &House<ModelStore>, asked: &Asked) -> Result<(), String> {
    let text = |text: &str| text.to_owned();
    let new = NewCampaign {
        name: text(NAME),
        kind: text(asked.kind),
        profile: asked.profile.map(text),
        argument: asked.argument.map(text),
        selection: format!("profile=identity,product={}", asked.product),
    };
    at_once(campaign::create(&house.center, &house.entry, &new)).map_err(|refused| format!("{refused:?}"))?;
    at_once(campaign::approve(&house.center, &house.approver, NAME)).map_err(|refused| format!("{refused:?}"))?;
    Ok(())
}

fn numbers(house: &House<ModelStore>) -> Numbers {
    at_once(campaign::show(&*house.center.store, NAME)).expect("the campaign").all
}

fn right(bench: &Bench, id: Id, card: &Card) -> Result<(), String> {
    let row = at_once(bench.center.store.card(id)).expect("a model store").expect("a card of the center");
    if row.state != CardState::Live {
        return Err(format!("a card is {:?} at the end", row.state));
    }
    judge::keys(&bench.center.store, id, card)
}

/// Every card that is not done is put in once, at one of the terminals.
fn round_of(bench: &mut Bench, cards: &mut [(Id, Card)], outcome: &mut Outcome, fault: &dyn Fn(usize) -> Fault) {
    for (place, (id, card)) in cards.iter_mut().enumerate() {
        if !waits(bench, *id) {
            continue;
        }
        outcome.insertions += 1;
        let done = bench.insert(place % 2, Word::Desk, card, fault(place));
        if done.end.refusal.is_some_and(|refusal| refusal.code == Code::CARD_QUARANTINED) {
            outcome.let_again += 1;
            bench.tried_again(*id);
        }
    }
    bench.restart();
    bench.give_up();
}

fn waits(bench: &Bench, card: Id) -> bool {
    let is_open = |order: &Order| order.campaign.is_some() && order.state != OrderState::Issued;
    at_once(bench.center.store.orders_of_card(card)).expect("a model store").iter().any(is_open)
}

/// The cards, issued and in use.
fn issued(asked: &Asked) -> (Bench, Vec<(Id, Card)>, House<ModelStore>) {
    let house = House::found(ModelStore::default());
    for name in ["identity", "identity-2"] {
        house.import_profile(&file(&format!("profiles/{name}.toml")));
    }
    let blanks = house.import_cards(asked.product, asked.cards);
    let text = file(&format!("products/{}.toml", asked.product));
    let product = CardProduct::from_toml(&text).expect("the project's own products");
    let (center, clock) = (house.center.clone(), std::sync::Arc::clone(&house.clock));
    let mut bench = Bench::new(center, clock, house.terminals.clone(), product, house.people());
    let mut cards = Vec::with_capacity(asked.cards);
    for (place, blank) in blanks.into_iter().enumerate() {
        let mut card = Card::new(blank, Box::new(SeededEntropy::new([place as u8; 32])));
        let (reference, number) = (format!("order-{place}"), format!("62000012{place:08}"));
        let fields = [("name", "Ada Example"), ("card_number", &number[..]), ("pin", "4711")];
        let (kind, profile) = ("new", "identity");
        let wanted = Wanted { reference: &reference, kind, profile, card: "", argument: "", fields: &fields };
        let order = house.order(&wanted);
        bench.insert(0, Word::Order(&order), &mut card, Fault::Nothing);
        cards.push((row(&bench.center, card.state()).id, card));
    }
    (bench, cards, house)
}
