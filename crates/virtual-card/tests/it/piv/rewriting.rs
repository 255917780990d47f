//! A card in use is written again by its issuer, over a channel opened with it: at every moment it is a whole card.

use cardwright_apdu::tlv::{self, element};
use cardwright_virtual_card::applications::Program;
use cardwright_virtual_card::{Card, CardState, PowerCut};
use openssl::hash::{MessageDigest, hash};
use openssl::pkey::{PKey, Public};
use openssl::sign::Verifier;
use openssl::x509::X509;

use super::certificate::{Authority, public_key};
use super::issue::{P_256, PIN, PUK, RSA_2048, SLOTS, fill, generate, installed, issued, put};
use super::{SELECT, ask, status};
use crate::host::Scp03;
use crate::world::card_with;

const MESSAGE: &[u8] = b"a message";
const NEW_PIN: &[u8; 8] = b"98765432";
const NEW_PUK: &[u8; 8] = b"11223344";
/// AES-128.
const NEW_ADMINISTRATION: [u8; 17] = [8, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16];

/// What stands inside 53 of a certificate's object.
fn certificate_of(key: &PKey<Public>, slot: u8) -> Vec<u8> {
    let certificate = element(0x70, &Authority::new().certify(key, slot));
    [certificate, element(0x71, &[0]), element(0xFE, &[])].concat()
}

fn printed() -> Vec<u8> {
    [element(0x01, b"ZOE NOVUM"), element(0x02, b"EMPLOYEE"), element(0x04, b"2033DEC31"), element(0xFE, &[])].concat()
}

/// The card selected, with a channel opened with it.
fn opened(card: &mut Card) -> Scp03 {
    assert_eq!(status(card, SELECT), 0x9000);
    Scp03::open(card, 0x33)
}

/// The key of the certificate in a slot.
fn certified(card: &mut Card, tag: [u8; 3]) -> PKey<Public> {
    let (answer, status) = ask(card, &format!("00CB3FFF055C03{}00", hex::encode(tag)));
    assert_eq!(status, 0x9000);
    let object = tlv::read_one(&answer).unwrap().value.to_vec();
    let certificate = tlv::find(&object, 0x70).unwrap().unwrap().to_vec();
    X509::from_der(&certificate).unwrap().public_key().unwrap()
}

/// A signature of the card's 9E key over the message, by an algorithm; `None` where it has no such key.
fn signature(card: &mut Card, slot: u8, algorithm: u8) -> Option<Vec<u8>> {
    let digest = hash(MessageDigest::sha256(), MESSAGE).unwrap();
    let input = if algorithm == P_256 { digest.to_vec() } else { padded(&digest) };
    let template = element(0x7C, &[element(0x82, &[]), element(0x81, &input)].concat());
    let length = (template.len() as u16).to_be_bytes();
    let command = [&[0x00, 0x87, algorithm, slot, 0][..], &length, &template, &[0, 0]].concat();
    let answer = crate::host::transmit(card, &command);
    let (data, status) = crate::host::split(&answer);
    if status != 0x9000 {
        assert_eq!(status, 0x6A86);
        return None;
    }
    let inner = tlv::read_one(data).unwrap().value.to_vec();
    Some(tlv::find(&inner, 0x82).unwrap().unwrap().to_vec())
}

/// PKCS #1 version 1.5 for a signature with SHA-256.
fn padded(digest: &[u8]) -> Vec<u8> {
    let information = hex::decode("3031300D060960864801650304020105000420").unwrap();
    let mut block = vec![0x00, 0x01];
    block.resize(256 - 1 - information.len() - digest.len(), 0xFF);
    [&block[..], &[0x00], &information, digest].concat()
}

fn fits(key: &PKey<Public>, signature: &[u8]) -> bool {
    let mut verifier = Verifier::new(MessageDigest::sha256(), key).unwrap();
    verifier.verify_oneshot(signature, MESSAGE).unwrap()
}

