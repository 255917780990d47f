//! PSE and PPSE.

use super::card_data::*;
use super::route::*;
use crate::host::Scp03;
use crate::world::{card, card_of, product, send};
use cardwright_virtual_card::applications::built_in;
use sha2::{Digest, Sha256};

pub(crate) const PSE: &str = "315041592E5359532E4444463031";
const PPSE: &str = "325041592E5359532E4444463031";

fn entry() -> Vec<u8> {
    tlv("61", &[tlv("4F", &bytes(INSTANCE)), tlv("50", b"CARDWRIGHT"), tlv("87", &[1])].concat())
}

pub(crate) fn pse() -> Vec<Grouping> {
    let template = tlv("A5", &[tlv("88", &[1]), tlv("5F2D", b"en")].concat());
    vec![clear(0x9102, template), clear(0x0101, tlv("70", &entry()))]
}

fn ppse() -> Vec<Grouping> {
    vec![clear(0x9102, tlv("A5", &tlv("BF0C", &entry())))]
}

#[test]
fn a_pse_lists_its_applications_in_records_and_a_ppse_in_its_fci() {
    for (name, groupings, direct) in [(PSE, pse(), false), (PPSE, ppse(), false), (PSE, pse(), true)] {
        let mut card = card("scp03-i70");
        let mut host = Host::open(&mut card);
        assert_eq!(host.status(&mut card, "80E60C00", &install_data(ENVIRONMENT_MODULE, name)), 0x9000);
        if direct {
            assert_eq!(select(&mut card, name).1, 0x9000);
            host = Host::open(&mut card);
        } else {
            assert_eq!(host.status(&mut card, "80E62000", &for_personalization(name)), 0x9000);
        }
        assert_eq!(host.personalize(&mut card, &groupings), 0x9000);
        card.reset();
        let (information, status) = select(&mut card, name);
        let expected = tlv("6F", &[tlv("84", &bytes(name)), groupings[0].content.clone()].concat());
        assert_eq!((information, status), (expected, 0x9000));
        if name == PSE {
            assert_eq!(send(&mut card, "00B2010C00"), hex::encode_upper(&groupings[1].content) + "9000");
            assert_eq!(send(&mut card, "00B2020C00"), "6A83", "that is the end of the directory");
        }
        assert_eq!(send(&mut card, "80A8000002830000"), "6D00");
        assert_eq!(send(&mut card, "80B2010C00"), "6E00");
    }
}

#[test]
fn an_environment_takes_no_keys_and_wants_its_directory() {
    let mut card = card("scp03-i70");
    let mut host = Host::open(&mut card);
    assert_eq!(host.status(&mut card, "80E60C00", &install_data(ENVIRONMENT_MODULE, PSE)), 0x9000);
    assert_eq!(host.status(&mut card, "80E62000", &for_personalization(PSE)), 0x9000);
    for (groupings, expected, why) in [
        (vec![clear(0x3000, internal(0x0A, 1, 2))], 0x6A88, "internal data"),
        (vec![whole()[2].clone()], 0x6A88, "keys"),
        (vec![pse()[1].clone()], 0x6A86, "no template"),
        (vec![clear(0x9102, tlv("A5", &tlv("5F2D", b"en")))], 0x6A80, "neither file nor entries"),
        (vec![clear(0x9102, tlv("A5", &tlv("88", &[11])))], 0x6A80, "a file that is none"),
        (vec![clear(0x9102, tlv("A5", &tlv("88", &[2])))], 0x6A86, "a file without a record"),
        (pse(), 0x9000, "the control"),
    ] {
        assert_eq!(host.personalize(&mut card, &groupings), expected, "{why}");
    }
}

#[test]
fn a_contactless_card_answers_with_the_data_for_the_air() {
    let template = tlv("A5", &[tlv("50", b"AIR"), tlv("9F38", &bytes("9F3704"))].concat());
    let answer = [tlv("82", &[0x3C, 0x80]), tlv("94", &bytes("08010100"))].concat();
    let mut all = whole();
    all.extend([clear(0x9103, template.clone()), clear(0x9204, answer.clone())]);
    let mut card = issued("scp03-i70-contactless", &all);
    let (information, _) = select(&mut card, INSTANCE);
    assert_eq!(information, tlv("6F", &[tlv("84", &bytes(INSTANCE)), template].concat()));
    assert_eq!(send(&mut card, "80A80000068304 1122334400"), hex::encode_upper(tlv("77", &answer)) + "9000");
    let mut contact = issued("scp03-i70", &all);
    assert!(select(&mut contact, INSTANCE).0.ends_with(&whole()[whole().len() - 2].content), "by contacts the other");
}

#[test]
fn the_documented_load_file_brings_both_modules() {
    let mut product = product("scp03-i70");
    product.preloaded = Vec::new();
    let mut card = card_of(product);
    let mut host = Scp03::open(&mut card, 0x33);
    let known = built_in::all().into_iter().find(|known| known.package.to_string() == PACKAGE).unwrap();
    let block = known.load_file_data_block();
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/emv-application.md")).unwrap();
    let hash = Sha256::digest(&block);
    assert!(page.contains(&hex::encode(hash)), "the page names the hash");
    let announced = [&bytes(&format!("0A{PACKAGE} 00 20"))[..], &hash, &[0, 0]].concat();
    assert_eq!(host.status(&mut card, "80E60200", &announced), 0x9000);
    assert_eq!(host.status(&mut card, "80E88000", &tlv("C4", &block)), 0x9000);
    for (module, instance) in [(PAYMENT_MODULE, INSTANCE), (ENVIRONMENT_MODULE, PSE)] {
        assert_eq!(host.status(&mut card, "80E60C00", &install_data(module, instance)), 0x9000);
        assert_eq!(host.status(&mut card, "80E62000", &for_personalization(instance)), 0x9000);
    }
    let stored = host.status(&mut card, "80E28000", &Host::clear(&pse()));
    assert_eq!(stored, 0x9000, "the second module is the environment");
}
