//! What is wrapped arrives, what is answered verifies; and nothing else does.

use cardwright_apdu::{Command, Response, StatusWord};
use cardwright_globalplatform::{Answer, Content, Error, Failure, KeySize, Outcome, PlannedCommand, Reason};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::dialogue::{FULL, Setting, command, play, success, three_commands};

fn setting() -> impl Strategy<Value = Setting> {
    let size = prop_oneof![Just(KeySize::Aes128), Just(KeySize::Aes192), Just(KeySize::Aes256)];
    let i = prop_oneof![Just(0x60), Just(0x61), Just(0x70), Just(0x71)];
    let level = prop_oneof![Just(0x01), Just(0x03), Just(0x11), Just(0x13), Just(0x33)];
    (i, size, level, any::<bool>()).prop_map(|(i, size, level, idle_counter)| Setting { i, size, level, idle_counter })
}

/// Data of a command, and data and status word of its answer.
type Exchange = (Vec<u8>, Vec<u8>, u16);

fn exchanges() -> impl Strategy<Value = Vec<Exchange>> {
    let status = prop_oneof![Just(0x9000u16), Just(0x6310), Just(0x6A88)];
    vec((vec(any::<u8>(), 0..=223), vec(any::<u8>(), 0..200), status), 0..6)
}

fn planned(exchange: &Exchange) -> PlannedCommand {
    command(&exchange.0).allowing(StatusWord(0x6310)).allowing(StatusWord(0x6A88))
}

/// An error comes without data, as cards send it.
fn answered((_, data, status): &Exchange) -> Response {
    Response::new(if *status == 0x6A88 { &[][..] } else { data }, StatusWord(*status))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_list_arrives_and_its_answers_verify(setting in setting(), list in exchanges()) {
        let (mut card, authenticated) = setting.opened();
        let script = authenticated.wrap(&list.iter().map(planned).collect::<Vec<_>>()).ok().unwrap();
        let mut raw = vec![card.authenticate(&script.commands().next().unwrap().command)];
        let answers: Vec<_> = list.iter().map(answered).collect();
        let played = play(&mut card, &script, 1, &answers);
        for (arrived, exchange) in played.iter().zip(&list) {
            prop_assert_eq!(&arrived.0, &exchange.0);
        }
        raw.extend(played.into_iter().map(|(_, answer)| answer));
        let has_mac = setting.level & 0x10 != 0;
        let last_has_mac = list.last().is_some_and(|exchange| exchange.2 != 0x6A88);
        let outcome = script.verify(&raw).unwrap();
        prop_assert_eq!(matches!(outcome, Outcome::Proven(_)), has_mac && last_has_mac);
        let accepted = match &outcome {
            Outcome::Proven(proven) => proven.answers(),
            Outcome::Believed(believed) => believed.answers(),
        };
        for (accepted, expected) in accepted[1..].iter().zip(&answers) {
            prop_assert_eq!(accepted.response(), expected);
            prop_assert_eq!(accepted.proven().is_some(), has_mac && expected.status.carries_response_mac());
        }
    }

    #[test]
    fn every_wrapped_command_is_short(setting in setting(), length in 0usize..=255) {
        let (_, authenticated) = setting.opened();
        let limit = setting.parameters(0x30).command_data_limit();
        match authenticated.wrap(&[command(&vec![0x5A; length])]) {
            Ok(script) => {
                prop_assert!(length <= limit);
                prop_assert!(script.commands().all(|wrapped| wrapped.command.data().len() <= 255));
            }
            Err(error) => prop_assert_eq!(error, Error::TooLong { index: 0, length, limit }),
        }
    }
}

#[test]
fn the_limits_are_those_of_the_short_command() {
    let limit = |i, level| Setting { i, level, ..FULL }.parameters(1).command_data_limit();
    assert_eq!([limit(0x70, 0x11), limit(0x70, 0x33), limit(0x71, 0x11), limit(0x71, 0x33)], [247, 239, 239, 223]);
}

#[test]
fn an_r_mac_taken_away_or_altered_is_noticed_at_every_index() {
    for i in [0x70, 0x71] {
        for level in [0x11, 0x13, 0x33] {
            let setting = Setting { i, level, ..FULL };
            let (script, answers) = three_commands(setting);
            assert!(script.verify(&answers).unwrap().proven().is_some());
            for index in 1..answers.len() {
                stripped_answers_fail(setting, &answers, index);
                altered_answers_fail(setting, &answers, index);
            }
        }
    }
}

fn stripped_answers_fail(setting: Setting, answers: &[Vec<u8>], index: usize) {
    let mut stripped = answers.to_vec();
    stripped[index] = vec![0x90, 0x00];
    let failure = three_commands(setting).0.verify(&stripped).err().unwrap();
    assert_eq!(failure, Failure { index, reason: Reason::ResponseMacMissing, could_be_relay: true });
}

fn altered_answers_fail(setting: Setting, answers: &[Vec<u8>], index: usize) {
    for bit in 0..answers[index].len() * 8 {
        let mut altered = answers.to_vec();
        altered[index][bit / 8] ^= 1 << (bit % 8);
        let failure = three_commands(setting).0.verify(&altered).err().unwrap();
        assert_eq!(failure.index, index, "bit {bit}");
        assert!(failure.could_be_relay);
    }
}

#[test]
fn an_answer_of_another_command_is_noticed() {
    let (script, mut answers) = three_commands(FULL);
    answers.swap(1, 3);
    let failure = script.verify(&answers).err().unwrap();
    assert_eq!((failure.index, failure.reason), (1, Reason::WrongResponseMac));
}