/// Whether the key 9A and its certificate are a pair, and of which algorithm.
fn pair(card: &mut Card, pin: &[u8]) -> u8 {
    assert_eq!(status(card, SELECT), 0x9000);
    assert_eq!(status(card, &format!("0020008008{}", hex::encode(pin))), 0x9000);
    let key = certified(card, SLOTS[0].1);
    let algorithm = if key.rsa().is_ok() { RSA_2048 } else { P_256 };
    let other = if algorithm == P_256 { RSA_2048 } else { P_256 };
    assert_eq!(signature(card, 0x9A, other), None);
    let signature = signature(card, 0x9A, algorithm).expect("a key of the certificate's algorithm");
    assert!(fits(&key, &signature), "the certificate in the slot is the key's");
    algorithm
}

fn life_cycle(card: &Card) -> u8 {
    card.state().applications[0].life_cycle_code()
}

fn new_face() -> Vec<u8> {
    element(0xBC, &[0x89; 7000])
}

/// A new key and certificate 9A, printed information and face, all references; the new public key.
pub(super) fn rewrite(card: &mut Card) -> PKey<Public> {
    let mut host = opened(card);
    let key = generate(card, &mut host, 0x9A, RSA_2048);
    assert_eq!(put(card, &mut host, &SLOTS[0].1, &certificate_of(&key, 0x9A)), 0x9000);
    for (tag, content) in [([0x5F, 0xC1, 0x09], printed()), ([0x5F, 0xC1, 0x08], new_face())] {
        assert_eq!(put(card, &mut host, &tag, &content), 0x9000);
    }
    for (reference, value) in [("80", &NEW_PIN[..]), ("81", NEW_PUK), ("9B", &NEW_ADMINISTRATION)] {
        assert_eq!(host.status(card, &format!("0024FF{reference}"), value), 0x9000);
    }
    assert_eq!(host.status(card, "80E28000", &[]), 0x9000, "whole");
    card.reset();
    key
}

#[test]
fn everything_is_written_anew_and_the_old_is_gone() {
    let (mut card, _) = issued(P_256);
    rewrite(&mut card);
    assert_eq!(life_cycle(&card), 0x0F);
    assert_eq!(pair(&mut card, NEW_PIN), RSA_2048);
    assert_eq!(ask(&mut card, "00CB3FFF055C035FC10900"), (element(0x53, &printed()), 0x9000));
    let (answer, _) = ask(&mut card, "00CB3FFF055C035FC10800");
    assert_eq!(answer, element(0x53, &new_face()));
    assert_eq!(status(&mut card, &format!("0020008008{}", hex::encode(PIN))), 0x63C2, "the old PIN");
    assert_eq!(
        status(&mut card, &format!("002C008010{}{}", hex::encode(PUK), hex::encode(PIN))),
        0x63C2,
        "the old PUK"
    );
    assert_eq!(status(&mut card, "0087039B047C02810000"), 0x6A86, "the old key 9B");
    assert_eq!(status(&mut card, "0087089B047C02810000"), 0x9000);
}

#[test]
fn a_new_key_waits_for_its_certificate_and_the_old_pair_works_meanwhile() {
    for algorithm in [P_256, RSA_2048] {
        let (mut card, _) = issued(P_256);
        let mut host = opened(&mut card);
        let used = card.state().memory_used();
        let key = generate(&mut card, &mut host, 0x9A, algorithm);
        assert_eq!(host.status(&mut card, "80E28000", &[]), 0x6A86, "its certificate is missing");
        card = card_with(CardState::from_json(&card.state().to_json()).unwrap());
        assert_eq!(pair(&mut card, PIN), P_256, "the old one, in another reader too");

        let mut host = opened(&mut card);
        let stranger = generate(&mut card, &mut host, 0x9C, P_256);
        assert_eq!(put(&mut card, &mut host, &[0x5F, 0xC1, 0x0D], &certificate_of(&key, 0x9A)), 0x9000, "another slot");
        card.reset();
        assert_eq!(pair(&mut card, PIN), P_256);
        let mut host = opened(&mut card);
        let right = certificate_of(&key, 0x9A);
        assert_eq!(put(&mut card, &mut host, &SLOTS[0].1, &right), 0x9000);
        assert_eq!(put(&mut card, &mut host, &SLOTS[1].1, &certificate_of(&stranger, 0x9C)), 0x9000);
        assert_eq!(put(&mut card, &mut host, &[0x5F, 0xC1, 0x0D], &[]), 0x9000);
        assert_eq!(host.status(&mut card, "80E28000", &[]), 0x9000);
        card.reset();
        assert_eq!(pair(&mut card, PIN), algorithm);
        let grown = i64::from(card.state().memory_used()) - i64::from(used);
        assert!(algorithm == RSA_2048 || grown.abs() < 64, "{grown}: the old key is gone");
    }
}

