//! The check of payment cards: samples that read back, and what a terminal would refuse of records, elements, lists,
//! promises and directories. What is changed is changed before the card is signed, so that no signature finds it first.

use cardwright_data_preparation::emv::certificate::CertificateFault;
use cardwright_data_preparation::{CheckFault, EmvFault, Interface};

use crate::emv_draft::{APPLICATION, Draft};
use crate::emv_sample::{Card, hexadecimal};

/// The fault of a payment application or directory.
pub(crate) fn emv(card: &Card) -> EmvFault {
    match card.read_back().err() {
        Some(CheckFault::Emv { fault, .. }) => fault,
        other => panic!("{other:?}"),
    }
}

/// The fault of the credit card with something changed before it is signed.
pub(crate) fn draft(change: impl FnOnce(&mut Draft)) -> EmvFault {
    emv(&Draft::changed(change))
}

/// The fault of the credit card with its finished groupings changed.
pub(crate) fn finished(change: impl FnOnce(&mut Card)) -> EmvFault {
    let mut card = Draft::credit().card();
    change(&mut card);
    emv(&card)
}

#[test]
fn the_samples_read_back() {
    assert_eq!(Draft::credit().card().read_back().err(), None);
    assert_eq!(Draft::debit().card().read_back().err(), None);
}

#[test]
fn a_locator_and_records_that_do_not_fit_are_refused() {
    let missing = draft(|draft| draft.contact.locator = hexadecimal("08010202 10010600"));
    assert_eq!(missing, EmvFault::RecordMissing { locator: 0x9104, record: 0x0206 });
    let over = draft(|draft| draft.contact.locator = hexadecimal("08010202 10010400"));
    assert!(matches!(over, EmvFault::MissingElement { .. } | EmvFault::RecordUnlisted(0x0205)), "{over:?}");
    let mut card = Draft::credit().card();
    card.payment().add(0x0501, hexadecimal("70035F5000"));
    assert_eq!(emv(&card), EmvFault::RecordUnlisted(0x0501));
    let twice = draft(|draft| draft.contact.locator = hexadecimal("08010202 10010500 08010100"));
    assert!(matches!(twice, EmvFault::DoubledElement { tag: 0x57, .. }), "{twice:?}");
    assert_eq!(finished(|card| card.payment().dgi(0x9104).data[8] = 0), EmvFault::Locator(0x9104));
}

#[test]
fn a_count_of_signed_records_that_is_not_what_was_signed_is_refused() {
    let fault = finished(|card| card.payment().dgi(0x9104).data[9] = 1);
    let hash = EmvFault::Certificate { interface: Interface::Contact, tag: 0x9F46, fault: CertificateFault::Hash };
    assert_eq!(fault, hash);
    let none = draft(|draft| draft.contact.locator = hexadecimal("08010200 10010500"));
    assert_eq!(none, EmvFault::NothingSigned(Interface::Contact));
}

#[test]
fn a_record_that_is_no_template_or_holds_what_the_card_answers_itself_is_refused() {
    assert_eq!(finished(|card| card.payment().dgi(0x0101).data[0] = 0x77), EmvFault::Template(0x0101));
    for tag in [0x9F36, 0x9F13, 0x9F17, 0x9F26, 0x9F27, 0x82, 0x94, 0x84, 0x9F38] {
        let fault = draft(|draft| draft.add(0x0201, tag, "0001"));
        assert_eq!(fault, EmvFault::Misplaced { dgi: 0x0201, tag });
    }
    let template = draft(|draft| draft.add(0x0201, 0x61, ""));
    assert_eq!(template, EmvFault::Misplaced { dgi: 0x0201, tag: 0x61 });
    let own = hexadecimal(&format!("DF0181C8{}", "00".repeat(200)));
    let long = draft(|draft| draft.contact.template.push((0xBF0C, own)));
    assert_eq!(long, EmvFault::TemplateLength(0x9102));
}