#[test]
fn too_few_and_too_many_answers_are_noticed_where_they_end() {
    for count in 0..4 {
        let (script, answers) = three_commands(FULL);
        let failure = script.verify(&answers[..count]).err().unwrap();
        assert_eq!(failure, Failure { index: count, reason: Reason::TooFew, could_be_relay: true });
    }
    let (script, mut answers) = three_commands(FULL);
    answers.push(vec![0x90, 0x00]);
    assert_eq!(script.verify(&answers).err().unwrap().reason, Reason::TooMany);
}

#[test]
fn an_answer_of_a_dead_reader_is_malformed() {
    let (script, mut answers) = three_commands(FULL);
    answers[2] = Vec::new();
    let failure = script.verify(&answers).err().unwrap();
    assert_eq!((failure.index, failure.reason), (2, Reason::Malformed));
}

#[test]
fn an_allowed_error_is_claimed_and_an_error_with_data_is_refused() {
    let (mut card, authenticated) = FULL.opened();
    let list = [command(b"delete").allowing(StatusWord::REFERENCED_DATA_NOT_FOUND), command(b"ask")];
    let script = authenticated.wrap(&list).ok().unwrap();
    let opened = card.authenticate(&script.commands().next().unwrap().command);
    let played = play(&mut card, &script, 1, &[Response::new([], StatusWord(0x6A88)), success(b"none")]);
    let with_data = script.verify_one(1, &[0x01, 0x6A, 0x88]).err().unwrap();
    assert_eq!(with_data.reason, Reason::Malformed);
    let proven = script.verify(&[&opened, &played[0].1, &played[1].1]).unwrap().proven().unwrap();
    assert!(matches!(proven.answers()[1], Answer::Claimed(_)));
    assert!(matches!(proven.answers()[2], Answer::Proven(_)));
}

#[test]
fn a_warning_that_is_not_allowed_was_said_by_the_card_itself() {
    let (mut card, authenticated) = FULL.opened();
    let script = authenticated.wrap(&[command(b"ask")]).ok().unwrap();
    card.authenticate(&script.commands().next().unwrap().command);
    let played = play(&mut card, &script, 1, &[Response::new([], StatusWord(0x6310))]);
    let failure = script.verify_one(1, &played[0].1).err().unwrap();
    let reason = Reason::StatusNotAllowed(StatusWord(0x6310));
    assert_eq!(failure, Failure { index: 1, reason, could_be_relay: false });
    let forged = script.verify_one(1, &[0x69, 0x85]).err().unwrap();
    assert!(forged.could_be_relay);
}

#[test]
fn an_opening_alone_proves_nothing() {
    let (_, authenticated) = FULL.opened();
    let script = authenticated.wrap(&[]).ok().unwrap();
    assert!(script.verify(&[[0x90, 0x00]]).unwrap().proven().is_none());
}

#[test]
fn a_refused_external_authenticate_stops_there() {
    let (script, mut answers) = three_commands(FULL);
    answers[0] = vec![0x63, 0x00];
    let failure = script.verify(&answers).err().unwrap();
    assert_eq!((failure.index, failure.reason), (0, Reason::StatusNotAllowed(StatusWord(0x6300))));
}

#[test]
fn a_second_script_goes_on_in_the_same_channel() {
    let (mut card, authenticated) = FULL.opened();
    let script = authenticated.wrap(&[command(b"write")]).ok().unwrap();
    let mut raw = vec![card.authenticate(&script.commands().next().unwrap().command)];
    raw.push(play(&mut card, &script, 1, &[success(b"written")]).remove(0).1);
    let proven = script.verify(&raw).unwrap().proven().unwrap();
    let second = proven.into_channel().wrap(&[command(b"activate")]).ok().unwrap();
    let (arrived, answer) = play(&mut card, &second, 0, &[success(b"active")]).remove(0);
    assert_eq!(arrived, b"activate");
    let proven = second.verify(&[answer]).unwrap().proven().unwrap();
    assert_eq!(proven.answers()[0].response().data, b"active");
}

#[test]
fn the_same_inputs_give_the_same_bytes() {
    let bytes = || three_commands(FULL).0.commands().map(|wrapped| wrapped.command.to_bytes()).collect::<Vec<_>>();
    assert_eq!(bytes(), bytes());
}

#[test]
fn personal_data_and_keys_are_refused_where_commands_are_not_encrypted() {
    for level in [0x01, 0x11] {
        let refused = |content| {
            let (_, authenticated) = Setting { level, ..FULL }.opened();
            let personal = PlannedCommand::new(Command::new(0x80, 0xE2, 0, 0), content);
            authenticated.wrap(&[command(b"clear"), personal]).err()
        };
        assert_eq!(refused(Content::Personal), Some(Error::PersonalInClear { index: 1, level }));
        assert_eq!(refused(Content::LoadFile), None);
        assert_eq!(refused(Content::Management), None);
    }
    let (_, authenticated) = FULL.opened();
    let personal = command(b"a name").carrying(Content::Personal);
    assert!(authenticated.wrap(&[personal]).is_ok());
}

#[test]
fn classes_that_the_channel_does_not_know_are_refused() {
    for class in [0x01, 0x08, 0x0C, 0x18, 0x40, 0x90, 0x94, 0xC0] {
        let (_, authenticated) = FULL.opened();
        let odd = PlannedCommand::new(Command::new(class, 0xE2, 0, 0), Content::Management);
        assert_eq!(authenticated.wrap(&[odd]).err(), Some(Error::Class { index: 0, class }));
    }
}
