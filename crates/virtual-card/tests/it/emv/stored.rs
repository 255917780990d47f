//! State files with EMV applications load for ever.

use cardwright_virtual_card::{Card, CardState};

use super::answers::{OPTIONS, TC, begin, first, online};
use super::card_data::*;
use super::environment::{PSE, pse};
use super::route::*;
use crate::world::{card, card_with, send};

/// Personalized, but for a record of which the end is missing.
const HALF: &str = "F0454D56010002";

fn path() -> String {
    format!("{}/tests/states/format-1-emv.json", env!("CARGO_MANIFEST_DIR"))
}

/// An issued payment application that has been used, an environment, and a personalization that was cut short.
fn used() -> Card {
    let mut card = card("scp03-i70");
    let mut host = Host::open(&mut card);
    for (module, instance, groupings) in [(ENVIRONMENT_MODULE, PSE, pse()), (PAYMENT_MODULE, INSTANCE, whole())] {
        assert_eq!(host.status(&mut card, "80E60C00", &install_data(module, instance)), 0x9000);
        assert_eq!(host.status(&mut card, "80E62000", &for_personalization(instance)), 0x9000);
        assert_eq!(host.personalize(&mut card, &groupings), 0x9000);
    }
    assert_eq!(host.status(&mut card, "80E60C00", &install_data(PAYMENT_MODULE, HALF)), 0x9000);
    assert_eq!(host.status(&mut card, "80E62000", &for_personalization(HALF)), 0x9000);
    let record = host.encoded(&records()[0]);
    assert_eq!(host.status(&mut card, "80E20000", &record[..30]), 0x9000);
    online(&mut card);
    begin(&mut card);
    assert_eq!(send(&mut card, "0020008008241235FFFFFFFFFF"), "63C2");
    card
}

fn scripted_path() -> String {
    format!("{}/tests/states/format-1-emv-scripted.json", env!("CARGO_MANIFEST_DIR"))
}

/// A blocked payment application with a changed limit, and a refused command, of which the issuer has not heard.
fn blocked() -> Card {
    let mut card = super::issuer::card_of(0x12);
    let issuer = super::issuer::Issuer::online(&mut card, 0x12);
    assert_eq!(issuer.send(&mut card, "04DA9F58", &[1]), 0x9000);
    assert_eq!(issuer.send(&mut card, "841E0000", &[]), 0x9000);
    assert_eq!(issuer.send(&mut card, "04DA9F58", &[9]), 0x6A80);
    card
}

/// As the one below, for what issuer scripts leave.
#[test]
fn the_form_of_a_scripted_card_has_its_state_file() {
    if std::path::Path::new(&scripted_path()).exists() {
        return;
    }
    std::fs::write(scripted_path(), blocked().state().to_json()).unwrap();
    panic!("{} is written: commit it", scripted_path());
}

#[test]
fn a_blocked_emv_card_loads_for_ever() {
    let state = || CardState::from_json(&std::fs::read(scripted_path()).unwrap()).unwrap();
    let mut card = card_with(state());
    assert_eq!(select(&mut card, INSTANCE).1, 0x6283);
    assert_eq!(send(&mut card, "80CA9F5800"), "9F5801019000");
    assert!(send(&mut card, OPTIONS).ends_with("9000"));
    let answer = first(&mut card, TC);
    assert_eq!((answer.kind(), answer.results()[2]), (0x00, 0x28));
    let text = String::from_utf8(state().to_json()).unwrap();
    assert!(text.contains("\"blocking\": \"application\""));
    let disabled = text.replace("\"blocking\": \"application\"", "\"blocking\": \"card\"");
    let mut card = card_with(CardState::from_json(disabled.as_bytes()).unwrap());
    assert_eq!(select(&mut card, INSTANCE).1, 0x6A81);
}

/// Whoever changes what is stored finds this: the file is written once, and then never again.
#[test]
fn the_present_form_has_its_state_file() {
    if std::path::Path::new(&path()).exists() {
        return;
    }
    std::fs::write(path(), used().state().to_json()).unwrap();
    panic!("{} is written: commit it", path());
}

#[test]
fn an_issued_emv_card_loads_for_ever() {
    let mut card = card_with(CardState::from_json(&std::fs::read(path()).unwrap()).unwrap());
    let codes: Vec<u8> = card.state().applications.iter().map(|one| one.life_cycle_code()).collect();
    assert_eq!(codes, [0x0F, 0x0F, 0x07]);
    select(&mut card, PSE);
    assert_eq!(send(&mut card, "00B2010C00"), hex::encode_upper(&pse()[1].content) + "9000");
    begin(&mut card);
    assert_eq!(send(&mut card, "80CA9F3600"), "9F360200039000");
    assert_eq!(send(&mut card, "80CA9F1300"), "9F130200019000");
    assert_eq!(send(&mut card, "80CA9F1700"), "9F1701029000");
    assert!(send(&mut card, "00880000041122334400").ends_with("9000"), "the key is there");
    assert_eq!(send(&mut card, "0020008008241234FFFFFFFFFF"), "9000");
    assert_eq!(first(&mut card, TC).kind(), TC);
    assert_eq!(select(&mut card, HALF), (bytes(&format!("6F0B8407{HALF}A500")), 0x9000));
    card.reset();
    let mut host = Host::open(&mut card);
    assert_eq!(host.status(&mut card, "80E62000", &for_personalization(HALF)), 0x9000);
    assert_eq!(host.personalize(&mut card, &whole()), 0x9000, "what was cut short is finished");
}
