//! What must hold, whatever happened.

use cardwright_issuance::row::KeySet;
use cardwright_issuance::state::{CardState, KeySetState, OrderState};
use cardwright_issuing_center::store::Store;
use cardwright_relay::Code;
use cardwright_virtual_card::CardLifeCycle;

use super::bench::Word;
use super::fault::Fault;
use super::picture::Picture;
use super::scene::{Scene, Stage};
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
    if row.state == CardState::Quarantined {
        return Some("a card is put aside after an honest cut".to_owned());
    }
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

/// Puts the card in again, at the other terminal, until its order is carried out.
///
/// # Errors
/// The first promise that is broken.
pub fn finished(scene: &Scene, stage: &mut Stage, expected: &Expected) -> Result<usize, String> {
    let mut told = Vec::new();
    for insertions in 0..=PATIENCE {
        if let Some(broken) = broken_between(scene, stage, expected) {
            return Err(broken);
        }
        let order = stage.order(scene.order.id);
        if order.state == OrderState::Issued {
            return ended(stage, expected).map(|()| insertions);
        }
        let word = if order.state == OrderState::Prepared { scene.word() } else { scene.plan.desk() };
        if scene.kind().is_new_card() && order.state == OrderState::Blocked {
            second_card(scene, stage)?;
        }
        let done = stage.bench.insert(1 - insertions % 2, word, &mut stage.card, Fault::Nothing);
        told.push(format!("{:?} {:?}", done.end.outcome, done.end.refusal));
    }
    Err(format!(
        "not carried out: {told:?}, order {:?}, card {:?}",
        stage.order(scene.order.id).state,
        stage.row().state
    ))
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
    keys(stage)?;
    opened_again(stage)
}

/// The key sets on record are those of the card.
fn keys(stage: &Stage) -> Result<(), String> {
    let rows = at_once(stage.bench.center.store.key_sets(stage.row().id)).expect("a model store");
    let on_record = |set: &&KeySet| set.state.may_be_on_card();
    let mut recorded: Vec<_> =
        rows.iter().filter(on_record).map(|set| (set.version, set.check_values.to_vec())).collect();
    let on_card = stage.card.state().key_sets.iter();
    let mut on_card: Vec<_> =
        on_card.map(|set| (set.version, set.keys.iter().map(|key| key.check_value()).collect::<Vec<_>>())).collect();
    recorded.sort();
    on_card.sort();
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
    let fine = [Code::NOTHING_WAITS, Code::CARD_ENDED];
    if code.is_some_and(|code| fine.contains(&code)) { Ok(()) } else { Err(format!("opened again: {:?}", done.end)) }
}
