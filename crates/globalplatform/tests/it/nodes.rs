//! Any node carries a dialogue on: the same inputs give the same script, and one node's script verifies what another
//! node's script was answered.

use cardwright_apdu::Response;
use cardwright_globalplatform::{Error, HostChallenge, KeySize, PredictedChannel, Prediction, Reason, Script};

use crate::card::Card;
use crate::dialogue::{FULL, HOST_CHALLENGE, Setting, command, play, success, three_commands};

fn bytes(script: &Script) -> Vec<Vec<u8>> {
    script.commands().map(|wrapped| wrapped.command.to_bytes()).collect()
}

#[test]
fn one_node_sends_and_another_verifies() {
    let (sent, answers) = three_commands(FULL);
    let (recomputed, _) = three_commands(FULL);
    assert_eq!(bytes(&sent), bytes(&recomputed));
    drop(sent);
    assert!(recomputed.verify(&answers).unwrap().proven().is_some());
}

#[test]
fn a_recorded_session_proves_nothing_in_another() {
    let (_, recorded) = three_commands(FULL);
    let keys = FULL.keys(0x40);
    let (_, answer) = FULL.card(&keys, 0x30, 6); // the counter has stepped, so the challenge is another
    let needs = FULL.begin(&answer);
    let secrets = keys.secrets(&needs.request());
    let list = [command(b"one"), command(b""), command(b"three")];
    let script = needs.session_keys(secrets).ok().unwrap().wrap(&list).ok().unwrap();
    let failure = script.verify(&recorded).err().unwrap();
    assert_eq!((failure.index, failure.reason), (1, Reason::WrongResponseMac));
}

#[test]
fn the_order_of_the_commands_is_in_every_mac() {
    let script = |list: &[&[u8]]| {
        let (_, authenticated) = FULL.opened();
        let planned: Vec<_> = list.iter().map(|data| command(data)).collect();
        bytes(&authenticated.wrap(&planned).ok().unwrap())
    };
    let (one, other) = (script(&[b"a", b"b", b"c"]), script(&[b"b", b"a", b"c"]));
    assert_eq!(one[0], other[0]);
    assert_ne!(one[3], other[3], "the last command is the same, what came before it is not");
}

#[test]
fn a_long_script_outgrows_a_counter_of_one_byte() {
    for setting in [FULL, Setting { i: 0x71, size: KeySize::Aes256, ..FULL }] {
        let (mut card, authenticated) = setting.opened();
        let list: Vec<_> = (0..600u16).map(|number| command(&number.to_be_bytes())).collect();
        let script = authenticated.wrap(&list).ok().unwrap();
        let mut raw = vec![card.authenticate(&script.commands().next().unwrap().command)];
        let plain: Vec<Response> = (0..600u16).map(|number| success(&(!number).to_be_bytes())).collect();
        let played = play(&mut card, &script, 1, &plain);
        assert_eq!(played[599].0, 599u16.to_be_bytes());
        raw.extend(played.into_iter().map(|(_, answer)| answer));
        let proven = script.verify(&raw).unwrap().proven().unwrap();
        assert_eq!(proven.answers()[600].response(), &plain[599]);
    }
}

#[test]
fn the_counter_stands_still_only_on_products_that_say_so() {
    let wrapped = |idle_counter| {
        let (_, authenticated) = Setting { idle_counter, ..FULL }.opened();
        bytes(&authenticated.wrap(&[command(b""), command(b"data")]).ok().unwrap())
    };
    let (stepping, idle) = (wrapped(false), wrapped(true));
    assert_eq!(stepping[1], idle[1]);
    assert_ne!(stepping[2], idle[2]);
}

fn predicted(setting: Setting, parameters_level: u8) -> PredictedChannel {
    let keys = setting.keys(0x70);
    let setting = Setting { level: parameters_level, ..setting };
    let prediction = Prediction::new(setting.parameters(0x31), HostChallenge::new(HOST_CHALLENGE), 1).ok().unwrap();
    let derived = keys.derive(&prediction.request());
    let needs = prediction.card_challenge(&derived).ok().unwrap();
    let secrets = keys.secrets(&needs.request());
    needs.session_keys(secrets).ok().unwrap()
}

#[test]
fn a_further_script_goes_on_in_the_foreseen_channel() {
    let (mut old, authenticated) = FULL.opened();
    let script = authenticated.wrap(&[command(b"put key")]).ok().unwrap();
    let script = script.continue_with(None, predicted(FULL, 0x33), &[command(b"write")]).ok().unwrap();
    let commands: Vec<_> = script.commands().map(|wrapped| wrapped.command.clone()).collect();
    let (mut new, opened): (Card, _) = FULL.card(&FULL.keys(0x70), 0x31, 1);
    let first = [old.authenticate(&commands[0]), old.process(&commands[1], &success(b"")).1];
    let second = [new.authenticate(&commands[3]), new.process(&commands[4], &success(b"")).1];
    let raw = [&first[..], &[opened], &second].concat();
    let channel = script.verify(&raw).unwrap().proven().unwrap().into_channel();
    let activation = channel.wrap(&[command(b"activate")]).ok().unwrap();
    let (arrived, answer) = play(&mut new, &activation, 0, &[success(b"")]).remove(0);
    assert_eq!(arrived, b"activate");
    assert!(activation.verify(&[answer]).unwrap().proven().is_some());
}

#[test]
fn a_foreseen_channel_has_its_own_level() {
    use cardwright_globalplatform::Content;
    let (_, authenticated) = FULL.opened();
    let script = authenticated.wrap(&[command(b"put key")]).ok().unwrap();
    let personal = command(b"a name").carrying(Content::Personal);
    let refused = script.continue_with(None, predicted(FULL, 0x11), &[personal]).err();
    assert_eq!(refused, Some(Error::PersonalInClear { index: 0, level: 0x11 }));
}

#[test]
fn a_foreseen_challenge_of_another_length_is_the_keystores_fault() {
    for (i, length) in [(0x70, 16), (0x71, 8), (0x70, 0)] {
        let setting = Setting { i, ..FULL };
        let prediction = Prediction::new(setting.parameters(0x31), HostChallenge::new(HOST_CHALLENGE), 1).ok().unwrap();
        let refused = prediction.card_challenge(&vec![0; length]).err();
        assert_eq!(refused, Some(Error::SessionKeyLength { length }));
    }
}
