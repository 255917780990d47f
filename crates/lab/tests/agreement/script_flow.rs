//! Issuers' scripts as part of an order, and somebody between issuer and card who is not honest.

use cardwright_data_preparation::{Checked, Interface, IssuerScript, PersonalizationData, Scope, ScriptCommand};
use cardwright_issuance::kind::OrderKind;
use cardwright_relay::Code;
use cardwright_virtual_card::Card;

use crate::changes::{Bureau, DEBIT, record, select};
use crate::life::{Became, Life, Wanted};

const UPDATE_RECORD: u8 = 0xDC;
const GENERATE_AC: u8 = 0xAE;
const OLD: &[u8] = b"\x70\x0E\x5F\x20\x0BADA EXAMPLE";

/// A card with and one without a MAC on answers, each with an order for another name.
fn cards() -> impl Iterator<Item = (Life, Wanted)> {
    [("scp03-i70", true), ("scp03-i60", true), ("scp02-i55", false)].into_iter().map(|(product, proving)| {
        let debit = Bureau::debit(proving);
        let life = Life::issued(product, debit.whole(&[("name", "Ada Example")], None), None);
        let change = debit.change(Scope::PersonalData, &[("name", "Zoë Sample")], None);
        (life, Wanted::with(OrderKind::PersonalData, change))
    })
}

#[track_caller]
fn is_not_proven(became: &Became) {
    assert!(matches!(became, Became::Unknown(why) if why.contains("carried out the issuer's script")), "{became:?}");
}

#[test]
fn a_command_that_was_held_back_and_answered_9000_is_missed_by_the_count() {
    for (mut life, wanted) in cards() {
        life.carrier = Some(Box::new(|card, command| match command[1] {
            UPDATE_RECORD => vec![0x90, 0x00],
            _ => card.transmit(command),
        }));
        is_not_proven(&life.carry_out(&wanted));
        life.carrier = None;
        assert_eq!(record(&mut life.card, &DEBIT, (1, 2)).unwrap(), OLD);
        assert!(matches!(life.carry_out(&wanted), Became::Done(_)), "the control: done again, it is done");
        assert_ne!(record(&mut life.card, &DEBIT, (1, 2)).unwrap(), OLD);
    }
}

#[test]
fn the_first_cryptogram_is_no_answer_to_the_second_question() {
    for (mut life, wanted) in cards() {
        let mut first = None;
        life.carrier = Some(Box::new(move |card, command| {
            let answer = card.transmit(command);
            if (command[1], command[2]) == (GENERATE_AC, 0x80) { first.get_or_insert(answer).clone() } else { answer }
        }));
        is_not_proven(&life.carry_out(&wanted));
    }
}

#[test]
fn an_application_that_does_not_answer_as_the_issuers_gets_no_script_and_the_order_waits_on() {
    for (mut life, wanted) in cards() {
        let before = life.card.state().to_json();
        life.carrier = Some(Box::new(|card, command| {
            let mut answer = card.transmit(command);
            if command[1] == GENERATE_AC {
                let last = answer.len() - 3;
                answer[last] ^= 1;
            }
            answer
        }));
        let Became::Declined(why) = life.carry_out(&wanted) else { panic!("it got a script") };
        assert_eq!(why.code, Code::CARD_ANSWER_REFUSED);
        assert_ne!(life.card.state().to_json(), before, "its counters went on");
        assert_eq!(record(&mut life.card, &DEBIT, (1, 2)).unwrap(), OLD);
        life.carrier = None;
        assert!(matches!(life.carry_out(&wanted), Became::Done(_)), "the control");
    }
}

/// APPLICATION BLOCK by the issuer's own means, as a payment network brings it.
fn block(card: &mut Card, data: &Checked<PersonalizationData>) {
    let application = &data.applications[0];
    let question = IssuerScript::question(application, Interface::Contact, [7; 4]).unwrap();
    select(card, &DEBIT);
    let sent = |instruction, first, data: &[u8]| {
        [&[0x80, instruction, first, 0x00, data.len() as u8][..], data, &[0x00]].concat()
    };
    card.transmit(&sent(0xA8, 0x00, question.options()));
    let answer = card.transmit(&sent(GENERATE_AC, question.reference_control(), question.transaction()));
    let session = question.answered_by(&answer[..answer.len() - 2]).unwrap();
    for command in session.completion().into_iter().chain([session.secured(&ScriptCommand::BlockApplication)]) {
        assert!(card.transmit(&command.to_bytes()).ends_with(&[0x90, 0x00]));
    }
}

#[test]
fn an_application_that_its_issuer_blocked_is_told_so_and_nothing_is_done() {
    for (mut life, wanted) in cards() {
        let (bytes, digest) = wanted.data.clone().unwrap();
        block(&mut life.card, &Checked::reopen(&bytes, &digest).unwrap());
        assert!(select(&mut life.card, &DEBIT).ends_with(&[0x62, 0x83]));
        let became = life.carry_out(&wanted);
        assert!(matches!(became, Became::Declined(_)), "{became:?}");
    }
}

/// Level 33 is of the channel; a script goes outside it.
#[test]
fn whoever_carries_a_script_reads_no_name_in_it() {
    let shows = |command: &[u8], text: &[u8]| command.windows(text.len()).any(|part| part == text);
    for (mut life, wanted) in cards() {
        life.carrier = Some(Box::new(move |card, command| {
            assert!(!shows(command, b"SAMPLE") && !shows(command, b"Sample"), "{command:02X?}");
            card.transmit(command)
        }));
        assert!(matches!(life.carry_out(&wanted), Became::Done(_)));
        life.carrier = None;
        let written = record(&mut life.card, &DEBIT, (1, 2)).unwrap();
        assert!(shows(&written, b"SAMPLE"), "the control: it is on the card");
    }
}
