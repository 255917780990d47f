//! Payment and PIV cards before the real engine: how many trips, how many calls of the keystore, and another node in
//! the middle.

use std::sync::atomic::Ordering;

use cardwright_issuance::state::{CardState, OrderState};
use cardwright_issuing_center::session::Engine;
use cardwright_relay::message::{Outcome, Reply, StopReason};
use cardwright_relay::{Code, decode};

use crate::specimens::{Specimen, credit, debit_with_r_mac, employee};
use crate::world::{World, script, stopped, verdict};

fn world(product: &'static str, specimen: Specimen) -> World {
    World::writing(product, &specimen.profile, specimen.preparer.keystore, &specimen.data)
}

/// Issues a card; gives the number of scripts. With `forgetful`, each message is answered by a node that has seen none
/// of those before it.
fn issue(world: &mut World, card: usize, forgetful: bool) -> usize {
    let open = world.open(card, card);
    let mut reply = world.post_open(&open).unwrap();
    let mut scripts = 0;
    while let Reply::Script(script) = decode::<Reply>(&reply).unwrap() {
        scripts += 1;
        let result = world.run(card, &script);
        if forgetful {
            world.engine = Engine::new(world.center.clone());
        }
        reply = world.post_result(&result).unwrap();
        assert_eq!(world.post_result(&result).unwrap(), reply, "the same message has the same answer");
    }
    let told = verdict(&reply);
    assert_eq!((told.outcome, world.order(card).state), (Outcome::Issued, OrderState::Issued), "{told:?}");
    assert_eq!(world.card_row(card).state, CardState::Live);
    scripts
}

#[test]
fn a_feedback_point_costs_one_trip_and_so_does_a_channel_that_cannot_be_foreseen() {
    for (product, payment, straight, keys) in [("scp03-i70", 2, 2, 3), ("scp03-i71", 2, 2, 3), ("scp03-i60", 3, 5, 5)] {
        assert_eq!(issue(&mut world(product, credit()), 0, false), payment, "{product}: through the Security Domain");
        assert_eq!(issue(&mut world(product, debit_with_r_mac()), 0, false), straight, "{product}: straight");
        assert_eq!(issue(&mut world(product, employee()), 0, false), keys, "{product}: keys made on the card");
    }
}

#[test]
fn any_node_answers_any_message_of_any_application() {
    for specimen in [credit(), debit_with_r_mac(), employee()] {
        issue(&mut world("scp03-i70", specimen), 0, true);
    }
    issue(&mut world("scp03-i60", employee()), 0, true);
}

#[test]
fn the_keystore_is_asked_at_most_eight_times_for_a_card_with_keys_of_its_own() {
    for specimen in [credit(), debit_with_r_mac(), employee()] {
        let mut world = world("scp03-i70", specimen);
        issue(&mut world, 0, false); // what a center learns once
        let open = world.open(1, 1);
        let before = world.calls.load(Ordering::SeqCst);
        let mut reply = world.post_open(&open).unwrap();
        while let Reply::Script(script) = decode::<Reply>(&reply).unwrap() {
            let result = world.run(1, &script);
            reply = world.post_result(&result).unwrap();
        }
        assert_eq!(verdict(&reply).outcome, Outcome::Issued);
        let calls = world.calls.load(Ordering::SeqCst) - before;
        assert!((1..=8).contains(&calls), "{calls} calls");
    }
}

/// The public key is the card's word: its certificate is made of what its R-MAC vouches for, or not at all.
#[test]
fn a_public_key_that_was_changed_on_the_way_is_certified_by_nobody() {
    let mut world = world("scp03-i70", employee());
    let open = world.open(0, 0);
    let first = script(&world.post_open(&open).unwrap());
    let mut result = world.run(0, &first);
    let longest = (0..result.answers.len()).max_by_key(|place| result.answers[*place].len()).unwrap();
    let middle = result.answers[longest].len() / 2;
    result.answers[longest][middle] ^= 1;
    let told = verdict(&world.post_result(&result).unwrap());
    assert_eq!((told.outcome, told.refusal.unwrap().code), (Outcome::Unknown, Code::ANSWER_NOT_PROVEN));
    assert_eq!(world.card_row(0).state, CardState::Unknown);
}

#[test]
fn a_card_left_with_keys_and_without_certificates_is_unknown() {
    let mut world = world("scp03-i70", employee());
    let open = world.open(0, 0);
    let first = script(&world.post_open(&open).unwrap());
    let made = world.run(0, &first);
    let second = script(&world.post_result(&made).unwrap());
    let mut left = stopped(world.run(0, &second), 1, StopReason::CardGone);
    left.answers.truncate(1);
    assert_eq!(verdict(&world.post_result(&left).unwrap()).outcome, Outcome::Unknown);
    assert_eq!((world.card_row(0).state, world.order(0).state), (CardState::Unknown, OrderState::Blocked));
}
