//! A script that goes on through INITIALIZE UPDATE on a key set that the card does not have yet.

use cardwright_globalplatform::{
    Content, Error, Expected, HostChallenge, KeySize, PlannedCommand, PredictedChannel, Prediction, Reason, Script,
};

use crate::card::Card;
use crate::dialogue::{FULL, HOST_CHALLENGE, KDD, Setting, command, play, success};

const NEW_VERSION: u8 = 0x31;

fn predicted(setting: Setting) -> PredictedChannel {
    let keys = setting.keys(0x70);
    let challenge = HostChallenge::new(HOST_CHALLENGE);
    let prediction =
        Prediction::new(setting.parameters(NEW_VERSION), challenge).unwrap_or_else(|error| panic!("{error}"));
    let derived = keys.derive(&prediction.request());
    let needs = prediction.card_challenge(&derived).ok().unwrap();
    let secrets = keys.secrets(&needs.request());
    needs.session_keys(secrets).ok().unwrap()
}

/// PUT KEY (its bytes do not matter here), then the new channel and a write in it.
fn script(setting: Setting) -> (Card, Script) {
    let (card, authenticated) = setting.opened();
    let script = authenticated.wrap(&[command(b"put key").carrying(Content::Personal)]).ok().unwrap();
    (card, script.continue_with(predicted(setting), &[command(b"write")]).ok().unwrap())
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
    let script = script.continue_with(predicted(FULL), &[command(b"write")]).ok().unwrap();
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
    let refused = Prediction::new(setting.parameters(1), HostChallenge::new(HOST_CHALLENGE)).err();
    assert_eq!(refused, Some(Error::NotPredictable));
}
