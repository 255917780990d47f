//! Races and endings: the same message twice at a time, replays after the end, a log that one terminal cannot fill.
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use cardwright_issuance::state::{CardState, OrderState};
use cardwright_issuing_center::store::Store;
use cardwright_lab::simulation::at_once;
use cardwright_relay::encode;
use cardwright_relay::message::{Abort, Outcome, StopReason};

use crate::world::{MINUTE, World, script, stopped, verdict};

#[test]
fn a_result_replayed_after_the_issuance_was_given_up_gets_no_activation() {
    let mut world = World::new();
    let open = world.open(0, 0);
    let first = script(&world.post_open(&open).unwrap());
    let written = world.run(0, &first);
    drop(world.post_result(&written).unwrap()); // the answer is lost on the line
    world.pass(16 * MINUTE);
    assert_eq!(at_once(world.engine.expire()).unwrap(), 1);
    assert_eq!((world.card_row(0).state, world.order(0).state), (CardState::Unknown, OrderState::Blocked));
    let again = world.post_result(&written).unwrap();
    assert_eq!(verdict(&again).outcome, Outcome::Unknown);
}

#[test]
fn the_same_open_twice_at_a_time_gets_the_same_script() {
    let mut world = World::new();
    let open = encode(&world.open(0, 0));
    let terminal = world.terminals[0].clone();
    let mut context = Context::from_waker(Waker::noop());
    let (mut one, mut two) = (pin!(world.engine.open(&terminal, &open)), pin!(world.engine.open(&terminal, &open)));
    assert!(one.as_mut().poll(&mut context).is_pending());
    assert!(two.as_mut().poll(&mut context).is_pending());
    let Poll::Ready(first) = one.as_mut().poll(&mut context) else { panic!() };
    let second = at_once(two);
    assert_eq!(script(&first.unwrap()), script(&second.unwrap()));
}

#[test]
fn abort_after_issued_says_issued() {
    let mut world = World::new();
    let open = world.open(0, 0);
    let first = script(&world.post_open(&open).unwrap());
    let written = world.run(0, &first);
    let second = script(&world.post_result(&written).unwrap());
    let activated = world.run(0, &second);
    assert_eq!(verdict(&world.post_result(&activated).unwrap()).outcome, Outcome::Issued);
    let abort = encode(&Abort { session: open.session, reason: StopReason::TimedOut, challenge: None });
    let told = at_once(world.engine.abort(&world.terminals[0], &abort)).unwrap();
    assert_eq!(verdict(&told).outcome, Outcome::Issued);
}

#[test]
fn a_refused_result_again_gets_the_same_answer() {
    let mut world = World::new();
    let open = world.open(0, 0);
    let first = script(&world.post_open(&open).unwrap());
    let lie = stopped(world.run(0, &first), 3, StopReason::CardGone);
    let told = world.post_result(&lie).unwrap();
    assert_eq!(verdict(&told), verdict(&world.post_result(&lie).unwrap()));
}

#[test]
fn one_terminal_cannot_fill_the_log() {
    let mut world = World::new();
    let mut open = world.open(0, 0);
    open.order = "x".repeat(256);
    let size = world.log_size();
    for _ in 0..1_000 {
        drop(world.post_open(&open));
    }
    let grown = world.log_size() - size;
    assert!(grown < 300, "{grown} entries");
}

#[test]
fn no_text_of_a_terminals_choice_stands_in_the_log() {
    let mut world = World::new();
    let mut open = world.open(0, 0);
    open.order = "Ada Example \u{1b}[2J\n".to_owned();
    drop(world.post_open(&open));
    let leaves = at_once(world.center.store.leaves(0, 1_000)).unwrap();
    let found = leaves.iter().any(|leaf| leaf.entry.windows(7).any(|part| part == b"Example"));
    assert!(!found);
}

#[test]
fn a_script_again_ends_before_the_center_gives_up() {
    let mut world = World::new();
    let open = world.open(0, 0);
    drop(world.post_open(&open));
    world.pass(15 * MINUTE - 1_000_000);
    let again = script(&world.post_open(&open).unwrap());
    assert!(again.deadline <= 1_000, "{}", again.deadline);
}

#[test]
fn open_unknown_after_abort_then_result_replay() {
    let mut world = World::new();
    let open = world.open(0, 0);
    let first = script(&world.post_open(&open).unwrap());
    let written = world.run(0, &first);
    drop(world.post_result(&written).unwrap());
    let abort = encode(&Abort { session: open.session, reason: StopReason::TimedOut, challenge: None });
    drop(at_once(world.engine.abort(&world.terminals[0], &abort)));
    assert_eq!(world.order(0).state, OrderState::Blocked);
    assert_eq!(verdict(&world.post_result(&written).unwrap()).outcome, Outcome::Unknown);
}

#[test]
fn an_abort_that_overtakes_its_open_leaves_the_order_waiting() {
    let mut world = World::new();
    let open = world.open(0, 0);
    let bytes = encode(&open);
    let terminal = world.terminals[0].clone();
    let mut context = Context::from_waker(Waker::noop());
    let mut opening = Box::pin(world.engine.open(&terminal, &bytes));
    assert!(opening.as_mut().poll(&mut context).is_pending());
    let abort = encode(&Abort { session: open.session, reason: StopReason::TimedOut, challenge: Some(open.challenge) });
    let told = verdict(&at_once(world.engine.abort(&terminal, &abort)).unwrap());
    drop(at_once(opening));
    assert_eq!(told.outcome, Outcome::FailedClean);
    assert_eq!(world.order(0).state, OrderState::Prepared);
}