#[test]
fn a_mandatory_element_that_is_missing_or_there_twice_is_refused() {
    for tag in [0x5A, 0x5F24, 0x8C, 0x8D] {
        let fault = draft(|draft| {
            draft.contactless = None;
            draft.records.retain(|(identifier, _)| *identifier != 0x0301);
            draft.leave_out(tag);
        });
        assert!(matches!(fault, EmvFault::MissingElement { tag: missing, .. } if missing == tag), "{fault:?}");
    }
    let twice = draft(|draft| draft.add(0x0201, 0x5F28, "0392"));
    assert_eq!(twice, EmvFault::DoubledElement { dgi: 0x0201, tag: 0x5F28 });
    let label = draft(|draft| draft.contact.template.retain(|(tag, _)| *tag != 0x50));
    assert!(matches!(label, EmvFault::MissingElement { tag: 0x50, .. } | EmvFault::EntryDiffers { .. }), "{label:?}");
}

#[test]
fn an_element_of_wrong_length_or_format_is_refused() {
    let length = |tag, value: &str| draft(|draft| draft.set(tag, value));
    for (tag, value, dgi) in [(0x5F34, "0001", 0x0101), (0x9F07, "FF", 0x0102), (0x9F0D, "B850AC80", 0x0102)] {
        let expected = EmvFault::ElementLength { dgi, tag, length: value.len() / 2 };
        assert_eq!(length(tag, value), expected);
    }
    let name = "41".repeat(27);
    assert_eq!(length(0x5F20, &name), EmvFault::ElementLength { dgi: 0x0101, tag: 0x5F20, length: 27 });
    for (tag, value, dgi) in [
        (0x5F20, "415EC3AB", 0x0101),
        (0x5F20, "5A4F455E", 0x0101),
        (0x5F34, "1A", 0x0101),
        (0x5F28, "1392", 0x0102),
        (0x9F42, "039A", 0x0102),
    ] {
        assert_eq!(length(tag, value), EmvFault::ElementFormat { dgi, tag }, "{value}");
    }
    assert_eq!(length(0x9F4A, "94"), EmvFault::ElementValue { dgi: 0x0102, tag: 0x9F4A });
    let unknown = draft(|draft| draft.add(0x0201, 0x9F22, "01"));
    assert_eq!(unknown, EmvFault::UnknownElement { dgi: 0x0201, tag: 0x9F22 });
}

#[test]
fn lists_that_do_not_read_or_ask_for_too_little_are_refused() {
    for tag in [0x8C, 0x8D, 0x9F49] {
        let fault = draft(|draft| draft.set(tag, "9F02"));
        assert!(matches!(fault, EmvFault::ElementValue { tag: wrong, .. } if wrong == tag), "{fault:?}");
    }
    let selection = draft(|draft| draft.contact.template[3].1 = hexadecimal("9F1A"));
    assert_eq!(selection, EmvFault::ElementValue { dgi: 0x9102, tag: 0x9F38 });
    let no_number = draft(|draft| draft.set(0x8C, "9F02069F03069F1A0295055F2A029A039C01"));
    assert_eq!(no_number, EmvFault::NotAskedFor { list: 0x8C, missing: 0x9F37 });
    let no_response = draft(|draft| draft.set(0x8D, "9F3704"));
    assert_eq!(no_response, EmvFault::NotAskedFor { list: 0x8D, missing: 0x8A });
    let dynamic = draft(|draft| draft.set(0x9F49, "9A03"));
    assert!(matches!(dynamic, EmvFault::InterchangeProfile { tag: 0x9F49, .. }), "{dynamic:?}");
    let second = draft(|draft| draft.set(0x8D, "8A029A03"));
    assert!(matches!(second, EmvFault::InterchangeProfile { tag: 0x8D, .. }), "{second:?}");
    let methods = draft(|draft| draft.set(0x8E, "00000000000000003F00"));
    assert_eq!(methods, EmvFault::ElementValue { dgi: 0x0102, tag: 0x8E });
}

