//! Every bit of every grouping of a payment card, changed: what is signed, has a check value or is there twice is found
//! from the groupings alone, everything else by the digest.
//!
//! The tables below say of each element which it is. A check that becomes weaker accepts bits that they claim; an
//! element that the digest alone protects must have such bits, or it does not belong there.

use std::collections::BTreeMap;

use cardwright_apdu::tlv;
use cardwright_data_preparation::{CheckFault, OrderFields, PersonalizationData, Standard, check, prepare};
use sha2::{Digest, Sha256};

use crate::emv_draft::Draft;
use crate::emv_sample::{Application, reopen};
use crate::issuer::Issuer;
use crate::payment::credit;
use crate::sample::today;

/// What finds a changed bit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    /// the issuer's or the authority's signature
    Signed,
    /// the certified modulus that a private key belongs to
    Certified,
    /// a check value
    CheckValue,
    /// the same thing said elsewhere
    Doubled,
    /// the form: templates, their tags and lengths
    Form,
    /// nothing but the digest
    Digest,
}
use Kind::{Certified, CheckValue, Digest as DigestAlone, Doubled, Form, Signed};

/// Of a payment application: groupings without elements.
fn of_grouping(identifier: u16) -> Option<Kind> {
    match identifier {
        0x8000 | 0x9000 => Some(CheckValue),
        // tries left are the tries allowed
        0x9010 => Some(Doubled),
        // every digit could be another one
        0x8010 => Some(DigestAlone),
        0x8201..=0x8205 | 0x8301..=0x8305 | 0x8101 | 0x8103 => Some(Certified),
        _ => None,
    }
}

/// Of a payment application: elements of its templates. `signed`: the record takes part in data authentication.
fn of_element(identifier: u16, tag: u32, signed: bool) -> Kind {
    match (identifier, tag) {
        (0x0101..=0x1EFF, _) if signed => Signed,
        (0x0101..=0x1EFF, 0x90 | 0x92 | 0x93 | 0x9F32 | 0x9F46 | 0x9F47 | 0x9F48 | 0x9F2D | 0x9F2E) => Signed,
        // no authority has another index
        (0x0101..=0x1EFF, 0x8F) => Doubled,
        // DDOL, track 1
        (0x0101..=0x1EFF, 0x9F49 | 0x9F1F) => DigestAlone,
        // signed by way of 9F4A; the locator says what the records say
        (0x9104 | 0x9204, 0x82) => Signed,
        (0x9104 | 0x9204, 0x94) => Doubled,
        // label and rank stand in the directory too
        (0x9102 | 0x9103, 0x50 | 0x87) => Doubled,
        (0x9102 | 0x9103, 0x5F2D | 0x9F38) => DigestAlone,
        (0x3000, 0x9F10 | 0x9F58 | 0x9F59) => DigestAlone,
        _ => panic!("say what finds changes of tag {tag:X} in DGI {identifier:04X}"),
    }
}

/// Of a card that preparation made by the example profile, whose first and third files are not signed.
fn of_prepared(identifier: u16, tag: u32, signed: bool) -> Kind {
    match (identifier, tag) {
        (0x0101..=0x03FF, _) if signed => Signed,
        // as far as the issuer's own digits, of which the digest takes care
        (0x0101, 0x57) => Doubled,
        // track 2 has it too; the other interface has them too
        (0x0301, 0x5F30) | (0x0501, 0x5A | 0x5F24 | 0x5F34 | 0x5F28) => Doubled,
        (0x0101, 0x5F20) | (0x0301, 0x9F08 | 0x9F42 | 0x9F44 | 0x9F49) => DigestAlone,
        // nothing is signed over the air, and schemes give these bits their meaning
        (0x9204, 0x82) => DigestAlone,
        (0x9102, 0x9F12) => Doubled,
        (0x9102, 0x9F11) => DigestAlone,
        _ => of_element(identifier, tag, signed),
    }
}

/// Of a directory.
fn of_entry(tag: u32) -> Kind {
    match tag {
        0x4F | 0x50 | 0x87 | 0x88 | 0x9F12 => Doubled,
        0x5F2D | 0x9F11 | 0x9F2A => DigestAlone,
        _ => panic!("say what finds changes of tag {tag:X} in a directory"),
    }
}

