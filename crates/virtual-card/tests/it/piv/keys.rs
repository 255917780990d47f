//! GENERATE ASYMMETRIC KEY PAIR and GENERAL AUTHENTICATE with keys that the card made.

use cardwright_apdu::tlv::{self, element};
use cardwright_virtual_card::Card;
use openssl::bn::BigNum;
use openssl::derive::Deriver;
use openssl::ec::{EcGroup, EcKey};
use openssl::ecdsa::EcdsaSig;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Public};
use openssl::rsa::Padding;

use super::issue::{P_256, RSA_2048, generate, installed, issued};
use super::{SELECT, ask, chained, status};
use crate::host::split;

const VERIFY: &str = "0020008008313233343536FFFF";

/// `7C {82 00, tag input}` for the key `slot`.
fn use_key(card: &mut Card, algorithm: u8, slot: u8, tag: u32, input: &[u8]) -> Result<Vec<u8>, u16> {
    let template = element(0x7C, &[element(0x82, &[]), element(tag, input)].concat());
    let (answer, status) = chained(card, [0x00, 0x87, algorithm, slot], &template);
    if status != 0x9000 {
        return Err(status);
    }
    let outer = tlv::read_one(&answer).unwrap();
    assert_eq!(outer.tag.0, 0x7C);
    Ok(tlv::read_one(outer.value).unwrap().value.to_vec())
}

fn signs(key: &PKey<Public>, hash: &[u8], signature: &[u8]) -> bool {
    let signature = EcdsaSig::from_der(signature).unwrap();
    signature.verify(hash, &key.ec_key().unwrap()).unwrap()
}

#[test]
fn an_rsa_key_undoes_what_its_public_key_did() {
    let (mut card, keys) = issued(RSA_2048);
    status(&mut card, SELECT);
    assert_eq!(status(&mut card, VERIFY), 0x9000);
    let mut block = [0x5A; 256];
    block[0] = 0;
    for (slot, key) in [(0x9A, &keys[0]), (0x9D, &keys[2]), (0x9E, &keys[3])] {
        let rsa = key.rsa().unwrap();
        assert_eq!((rsa.size(), rsa.n().num_bits(), rsa.e().to_vec()), (256, 2048, vec![1, 0, 1]));
        let mut enciphered = [0; 256];
        rsa.public_encrypt(&block, &mut enciphered, Padding::NONE).unwrap();
        assert_eq!(use_key(&mut card, RSA_2048, slot, 0x81, &enciphered).unwrap(), block);
    }
    let modulus = keys[3].rsa().unwrap().n().to_vec();
    assert_eq!(use_key(&mut card, RSA_2048, 0x9E, 0x81, &modulus), Err(0x6A80), "not below the modulus");
    assert_eq!(use_key(&mut card, RSA_2048, 0x9E, 0x81, &block[1..]), Err(0x6A80), "not as long as the modulus");
    assert_eq!(use_key(&mut card, RSA_2048, 0x9D, 0x85, &block), Err(0x6A80), "no key agreement");
    assert_eq!(use_key(&mut card, P_256, 0x9E, 0x81, &[1; 32]), Err(0x6A86), "another algorithm");
}

#[test]
fn an_elliptic_key_signs_hashes_and_agrees_on_secrets() {
    let (mut card, keys) = issued(P_256);
    status(&mut card, SELECT);
    assert_eq!(status(&mut card, VERIFY), 0x9000);
    for length in [20, 28, 32] {
        let hash = vec![0xA5; length];
        let signature = use_key(&mut card, P_256, 0x9E, 0x81, &hash).unwrap();
        assert!(signs(&keys[3], &hash, &signature));
        assert!(!signs(&keys[0], &hash, &signature));
    }
    for length in [0, 16, 33] {
        assert_eq!(use_key(&mut card, P_256, 0x9E, 0x81, &vec![1; length]), Err(0x6A80), "{length} bytes");
    }
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
    let other = PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap();
    let mut context = openssl::bn::BigNumContext::new().unwrap();
    let form = openssl::ec::PointConversionForm::UNCOMPRESSED;
    let point = other.ec_key().unwrap().public_key().to_bytes(&group, form, &mut context).unwrap();
    let mut deriver = Deriver::new(&other).unwrap();
    deriver.set_peer(&keys[2]).unwrap();
    assert_eq!(use_key(&mut card, P_256, 0x9D, 0x85, &point).unwrap(), deriver.derive_to_vec().unwrap());
    let mut off_curve = point.clone();
    off_curve[64] ^= 1;
    assert_eq!(use_key(&mut card, P_256, 0x9D, 0x85, &off_curve), Err(0x6A80));
    assert_eq!(use_key(&mut card, P_256, 0x9D, 0x85, &point[1..]), Err(0x6A80));
    assert_eq!(use_key(&mut card, P_256, 0x9A, 0x85, &point), Err(0x6A80), "9A signs only");
}

#[test]
fn the_signature_key_wants_the_pin_immediately_before_each_use() {
    let (mut card, keys) = issued(P_256);
    status(&mut card, SELECT);
    let hash = [0x11; 32];
    for (slot, expected) in [(0x9A, Err(0x6982)), (0x9C, Err(0x6982)), (0x9D, Err(0x6982))] {
        assert_eq!(use_key(&mut card, P_256, slot, 0x81, &hash), expected, "{slot:02X} before the PIN");
    }
    assert!(use_key(&mut card, P_256, 0x9E, 0x81, &hash).is_ok());
    assert_eq!(status(&mut card, VERIFY), 0x9000);
    let signature = use_key(&mut card, P_256, 0x9C, 0x81, &hash).unwrap();
    assert!(signs(&keys[1], &hash, &signature));
    assert_eq!(use_key(&mut card, P_256, 0x9C, 0x81, &hash), Err(0x6982), "once");
    assert!(use_key(&mut card, P_256, 0x9A, 0x81, &hash).is_ok(), "9A as often as wanted");
    assert_eq!(status(&mut card, VERIFY), 0x9000);
    assert_eq!(status(&mut card, "00CB3FFF055C035FC10200"), 0x9000);
    assert_eq!(use_key(&mut card, P_256, 0x9C, 0x81, &hash), Err(0x6982), "not immediately before");
}

