//! What must hold, whatever happened.

use cardwright_issuance::Id;
use cardwright_issuance::state::{CardState, KeySetState, OrderState};
use cardwright_issuing_center::store::Store;
use cardwright_relay::Code;
use cardwright_virtual_card::{Card, CardLifeCycle, Key};

use super::bench::Word;
use super::fault::Fault;
use super::picture::Picture;
use super::scene::{Scene, Stage};
use crate::model_store::ModelStore;
use crate::simulation::at_once;

/// How an order ends that nothing happened to.
pub struct Expected {
    /// the card before
    pub before: Picture,
    /// the card afterwards
    pub after: Picture,
    /// its row afterwards
    pub row: cardwright_issuance::row::Card,
}

/// Insertions after which an order that was cut is carried out: at another terminal, and once more where the next one
/// only found out what the card holds.
const PATIENCE: usize = 3;

/// The first promise that is broken between two insertions, if one is.
#[must_use]
pub fn broken_between(scene: &Scene, stage: &mut Stage, expected: &Expected) -> Option<String> {
    let (row, order) = (stage.row(), stage.order(scene.order.id));
    if row.open_tries > scene.product().tries_allowed() {
        return Some(format!("{} openings were tried", row.open_tries));
    }
    let failures = stage.card.state().key_sets.iter().map(|set| set.failures).max().unwrap_or_default();
    if failures > 2 {
        return Some(format!("the card counts {failures} failed openings"));
    }
    let picture = Picture::of(&mut stage.card);
    let right = if order.state == OrderState::Issued { &expected.after } else { &expected.before };
    if row.state == CardState::Live && picture != *right {
        return Some(format!("a card is live, its order {:?}, and holds {picture:?} and not {right:?}", order.state));
    }
    None
}

/// What is said of a card that does not open with the keys on record.
pub const NOT_OPENED: [Code; 2] = [Code::KEYS_UNKNOWN, Code::CARD_CRYPTOGRAM_WRONG];

/// Whether anybody can use the card: it is neither locked nor ended.
#[must_use]
pub fn is_usable(card: &Card) -> bool {
    !matches!(card.state().life_cycle, CardLifeCycle::CardLocked | CardLifeCycle::Terminated)
}

/// How an order came to its end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Finish {
    /// insertions that it took
    pub insertions: usize,
    /// how often two people had to let the card be tried again
    pub let_again: usize,
}

/// Puts the card in again, at the other terminal, until its order is carried out.
///
/// # Errors
/// The first promise that is broken.
pub fn finished(scene: &Scene, stage: &mut Stage, expected: &Expected) -> Result<Finish, String> {
    let mut told = Vec::new();
    let mut let_again = let_be_tried(stage);
    for insertions in 0..=PATIENCE {
        if let Some(broken) = broken_between(scene, stage, expected) {
            return Err(broken);
        }
        let order = stage.order(scene.order.id);
        if order.state == OrderState::Issued {
            return ended(stage, expected).map(|()| Finish { insertions, let_again });
        }
        let word = if order.state == OrderState::Prepared { scene.word() } else { scene.plan.desk() };
        if scene.kind().is_new_card() && order.state == OrderState::Blocked {
            second_card(scene, stage)?;
        }
        let done = stage.bench.insert(1 - insertions % 2, word, &mut stage.card, Fault::Nothing);
        let_again += let_be_tried(stage);
        told.push(format!("{:?} {:?}", done.end.outcome, done.end.refusal));
    }
    Err(format!(
        "not carried out: {told:?}, order {:?}, card {:?}",
        stage.order(scene.order.id).state,
        stage.row().state
    ))
}

/// What was put aside is let be tried again, by two people; says how often, which may be never.
fn let_be_tried(stage: &mut Stage) -> usize {
    let row = stage.row();
    let aside = row.state == CardState::Quarantined;
    if aside {
        stage.bench.tried_again(row.id);
    }
    usize::from(aside)
}

/// An order whose card is not known goes to no other.
fn second_card(scene: &Scene, stage: &mut Stage) -> Result<(), String> {
    let done = stage.bench.insert(0, Word::Order(&scene.order), &mut stage.spare, Fault::Nothing);
    let refused = done.end.refusal.as_ref().map(|refusal| refusal.code) == Some(Code::ORDER_BLOCKED);
    if refused { Ok(()) } else { Err(format!("an order whose card is unknown goes to a second one: {:?}", done.end)) }
}

/// The order is carried out: the right card, the right content, the right keys.
fn ended(stage: &mut Stage, expected: &Expected) -> Result<(), String> {
    let picture = Picture::of(&mut stage.card);
    let locked =
        stage.row().state == CardState::Terminated && stage.card.state().life_cycle == CardLifeCycle::CardLocked;
    if picture != expected.after && !locked {
        return Err(format!("the card holds {picture:?} and not {:?}", expected.after));
    }
    let row = stage.row();
    let same = (row.state, &row.content, &row.masked_number, row.open_tries)
        == (expected.row.state, &expected.row.content, &expected.row.masked_number, expected.row.open_tries);
    if !same {
        return Err(format!("the center holds {row:?} and not {:?}", expected.row));
    }
    keys(&stage.bench.center.store, row.id, &stage.card)?;
    if stage.bench.keys.again() > 0 {
        return Err("a key value came to the card a second time".to_owned());
    }
    opened_again(stage)
}

/// The key sets on record are those of the card, and no value was ever made for it twice.
///
/// # Errors
/// What is not so.
///
/// # Panics
/// Never: a model store answers.
pub fn keys(store: &ModelStore, row: Id, card: &Card) -> Result<(), String> {
    let rows = at_once(store.key_sets(row)).expect("a model store");
    let on_record = rows.iter().filter(|set| set.state.may_be_on_card());
    let mut recorded: Vec<_> = on_record.map(|set| (set.version, set.check_values.to_vec())).collect();
    let on_card = card.state().key_sets.iter();
    let mut on_card: Vec<_> =
        on_card.map(|set| (set.version, set.keys.iter().map(Key::check_value).collect::<Vec<_>>())).collect();
    recorded.sort();
    on_card.sort();
    let mut values: Vec<_> = rows.iter().flat_map(|set| set.check_values).collect();
    values.sort_unstable();
    if values.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(format!("a key value was made for the card twice: {recorded:02X?}"));
    }
    let settled = rows.iter().all(|set| set.state != KeySetState::Intended);
    if settled && recorded == on_card {
        return Ok(());
    }
    Err(format!("key sets on record are {recorded:02X?}, those on the card {on_card:02X?}"))
}

/// The card opens with what is on record, and nothing waits. A card that is ended answers nothing any more.
fn opened_again(stage: &mut Stage) -> Result<(), String> {
    if stage.card.state().life_cycle == CardLifeCycle::Terminated {
        return Ok(());
    }
    let done = stage.bench.insert(0, Word::Desk, &mut stage.card, Fault::Nothing);
    let code = done.end.refusal.as_ref().map(|refusal| refusal.code);
    let fine = [Code::NOTHING_WAITS, Code::CARD_ENDED, Code::CARD_BLOCKED];
    if code.is_some_and(|code| fine.contains(&code)) { Ok(()) } else { Err(format!("opened again: {:?}", done.end)) }
}
