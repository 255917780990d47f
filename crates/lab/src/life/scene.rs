//! The moment before an order is carried out: rows, keys, cards. Every cell of a matrix begins with a copy of it.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use cardwright_issuance::Id;
use cardwright_issuance::kind::OrderKind;
use cardwright_issuance::product::CardProduct;
use cardwright_issuance::row::{Order, Terminal};
use cardwright_issuing_center::center::Center;
use cardwright_issuing_center::store::{Person, Store};
use cardwright_keystore::Keystore;
use cardwright_relay::message::Outcome;
use cardwright_virtual_card::{Card, CardState, SeededEntropy};

use super::bench::{Bench, Word};
use super::fault::Fault;
use super::house::{House, Wanted, clock, file};
use super::picture;
use super::plan::Plan;
use crate::model_store::ModelStore;
use crate::simulation::at_once;

/// The order that every scene is about.
const REFERENCE: &str = "the-order";
/// The order that its card was issued for.
const FIRST: &str = "first";

/// Rows, keys and cards before an order is carried out.
pub struct Scene {
    /// what is done
    pub plan: Plan,
    store: ModelStore,
    keystore: Arc<dyn Keystore>,
    now: i64,
    terminals: Vec<Terminal>,
    people: [Person; 2],
    product: CardProduct,
    /// the order
    pub order: Order,
    /// the card that it is carried out on
    card: Vec<u8>,
    /// a blank that is in stock too
    spare: Vec<u8>,
    /// everything that was said to the card before, session by session
    pub recorded: Vec<Recorded>,
}

/// A session as somebody who listens has it.
pub struct Recorded {
    /// the card before it
    pub before: Vec<u8>,
    /// every command
    pub commands: Vec<Vec<u8>>,
}

/// A copy of a scene, to be played.
pub struct Stage {
    /// center, terminals, time
    pub bench: Bench,
    /// the card that the order is carried out on
    pub card: Card,
    /// a blank that is in stock too
    pub spare: Card,
}

impl Scene {
    /// Everything up to the order of `plan`: its card is in use where the kind wants one.
    ///
    /// # Panics
    /// Where something of it is refused: the plan is wrong, or the center is.
    #[must_use]
    pub fn before(plan: Plan) -> Self {
        let house = House::found(ModelStore::default());
        if plan.is_of_payment_cards() {
            house.issues_payment_cards();
        }
        plan.profiles.iter().for_each(|text| house.import_profile(text));
        let mut blanks = house.import_cards(plan.product, 3).into_iter();
        let text = file(&format!("products/{}.toml", plan.product));
        let product = CardProduct::from_toml(&text).expect("the project's own products");
        let House { center, clock: time, terminals, .. } = &house;
        let mut bench =
            Bench::new(center.clone(), Arc::clone(time), terminals.clone(), product.clone(), house.people());
        let mut next = || Card::new(blanks.next().expect("three blanks"), Box::new(SeededEntropy::new([0xE7; 32])));
        let (mut card, mut recorded) = (next(), Vec::new());
        if plan.needs_card() {
            house.order(&plan.first(FIRST));
            recorded.push(carried_out(&mut bench, &mut card, FIRST));
            for (place, earlier) in plan.earlier.iter().enumerate() {
                let reference = format!("earlier-{place}");
                house.order(&Wanted { reference: &reference, card: FIRST, ..earlier.wanted() });
                recorded.push(carried_out(&mut bench, &mut card, &reference));
            }
        }
        let order = house.order(&Wanted { reference: REFERENCE, card: plan.names(FIRST), ..plan.order.wanted() });
        if plan.kind().is_new_card() && plan.needs_card() {
            card = next();
        }
        let (spare, now) = (next(), time.load(Ordering::SeqCst));
        let (store, keystore) = (center.store.copy(), Arc::clone(&center.keystore));
        let (card, spare) = (card.into_state().to_json(), spare.into_state().to_json());
        let (terminals, people) = (terminals.clone(), house.people());
        Self { plan, store, keystore, now, terminals, people, product, order, card, spare, recorded }
    }

    /// A copy to be played.
    #[must_use]
    pub fn stage(&self) -> Stage {
        let (time, told) = clock(self.now);
        let (store, keystore) = (Arc::new(self.store.copy()), Arc::clone(&self.keystore));
        let center = Center { store, keystore, clock: told };
        let bench = Bench::new(center, time, self.terminals.clone(), self.product.clone(), self.people.clone());
        Stage { bench, card: picture::card(&self.card), spare: picture::card(&self.spare) }
    }

    /// The word that an operator gives first: a blank gets an order that is named; a card in use what waits for it.
    #[must_use]
    pub fn word(&self) -> Word<'_> {
        if self.plan.kind().is_new_card() { Word::Order(&self.order) } else { self.plan.desk() }
    }

    /// The kind of the order.
    #[must_use]
    pub fn kind(&self) -> OrderKind {
        self.plan.kind()
    }

    /// The card's kind.
    #[must_use]
    pub fn product(&self) -> &CardProduct {
        &self.product
    }
}

impl Stage {
    /// The rows of the card that the order is carried out on.
    ///
    /// # Panics
    /// Where there is none.
    #[must_use]
    pub fn row(&self) -> cardwright_issuance::row::Card {
        row(&self.bench.center, self.card.state())
    }

    /// The order as it stands.
    ///
    /// # Panics
    /// Where there is none.
    #[must_use]
    pub fn order(&self, id: Id) -> Order {
        at_once(self.bench.center.store.order(id)).expect("a model store").expect("the scene's order")
    }
}

/// The row of this card.
pub(super) fn row(center: &Center<ModelStore>, card: &CardState) -> cardwright_issuance::row::Card {
    let kdd = card.identity.key_diversification_data.clone().try_into().expect("ten bytes");
    let mut found = at_once(center.store.cards_by_kdd(kdd)).expect("a model store");
    found.retain(|row| row.product == card.product.name);
    found.pop().expect("a card of this center")
}

/// Carries an order out, to its end.
fn carried_out(bench: &mut Bench, card: &mut Card, reference: &str) -> Recorded {
    let order = at_once(bench.center.store.order_by_reference(reference)).expect("a model store");
    let (order, before) = (order.expect("an order of the scene"), card.state().to_json());
    let done = bench.insert(0, Word::Order(&order), card, Fault::Nothing);
    assert_eq!(done.end.outcome, Outcome::Issued, "{reference}: {:?}", done.end.refusal);
    Recorded { before, commands: done.commands }
}
