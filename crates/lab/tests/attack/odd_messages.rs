//! Bytes that are no message, and messages that are odd: a refusal each time, and no panic.

use cardwright_issuance::state::{CardState, IssuanceState};
use cardwright_issuing_center::server::Dialogue;
use cardwright_lab::simulation::at_once;
use cardwright_relay::encode;
use cardwright_relay::message::{Abort, Outcome, Progress, StopReason};

use crate::world::{World, script, verdict};

/// `bytes` with each byte in turn changed in some way, and cut off at each place.
fn altered(bytes: &[u8]) -> impl Iterator<Item = Vec<u8>> + '_ {
    let changed = (0..bytes.len()).flat_map(|place| {
        [0x01, 0x20, 0x80, 0xFF].map(|mask| {
            let mut changed = bytes.to_vec();
            changed[place] ^= mask;
            changed
        })
    });
    changed.chain((0..bytes.len()).map(|length| bytes[..length].to_vec()))
}

#[test]
fn no_altered_message_breaks_the_center() {
    let mut world = World::new();
    let open = encode(&world.open(0, 0));
    let abort = encode(&Abort { session: world.id(), reason: StopReason::Cancelled, challenge: None });
    let progress = encode(&Progress { session: world.id(), step: u16::MAX, index: u16::MAX });
    let terminal = world.terminals[0].clone();
    for bytes in altered(&open).chain(altered(&abort)).chain(altered(&progress)) {
        drop(at_once(world.engine.open(&terminal, &bytes)));
        drop(at_once(world.engine.result(&terminal, &bytes)));
        drop(at_once(world.engine.abort(&terminal, &bytes)));
        drop(at_once(Dialogue::progress(&world.engine, &terminal, &bytes)));
    }
    assert_eq!(world.card_row(1).state, CardState::Stock);
    let other = world.open(1, 1);
    script(&world.post_open(&other).unwrap());
}

#[test]
fn no_altered_result_is_believed() {
    let mut world = World::new();
    let open = world.open(0, 0);
    let first = script(&world.post_open(&open).unwrap());
    let result = encode(&world.run(0, &first));
    let terminal = world.terminals[0].clone();
    for bytes in altered(&result) {
        drop(at_once(world.engine.result(&terminal, &bytes)));
    }
    assert_eq!(world.issuance(open.session).unwrap().state, IssuanceState::Unknown);
    assert_eq!((world.card_row(0).state, world.intents(open.session).len()), (CardState::Unknown, 1));
}

#[test]
fn a_result_under_another_script_or_step_is_refused() {
    let mut world = World::new();
    let open = world.open(0, 0);
    let first = script(&world.post_open(&open).unwrap());
    let mut result = world.run(0, &first);
    result.script = world.id();
    assert!(world.post_result(&result).is_err(), "another script's id");
    result.script = first.script;
    result.step = 0;
    assert!(world.post_result(&result).is_err());
    result.step = u16::MAX;
    assert!(world.post_result(&result).is_err());
    result.step = 2;
    assert!(world.post_result(&result).is_err(), "the step after");
    result.step = 1;
    script(&world.post_result(&result).unwrap());
}

#[test]
fn an_open_with_odd_numbers_of_answers_is_refused() {
    let mut world = World::new();
    let open = world.open(0, 0);
    for answers in [vec![], vec![vec![].into()], vec![vec![0x90].into(); 3], vec![vec![0x90, 0x00].into(); 17]] {
        let mut open = open.clone();
        open.answers = answers;
        assert_eq!(verdict(&world.post_open(&open).unwrap()).outcome, Outcome::Refused);
    }
}
