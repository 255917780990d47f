//! Planted faults in PIV's content: each is found by its name.

use cardwright_apdu::tlv;

use super::*;
use crate::piv::{AlternativeNames, CertificateRequest, DistinguishedName, FaceRecord, PrintedInformation};
use crate::profile::NameAttribute;
use crate::{Activation, CommitPoint, ProfileReference, Rewrite, Route, SecurityLevel, Standard, encoding};

const NUMBER: &str = "492900000000";
const INSTANCE: &str = "A000000308000010000100";

fn day(year: u16) -> Date {
    Date::new(year, 6, 30).unwrap()
}

fn uuid() -> [u8; 16] {
    piv::card_uuid([0x5A; 16])
}

fn number() -> FascN {
    FascN::of_card("9999", "9999", NUMBER).unwrap()
}

fn key(slot: u8, algorithm: u8, to: Date) -> PivKey {
    let name = DistinguishedName::new(&[(NameAttribute::Country, "XX"), (NameAttribute::CommonName, "Zoë")]).unwrap();
    let names = AlternativeNames {
        email: Some("zoe@example.org"),
        principal: Some("zoe"),
        number: Some(number()),
        uuid: Some(uuid()),
    };
    let request = CertificateRequest {
        authority: "authority.1",
        authority_name: &name,
        authority_key: [7; 20],
        slot,
        algorithm,
        subject: &name,
        serial: [0xFF; 16],
        from: day(2026),
        to,
        names,
        policies: &[],
    };
    PivKey { slot, algorithm, certificate: piv::certificate_template(&request).unwrap() }
}

fn printed(expiry: Date) -> Vec<u8> {
    let printed = PrintedInformation {
        name: "Joan Doe",
        affiliation: "Employee",
        expiry,
        serial_number: NUMBER,
        issuer: "000000999900000",
    };
    piv::printed_information(&printed).unwrap()
}

fn face(number: FascN) -> Vec<u8> {
    let frame = [0xFF, 0xC0, 0x00, 0x0B, 0x08, 0x01, 0x40, 0x00, 0xF0, 0x01, 0x01, 0x11, 0x00];
    let picture = [&[0xFF, 0xD8][..], &frame, &[0x55; 20]].concat();
    let (created, valid_from, valid_to) = (day(2026), day(2026), day(2031));
    piv::face_image(&FaceRecord { picture: &picture, created, valid_from, valid_to, creator: "lab", number }).unwrap()
}

fn sample() -> PersonalizationData {
    let object = |tag, value, personal| PivObject { tag, value, personal };
    let reference = |reference, algorithm, value: &[u8]| PivReference { reference, algorithm, value: value.to_vec() };
    let content = PivContent {
        objects: vec![
            object(CARD_HOLDER_IDENTIFIER, piv::card_holder_identifier(number(), uuid(), day(2031), &[]), true),
            object(CARD_CAPABILITY, piv::capability_container([3; 14]), false),
            object(PRINTED_INFORMATION, printed(day(2031)), true),
            object(FACE_IMAGE, face(number()), true),
            object(DISCOVERY, piv::discovery(&INSTANCE.parse().unwrap()), false),
        ],
        keys: vec![
            key(0x9A, 0x07, day(2031)),
            key(0x9C, 0x11, day(2031)),
            key(0x9D, 0x11, day(2031)),
            key(0x9E, 0x11, day(2030)),
        ],
        references: vec![
            reference(0x80, 0, b"123456\xFF\xFF"),
            reference(0x81, 0, b"87654321"),
            reference(0x9B, 0x0C, &[9; 32]),
        ],
    };
    let application = Application {
        standard: Standard::Piv,
        package: "A00000030800001000".parse().unwrap(),
        module: INSTANCE.parse().unwrap(),
        instance: INSTANCE.parse().unwrap(),
        install_parameters: Vec::new(),
        privileges: vec![0],
        dgis: Vec::new(),
        activation: Activation::AfterProof,
        commit_point: CommitPoint::Personalized,
        route: Route::Application,
        rewrite: Rewrite::PutData,
        piv: Some(content),
        script: None,
    };
    PersonalizationData {
        format: encoding::Format,
        profile: ProfileReference { name: "piv".to_owned(), version: 1, digest: [0; 32] },
        security_level: SecurityLevel::CommandEncryptionResponseEncryption,
        masked_number: "492900**0000".to_owned(),
        applications: vec![application],
        certification_keys: Vec::new(),
        face: Vec::new(),
        scope: Scope::Whole,
    }
}

