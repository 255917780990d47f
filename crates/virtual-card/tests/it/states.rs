//! State files of every format there ever was load, and what is in them still opens, reads and signs.

use cardwright_apdu::tlv;
use cardwright_virtual_card::{CardState, FORMAT};
use openssl::ecdsa::EcdsaSig;
use openssl::x509::X509;

use crate::host::Scp03;
use crate::identity::{for_personalization, issue, read_everything, store_data};
use crate::keys::new_keys;
use crate::piv;
use crate::world::{IDENTITY, card, card_with, send};

fn stored(name: &str) -> CardState {
    let path = format!("{}/tests/states/{name}", env!("CARGO_MANIFEST_DIR"));
    CardState::from_json(&std::fs::read(path).unwrap()).unwrap()
}

#[test]
fn a_state_of_format_1_loads_for_ever() {
    let mut card = card_with(stored("format-1.json"));
    read_everything(&mut card);
    card.reset();
    let mut host = Scp03::open(&mut card, 0x33);
    assert_eq!(host.initialize_update[29..], [0, 0, 2], "the counter went on");
    let (list, status) = host.send(&mut card, "80F24002", &[0x4F, 0]);
    assert_eq!(status, 0x9000);
    assert_eq!(list.windows(2).filter(|pair| *pair == [0x4F, 0x0A]).count(), 2, "a whole and a half-written instance");
}

#[test]
fn the_first_sams_load_for_ever_and_still_sign() {
    let mut card = card_with(stored("format-1-sam.json"));
    assert_eq!(piv::status(&mut card, piv::SELECT), 0x9000);
    let (certificate, status) = piv::ask(&mut card, "00CB3FFF055C035FC10100");
    assert_eq!(status, 0x9000);
    let content = tlv::read_one(&certificate).unwrap().value;
    let certificate = X509::from_der(tlv::find(content, 0x70).unwrap().unwrap()).unwrap();
    let (answer, status) = piv::ask(&mut card, &format!("0087119E267C2482008120{}00", "A5".repeat(32)));
    assert_eq!(status, 0x9000);
    let signature = EcdsaSig::from_der(&answer[4..]).unwrap();
    assert!(signature.verify(&[0xA5; 32], &certificate.public_key().unwrap().ec_key().unwrap()).unwrap());
}

#[test]
fn an_issued_piv_card_loads_for_ever() {
    for (name, algorithm) in [("format-1-piv-rsa.json", "07"), ("format-1-piv-p256.json", "11")] {
        let mut card = card_with(stored(name));
        assert_eq!(card.state().applications[0].life_cycle_code(), 0x0F);
        assert_eq!(piv::status(&mut card, piv::SELECT), 0x9000);
        assert_eq!(piv::status(&mut card, "0020008008313233343536FFFF"), 0x9000);
        assert_eq!(piv::status(&mut card, "00CB3FFF055C035FC10800"), 0x9000, "the face");
        assert_eq!(piv::status(&mut card, &format!("0087{algorithm}9A067C048200810000")), 0x6A80, "the key is there");
        assert_eq!(piv::status(&mut card, "0087039B047C02800000"), 0x9000, "and the administrator's");
    }
}

/// A card of two key sets and a second version, on which a rewriting was cut.
#[test]
fn a_card_in_the_middle_of_its_life_loads_for_ever() {
    let mut card = card_with(stored("format-1-life.json"));
    read_everything(&mut card);
    assert!(send(&mut card, &format!("00A404000A{IDENTITY}00")).contains("DF010102"), "version 2");
    card.reset();
    let mut host = Scp03::open_with(&mut card, &new_keys(32), 0x31, 0x33).unwrap();
    assert_eq!(host.initialize_update[29..], [0, 0, 2], "the added set's own counter went on");
    assert_eq!(host.status(&mut card, "80E62000", &for_personalization()), 0x9000);
    for (header, data) in store_data(&vec![(0x0110, vec![7; 9])]) {
        assert_eq!(host.status(&mut card, &header, &data), 0x9000);
    }
    read_everything(&mut card);
}

/// Whoever takes the file away finds this: it is written once, and then never again.
#[test]
fn the_card_in_the_middle_of_its_life_has_its_state_file() {
    let path = format!("{}/tests/states/format-1-life.json", env!("CARGO_MANIFEST_DIR"));
    if std::path::Path::new(&path).exists() {
        return;
    }
    let mut card = card("scp03-i70-life");
    let mut host = Scp03::open(&mut card, 0x33);
    issue(&mut card, &mut host);
    card.reset();
    let mut host = Scp03::open(&mut card, 0x33);
    assert_eq!(crate::upgrade::load_second(&mut card, &mut host), 0x9000);
    crate::upgrade::exchange(&mut card, &mut host);
    assert_eq!(host.status(&mut card, "80D80081", &host.key_data(0x31, &new_keys(32))), 0x9000);
    let mut host = Scp03::open_with(&mut card, &new_keys(32), 0x31, 0x33).unwrap();
    assert_eq!(host.status(&mut card, "80E62000", &for_personalization()), 0x9000);
    assert_eq!(host.status(&mut card, "80E20800", b"\x01\x01\x03Abc\x02\x01\x14\xFF\xD8\xFF"), 0x9000);
    std::fs::write(&path, card.state().to_json()).unwrap();
    panic!("{path} is written: commit it");
}

#[test]
fn what_is_saved_loads_as_the_same_card() {
    let mut card = card("scp03-i70");
    let mut host = Scp03::open(&mut card, 0x33);
    issue(&mut card, &mut host);
    let saved = card.state().to_json();
    let loaded = CardState::from_json(&saved).unwrap();
    assert_eq!(loaded.to_json(), saved);
    read_everything(&mut card_with(loaded));
}

#[test]
fn another_format_and_an_unknown_field_are_refused() {
    let saved = String::from_utf8(card("scp03-i70").state().to_json()).unwrap();
    let key = "\"value\": \"E1";
    assert!(saved.contains(key));
    for (from, to) in [
        ("\"format\": 1", "\"format\": 2"),
        ("\"life_cycle\"", "\"x\": 1, \"life_cycle\""),
        ("{", "["),
        (key, "\"value\": \""),
        ("\"scp\": 3", "\"scp\": 4"),
    ] {
        assert!(CardState::from_json(saved.replacen(from, to, 1).as_bytes()).is_err(), "{to}");
    }
}

/// Whoever raises the format number finds this: the new format's file is written once, and then never again.
#[test]
fn the_present_format_has_its_state_file() {
    let path = format!("{}/tests/states/format-{FORMAT}.json", env!("CARGO_MANIFEST_DIR"));
    if std::path::Path::new(&path).exists() {
        return;
    }
    let mut card = card("scp03-i70");
    let mut host = Scp03::open(&mut card, 0x33);
    issue(&mut card, &mut host);
    let second = hex::decode("09F043415244574944000AF04341524457494400010AF0434152445749440002010002C90000").unwrap();
    assert_eq!(host.status(&mut card, "80E60C00", &second), 0x9000);
    let begin = hex::decode("00000AF0434152445749440002000000").unwrap();
    assert_eq!(host.status(&mut card, "80E62000", &begin), 0x9000);
    assert_eq!(host.status(&mut card, "80E20800", b"\x01\x01\x14half a name"), 0x9000);
    std::fs::write(&path, card.state().to_json()).unwrap();
    panic!("{path} is written: commit it, and add a test that it loads for ever");
}
