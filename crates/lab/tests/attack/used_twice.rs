//! What is good once: challenges, tickets, sessions, orders, cards.

use cardwright_issuance::state::{CardState, OrderState};
use cardwright_relay::Code;
use cardwright_relay::message::{Open, Outcome};

use crate::world::{World, script, verdict};

fn refused(world: &World, open: &Open) -> Code {
    let verdict = verdict(&world.post_open(open).unwrap());
    assert_eq!(verdict.outcome, Outcome::Refused);
    verdict.refusal.unwrap().code
}

#[test]
fn a_challenge_that_opened_one_session_opens_no_other() {
    let mut world = World::new();
    let open = world.open(0, 0);
    script(&world.post_open(&open).unwrap());
    let mut again = world.open(1, 1);
    again.challenge = open.challenge;
    assert_eq!(refused(&world, &again), Code::CHALLENGE_REFUSED);
    assert_eq!(world.card_row(1).state, CardState::Stock);
}

#[test]
fn a_challenge_of_another_terminal_is_refused() {
    let mut world = World::new();
    let mut open = world.open(0, 0);
    open.challenge = world.challenge(1).id;
    assert_eq!(refused(&world, &open), Code::CHALLENGE_REFUSED);
}

#[test]
fn a_ticket_of_another_terminal_or_for_another_order_is_refused() {
    let mut world = World::new();
    let mut open = world.open(0, 0);
    open.ticket = world.ticket(1, 0).id;
    assert_eq!(refused(&world, &open), Code::TICKET_REFUSED);
    open.ticket = world.ticket(0, 1).id;
    assert_eq!(refused(&world, &open), Code::TICKET_REFUSED);
}

#[test]
fn an_order_under_way_is_not_written_on_a_second_card_and_a_card_under_way_takes_no_second_order() {
    let mut world = World::new();
    let open = world.open(0, 0);
    script(&world.post_open(&open).unwrap());
    let second_card = world.open(1, 0);
    assert_eq!(refused(&world, &second_card), Code::ORDER_BUSY);
    let second_order = world.open(0, 1);
    assert_eq!(refused(&world, &second_order), Code::CARD_BOUND_ELSEWHERE);
    assert_eq!((world.card_row(1).state, world.order(1).state), (CardState::Stock, OrderState::Prepared));
}

#[test]
fn answers_put_together_from_two_cards_are_of_no_card() {
    let mut world = World::new();
    let mut open = world.open(0, 0);
    let other = world.open(1, 1);
    let own = open.clone();
    open.answers[1] = other.answers[1].clone();
    assert_eq!(refused(&world, &open), Code::CARD_NOT_IN_STOCK);
    open = own.clone();
    open.answers[2] = other.answers[2].clone();
    assert_eq!(refused(&world, &open), Code::CARD_NOT_IN_STOCK);
    open = own;
    open.answers = other.answers;
    assert_eq!(refused(&world, &open), Code::CARD_CRYPTOGRAM_WRONG, "the other card answered another challenge");
    assert_eq!([world.card_row(0).open_tries, world.card_row(1).open_tries], [0, 0]);
}

#[test]
fn every_changed_bit_of_the_card_s_opening_is_refused_and_spends_no_try() {
    let mut world = World::new();
    let open = world.open(0, 0);
    let answer = open.answers[2].to_vec();
    for bit in 0..answer.len() * 8 {
        let mut changed = answer.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        let mut open = open.clone();
        open.answers[2] = changed.into();
        refused(&world, &open);
    }
    assert_eq!((world.card_row(0).state, world.card_row(0).open_tries), (CardState::Stock, 0));
    script(&world.post_open(&open).unwrap());
}
