//! The vectors at the repository's root seen from the card: given its keys and challenges it must compute what was
//! recorded, take what was sent, and answer as the recorded card answered. `src` in each entry is its passport.

use cardwright_apdu::{Command, Response};
use serde_json::Value;

use crate::channel::Session;
use crate::diversification::card_keys;
use crate::key::{ChannelKeys, Key, KeyKind};
use crate::level::SecurityLevel;
use crate::product::Diversification;
use crate::scp02::CardChallenge;
use crate::secret::Secret;
use crate::{scp02, scp03};

const SCP02: &str = include_str!("../../../../vectors/scp02.json");
const SCP03: &str = include_str!("../../../../vectors/scp03.json");
const DIVERSIFICATION: &str = include_str!("../../../../vectors/diversification.json");

/// The entries of one kind; there must be some.
fn entries(text: &str, kind: &str) -> Vec<Value> {
    let all: Vec<Value> = serde_json::from_str(text).unwrap();
    let found: Vec<Value> = all.into_iter().filter(|entry| entry["kind"] == kind).collect();
    assert!(!found.is_empty(), "there are vectors of {kind}");
    found
}

fn bytes(value: &Value) -> Vec<u8> {
    hex::decode(value.as_str().unwrap()).unwrap()
}

fn level(value: &Value, scp: u8, i: u8) -> SecurityLevel {
    SecurityLevel::new(bytes(value)[0], scp, i).unwrap()
}

/// Opens the recorded channel: the card's cryptogram is the recorded one, and the recorded host is believed.
fn open_scp03(entry: &Value) -> Session {
    let [encryption, mac, data_encryption] = ["enc", "mac", "dek"].map(|name| bytes(&entry[name]));
    let keys = ChannelKeys { encryption: &encryption, mac: &mac, data_encryption: &data_encryption };
    let i = bytes(&entry["i"])[0];
    let length = if i & 1 == 1 { 16 } else { 8 };
    let initialize = Command::parse(&bytes(&entry["trace"][0][0])).unwrap();
    let answer = bytes(&entry["trace"][0][1]);
    let session = scp03::Session::derive(&keys, initialize.data(), &answer[13..13 + length]).unwrap();
    assert_eq!(session.card_cryptogram().unwrap(), answer[13 + length..13 + 2 * length], "{}", entry["src"]);
    let mut session = Session::Scp03(Box::new(session));
    let authenticate = Command::parse(&bytes(&entry["trace"][1][0])).unwrap();
    assert!(session.proves_the_host(&authenticate.data()[..length]), "{}", entry["src"]);
    assert!(session.verify_authenticate(authenticate.header, authenticate.data()), "{}", entry["src"]);
    assert_eq!(authenticate.header.p1, bytes(&entry["level"])[0]);
    session.set_level(level(&entry["level"], 3, i));
    session
}

#[test]
fn recorded_scp03_dialogues_are_taken_and_answered() {
    let (mut answered, mut padded_twice) = (0, 0);
    for entry in entries(SCP03, "scp03-trace") {
        let mut session = open_scp03(&entry);
        let exchanges = entry["trace"].as_array().unwrap()[2..].iter();
        for (exchange, plain) in exchanges.zip(entry["plain"].as_array().unwrap()) {
            let place = format!("{} {plain}", entry["name"]);
            let wrapped = Command::parse(&bytes(&exchange[0])).unwrap();
            let command = session.unwrap(&wrapped).unwrap_or_else(|| panic!("{place}"));
            let recorded = Command::parse(&bytes(&plain["cmd"])).unwrap();
            assert_eq!(command.data(), recorded.data(), "{place}");
            assert_eq!(command.header.ins, recorded.header.ins, "{place}");
            if let (Some(answer), Some(response)) = (exchange[1].as_str(), plain["rsp"].as_str()) {
                let status = &answer[answer.len() - 4..];
                let response = Response::parse(&hex::decode(format!("{response}{status}")).unwrap()).unwrap();
                let ours = hex::encode(session.protect(response).to_bytes());
                if answer.len() == ours.len() + 32 {
                    assert_eq!(ours[..32], answer.to_lowercase()[..32], "{place}");
                    padded_twice += 1;
                } else {
                    assert_eq!(ours, answer.to_lowercase(), "{place}");
                    answered += 1;
                }
            }
        }
    }
    // one emulator fills its shortest answer with a whole block of 00 more than GPCS §B.2.3 asks for
    assert_eq!((answered, padded_twice), (13, 2));
}

#[test]
fn the_derivation_function_gives_what_was_recorded() {
    for entry in entries(SCP03, "scp03-kdf") {
        let constant = u8::from_str_radix(entry["constant"].as_str().unwrap(), 16).unwrap();
        let expected = bytes(&entry["out"]);
        let derived = scp03::derive(&bytes(&entry["key"]), constant, &bytes(&entry["context"]), expected.len());
        assert_eq!(derived.unwrap(), expected, "{entry}");
    }
}

