//! A script that goes on through INITIALIZE UPDATE on a key set that the card does not have yet.

use cardwright_apdu::Aid;
use cardwright_globalplatform::derivation::counter_mode;
use cardwright_globalplatform::{
    ChannelParameters, Content, Error, Expected, HostChallenge, KeySize, PlannedCommand, PredictedChannel, Prediction,
    Reason, Script, StaticKey,
};

use crate::card::Card;
use crate::dialogue::{FULL, HOST_CHALLENGE, KDD, Setting, command, play, success};

const NEW_VERSION: u8 = 0x31;

fn predicted(setting: Setting) -> PredictedChannel {
    nth(setting, setting.parameters(NEW_VERSION), 1)
}

fn nth(setting: Setting, parameters: ChannelParameters, opening: u32) -> PredictedChannel {
    let keys = setting.keys(0x70);
    let challenge = HostChallenge::new(HOST_CHALLENGE);
    let prediction = Prediction::new(parameters, challenge, opening).unwrap_or_else(|error| panic!("{error}"));
    let derived = keys.derive(&prediction.request());
    let needs = prediction.card_challenge(&derived).ok().unwrap();
    let secrets = keys.secrets(&needs.request());
    needs.session_keys(secrets).ok().unwrap()
}

/// PUT KEY (its bytes do not matter here), then the new channel and a write in it.
fn script(setting: Setting) -> (Card, Script) {
    let (card, authenticated) = setting.opened();
    let script = authenticated.wrap(&[command(b"put key").carrying(Content::Personal)]).ok().unwrap();
    (card, script.continue_with(None, predicted(setting), &[command(b"write")]).ok().unwrap())
}

/// The card's answers to the whole script; the new key set is used for the first time.
fn answers(setting: Setting, old: &mut Card, script: &Script) -> Vec<Vec<u8>> {
    let commands: Vec<_> = script.commands().map(|wrapped| wrapped.command.clone()).collect();
    let (mut new, opened) = setting.card(&setting.keys(0x70), NEW_VERSION, 1);
    vec![
        old.authenticate(&commands[0]),
        old.process(&commands[1], &success(b"")).1,
        opened,
        new.authenticate(&commands[3]),
        play(&mut new, script, 4, &[success(b"done")]).remove(0).1,
    ]
}

#[test]
fn the_whole_answer_of_the_new_key_set_is_foreseen() {
    for (i, size) in [(0x70, KeySize::Aes128), (0x71, KeySize::Aes256), (0x30, KeySize::Aes192)] {
        let setting = Setting { i, size, level: 0x13, ..FULL };
        let (_, answer) = setting.card(&setting.keys(0x70), NEW_VERSION, 1);
        assert_eq!(predicted(setting).expected_answer(&KDD), answer, "i = {i:02X}");
    }
}

#[test]
fn a_script_through_two_key_sets_is_proven_as_one() {
    let (mut card, script) = script(FULL);
    let exact: Vec<_> = script.commands().map(|wrapped| matches!(wrapped.expected, Expected::Exactly(_))).collect();
    assert_eq!(exact, [true, false, true, true, false]);
    let raw = answers(FULL, &mut card, &script);
    let proven = script.verify(&raw).unwrap().proven().unwrap();
    assert_eq!(proven.answers().iter().filter(|answer| answer.proven().is_some()).count(), 3);
    assert_eq!(proven.answers()[4].response().data, b"done");
}

#[test]
fn every_changed_bit_of_the_foreseen_answer_is_noticed() {
    let (mut card, first) = script(FULL);
    let raw = answers(FULL, &mut card, &first);
    for bit in 0..raw[2].len() * 8 {
        let mut altered = raw.clone();
        altered[2][bit / 8] ^= 1 << (bit % 8);
        let failure = script(FULL).1.verify(&altered).err().unwrap();
        assert_eq!(failure.index, 2, "bit {bit}");
        assert!(matches!(failure.reason, Reason::NotAsExpected | Reason::StatusNotAllowed(_)));
    }
}

#[test]
fn an_unproven_end_of_the_first_channel_leaves_the_whole_unproven() {
    let (_, authenticated) = FULL.opened();
    let nothing: [PlannedCommand; 0] = [];
    let script = authenticated.wrap(&nothing).ok().unwrap();
    let script = script.continue_with(None, predicted(FULL), &[command(b"write")]).ok().unwrap();
    let (mut new, opened) = FULL.card(&FULL.keys(0x70), NEW_VERSION, 1);
    let commands: Vec<_> = script.commands().map(|wrapped| wrapped.command.clone()).collect();
    let authenticated = new.authenticate(&commands[2]);
    let written = new.process(&commands[3], &success(b"")).1;
    let outcome = script.verify(&[vec![0x90, 0x00], opened, authenticated, written]).unwrap();
    assert!(outcome.proven().is_none());
}