#[test]
fn a_certificate_of_another_key_leaves_the_new_one_waiting() {
    let (mut card, keys) = issued(P_256);
    let mut host = opened(&mut card);
    generate(&mut card, &mut host, 0x9A, P_256);
    assert_eq!(put(&mut card, &mut host, &SLOTS[0].1, &certificate_of(&keys[0], 0x9A)), 0x9000);
    card.reset();
    assert_eq!(pair(&mut card, PIN), P_256, "a new certificate of the old key");
    let mut host = opened(&mut card);
    assert_eq!(host.status(&mut card, "80E28000", &[]), 0x6A86);
    let last = generate(&mut card, &mut host, 0x9A, P_256);
    assert_eq!(put(&mut card, &mut host, &SLOTS[0].1, &certificate_of(&last, 0x9A)), 0x9000, "made once more");
    assert_eq!(host.status(&mut card, "80E28000", &[]), 0x9000);
    card.reset();
    assert_eq!(pair(&mut card, PIN), P_256);
}

/// `yubico-piv-tool` and others make a key and use it at once.
#[test]
fn a_key_that_the_administrator_makes_in_clear_replaces_the_old_one_and_the_one_that_waited() {
    let (mut card, _) = issued(P_256);
    let mut host = opened(&mut card);
    generate(&mut card, &mut host, 0x9E, RSA_2048);
    card.reset();
    status(&mut card, SELECT);
    super::administration::authenticate(&mut card);
    let (answer, made) = ask(&mut card, "0047009E05AC0380011100");
    assert_eq!(made, 0x9000);
    let key = public_key(&answer);
    let signature = signature(&mut card, 0x9E, P_256).unwrap();
    assert!(fits(&key, &signature));
    assert_eq!(put_in_clear(&mut card, SLOTS[3].1, &certificate_of(&key, 0x9E)), 0x9000);
    let mut host = opened(&mut card);
    assert_eq!(host.status(&mut card, "80E28000", &[]), 0x9000, "none waits");
}

fn put_in_clear(card: &mut Card, tag: [u8; 3], content: &[u8]) -> u16 {
    let data = [element(0x5C, &tag), element(0x53, content)].concat();
    super::chained(card, [0x00, 0xDB, 0x3F, 0xFF], &data).1
}

#[test]
fn blocked_references_are_given_new_values_and_all_their_tries() {
    let (mut card, _) = issued(P_256);
    status(&mut card, SELECT);
    for _ in 0..4 {
        status(&mut card, "0020008008393939393939FFFF");
        status(&mut card, "002C0080103939393939393939363534333231FFFF");
    }
    assert_eq!(status(&mut card, &format!("0020008008{}", hex::encode(PIN))), 0x6983);
    assert_eq!(status(&mut card, &format!("002C008010{}{}", hex::encode(PUK), hex::encode(PIN))), 0x6983);
    let mut host = opened(&mut card);
    assert_eq!(host.status(&mut card, "0024FF80", NEW_PIN), 0x9000);
    assert_eq!(host.status(&mut card, "0024FF81", PUK), 0x9000, "the same value, only unblocked");
    card.reset();
    status(&mut card, SELECT);
    assert_eq!(status(&mut card, "00200080"), 0x63C3);
    assert_eq!(status(&mut card, &format!("0020008008{}", hex::encode(NEW_PIN))), 0x9000);
    assert_eq!(status(&mut card, &format!("002C008010{}{}", hex::encode(PUK), hex::encode(PIN))), 0x9000);
    assert_eq!(status(&mut card, &format!("0020008008{}", hex::encode(PIN))), 0x9000);
}