#[test]
fn session_keys_of_scp02_are_as_recorded() {
    for entry in entries(SCP02, "scp02-session-keys") {
        let counter = bytes(&entry["seq"]).try_into().unwrap();
        for (name, constant) in [("s_enc", [1, 0x82]), ("s_mac", [1, 1]), ("s_dek", [1, 0x81])] {
            let key = scp02::session_key(&bytes(&entry["key"]), constant, counter).unwrap();
            assert!(key.equals(&bytes(&entry[name])), "{name} of {entry}");
        }
    }
}

#[test]
fn a_real_card_chose_the_same_challenge_and_cryptogram() {
    for entry in entries(SCP02, "scp02-mutual-auth") {
        let [encryption, mac, data_encryption] = ["enc", "mac", "dek"].map(|name| bytes(&entry[name]));
        let keys = ChannelKeys { encryption: &encryption, mac: &mac, data_encryption: &data_encryption };
        let counter = bytes(&entry["seq"]).try_into().unwrap();
        let host_challenge = bytes(&entry["host_challenge"]).try_into().unwrap();
        let challenge = CardChallenge::OverAid(&bytes(&entry["aid"]));
        let session = scp02::Session::derive(&keys, counter, host_challenge, challenge).unwrap();
        assert_eq!(session.card_challenge()[..], bytes(&entry["card_challenge"]), "{entry}");
        assert_eq!(session.card_cryptogram().unwrap()[..], bytes(&entry["card_cryptogram"]), "{entry}");
        authenticate_scp02(&mut Session::Scp02(Box::new(session)), &bytes(&entry["ext_auth"]));
    }
}

fn authenticate_scp02(session: &mut Session, command: &[u8]) {
    let command = Command::parse(command).unwrap();
    assert!(session.proves_the_host(&command.data()[..8]));
    assert!(session.verify_authenticate(command.header, command.data()));
}

#[test]
fn recorded_scp02_commands_are_taken() {
    for entry in entries(SCP02, "scp02-mutual-auth+wraps") {
        let answer = bytes(&entry["init_update_response"]);
        let [encryption, mac] = ["enc", "mac"].map(|name| bytes(&entry[name]));
        let keys = ChannelKeys { encryption: &encryption, mac: &mac, data_encryption: &[0; 16] };
        let counter = answer[12..14].try_into().unwrap();
        let host_challenge = bytes(&entry["host_challenge"]).try_into().unwrap();
        let challenge = CardChallenge::Random(answer[14..20].try_into().unwrap());
        let session = scp02::Session::derive(&keys, counter, host_challenge, challenge).unwrap();
        assert_eq!(session.card_cryptogram().unwrap()[..], answer[20..28], "{entry}");
        let mut session = Session::Scp02(Box::new(session));
        authenticate_scp02(&mut session, &bytes(&entry["ext_auth"]));
        session.set_level(level(&entry["level"], 2, 0x15));
        for wrap in entry["wraps"].as_array().unwrap() {
            let command = session.unwrap(&Command::parse(&bytes(&wrap[1])).unwrap()).unwrap();
            let recorded = bytes(&wrap[0]);
            assert_eq!(command.to_bytes()[..recorded.len()], recorded, "{wrap}");
        }
    }
}

#[test]
fn a_recorded_put_key_brings_the_recorded_key() {
    for entry in entries(SCP02, "put-key-aes-under-scp02") {
        let command = Command::parse(&bytes(&entry["plain_apdu"])).unwrap();
        let cipher = crate::block_cipher::BlockCipher::triple_des(&bytes(&entry["s_dek"])).unwrap();
        let [_, 0x88, 0x11, 0x10, rest @ ..] = command.data() else { panic!("{entry}") };
        let mut value = rest[..16].to_vec();
        value.chunks_exact_mut(8).for_each(|block| cipher.decrypt_block(block));
        assert_eq!(value, bytes(&entry["new_key"]), "{entry}");
        let key = Key::new(1, KeyKind::Aes, Secret::new(value)).unwrap();
        assert_eq!(rest[16..20], [&[3][..], &key.check_value()].concat(), "{entry}");
        assert_eq!(hex::encode_upper(key.check_value()), entry["kcv"].as_str().unwrap());
    }
}

#[test]
fn card_keys_are_diversified_as_recorded() {
    for entry in entries(DIVERSIFICATION, "diversification") {
        let (scheme, kind) = match entry["scheme"].as_str().unwrap() {
            "visa2" => (Diversification::Visa2, KeyKind::TripleDes),
            "emv" => (Diversification::Emv, KeyKind::TripleDes),
            _ => (Diversification::Kdf3, KeyKind::Aes),
        };
        let master = Secret::new(bytes(&entry["master"]));
        let keys = card_keys(scheme, &master, &bytes(&entry["kdd"]).try_into().unwrap()).unwrap();
        if entry["enc"].is_string() {
            assert!(keys[0].equals(&bytes(&entry["enc"])), "{entry}");
            continue;
        }
        let values = keys.map(|key| Key::new(1, kind, key).unwrap().check_value());
        for (value, recorded) in values.iter().zip(entry["kcv_enc_mac_dek"].as_array().unwrap()) {
            assert_eq!(hex::encode_upper(value), recorded.as_str().unwrap(), "{entry}");
        }
    }
}