#[test]
fn a_random_challenge_cannot_be_foreseen() {
    let setting = Setting { i: 0x60, ..FULL };
    let refused = Prediction::new(setting.parameters(1), HostChallenge::new(HOST_CHALLENGE), 1).err();
    assert_eq!(refused, Some(Error::NotPredictable));
}

#[test]
fn there_is_no_opening_before_the_first_nor_after_the_counters_last() {
    let predict = |opening| Prediction::new(FULL.parameters(1), HostChallenge::new(HOST_CHALLENGE), opening);
    for (opening, possible) in [(0, false), (1, true), (0x00FF_FFFF, true), (0x0100_0000, false)] {
        assert_eq!(predict(opening).is_ok(), possible, "{opening}");
    }
}

#[test]
fn the_nth_opening_has_the_nth_counter_and_another_challenge() {
    let answer = |opening| nth(FULL, FULL.parameters(NEW_VERSION), opening).expected_answer(&KDD);
    let (first, second, far) = (answer(1), answer(2), answer(0x0001_0203));
    assert_eq!((&first[29..32], &second[29..32], &far[29..32]), (&[0, 0, 1][..], &[0, 0, 2][..], &[1, 2, 3][..]));
    assert!(first[13..21] != second[13..21] && second[13..21] != far[13..21]);
    assert_eq!(FULL.card(&FULL.keys(0x70), NEW_VERSION, 2).1, second);
}

#[test]
fn the_challenge_is_over_the_aid_of_the_application_that_asks_and_not_over_its_security_domains() {
    let application = Aid::new(b"\xF0application").unwrap();
    let through = FULL.parameters(NEW_VERSION).through(application);
    let (own, other) = (nth(FULL, FULL.parameters(NEW_VERSION), 2), nth(FULL, through.clone(), 2));
    assert!(own.expected_answer(&KDD)[13..21] != other.expected_answer(&KDD)[13..21]);
    let context = [&[0, 0, 2][..], application.as_bytes()].concat();
    let asked = Prediction::new(through, HostChallenge::new(HOST_CHALLENGE), 2).ok().unwrap().request();
    assert_eq!((asked.key, asked.derivation), (StaticKey::Enc, counter_mode(0x02, &context, 8)));
}

#[test]
fn a_script_selects_the_application_before_it_opens_the_channel_with_it() {
    let (_, authenticated) = FULL.opened();
    let application = Aid::new(b"\xF0application").unwrap();
    let script = authenticated.wrap(&[command(b"install")]).ok().unwrap();
    let script = script.continue_with(Some(&application), predicted(FULL), &[command(b"store")]).ok().unwrap();
    let commands: Vec<_> = script.commands().map(|wrapped| wrapped.command.header).collect();
    let instructions: Vec<_> = commands.iter().map(|header| (header.cla, header.ins)).collect();
    assert_eq!(instructions[2..5], [(0x00, 0xA4), (0x80, 0x50), (0x84, 0x82)]);
    assert_eq!(script.commands().nth(2).unwrap().command.data(), application.as_bytes());
}

/// A channel that the script before left open ends without a further command in it: nothing of it is left to prove.
#[test]
fn a_script_may_leave_a_channel_without_a_word_but_not_enter_one() {
    let (mut card, first) = script(FULL);
    let raw = answers(FULL, &mut card, &first);
    let nothing: [PlannedCommand; 0] = [];
    let go_on = |raw: &[Vec<u8>]| script(FULL).1.verify(raw).unwrap().proven().unwrap().into_channel();
    let second = |commands: &[PlannedCommand]| {
        let channel = nth(FULL, FULL.parameters(NEW_VERSION), 2);
        go_on(&raw).wrap(&nothing).and_then(|script| script.continue_with(None, channel, commands)).ok().unwrap()
    };
    let (mut new, opened) = FULL.card(&FULL.keys(0x70), NEW_VERSION, 2);
    let asked = second(&[command(b"ask")]);
    let commands: Vec<_> = asked.commands().map(|wrapped| wrapped.command.clone()).collect();
    let authenticated = new.authenticate(&commands[1]);
    let answer = new.process(&commands[2], &success(b"shown")).1;
    let raw = [opened, authenticated, answer];
    assert!(asked.verify(&raw).unwrap().proven().is_some());
    assert!(second(&nothing).verify(&raw[..2]).unwrap().proven().is_none());
    let none: [Vec<u8>; 0] = [];
    assert!(
        go_on(&answers(FULL, &mut script(FULL).0, &first))
            .wrap(&nothing)
            .ok()
            .unwrap()
            .verify(&none)
            .unwrap()
            .proven()
            .is_none()
    );
}