#[test]
fn track_2_must_say_what_number_expiry_and_service_code_say() {
    let other_number = draft(|draft| draft.set(0x57, "4761739001010127D3112201112340185F"));
    assert_eq!(other_number, EmvFault::Disagreement(0x57, 0x5A));
    let other_month = draft(|draft| draft.set(0x57, "4761739001010119D3111201112340185F"));
    assert_eq!(other_month, EmvFault::Disagreement(0x57, 0x5F24));
    let other_code = draft(|draft| draft.set(0x57, "4761739001010119D3112221112340185F"));
    assert_eq!(other_code, EmvFault::Disagreement(0x57, 0x5F30));
    let no_track = draft(|draft| draft.set(0x57, "4761739001010119D3113201112340185F"));
    assert_eq!(no_track, EmvFault::ElementValue { dgi: 0x0101, tag: 0x57 });
    let no_check_digit = draft(|draft| draft.set(0x5A, "4761739001010118"));
    assert_eq!(no_check_digit, EmvFault::ElementValue { dgi: 0x0102, tag: 0x5A });
}

#[test]
fn days_must_be_days_in_their_order() {
    assert_eq!(draft(|draft| draft.set(0x5F25, "311232")), EmvFault::ElementValue { dgi: 0x0102, tag: 0x5F25 });
    assert_eq!(draft(|draft| draft.set(0x5F24, "511231")), EmvFault::ElementValue { dgi: 0x0102, tag: 0x5F24 });
    assert_eq!(draft(|draft| draft.set(0x5F25, "320101")), EmvFault::Validity);
}

#[test]
fn records_are_not_signed_in_vain() {
    let fault = finished(|card| {
        card.payment().remove(0x0302);
        card.payment().dgi(0x9204).data = hexadecimal("82020080 940418010101");
    });
    assert_eq!(fault, EmvFault::SignedInVain(Interface::Contactless));
}

#[test]
fn a_preferred_name_needs_its_character_set_and_languages_are_small_letters() {
    let alone = draft(|draft| draft.contact.template.push((0x9F12, b"Cr\xE9dit".to_vec())));
    assert!(matches!(alone, EmvFault::MissingElement { tag: 0x9F11, .. }), "{alone:?}");
    for (tag, value) in [(0x5F2D, &b"EN"[..]), (0x5F2D, b"enf"), (0x9F11, b"\x20")] {
        let fault = draft(|draft| {
            draft.contact.template.retain(|(there, _)| *there != tag);
            draft.contact.template.push((tag, value.to_vec()));
        });
        assert_eq!(fault, EmvFault::ElementFormat { dgi: 0x9102, tag });
    }
    let rank = draft(|draft| draft.contact.template[1].1 = vec![0x11]);
    assert_eq!(rank, EmvFault::ElementValue { dgi: 0x9102, tag: 0x87 });
}

#[test]
fn what_the_interchange_profile_offers_must_be_there_and_nothing_else() {
    for (profile, tag) in [([0x79, 0], 0x93), ([0x18, 0], 0x9F46), ([0x29, 0], 0x8E)] {
        let fault = draft(|draft| draft.contact.profile = profile);
        assert!(matches!(fault, EmvFault::InterchangeProfile { tag: wrong, .. } if wrong == tag), "{fault:?}");
    }
    for profile in [[0xB9, 0], [0x3B, 0], [0x39, 0x80]] {
        let fault = draft(|draft| draft.contact.profile = profile);
        assert_eq!(fault, EmvFault::ElementValue { dgi: 0x9104, tag: 0x82 });
    }
    for tag in [0x9F49, 0x8F] {
        let fault = draft(|draft| draft.leave_out(tag));
        assert!(matches!(fault, EmvFault::InterchangeProfile { tag: missing, .. } if missing == tag), "{fault:?}");
    }
    let exponent = finished(|card| card.payment().dgi(0x0205).data = hexadecimal("7005 9F45020102"));
    assert!(matches!(exponent, EmvFault::InterchangeProfile { tag: 0x9F2E, .. }), "{exponent:?}");
}

