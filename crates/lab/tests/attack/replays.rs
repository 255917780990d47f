//! Messages that come again, too late, or from somebody else.

use cardwright_issuance::state::{CardState, IssuanceState, OrderState};
use cardwright_lab::simulation::at_once;
use cardwright_relay::message::{Abort, Outcome, StopReason};
use cardwright_relay::{Code, encode};

use crate::world::{MINUTE, World, script, stopped, verdict};

#[test]
fn a_card_is_issued_and_the_same_messages_again_change_nothing() {
    let mut world = World::new();
    let open = world.open(0, 0);
    let first = script(&world.post_open(&open).unwrap());
    assert_eq!(script(&world.post_open(&open).unwrap()), first);
    let written = world.run(0, &first);
    let second = script(&world.post_result(&written).unwrap());
    assert_eq!(script(&world.post_result(&written).unwrap()), second);
    let activated = world.run(0, &second);
    assert_eq!(verdict(&world.post_result(&activated).unwrap()).outcome, Outcome::Issued);
    let size = world.log_size();
    assert_eq!(verdict(&world.post_result(&activated).unwrap()).outcome, Outcome::Issued);
    assert_eq!(verdict(&world.post_open(&open).unwrap()).outcome, Outcome::Issued);
    assert_eq!((world.card_row(0).state, world.order(0).state), (CardState::Live, OrderState::Issued));
    assert_eq!((world.card_row(0).open_tries, world.log_size()), (0, size));
}

#[test]
fn an_open_replayed_after_the_issuance_was_given_up_gets_no_script() {
    let mut world = World::new();
    let open = world.open(0, 0);
    script(&world.post_open(&open).unwrap());
    world.pass(16 * MINUTE);
    assert_eq!(at_once(world.engine.expire()).unwrap(), 1);
    assert_eq!(verdict(&world.post_open(&open).unwrap()).outcome, Outcome::Unknown);
}

#[test]
fn a_late_result_is_kept_and_activates_nothing() {
    let mut world = World::new();
    let open = world.open(0, 0);
    let first = script(&world.post_open(&open).unwrap());
    let written = world.run(0, &first);
    world.pass(16 * MINUTE);
    at_once(world.engine.expire()).unwrap();
    assert_eq!(verdict(&world.post_result(&written).unwrap()).outcome, Outcome::Unknown);
    assert_eq!(world.intents(open.session).len(), 1);
    assert_eq!((world.card_row(0).state, world.order(0).state), (CardState::Unknown, OrderState::Blocked));
}

#[test]
fn whoever_says_stop_after_everything_was_done_gets_unknown_and_never_issued() {
    let mut world = World::new();
    let open = world.open(0, 0);
    let first = script(&world.post_open(&open).unwrap());
    let count = first.commands.len() as u16;
    let written = stopped(world.run(0, &first), count, StopReason::Cancelled);
    assert_eq!(verdict(&world.post_result(&written).unwrap()).outcome, Outcome::Unknown);
    assert_eq!(world.issuance(open.session).unwrap().state, IssuanceState::Unknown);
    assert_eq!(world.order(0).state, OrderState::Blocked);
}

#[test]
fn every_answer_that_is_forged_left_out_doubled_or_swapped_ends_in_unknown() {
    let mut honest = World::new();
    let open = honest.open(0, 0);
    let first = script(&honest.post_open(&open).unwrap());
    let good = honest.run(0, &first);
    let count = good.answers.len();
    let mut forgeries = Vec::new();
    for index in (0..count).filter(|index| good.answers[*index].len() > 2) {
        let mut forged = good.clone();
        forged.answers[index] = vec![0x90, 0x00].into();
        forgeries.push(forged);
        let mut swapped = good.clone();
        swapped.answers.swap(index, (index + 1) % count);
        forgeries.push(swapped);
    }
    let shortened = good.answers[..count - 1].to_vec();
    forgeries.push(cardwright_relay::message::ScriptResult { answers: shortened, ..good.clone() });
    let mut doubled = good.clone();
    doubled.answers.push(good.answers[count - 1].clone());
    forgeries.push(doubled);
    assert!(forgeries.len() > 10, "{count} answers");
    for forged in forgeries {
        if forged == good {
            continue;
        }
        let mut world = World::new();
        let open = world.open(0, 0);
        assert_eq!(script(&world.post_open(&open).unwrap()), first);
        assert_eq!(verdict(&world.post_result(&forged).unwrap()).outcome, Outcome::Unknown);
        assert_eq!(world.card_row(0).state, CardState::Unknown);
    }
}

#[test]
fn the_session_of_another_terminal_cannot_be_spoken_for() {
    let mut world = World::new();
    let open = world.open(0, 0);
    let first = script(&world.post_open(&open).unwrap());
    let written = world.run(0, &first);
    let other = world.terminals[1].clone();
    let result = at_once(world.engine.result(&other, &encode(&written)));
    assert_eq!(result.unwrap_err().code, Code::SESSION_UNKNOWN);
    let opened = at_once(world.engine.open(&other, &encode(&open)));
    assert_eq!(opened.unwrap_err().code, Code::MESSAGE_CONFLICT);
    let abort = Abort { session: open.session, reason: StopReason::Cancelled, challenge: None };
    at_once(world.engine.abort(&other, &encode(&abort))).unwrap();
    assert_eq!(world.issuance(open.session).unwrap().state, IssuanceState::Writing);
    script(&world.post_result(&written).unwrap());
}

#[test]
fn a_result_with_the_answers_of_the_other_card_ends_in_unknown() {
    let mut world = World::new();
    let (one, other) = (world.open(0, 0), world.open(1, 1));
    let first = script(&world.post_open(&one).unwrap());
    let foreign = script(&world.post_open(&other).unwrap());
    let mut mixed = world.run(0, &first);
    mixed.answers = world.run(1, &foreign).answers;
    assert_eq!(verdict(&world.post_result(&mixed).unwrap()).outcome, Outcome::Unknown);
}

#[test]
fn a_second_result_for_a_step_is_a_conflict_and_the_first_one_counts() {
    let mut world = World::new();
    let open = world.open(0, 0);
    let first = script(&world.post_open(&open).unwrap());
    let written = world.run(0, &first);
    script(&world.post_result(&written).unwrap());
    let lie = stopped(written, 3, StopReason::CardGone);
    assert_eq!(world.post_result(&lie).unwrap_err().code, Code::MESSAGE_CONFLICT);
    assert_eq!(world.issuance(open.session).unwrap().state, IssuanceState::Activating);
}
