//! The check of payment cards: who vouches for them, and whether keys and PIN are those that certificates, check values
//! and the card's order of personalization speak of.

use cardwright_data_preparation::emv::pin_block::PinBlockFault;
use cardwright_data_preparation::emv::rsa::RsaFault;
use cardwright_data_preparation::{CheckFault, EmvFault};

use crate::emv_check::{draft, emv, finished};
use crate::emv_draft::Draft;
use crate::emv_sample::{Key, hexadecimal};

#[test]
fn a_certificate_that_ends_before_the_card_is_refused() {
    let issuer = draft(|draft| draft.issuer_expires = Some([0x11, 0x31]));
    assert_eq!(issuer, EmvFault::CertificateExpires(0x90));
    assert_eq!(Draft::changed(|draft| draft.issuer_expires = Some([0x12, 0x31])).read_back().err(), None);
    let card = draft(|draft| draft.card_expires = [0x11, 0x31]);
    assert_eq!(card, EmvFault::CertificateExpires(0x9F46));
    let number = draft(|draft| draft.certified_number = "4761739001010127");
    assert_eq!(number, EmvFault::CertificateOfOther(0x9F46));
}

#[test]
fn an_issuer_certificate_for_other_numbers_is_refused() {
    let other = draft(|draft| {
        for (_, elements) in &mut draft.records {
            for (tag, value) in elements {
                match tag {
                    0x57 => *value = hexadecimal("4111111111111111D3112201112340185F"),
                    0x5A => *value = hexadecimal("4111111111111111"),
                    _ => {}
                }
            }
        }
    });
    assert_eq!(other, EmvFault::CertificateOfOther(0x90));
}

#[test]
fn an_authority_that_terminals_would_not_find_is_refused() {
    let index = draft(|draft| draft.set(0x8F, "F2"));
    assert_eq!(index, EmvFault::AuthorityMissing { provider: *b"\xF0\x45\x4D\x56\x01", index: 0xF2 });
    let mut card = Draft::credit().card();
    card.authorities[0].provider[4] = 2;
    assert_eq!(emv(&card), EmvFault::AuthorityMissing { provider: *b"\xF0\x45\x4D\x56\x01", index: 0xF1 });
    let mut card = Draft::credit().card();
    let mut spare = card.authorities[0].clone();
    spare.index = 0xF2;
    card.authorities.push(spare.clone());
    let idle = CheckFault::CertificationKey { provider: spare.provider, index: 0xF2 };
    assert_eq!(card.read_back().err(), Some(idle));
    card.authorities[1].index = 0xF1;
    let twice = CheckFault::CertificationKey { provider: spare.provider, index: 0xF1 };
    assert_eq!(card.read_back().err(), Some(twice));
}

#[test]
fn both_interfaces_must_say_the_same_of_the_card_and_its_key() {
    let changed = |tag: u32, value: &str| {
        let contactless = |draft: &mut Draft| {
            let record = draft.records.iter_mut().find(|(identifier, _)| *identifier == 0x0301).unwrap();
            record.1.iter_mut().filter(|(there, _)| *there == tag).for_each(|(_, bytes)| *bytes = hexadecimal(value));
            record.1.retain(|(there, _)| tag == 0x5F34 || *there == tag || *there == 0x9F4A);
        };
        draft(contactless)
    };
    assert_eq!(changed(0x57, "4761739001010127D3112201112340185F"), EmvFault::Disagreement(0x5A, 0x57));
    assert_eq!(changed(0x57, "4761739001010119D3111201112340185F"), EmvFault::Disagreement(0x5F24, 0x57));
    let sequence = draft(|draft| draft.add(0x0301, 0x5F34, "02"));
    assert_eq!(sequence, EmvFault::Disagreement(0x5F34, 0x5F34));
    let key = draft(|draft| draft.contactless.as_mut().unwrap().key = Some("pin-3"));
    assert!(matches!(key, EmvFault::InterchangeProfile { tag: 0x9F46, .. }), "{key:?}");
}

#[test]
fn a_key_too_long_for_combined_authentication_is_refused() {
    let fault = draft(|draft| (draft.card, draft.whole_exponent) = ("issuer-3", true));
    assert_eq!(fault, EmvFault::KeyTooLong(247));
}