#[test]
fn a_method_of_verification_needs_its_means() {
    let currency = draft(|draft| {
        draft.set(0x8E, "0000100000000000 4206 1F03");
        draft.leave_out(0x9F42);
    });
    assert!(matches!(currency, EmvFault::VerificationMeans { missing: "the currency (tag 9F42)", .. }), "{currency:?}");
    // Without certificates nothing enciphers a PIN.
    assert_eq!(Draft::online("0000000000000000 4103 0203 1F03").read_back().err(), None);
    let enciphered = emv(&Draft::online("0000000000000000 4403 0203 1F03"));
    assert!(matches!(enciphered, EmvFault::VerificationMeans { method: "an enciphered PIN", .. }), "{enciphered:?}");
}

#[test]
fn internal_data_says_how_cryptograms_are_made_and_no_limit_is_upside_down() {
    const LONG: &str = "06011203000000 00112233445566778899AABBCCDDEEFF00112233445566778899";
    for wrong in ["06010B03000000", "06011204000000", "060112030000", LONG] {
        let version = draft(|draft| draft.internal[0].1 = hexadecimal(wrong));
        assert_eq!(version, EmvFault::ElementValue { dgi: 0x3000, tag: 0x9F10 }, "{wrong}");
    }
    let more = Draft::changed(|draft| draft.internal[0].1 = hexadecimal("06011203000000 0F11223344"));
    assert_eq!(more.read_back().err(), None);
    assert_eq!(draft(|draft| draft.internal[1].1 = vec![6]), EmvFault::OfflineLimits);
    assert_eq!(draft(|draft| drop(draft.internal.pop())), EmvFault::Disagreement(0x9F58, 0x9F59));
    let foreign = draft(|draft| draft.internal.push((0x9F36, vec![0, 0])));
    assert_eq!(foreign, EmvFault::Misplaced { dgi: 0x3000, tag: 0x9F36 });
    let other = draft(|draft| draft.add(0x0201, 0x9F14, "04"));
    assert_eq!(other, EmvFault::Disagreement(0x9F14, 0x9F58));
}

#[test]
fn directories_name_the_applications_of_the_card_and_no_other() {
    let named =
        |card: &mut Card, directory: usize, identifier| card.applications[directory].dgi(identifier).data.clone();
    let at = |data: &[u8]| data.windows(7).position(|window| window == APPLICATION).unwrap();
    let none = finished(|card| {
        let place = at(&named(card, 0, 0x0101));
        card.applications[0].dgi(0x0101).data[place + 6] = 2;
    });
    assert_eq!(none, EmvFault::EntryOfNone(0x0101));
    let contactless = finished(|card| {
        card.payment().remove(0x9103);
        card.payment().remove(0x9204);
        card.payment().remove(0x0301);
        card.payment().remove(0x0302);
    });
    assert_eq!(contactless, EmvFault::EntryOfNone(0x9102));
    let label = finished(|card| {
        let data = &mut card.payment().dgi(0x9103).data;
        data[4] = b'X';
    });
    assert_eq!(label, EmvFault::EntryDiffers { dgi: 0x9102, tag: 0x50 });
    let doubled = finished(|card| {
        let record = card.applications[0].dgi(0x0101);
        let entry = record.data[2..].to_vec();
        record.data = cardwright_apdu::tlv::element(0x70, &[entry.clone(), entry].concat());
    });
    assert_eq!(doubled, EmvFault::DoubledElement { dgi: 0x0101, tag: 0x4F });
    let mut card = Draft::credit().card();
    let mut second = card.payment().clone();
    second.instance[6] = 2;
    card.applications.push(second);
    assert!(matches!(emv(&card), EmvFault::NoEntry(missing) if missing.as_bytes()[6] == 2));
}

#[test]
fn every_fault_names_what_to_do() {
    for fault in [
        draft(|draft| draft.set(0x8F, "F2")),
        draft(|draft| draft.issuer_expires = Some([0x11, 0x31])),
        finished(|card| card.payment().dgi(0x9000).data[3] ^= 1),
    ] {
        let text = fault.to_string();
        assert!(text.contains(": ") || text.contains("; "), "{text}");
    }
}