#[test]
fn a_full_card_still_takes_a_new_pin() {
    let (card, _) = issued(P_256);
    let text = String::from_utf8(card.state().to_json()).unwrap();
    let memory = format!("\"memory\": {}", card.state().product.memory);
    let full = format!("\"memory\": {}", card.state().memory_used());
    assert!(text.contains(&memory));
    let mut card = card_with(CardState::from_json(text.replace(&memory, &full).as_bytes()).unwrap());
    assert_eq!(card.state().memory_free(), 0);
    let mut host = opened(&mut card);
    for (reference, value) in [("80", &NEW_PIN[..]), ("81", NEW_PUK), ("9B", &NEW_ADMINISTRATION)] {
        assert_eq!(host.status(&mut card, &format!("0024FF{reference}"), value), 0x9000, "{reference}");
    }
    let (_, refused) = host.send(&mut card, "0047009A", &[0xAC, 0x03, 0x80, 0x01, P_256]);
    assert_eq!(refused, 0x6A84, "a key that waits needs its own room");
}

/// More commands than a rewriting has.
const MOST: usize = 12;

/// One command of a rewriting: how it begins, and its data.
type Command = ([u8; 4], Vec<u8>);

/// The commands after the key was made.
fn commands(key: &PKey<Public>) -> Vec<Command> {
    let object = |tag: [u8; 3], content: &[u8]| [element(0x5C, &tag), element(0x53, content)].concat();
    let mut commands = Vec::new();
    for data in [object(SLOTS[0].1, &certificate_of(key, 0x9A)), object([0x5F, 0xC1, 0x09], &printed())] {
        let parts: Vec<&[u8]> = data.chunks(223).collect();
        for (number, part) in parts.iter().enumerate() {
            let class = if number + 1 < parts.len() { 0x10 } else { 0x00 };
            commands.push(([class, 0xDB, 0x3F, 0xFF], part.to_vec()));
        }
    }
    commands.push(([0x00, 0x24, 0xFF, 0x81], NEW_PUK.to_vec()));
    commands.push(([0x80, 0xE2, 0x80, 0x00], Vec::new()));
    commands
}

#[test]
fn a_rewriting_that_is_cut_at_any_command_leaves_a_whole_card_and_goes_on_in_another_channel() {
    let (card, keys) = issued(P_256);
    let issued = card.state().to_json();
    let mut reached = 0;
    let first: Command = ([0x00, 0x47, 0x00, 0x9A], vec![0xAC, 0x03, 0x80, 0x01, P_256]);
    for at in 0..MOST {
        for cut in [PowerCut::Before, PowerCut::AfterWrites(0), PowerCut::BeforeAnswer] {
            let mut card = card_with(CardState::from_json(&issued).unwrap());
            let mut host = opened(&mut card);
            let mut all = vec![first.clone()];
            let mut number = 0;
            while number < at && number < all.len() {
                let answer = host.send(&mut card, &hex::encode(all[number].0), &all[number].1);
                assert_eq!(answer.1, 0x9000, "{number}");
                if number == 0 {
                    all.extend(commands(&public_key(&answer.0)));
                }
                number += 1;
            }
            let Some((header, data)) = all.get(at) else { continue };
            reached += 1;
            let wrapped = host.wrap(*header, data);
            card.transmit_and_cut(&wrapped, cut);
            assert_eq!((life_cycle(&card), piv(&card).is_complete()), (0x0F, true), "{at} {cut:?}");
            assert_eq!(pair(&mut card, PIN), P_256, "{at} {cut:?}");
            let mut host = opened(&mut card);
            let key = generate(&mut card, &mut host, 0x9A, P_256);
            for (header, data) in commands(&key) {
                assert_eq!(host.status(&mut card, &hex::encode(header), &data), 0x9000, "again after {at} {cut:?}");
            }
            pair(&mut card, PIN);
            assert!(certified(&mut card, SLOTS[0].1).public_eq(&key));
        }
    }
    let made = commands(&keys[0]).len() + 1;
    assert!(made < MOST && reached == made * 3, "{reached} cuts of {made} commands");
}

