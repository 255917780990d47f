//! A program's next version on a card with too little memory for both.

use cardwright_issuance::state::{CardState, OrderState};
use cardwright_lab::life::bench::{Word, tears};
use cardwright_lab::life::fault::{Fault, of_the_line};
use cardwright_lab::life::judge;
use cardwright_lab::life::matrix::undisturbed;
use cardwright_lab::life::picture::Picture;
use cardwright_lab::life::plan::too_little_memory;
use cardwright_lab::life::planted::Planted;
use cardwright_lab::life::scene::Scene;
use cardwright_relay::Code;
use cardwright_relay::message::Outcome;

use crate::cuts::assert_whole;

#[test]
fn nothing_is_deleted_before_somebody_confirms_it() {
    let scene = Scene::before(too_little_memory(false));
    let mut stage = scene.stage();
    let before = Picture::of(&mut stage.card);
    let looked = stage.bench.insert(0, Word::Desk, &mut stage.card, Fault::Nothing);
    let code = looked.end.refusal.as_ref().map(|refusal| refusal.code);
    assert_eq!((looked.end.outcome, code), (Outcome::FailedClean, Some(Code::MEMORY_TOO_SMALL)));
    assert_eq!((stage.row().state, stage.order(scene.order.id).state), (CardState::Live, OrderState::Prepared));
    assert_eq!(Picture::of(&mut stage.card), before);
    for fault in tears(&looked.writes).into_iter().chain(of_the_line(looked.messages)) {
        declined_and_then_confirmed(&scene, fault, &before);
    }
}

/// Whatever happens while the card is looked at: it is as it was, and whoever confirms has it done.
fn declined_and_then_confirmed(scene: &Scene, fault: Fault, before: &Picture) {
    let mut stage = scene.stage();
    stage.bench.insert(0, Word::Desk, &mut stage.card, fault);
    stage.bench.give_up();
    assert_eq!(Picture::of(&mut stage.card), *before, "{fault:?}");
    stage.bench.insert(1, Word::Desk, &mut stage.card, Fault::Nothing);
    assert_eq!(Picture::of(&mut stage.card), *before, "{fault:?}");
    let done = stage.bench.insert(0, Word::DeletionConfirmed, &mut stage.card, Fault::Nothing);
    assert_eq!(done.end.outcome, Outcome::Issued, "{fault:?}: {:?}", done.end.refusal);
    assert_eq!(stage.row().state, CardState::Live);
}

#[test]
fn an_upgrade_that_deletes_first_is_finished_wherever_it_is_cut() {
    assert_whole([too_little_memory(true)], Planted::Nothing);
}

/// Once the old program is gone there is nothing left to confirm.
#[test]
fn a_card_left_bare_is_finished_without_another_word() {
    let scene = Scene::before(too_little_memory(true));
    let (expected, writes, _) = undisturbed(&scene);
    let (mut bare, mut finished) = (0, 0);
    for fault in tears(&writes) {
        let mut stage = scene.stage();
        stage.bench.insert(0, scene.word(), &mut stage.card, fault);
        stage.bench.give_up();
        if !stage.card.state().applications.is_empty() {
            continue;
        }
        bare += 1;
        assert_ne!(stage.row().state, CardState::Live, "{fault:?}");
        let done = stage.bench.insert(1, Word::Desk, &mut stage.card, Fault::Nothing);
        finished += usize::from(done.end.outcome == Outcome::Issued);
        assert!(judge::finished(&scene, &mut stage, &expected).is_ok(), "{fault:?}");
    }
    assert!(bare > 10 && finished == bare, "{bare} cards bare, {finished} finished");
}