fn read(data: &PersonalizationData) -> Result<(), PivFault> {
    read_back(&data.applications[0], data)
}

/// What is found after `plant` has changed the content.
fn found(plant: impl FnOnce(&mut PivContent)) -> PivFault {
    let mut data = sample();
    plant(data.applications[0].piv.as_mut().unwrap());
    read(&data).unwrap_err()
}

fn value(content: &mut PivContent, tag: u32) -> &mut Vec<u8> {
    &mut content.objects.iter_mut().find(|object| object.tag == tag).unwrap().value
}

#[test]
fn the_sample_reads_and_tells_its_number() {
    let data = sample();
    assert_eq!(read(&data), Ok(()));
    assert_eq!(card_number(&data.applications[0]).unwrap()[..], *NUMBER.as_bytes());
}

#[test]
fn content_of_another_kind_or_in_the_open_is_found() {
    let mut data = sample();
    data.applications[0].piv = None;
    assert_eq!(read(&data), Err(PivFault::Content));
    let mut data = sample();
    data.security_level = SecurityLevel::CommandMac;
    assert_eq!(read(&data), Err(PivFault::SecurityLevel));
}

#[test]
fn objects_that_are_missing_doubled_unknown_or_too_long_are_found() {
    let remove = |tag: u32| move |content: &mut PivContent| content.objects.retain(|object| object.tag != tag);
    assert_eq!(found(remove(CARD_HOLDER_IDENTIFIER)), PivFault::MissingObject(CARD_HOLDER_IDENTIFIER));
    assert_eq!(found(remove(CARD_CAPABILITY)), PivFault::MissingObject(CARD_CAPABILITY));
    assert_eq!(found(|content| content.objects[1].tag = CARD_HOLDER_IDENTIFIER), {
        PivFault::DoubledObject(CARD_HOLDER_IDENTIFIER)
    });
    assert_eq!(found(|content| content.objects[1].tag = 0x5F_C1_05), PivFault::UnknownObject(0x5F_C1_05));
    assert_eq!(found(|content| content.objects[2].personal = false), PivFault::NotPersonal(PRINTED_INFORMATION));
    let fault = found(|content| value(content, PRINTED_INFORMATION).resize(246, 0));
    assert_eq!(fault, PivFault::Length { tag: PRINTED_INFORMATION, length: 246 });
}

#[test]
fn objects_that_do_not_agree_are_found() {
    let wrong = |tag, why| PivFault::Object { tag, why };
    let fault = found(|content| *value(content, PRINTED_INFORMATION) = printed(day(2030)));
    assert_eq!(fault, wrong(PRINTED_INFORMATION, "its expiry is not the CHUID's"));
    let other = FascN::of_card("0032", "0001", NUMBER).unwrap();
    let fault = found(|content| *value(content, FACE_IMAGE) = face(other));
    assert_eq!(fault, wrong(FACE_IMAGE, "its FASC-N is not the card's"));
    let fault = found(|content| *value(content, DISCOVERY) = piv::discovery(&"A0000003080000".parse().unwrap()));
    assert_eq!(fault, wrong(DISCOVERY, "it does not name this application and its PIN"));
    let fault = found(|content| {
        let object = piv::card_holder_identifier(number(), [0x5A; 16], day(2031), &[]);
        *value(content, CARD_HOLDER_IDENTIFIER) = object;
    });
    assert_eq!(fault, wrong(CARD_HOLDER_IDENTIFIER, "its GUID is no UUID of version 1, 4 or 5"));
    let fault = found(|content| {
        let other = piv::card_uuid([0xA5; 16]);
        *value(content, CARD_HOLDER_IDENTIFIER) = piv::card_holder_identifier(number(), other, day(2031), &[]);
    });
    assert_eq!(fault, PivFault::Key { slot: 0x9A, why: "its certificate does not name the card's UUID" });
}

