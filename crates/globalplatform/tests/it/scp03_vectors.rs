//! SCP03 against recorded dialogues and derivation vectors.

use cardwright_apdu::{Aid, Command};
use cardwright_globalplatform::derivation::counter_mode;
use cardwright_globalplatform::{
    Answer, CardAuthenticated, ChannelParameters, Content, Conversation, KeySize, NeedsSessionKeys, PlannedCommand,
    Protocol, SecurityLevel, initialize_update,
};

use crate::keystore::{KeySet, execute};
use crate::vectors::{Vector, host_challenge};

fn key_set(vector: &Vector) -> KeySet {
    KeySet { enc: vector.hex("enc"), mac: vector.hex("mac"), dek: vector.hex("dek") }
}

fn parameters(vector: &Vector) -> ChannelParameters {
    let key_size = match vector.hex("enc").len() {
        16 => KeySize::Aes128,
        24 => KeySize::Aes192,
        _ => KeySize::Aes256,
    };
    let answer = vector.pairs("trace")[0].1.clone().unwrap();
    let level = SecurityLevel::from_byte(vector.byte("level")).unwrap();
    let protocol = Protocol::scp03(vector.byte("i"), key_size).unwrap();
    ChannelParameters::new(protocol, answer[10], level, Aid::ISSUER_SECURITY_DOMAIN).unwrap()
}

fn begin(vector: &Vector) -> NeedsSessionKeys {
    let (command, answer) = vector.pairs("trace").remove(0);
    let mut answer = answer.unwrap();
    if !answer.ends_with(&[0x90, 0x00]) {
        answer.extend([0x90, 0x00]); // some traces leave it out here
    }
    let challenge = host_challenge(Command::parse(&command).unwrap().data());
    Conversation::begin(parameters(vector), challenge, &answer)
        .unwrap_or_else(|error| panic!("{error}: {}", vector.passport()))
}

fn authenticate(vector: &Vector) -> CardAuthenticated {
    let needs = begin(vector);
    let secrets = key_set(vector).secrets(&needs.request());
    needs.session_keys(secrets).unwrap_or_else(|error| panic!("{error}: {}", vector.passport()))
}

/// A plain command of the vectors: header, Lc always (00 where there is no data), data.
fn planned(plain: &[u8]) -> PlannedCommand {
    let length = usize::from(plain[4]);
    let command = Command::new(plain[0], plain[1], plain[2], plain[3]).with_data(&plain[5..5 + length]).unwrap();
    PlannedCommand::new(command, Content::Management)
}

/// Header and data in hexadecimal. No MAC covers the Le, and the traces differ in whether they have it.
fn without_le(command: &Command) -> String {
    let bytes = command.to_bytes();
    hex::encode(&bytes[..bytes.len() - usize::from(command.expected().is_some())])
}

#[test]
fn recorded_dialogues_are_wrapped_to_the_byte() {
    for vector in Vector::all("scp03.json", "scp03-trace") {
        let trace = vector.pairs("trace");
        let plain = vector.plain();
        let list: Vec<_> = plain.iter().map(|(plain, _)| planned(plain)).collect();
        let script = authenticate(&vector).wrap(&list).unwrap();
        let wrapped: Vec<_> = script.commands().map(|wrapped| without_le(&wrapped.command)).collect();
        let recorded = trace[1..].iter().map(|(command, _)| without_le(&Command::parse(command).unwrap()));
        assert_eq!(wrapped, recorded.collect::<Vec<_>>(), "{}", vector.passport());
    }
}

#[test]
fn recorded_answers_verify_in_any_order_and_give_the_plain_response() {
    let mut verified = 0;
    for vector in Vector::all("scp03.json", "scp03-trace") {
        let (trace, plain) = (vector.pairs("trace"), vector.plain());
        let list: Vec<_> = plain.iter().map(|(plain, _)| planned(plain)).collect();
        let script = authenticate(&vector).wrap(&list).unwrap();
        for (index, (_, answer)) in trace.iter().enumerate().skip(2).rev() {
            let (Some(answer), Some(expected)) = (answer, &plain[index - 2].1) else { continue };
            let accepted = script
                .verify_one(index - 1, answer)
                .unwrap_or_else(|failure| panic!("{failure}: {}", vector.passport()));
            assert_eq!(hex::encode(&accepted.response().data), hex::encode(expected), "{}", vector.passport());
            assert_eq!(matches!(accepted, Answer::Proven(_)), vector.byte("level") & 0x10 != 0);
            verified += 1;
        }
    }
    assert!(verified >= 15, "{verified} answers were recorded");
}

#[test]
fn initialize_update_is_the_recorded_one() {
    for vector in Vector::all("scp03.json", "scp03-trace") {
        let recorded = Command::parse(&vector.pairs("trace")[0].0).unwrap();
        let made = initialize_update(&parameters(&vector), &host_challenge(recorded.data()));
        assert_eq!(made.data(), recorded.data(), "{}", vector.passport());
        assert_eq!(made.header.ins, recorded.header.ins);
    }
}

#[test]
fn the_key_derivation_gives_the_published_values() {
    for vector in Vector::all("scp03.json", "scp03-kdf") {
        let constant = u8::from_str_radix(vector.text("constant"), 16).unwrap();
        let expected = vector.hex("out");
        let derivation = counter_mode(constant, &vector.hex("context"), expected.len());
        assert_eq!(execute(&vector.hex("key"), &derivation), expected, "{}", vector.passport());
    }
}

/// The eUICC's dialogues were opened through its ISD-R (SGP.02), not through the default Issuer Security Domain.
#[test]
fn the_recorded_challenges_of_a_real_card_are_the_pseudo_random_ones() {
    let isd_r: Aid = "A0000005591010FFFFFFFF8900000100".parse().unwrap();
    let mut right = 0;
    for vector in Vector::all("scp03.json", "scp03-trace") {
        if !vector.text("card").contains("eUICC") {
            continue;
        }
        let (command, answer) = vector.pairs("trace").remove(0);
        let answer = [answer.unwrap(), vec![0x90, 0x00]].concat();
        let product = parameters(&vector);
        let through =
            ChannelParameters::new(product.protocol(), product.key_version(), product.level(), isd_r).unwrap();
        let challenge = host_challenge(Command::parse(&command).unwrap().data());
        let needs = Conversation::begin(through, challenge, &answer).ok().unwrap();
        let derived = key_set(&vector).derive(&needs.challenge_request().unwrap());
        assert_eq!(needs.verify_challenge(&derived), Ok(()), "{}", vector.passport());
        right += 1;
    }
    assert_eq!(right, 9);
}

#[test]
fn another_key_is_refused_before_anything_is_sent() {
    for vector in Vector::all("scp03.json", "scp03-trace") {
        let needs = begin(&vector);
        let mut keys = key_set(&vector);
        keys.mac[0] ^= 1;
        let secrets = keys.secrets(&needs.request());
        assert_eq!(needs.session_keys(secrets).err(), Some(cardwright_globalplatform::Error::CardCryptogram));
    }
}