/// Says of DGI, tag and whether the record is signed what finds a change.
type Table = fn(u16, u32, bool) -> Kind;

/// Unsigned elements that stand twice, and may be missing once.
const VANISHING: [(u16, u32); 4] = [(0x0101, 0x57), (0x0301, 0x5F30), (0x0501, 0x5F34), (0x0501, 0x5F28)];

/// Number, separator, expiry and service code of a track 2 with 16 digits of number.
const DOUBLED_OF_TRACK_2: usize = 12;

/// A stretch of bytes in a grouping.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Stretch {
    identifier: u16,
    tag: u32,
    kind: Kind,
}

/// Says of each byte of a grouping what it belongs to.
fn stretches(application: &Application, identifier: u16, data: &[u8], table: Table) -> Vec<Stretch> {
    let payment = application.standard == 1;
    if let Some(kind) = of_grouping(identifier).filter(|_| payment) {
        return vec![Stretch { identifier, tag: 0, kind }; data.len()];
    }
    let signed = payment && signed_records(application).contains(&identifier);
    let kind_of = |tag| if payment { table(identifier, tag, signed) } else { of_entry(tag) };
    let mut all = Vec::new();
    append(identifier, data, &kind_of, &mut all);
    assert_eq!(all.len(), data.len());
    all
}

fn append(identifier: u16, mut bytes: &[u8], kind_of: &impl Fn(u32) -> Kind, out: &mut Vec<Stretch>) {
    while !bytes.is_empty() {
        let (element, rest) = tlv::read(bytes).unwrap();
        let whole = bytes.len() - rest.len();
        let tag = element.tag.0;
        if element.tag.is_constructed() {
            out.extend(vec![Stretch { identifier, tag, kind: Form }; whole - element.value.len()]);
            append(identifier, element.value, kind_of, out);
        } else {
            append_element(Stretch { identifier, tag, kind: kind_of(tag) }, whole, element.value.len(), out);
        }
        bytes = rest;
    }
}

/// One element of `whole` bytes. Where it stands twice without being signed or asked for, a tag that becomes one of the
/// private class takes it away, which the digest alone tells; so it does for the issuer's own digits of track 2.
fn append_element(stretch: Stretch, whole: usize, value: usize, out: &mut Vec<Stretch>) {
    let digest_alone = Stretch { kind: DigestAlone, ..stretch };
    let vanishing = stretch.kind == Doubled && VANISHING.contains(&(stretch.identifier, stretch.tag));
    let tag = if vanishing { whole - value - 1 } else { 0 };
    let own = if vanishing && stretch.tag == 0x57 { value - DOUBLED_OF_TRACK_2 } else { 0 };
    out.extend(vec![digest_alone; tag]);
    out.extend(vec![stretch; whole - tag - own]);
    out.extend(vec![digest_alone; own]);
}

/// The records that the locators count as signed, read here by itself.
fn signed_records(application: &Application) -> Vec<u16> {
    let answers = application.dgis.iter().filter(|grouping| matches!(grouping.identifier, 0x9104 | 0x9204));
    let entries = answers.flat_map(|answer| answer.data[6..].as_chunks::<4>().0.to_vec());
    entries
        .flat_map(|[file, first, _, signed]| {
            (first..first + signed).map(move |record| u16::from_be_bytes([file >> 3, record]))
        })
        .collect()
}

/// Changes every bit of every grouping of `applications`, whose encoding is `bytes`, one at a time.
fn change_every_bit(applications: &[Application], mut bytes: Vec<u8>, table: Table) {
    let digest: [u8; 32] = Sha256::digest(&bytes).into();
    let mut accepted: BTreeMap<(usize, Stretch), usize> = BTreeMap::new();
    let mut place = 0;
    for (position, application) in applications.iter().enumerate() {
        for grouping in &application.dgis {
            place += bytes[place..].windows(grouping.data.len()).position(|window| window == grouping.data).unwrap();
            for (at, stretch) in
                stretches(application, grouping.identifier, &grouping.data, table).into_iter().enumerate()
            {
                let count = accepted.entry((position, stretch)).or_default();
                for bit in 0..8 {
                    bytes[place + at] ^= 1 << bit;
                    assert!(matches!(reopen(&bytes, Some(digest)), Err(CheckFault::Digest)));
                    *count += usize::from(reopen(&bytes, None).is_ok());
                    bytes[place + at] ^= 1 << bit;
                }
            }
            place += grouping.data.len();
        }
    }
    for ((position, stretch), count) in &accepted {
        let right = if stretch.kind == DigestAlone { *count > 0 } else { *count == 0 };
        assert!(right, "application {position}, {stretch:04X?}: {count} changed bits were accepted");
    }
}

