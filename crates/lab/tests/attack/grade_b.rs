//! Cards whose answers carry no MAC before the real engine: live by a cryptogram that only the written keys make, or
//! not at all.

use std::sync::atomic::Ordering;

use cardwright_issuance::entry::{Entry, Event};
use cardwright_issuance::state::{CardState, IssuanceState, OrderState};
use cardwright_issuing_center::session::Engine;
use cardwright_issuing_center::store::Store;
use cardwright_lab::simulation::at_once;
use cardwright_relay::message::{Outcome, Reply, Script, ScriptResult, StopReason};
use cardwright_relay::{Code, decode};

use crate::specimens::{Specimen, credit, credit_without_r_mac, debit, employee};
use crate::world::{World, script, stopped, verdict};

const PRODUCTS: [&str; 3] = ["scp02-i55", "scp02-i15", "scp03-i10"];

fn world(product: &'static str, specimen: Specimen) -> World {
    World::writing(product, &specimen.profile, specimen.preparer.keystore, &specimen.data)
}

fn is_question(script: &Script) -> bool {
    script.commands.iter().any(|command| command.apdu[..2] == [0x80, 0xAE])
}

/// Issues a card until its last script, which asks for the cryptogram and is not run yet.
fn before_the_last(world: &mut World, card: usize) -> Script {
    let open = world.open(card, card);
    let mut sent = script(&world.post_open(&open).unwrap());
    while !is_question(&sent) {
        let result = world.run(card, &sent);
        sent = script(&world.post_result(&result).unwrap());
    }
    sent
}

/// What the log tells of a card's proofs, entry by entry.
fn told(world: &World) -> Vec<String> {
    let leaves = at_once(world.center.store.leaves(0, 1_000)).unwrap();
    let told = leaves.iter().filter_map(|leaf| match minicbor::decode::<Entry>(&leaf.entry).unwrap().event {
        Event::Believed { step } => Some(format!("believed {step}")),
        Event::Proven { step, grade } => Some(format!("proven {step} {grade}")),
        Event::OutcomeUnknown { step, .. } => Some(format!("unknown {step}")),
        Event::CardLive => Some("live".to_owned()),
        _ => None,
    });
    told.collect()
}

#[test]
fn a_payment_card_without_r_mac_costs_a_script_for_each_channel_and_its_grade_is_on_screen_and_in_the_log() {
    for product in PRODUCTS {
        for (specimen, scripts) in [(debit(), 3), (credit_without_r_mac(), 2)] {
            let mut world = world(product, specimen);
            let open = world.open(0, 0);
            let mut reply = world.post_open(&open).unwrap();
            let mut sent = 0;
            while let Reply::Script(script) = decode::<Reply>(&reply).unwrap() {
                sent += 1;
                assert_eq!(is_question(&script), sent == scripts, "{product}, script {sent}");
                let result = world.run(0, &script);
                world.engine = Engine::new(world.center.clone()); // a node that has seen none of it
                reply = world.post_result(&result).unwrap();
                assert_eq!(world.post_result(&result).unwrap(), reply, "the same message has the same answer");
            }
            let said = verdict(&reply);
            assert_eq!((sent, said.outcome), (scripts, Outcome::Issued), "{product}: {said:?}");
            assert!(said.card.is_some_and(|card| card.ends_with(", grade B")), "{product}");
            assert_eq!((world.card_row(0).state, world.order(0).state), (CardState::Live, OrderState::Issued));
            let believed = (1..scripts).map(|step| format!("believed {step}"));
            let expected: Vec<_> = believed.chain([format!("proven {scripts} B"), "live".to_owned()]).collect();
            assert_eq!(told(&world), expected, "{product}");
        }
    }
}

/// A card is not live, its order is blocked, and another terminal's word changes nothing of it.
fn assert_unknown(world: &mut World, result: &ScriptResult) {
    let reply = world.post_result(result).unwrap();
    let said = verdict(&reply);
    assert_eq!((said.outcome, said.card), (Outcome::Unknown, None));
    assert_eq!(said.refusal.unwrap().code, Code::ANSWER_NOT_PROVEN);
    assert_eq!(world.post_result(result).unwrap(), reply, "the same message has the same answer");
    assert_eq!((world.card_row(0).state, world.order(0).state), (CardState::Unknown, OrderState::Blocked));
    assert_eq!(world.issuance(result.session).unwrap().state, IssuanceState::Unknown);
    let told = told(world);
    assert!(!told.iter().any(|event| event.starts_with("proven") || event == "live"), "{told:?}");
}