#[test]
fn private_keys_must_be_whole_in_one_form_and_those_of_the_certificate() {
    let mut card = Draft::credit().card();
    card.payment().remove(0x8203);
    assert_eq!(card.read_back().err(), Some(CheckFault::MissingDgi(0x8203)));
    for identifier in [0x8201, 0x8202, 0x8204, 0x8205] {
        card.payment().remove(identifier);
    }
    assert_eq!(emv(&card), EmvFault::PrivateKeyForm(0x8201));
    let both = finished(|card| {
        let modulus = Key::named("card-3").part("n");
        card.payment().add(0x8101, modulus.clone());
        card.payment().add(0x8103, modulus);
    });
    assert_eq!(both, EmvFault::PrivateKeyForm(0x8201));
    let other = finished(|card| {
        let (p, q) = (card.payment().dgi(0x8205).data.clone(), card.payment().dgi(0x8204).data.clone());
        (card.payment().dgi(0x8205).data, card.payment().dgi(0x8204).data) = (q, p);
    });
    assert_eq!(other, EmvFault::PrivateKey { dgi: 0x8201, fault: RsaFault::Part });
    let short = finished(|card| card.payment().dgi(0x8204).data.insert(0, 0));
    assert_eq!(short, EmvFault::PrivateKey { dgi: 0x8201, fault: RsaFault::PartLength });
    let mut card = Draft::changed(|draft| {
        draft.pin = None;
        draft.contact.locator = hexadecimal("08010202 10010300");
    });
    assert_eq!(card.read_back().err(), None);
    for identifier in 0x8301..=0x8305 {
        card.payment().add(identifier, vec![1; 64]);
    }
    assert_eq!(emv(&card), EmvFault::PrivateKeyForm(0x8301));
}

#[test]
fn keys_must_have_their_check_values_and_differ() {
    assert_eq!(finished(|card| card.payment().dgi(0x9000).data[3] ^= 1), EmvFault::CheckValue(2));
    assert_eq!(finished(|card| card.payment().dgi(0x8000).data[0] ^= 1), EmvFault::Parity(1));
    let same = finished(|card| {
        card.payment().dgi(0x8000).data.copy_within(0..16, 16);
        card.payment().dgi(0x9000).data.copy_within(0..3, 3);
    });
    assert_eq!(same, EmvFault::SameKeys);
}

#[test]
fn the_pin_is_a_block_of_format_2_with_all_its_tries() {
    let block = |first, last| {
        finished(|card| (card.payment().dgi(0x8010).data[0], card.payment().dgi(0x8010).data[7]) = (first, last))
    };
    assert_eq!(block(0x14, 0xFF), EmvFault::PinBlock(PinBlockFault::Format));
    assert_eq!(block(0x23, 0xFF), EmvFault::PinBlock(PinBlockFault::Length));
    assert_eq!(block(0x24, 0xF0), EmvFault::PinBlock(PinBlockFault::Content));
    for tries in [[2, 3], [3, 2], [0, 0], [16, 16]] {
        assert_eq!(finished(|card| card.payment().dgi(0x9010).data = tries.to_vec()), EmvFault::PinTries);
    }
    let methods = finished(|card| {
        card.payment().remove(0x8010);
        card.payment().remove(0x9010);
    });
    assert!(matches!(methods, EmvFault::VerificationMeans { .. }), "{methods:?}");
}

#[test]
fn groupings_travel_in_their_order_and_under_their_protection() {
    let swapped = finished(|card| {
        let dgis = &mut card.payment().dgis;
        let place = |identifier| dgis.iter().position(|grouping| grouping.identifier == identifier).unwrap();
        let (keys, values) = (place(0x8000), place(0x9000));
        dgis.swap(keys, values);
    });
    assert_eq!(swapped, EmvFault::Order { first: 0x8000, second: 0x9000 });
    for (identifier, protection) in [(0x8000, 2), (0x8201, 1), (0x9102, 1), (0x9010, 2)] {
        let mut card = Draft::credit().card();
        card.payment().dgi(identifier).protection = protection;
        assert_eq!(card.read_back().err(), Some(CheckFault::Unprotected(identifier)));
    }
    let mut card = Draft::credit().card();
    card.applications[0].dgi(0x9102).protection = 1;
    assert_eq!(card.read_back().err(), Some(CheckFault::Unprotected(0x9102)));
    assert_eq!(finished(|card| card.payment().dgi(0x9104).optional = true), EmvFault::Optional(0x9104));
    let mut card = Draft::credit().card();
    card.payment().dgi(0x9204).optional = true;
    assert_eq!(card.read_back().err(), None);
    for identifier in [0x0101, 0x0102, 0x0203] {
        let fault = finished(|card| card.payment().dgi(identifier).personal = false);
        assert_eq!(fault, EmvFault::NotPersonal(identifier));
    }
}

#[test]
fn a_route_and_a_commit_point_that_do_not_belong_together_are_refused() {
    let mut card = Draft::credit().card();
    card.payment().route = 1;
    assert!(matches!(card.read_back().err(), Some(CheckFault::CommitPoint(_))));
    card.payment().commit_point = 1;
    assert_eq!(card.read_back().err(), None);
}