fn piv(card: &Card) -> &cardwright_virtual_card::applications::piv::PivData {
    match &card.state().applications[0].program {
        Program::Piv(data) => data,
        _ => panic!("the PIV application"),
    }
}

#[test]
fn a_certificate_and_the_key_that_waited_for_it_are_one_write() {
    let (mut card, _) = issued(P_256);
    let mut host = opened(&mut card);
    let key = generate(&mut card, &mut host, 0x9A, RSA_2048);
    card.reset();
    let object = [element(0x5C, &SLOTS[0].1), element(0x53, &certificate_of(&key, 0x9A))].concat();
    let states = crate::power::all_cuts(&mut card, |card| {
        let mut host = opened(card);
        let parts: Vec<&[u8]> = object.chunks(223).collect();
        let (last, before) = parts.split_last().unwrap();
        for part in before {
            assert_eq!(host.status(card, "10DB3FFF", part), 0x9000);
        }
        host.wrap([0x00, 0xDB, 0x3F, 0xFF], last)
    });
    let found: Vec<u8> = states.into_iter().map(|state| pair(&mut card_with(state), PIN)).collect();
    assert_eq!(found, [P_256, RSA_2048, RSA_2048]);
}

#[test]
fn a_first_personalization_has_no_key_that_waits() {
    let (mut card, mut host) = installed(0x33);
    fill(&mut card, &mut host, P_256);
    let key = generate(&mut card, &mut host, 0x9A, RSA_2048);
    assert_eq!(host.status(&mut card, "80E28000", &[]), 0x9000);
    status(&mut card, SELECT);
    assert_eq!(status(&mut card, &format!("0020008008{}", hex::encode(PIN))), 0x9000);
    let made = signature(&mut card, 0x9A, RSA_2048).unwrap();
    assert!(fits(&key, &made));
}

fn path() -> String {
    format!("{}/tests/states/format-1-piv-waiting.json", env!("CARGO_MANIFEST_DIR"))
}

/// Whoever changes what is stored finds this: the file is written once, and then never again.
#[test]
fn the_form_of_a_card_with_a_waiting_key_has_its_state_file() {
    if std::path::Path::new(&path()).exists() {
        return;
    }
    let (mut card, _) = issued(P_256);
    let mut host = opened(&mut card);
    generate(&mut card, &mut host, 0x9A, RSA_2048);
    std::fs::write(path(), card.state().to_json()).unwrap();
    panic!("{} is written: commit it", path());
}

#[test]
fn a_card_with_a_waiting_key_loads_for_ever() {
    let mut card = card_with(CardState::from_json(&std::fs::read(path()).unwrap()).unwrap());
    assert_eq!(pair(&mut card, PIN), P_256);
    let mut host = opened(&mut card);
    assert_eq!(host.status(&mut card, "80E28000", &[]), 0x6A86);
    let text = String::from_utf8(card.state().to_json()).unwrap();
    let (before, after) = text.split_once("\"waiting\"").unwrap();
    let spoilt = format!("{before}\"waiting\"{}", after.replacen("\"rsa2048\": \"", "\"rsa2048\": \"00", 1));
    assert!(CardState::from_json(spoilt.as_bytes()).is_err(), "what waits is a key too");
}