#[test]
fn a_chain_counts_as_one_use_of_the_signature_key() {
    let (mut card, _) = issued(RSA_2048);
    status(&mut card, SELECT);
    assert_eq!(status(&mut card, VERIFY), 0x9000);
    assert_eq!(use_key(&mut card, RSA_2048, 0x9C, 0x81, &[0x11; 256]).map(|signature| signature.len()), Ok(256));
    assert_eq!(use_key(&mut card, RSA_2048, 0x9C, 0x81, &[0x11; 256]), Err(0x6982));
}

#[test]
fn an_interrupted_chain_has_no_effect() {
    let (mut card, _) = issued(RSA_2048);
    status(&mut card, SELECT);
    let template = element(0x7C, &[element(0x82, &[]), element(0x81, &[0x11; 256])].concat());
    let (first, second) = template.split_at(255);
    let part = |cla: u8, p2: u8, part: &[u8]| [&[cla, 0x87, 0x07, p2, part.len() as u8], part].concat();
    for interruption in [&b"\x00\xFD\x00\x00\x00"[..], &hex::decode(SELECT).unwrap(), &part(0x00, 0x9A, second)] {
        assert_eq!(card.transmit(&part(0x10, 0x9E, first)), [0x90, 0x00]);
        card.transmit(interruption);
        let answer = card.transmit(&part(0x00, 0x9E, second));
        assert_eq!(split(&answer), (&[][..], 0x6A80), "the rest alone is no template");
    }
    assert_eq!(card.transmit(&part(0x10, 0x9E, first)), [0x90, 0x00]);
    assert_eq!(split(&card.transmit(&part(0x00, 0x9E, second))).1, 0x6108, "uninterrupted it signs");
}

#[test]
fn one_extended_command_does_what_a_chain_does() {
    let (mut card, keys) = issued(RSA_2048);
    status(&mut card, SELECT);
    let template = element(0x7C, &[element(0x82, &[]), element(0x81, &[0x11; 256])].concat());
    let length = (template.len() as u16).to_be_bytes();
    let command = [&[0x00, 0x87, 0x07, 0x9E, 0x00][..], &length, &template, &[0, 0]].concat();
    let answer = card.transmit(&command);
    let (data, status) = split(&answer);
    assert_eq!((data.len(), status), (264, 0x9000), "in one answer");
    let mut block = [0; 256];
    keys[3].rsa().unwrap().public_encrypt(&data[8..], &mut block, Padding::NONE).unwrap();
    assert_eq!(block, [0x11; 256]);
}

#[test]
fn a_new_key_takes_the_place_of_the_old_one() {
    let (mut card, mut host) = installed(0x33);
    let first = generate(&mut card, &mut host, 0x9E, P_256);
    let free = card.state().memory_free();
    let second = generate(&mut card, &mut host, 0x9E, P_256);
    assert!(!first.public_eq(&second));
    assert_eq!(card.state().memory_free(), free);
    generate(&mut card, &mut host, 0x9E, RSA_2048);
    assert_eq!(free - card.state().memory_free(), 5 * 128 - 32);
}

#[test]
fn the_same_card_with_the_same_entropy_makes_the_same_key() {
    let keys = [(); 2].map(|()| {
        let (mut card, mut host) = installed(0x33);
        generate(&mut card, &mut host, 0x9A, RSA_2048)
    });
    assert!(keys[0].public_eq(&keys[1]));
    let (mut card, mut host) = installed(0x33);
    let [one, other] = [0x9A, 0x9C].map(|slot| generate(&mut card, &mut host, slot, RSA_2048).rsa().unwrap());
    let mut common = BigNum::new().unwrap();
    common.gcd(one.n(), other.n(), &mut openssl::bn::BigNumContext::new().unwrap()).unwrap();
    assert_eq!(common, BigNum::from_u32(1).unwrap(), "two keys of one card share no prime");
}

#[test]
fn malformed_templates_are_refused() {
    let (mut card, _) = issued(P_256);
    status(&mut card, SELECT);
    let hash = "81".to_owned() + "20" + &"11".repeat(32);
    for template in [
        format!("7C24 8200 {hash} 00"),
        format!("7C22 {hash}"),
        format!("7C26 8200 8000 {hash}"),
        format!("7C26 8200 8200 {hash}"),
        format!("7C25 820101 {hash}"),
        format!("7D24 8200 {hash}"),
        "7C02 8200".to_owned(),
        "7C00".to_owned(),
        "7C".to_owned(),
    ] {
        let template = template.replace(' ', "");
        let command = format!("0087119E{:02X}{template}00", template.len() / 2);
        assert_eq!(ask(&mut card, &command), (vec![], 0x6A80), "{template}");
    }
    assert_eq!(status(&mut card, "0087119E00"), 0x6A80);
    assert_eq!(status(&mut card, &format!("0087119E267C248200{hash}00")), 0x9000, "and a right one is taken");
    assert_eq!(status(&mut card, &format!("00871182267C248200{hash}00")), 0x6A86, "no such key");
    assert_eq!(status(&mut card, &format!("0087149E267C248200{hash}00")), 0x6A86, "no such algorithm");
}