#[test]
fn a_terminal_that_forges_9000_to_every_store_data_has_no_live_card() {
    for product in PRODUCTS {
        let mut world = world(product, debit());
        let last = before_the_last(&mut world, 0);
        let kept: Vec<_> = last.commands.iter().filter(|command| command.apdu[1] != 0xE2).cloned().collect();
        let run = world.run(0, &Script { commands: kept, ..last.clone() });
        let mut honest = run.answers.clone().into_iter();
        let answers = last.commands.iter().map(|command| match command.apdu[1] {
            0xE2 => vec![0x90, 0x00].into(),
            _ => honest.next().unwrap(),
        });
        let forged = ScriptResult { answers: answers.collect(), ..run };
        assert_unknown(&mut world, &forged);
    }
}

#[test]
fn a_cryptogram_that_is_wrong_missing_or_another_numbers_makes_no_card_live() {
    let changes: [fn(&mut ScriptResult, &ScriptResult); 3] = [
        |result, _| *result.answers.last_mut().unwrap() = vec![0x90, 0x00].into(),
        |result, _| drop(result.answers.pop()),
        |result, other| *result.answers.last_mut().unwrap() = other.answers.last().unwrap().clone(),
    ];
    for change in changes {
        let mut world = world("scp02-i55", debit());
        // another card of the same data, so of the same keys, in another session: its number was another
        let last = before_the_last(&mut world, 1);
        let other = world.run(1, &last);
        let last = before_the_last(&mut world, 0);
        let mut result = world.run(0, &last);
        change(&mut result, &other);
        assert_unknown(&mut world, &result);
    }
}

/// Whoever carries the answers cannot say that the card is done before its question.
#[test]
fn a_card_left_before_its_cryptogram_is_unknown_and_none_of_it_is_called_usable() {
    let mut world = world("scp02-i15", debit());
    let last = before_the_last(&mut world, 0);
    let mut left = world.run(0, &last);
    left.answers.truncate(last.commands.len() - 1);
    let left = stopped(left, last.commands.len() as u16 - 1, StopReason::CardGone);
    assert_eq!(verdict(&world.post_result(&left).unwrap()).outcome, Outcome::Unknown);
    assert_eq!((world.card_row(0).state, world.order(0).state), (CardState::Unknown, OrderState::Blocked));
}

/// All answers are there, and the terminal says that it stopped: the cryptogram proves that the card can be used.
#[test]
fn a_card_that_answered_and_is_said_to_be_gone_is_known_to_be_usable() {
    let mut world = world("scp02-i15", debit());
    let last = before_the_last(&mut world, 0);
    let whole = world.run(0, &last);
    let left = stopped(whole, last.commands.len() as u16, StopReason::CardGone);
    assert_eq!(verdict(&world.post_result(&left).unwrap()).outcome, Outcome::Unknown);
    assert_eq!(world.card_row(0).state, CardState::PartlyActivated);
}

#[test]
fn nothing_else_is_written_to_a_card_without_r_mac_and_no_try_is_spent() {
    for specimen in [credit(), employee()] {
        let mut world = world("scp02-i55", specimen);
        let open = world.open(0, 0);
        let said = verdict(&world.post_open(&open).unwrap());
        assert_eq!(said.outcome, Outcome::Refused);
        assert_eq!((world.card_row(0).state, world.card_row(0).open_tries), (CardState::Stock, 0));
        assert!(world.issuance(open.session).is_none());
    }
}

#[test]
fn the_keystore_encrypts_for_a_channel_whose_data_key_is_its_own_only_what_goes_through_it() {
    for (specimen, expected) in [(debit(), &[5, 1, 2, 1][..]), (credit_without_r_mac(), &[5, 2, 1])] {
        assert_eq!(calls(&mut world("scp02-i55", specimen)), expected, "by message");
    }
}

/// Calls to the keystore for each message of an issuance.
fn calls(world: &mut World) -> Vec<u32> {
    let open = world.open(0, 0);
    let mut calls = vec![world.calls.load(Ordering::SeqCst)];
    let mut reply = world.post_open(&open).unwrap();
    while let Reply::Script(script) = decode::<Reply>(&reply).unwrap() {
        calls.push(world.calls.load(Ordering::SeqCst));
        let result = world.run(0, &script);
        reply = world.post_result(&result).unwrap();
    }
    calls.push(world.calls.load(Ordering::SeqCst));
    assert_eq!(verdict(&reply).outcome, Outcome::Issued);
    calls.windows(2).map(|pair| pair[1] - pair[0]).collect()
}