#[test]
fn keys_and_certificates_that_do_not_fit_are_found() {
    let wrong = |slot, why| PivFault::Key { slot, why };
    let fault = found(|content| content.keys.retain(|key| key.slot != 0x9A));
    assert_eq!(fault, wrong(0x9A, "it is missing, and the card's application needs it"));
    assert_eq!(found(|content| content.keys[1].slot = 0x9A), wrong(0x9A, "it is there twice"));
    let fault = found(|content| content.keys[1] = key(0x9C, 0x11, day(2032)));
    assert_eq!(fault, wrong(0x9C, "its certificate outlives the card"));
    let usage = "its certificate's key usage, constraints or authority are not those of its slot";
    assert_eq!(found(|content| content.keys[2].algorithm = 0x07), wrong(0x9D, usage));
    assert_eq!(found(|content| content.keys[0].certificate.authority.clear()), {
        wrong(0x9A, "its certificate has no authority")
    });
    let algorithm = "its slot is not 9A, 9C, 9D or 9E, or its algorithm neither 07 nor 11";
    assert_eq!(found(|content| content.keys[0].algorithm = 0x14), wrong(0x9A, algorithm));
}

/// Of what frames a certificate every changed byte is found; a changed letter of a name is a name.
#[test]
fn a_template_with_a_changed_length_or_tag_does_not_read() {
    let template = key(0x9A, 0x07, day(2031)).certificate;
    let frames = |der: &[u8]| -> Vec<usize> {
        der.iter().enumerate().filter(|(_, byte)| **byte == 0x30).map(|(at, _)| at).collect()
    };
    for at in frames(&template.before) {
        let why = "its certificate does not read, with a public key in it";
        let fault = found(|content| content.keys[0].certificate.before[at] = 0x31);
        assert_eq!(fault, PivFault::Key { slot: 0x9A, why }, "byte {at}");
    }
    for at in 0..4 {
        assert!(matches!(found(|content| content.keys[0].certificate.after[at] ^= 1), PivFault::Key { .. }));
    }
    let fault = found(|content| content.keys[0].certificate.before.resize(2_300, 0));
    assert_eq!(fault, PivFault::Key { slot: 0x9A, why: "its certificate would be longer than 3000 bytes" });
}

#[test]
fn references_that_do_not_fit_are_found() {
    let wrong = |reference, why| PivFault::Reference { reference, why };
    for (place, reference) in [(0, 0x80), (1, 0x81), (2, 0x9B)] {
        let fault = found(|content| drop(content.references.remove(place)));
        assert_eq!(fault, wrong(reference, "it is missing"));
        let fault = found(|content| content.references[place].value.truncate(7));
        assert_eq!(fault, wrong(reference, "its value has another length or form"));
    }
    let fault = found(|content| content.references[0].value[5] = 0xFF);
    assert_eq!(fault, wrong(0x80, "its value has another length or form"), "five digits");
    let fault = found(|content| content.references[2].algorithm = 0x08);
    assert_eq!(fault, wrong(0x9B, "its value has another length or form"));
}

#[test]
fn every_changed_bit_of_the_identifiers_frame_is_found() {
    let whole = sample().applications[0].piv.as_ref().unwrap().objects[0].value.clone();
    let number = tlv::find(&whole, 0x30).unwrap().unwrap().len();
    for place in 0..(2 + number) * 8 {
        let fault = found(|content| value(content, CARD_HOLDER_IDENTIFIER)[place / 8] ^= 0x80 >> (place % 8));
        assert!(matches!(fault, PivFault::Object { .. }), "bit {place}: {fault}");
    }
}
