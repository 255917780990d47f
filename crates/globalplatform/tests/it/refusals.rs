//! Every refusal says what is wrong and who has to change something.

use cardwright_apdu::{Aid, Command, StatusWord};
use cardwright_globalplatform::{
    ChannelParameters, Content, Error, Failure, Fault, KeySize, PlannedCommand, Protocol, Reason, SecurityLevel,
};

use crate::dialogue::{FULL, Setting, play, success};

fn parameters(key_version: u8) -> Result<ChannelParameters, Error> {
    let protocol = Protocol::scp03(0x70, KeySize::Aes128).unwrap();
    ChannelParameters::new(protocol, key_version, SecurityLevel::ResponseEncryption, Aid::ISSUER_SECURITY_DOMAIN)
}

#[test]
fn a_key_version_is_one_that_a_key_set_can_have() {
    let possible: Vec<u8> = (0..=0xFF).filter(|version| parameters(*version).is_ok()).collect();
    assert_eq!(possible, (0x01..=0x7F).chain([0xFF]).collect::<Vec<u8>>());
    assert_eq!(parameters(0x80), Err(Error::KeyVersion(0x80)));
}

#[test]
fn another_key_set_keeps_level_domain_and_counter_rule() {
    let product = parameters(0x30).unwrap().with_counter_idle_without_data();
    let larger = Protocol::scp03(0x71, KeySize::Aes256).unwrap();
    let other = product.with_key_set(larger, 0x31).unwrap();
    assert_eq!((other.key_version(), other.protocol(), other.level()), (0x31, larger, product.level()));
    assert_eq!(other.security_domain(), product.security_domain());
    assert!(other.counter_is_idle_without_data());
    let without_mac = Protocol::scp03(0x10, KeySize::Aes128).unwrap();
    assert_eq!(product.with_key_set(without_mac, 0x31), Err(Error::LevelNotAllowed { level: 0x33 }));
}

#[test]
fn texts_say_what_was_expected_and_what_came() {
    let other = Error::OtherCard { field: "key version", expected: "30".into(), found: "FF".into() };
    assert_eq!(other.to_string(), "the card's key version is FF, the card product says 30");
    let status = Error::Status { status: StatusWord(0x6A88) };
    assert_eq!(status.to_string(), "the card answered 6A88 (referenced data not found)");
    let clear = Error::PersonalInClear { index: 3, level: 0x11 };
    assert_eq!(clear.to_string(), "command 3 carries personal data or secrets, level 11 does not encrypt");
    let failure = Failure { index: 2, reason: Reason::StatusNotAllowed(StatusWord(0x6985)), could_be_relay: true };
    assert_eq!(failure.to_string(), "answer 2: 6985 is not allowed here (conditions of use not satisfied)");
}

#[test]
fn faults_are_told_apart() {
    let card = [Error::CardCryptogram, Error::CardChallenge, Error::Status { status: StatusWord(0x6A88) }];
    assert!(card.iter().all(|error| error.fault() == Fault::Card));
    let keystore = [Error::SecretCount { expected: 3, found: 2 }, Error::SessionKeyLength { length: 8 }];
    assert!(keystore.iter().all(|error| error.fault() == Fault::Keystore));
    let caller = [
        Error::NotPredictable,
        Error::KeyVersion(0),
        Error::UnknownLevel(0),
        Error::LevelNotAllowed { level: 0x33 },
        Error::PersonalInClear { index: 0, level: 1 },
        Error::TooManyBlocks { what: "LOAD", found: 257 },
    ];
    assert!(caller.iter().all(|error| error.fault() == Fault::Caller));
}

#[test]
fn extended_commands_are_not_wrapped() {
    let (_, authenticated) = FULL.opened();
    let extended = Command::new(0x80, 0xE2, 0, 0).with_data([7]).unwrap().expecting(0x1_0000).unwrap();
    let refused = authenticated.wrap(&[PlannedCommand::new(extended, Content::Management)]).err();
    assert_eq!(refused, Some(Error::TooLong { index: 0, length: 1, limit: 239 }));
}

#[test]
fn interindustry_commands_keep_their_class_beside_the_secure_messaging_bit() {
    let (_, authenticated) = Setting { level: 0x13, ..FULL }.opened();
    let put_data = Command::new(0x00, 0xDB, 0x3F, 0xFF).with_data(*b"PIV object").unwrap();
    let script = authenticated.wrap(&[PlannedCommand::new(put_data, Content::Personal)]).ok().unwrap();
    assert_eq!(script.commands().nth(1).unwrap().command.header.cla, 0x04);
}

#[test]
fn each_part_of_a_chain_is_wrapped_by_itself_and_keeps_the_chaining_bit() {
    let (mut card, authenticated) = FULL.opened();
    let part = |class, data: &[u8]| {
        let command = Command::new(class, 0xDB, 0x3F, 0xFF).with_data(data).unwrap();
        PlannedCommand::new(command, Content::Personal)
    };
    let script = authenticated.wrap(&[part(0x10, b"one"), part(0x10, b"two"), part(0x00, b"three")]).ok().unwrap();
    let classes: Vec<_> = script.commands().skip(1).map(|wrapped| wrapped.command.header.cla).collect();
    assert_eq!(classes, [0x14, 0x14, 0x04]);
    let authenticated = card.authenticate(&script.commands().next().unwrap().command.clone());
    let played = play(&mut card, &script, 1, &[success(b""), success(b""), success(b"")]);
    assert_eq!(played.iter().flat_map(|(plain, _)| plain.clone()).collect::<Vec<_>>(), b"onetwothree");
    let raw: Vec<_> = [authenticated].into_iter().chain(played.into_iter().map(|(_, answer)| answer)).collect();
    let proven = script.verify(&raw).unwrap().proven().unwrap();
    assert!(proven.answers()[1..].iter().all(|answer| answer.proven().is_some()));
}

#[test]
fn le_leaves_room_for_the_r_mac() {
    let few = Command::new(0x80, 0xCA, 0x00, 0x42).expecting(0x20).unwrap();
    let none = Command::new(0x80, 0xF0, 0x80, 0x0F);
    let list = [few, none].map(|command| PlannedCommand::new(command, Content::Management));
    let sent = |level| {
        let (_, authenticated) = Setting { level, ..FULL }.opened();
        let script = authenticated.wrap(&list).ok().unwrap();
        script.commands().map(|wrapped| wrapped.command.expected()).collect::<Vec<_>>()
    };
    assert_eq!(sent(0x03), [None, Some(0x20), None]);
    assert_eq!(sent(0x13), [None, Some(0x100), Some(0x100)]);
}

#[test]
fn allowed_status_words_are_kept_once_and_success_first() {
    let command = PlannedCommand::new(Command::new(0x80, 0xE4, 0, 0), Content::Management);
    let command = command.allowing(StatusWord::NOT_FOUND).allowing(StatusWord::NOT_FOUND).allowing(StatusWord::SUCCESS);
    assert_eq!(command.allowed(), [StatusWord::SUCCESS, StatusWord::NOT_FOUND]);
}
