//! SCP02 against recorded dialogues and published session keys.

use cardwright_apdu::{Aid, Command};
use cardwright_globalplatform::derivation::scp02_session_key;
use cardwright_globalplatform::{
    CardAuthenticated, ChannelParameters, Content, Conversation, DataEncryptionKey, PlannedCommand, Protocol,
    SecurityLevel,
};

use crate::keystore::{KeySet, execute};
use crate::vectors::{Vector, host_challenge};

#[test]
fn session_keys_are_the_published_ones() {
    for vector in Vector::all("scp02.json", "scp02-session-keys") {
        let counter: [u8; 2] = vector.hex("seq").try_into().unwrap();
        for (constant, field) in [([1, 0x82], "s_enc"), ([1, 1], "s_mac"), ([1, 0x81], "s_dek")] {
            let derived = execute(&vector.hex("key"), &scp02_session_key(constant, counter));
            assert_eq!(derived, vector.hex(field), "{field}: {}", vector.passport());
        }
    }
}

fn answer(vector: &Vector) -> Vec<u8> {
    if vector.has("init_update_response") {
        return [vector.hex("init_update_response"), vec![0x90, 0]].concat();
    }
    let mut bytes = vec![0; 10];
    bytes.extend([0x01, 0x02]);
    for field in ["seq", "card_challenge", "card_cryptogram"] {
        bytes.extend(vector.hex(field));
    }
    bytes.extend([0x90, 0]);
    bytes
}

fn authenticate(vector: &Vector) -> CardAuthenticated {
    let answer = answer(vector);
    let i = if vector.has("pseudo_random_challenge") { 0x55 } else { 0x15 };
    let level = SecurityLevel::from_byte(0x01).unwrap();
    let parameters =
        ChannelParameters::new(Protocol::scp02(i).unwrap(), answer[10], level, Aid::ISSUER_SECURITY_DOMAIN).unwrap();
    let challenge = host_challenge(&vector.hex("host_challenge"));
    let needs = Conversation::begin(parameters, challenge, &answer)
        .unwrap_or_else(|error| panic!("{error}: {}", vector.passport()));
    let keys = KeySet { enc: vector.hex("enc"), mac: vector.hex("mac"), dek: Vec::new() };
    let secrets = keys.secrets(&needs.request());
    needs.session_keys(secrets).unwrap_or_else(|error| panic!("{error}: {}", vector.passport()))
}

#[test]
fn recorded_dialogues_are_wrapped_to_the_byte() {
    for vector in Vector::all("scp02.json", "scp02-mutual-auth") {
        let pairs = if vector.has("wraps") { vector.pairs("wraps") } else { Vec::new() };
        let list: Vec<_> = pairs.iter().map(|(plain, wrapped)| planned(plain, wrapped.as_ref().unwrap())).collect();
        let script = authenticate(&vector).wrap(&list).unwrap();
        let wrapped: Vec<_> = script.commands().map(|wrapped| hex::encode_upper(wrapped.command.to_bytes())).collect();
        let recorded = pairs.iter().map(|(_, wrapped)| hex::encode_upper(wrapped.as_ref().unwrap()));
        let expected: Vec<_> = std::iter::once(vector.text("ext_auth").to_owned()).chain(recorded).collect();
        assert_eq!(wrapped, expected, "{}", vector.passport());
    }
}

/// A plain command of the vectors; the Le is the wrapped one's, which no MAC covers.
fn planned(plain: &[u8], wrapped: &[u8]) -> PlannedCommand {
    let length = plain.get(4).map_or(0, |length| usize::from(*length));
    let data = plain.get(5..5 + length).unwrap_or_default();
    let mut command = Command::new(plain[0], plain[1], plain[2], plain[3]).with_data(data).unwrap();
    if Command::parse(wrapped).unwrap().expected().is_some() {
        command = command.expecting_all();
    }
    PlannedCommand::new(command, Content::Management)
}

#[test]
fn the_recorded_pseudo_random_challenge_is_the_one_of_the_session_key_and_the_aid() {
    for vector in Vector::all("scp02.json", "scp02-mutual-auth").iter().filter(|v| v.has("pseudo_random_challenge")) {
        assert_eq!(authenticate(vector).verify_scp02_challenge(), Ok(()), "{}", vector.passport());
    }
}

#[test]
fn the_data_encryption_key_is_a_session_key() {
    let vectors = Vector::all("scp02.json", "scp02-mutual-auth");
    let DataEncryptionKey::Derived(derivation) = authenticate(&vectors[0]).data_encryption_key() else {
        panic!("SCP02 derives its DEK");
    };
    assert_eq!(derivation, scp02_session_key([1, 0x81], [0, 0x1C]));
}