#[test]
fn every_changed_bit_of_a_credit_card_is_found() {
    let card = Draft::credit().card();
    change_every_bit(&card.applications, card.to_bytes(), of_element);
}

#[test]
fn every_changed_bit_of_a_debit_card_is_found() {
    let card = Draft::debit().card();
    change_every_bit(&card.applications, card.to_bytes(), of_element);
}

#[test]
fn every_changed_bit_of_a_prepared_card_is_found() {
    let (profile, number) = (credit(), "4761739001010119");
    let issuer = Issuer::of(&profile);
    let block = issuer.pin_block(&profile, number, "1234");
    let columns = [("card_number", number), ("sequence", "1"), ("name", "Ada Example"), ("pin_block", &block)];
    let fields = OrderFields::read(&profile, columns, None).unwrap();
    let data = check(prepare(&profile, &fields, today(), &issuer.means(&profile, None)).unwrap()).unwrap();
    change_every_bit(&as_sample(&data), data.to_bytes().to_vec(), of_prepared);
}

/// The groupings of prepared data, as far as the change of bits asks for them.
fn as_sample(data: &PersonalizationData) -> Vec<Application> {
    let application = |from: &cardwright_data_preparation::Application| {
        let mut application = Application::new(from.standard as u8, from.instance.as_bytes());
        assert!(matches!(from.standard, Standard::Emv | Standard::PaymentEnvironment));
        for grouping in &from.dgis {
            application.add(grouping.dgi().identifier, grouping.dgi().data.clone());
        }
        application
    };
    data.applications.iter().map(application).collect()
}

#[test]
fn a_changed_key_of_right_parity_is_found_by_its_check_value() {
    let mut card = Draft::credit().card();
    let place = card.applications.len() - 1;
    for at in 0..48 {
        for bit in 1..8 {
            card.applications[place].dgi(0x8000).data[at] ^= 1 << bit | 1;
            let fault = card.read_back().err().map(|fault| fault.to_string()).unwrap_or_default();
            assert!(fault.contains("does not have the check value"), "{fault}");
            card.applications[place].dgi(0x8000).data[at] ^= 1 << bit | 1;
        }
    }
}

#[test]
fn every_changed_bit_of_an_identifier_or_a_certification_key_is_found() {
    let card = Draft::credit().card();
    for position in 0..card.applications.len() {
        for grouping in 0..card.applications[position].dgis.len() {
            for bit in 0..16 {
                let mut changed = card.clone();
                changed.applications[position].dgis[grouping].identifier ^= 1 << bit;
                assert!(
                    changed.read_back().is_err(),
                    "{:04X}, bit {bit}",
                    card.applications[position].dgis[grouping].identifier
                );
            }
        }
    }
    for bit in 0..card.authorities[0].modulus.len() * 8 {
        let mut changed = card.clone();
        changed.authorities[0].modulus[bit / 8] ^= 1 << (bit % 8);
        assert!(changed.read_back().is_err(), "modulus, bit {bit}");
    }
    for bit in 0..8 {
        let mut changed = [card.clone(), card.clone()];
        changed[0].authorities[0].index ^= 1 << bit;
        changed[1].authorities[0].exponent[0] ^= 1 << bit;
        assert!(changed.iter().all(|card| card.read_back().is_err()));
    }
    for bit in 0..40 {
        let mut changed = card.clone();
        changed.authorities[0].provider[bit / 8] ^= 1 << (bit % 8);
        assert!(changed.read_back().is_err(), "provider, bit {bit}");
    }
}
