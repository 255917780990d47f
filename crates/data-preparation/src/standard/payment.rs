//! The data groupings of payment applications and of their directories (CPS; `docs/emv-application.md`).

use std::ops::RangeInclusive;

use super::{Rule, Shape};
use crate::Protection;
use crate::profile::{RsaKey, RsaPart};

/// The packages of the payment application that comes with this project: its two versions.
const OWN_PACKAGES: [[u8; 10]; 2] = [*b"\xF0CARDWEMV\x00", *b"\xF0CARDWEMV\x02"];

/// Whether `package` is one of them.
pub(crate) fn is_own(package: &[u8]) -> bool {
    OWN_PACKAGES.iter().any(|own| own == package)
}

/// Records: short file identifier, record number.
pub(crate) const RECORDS: RangeInclusive<u16> = 0x0101..=0x1EFF;
/// The keys of cryptograms, MACs and encipherment, and their check values.
pub(crate) const KEYS: u16 = 0x8000;
const CHECK_VALUES: u16 = 0x9000;
/// The PIN, and its tries: those that are left, the limit.
pub(crate) const PIN: u16 = 0x8010;
const PIN_TRIES: u16 = 0x9010;
/// The template that SELECT answers with, A5; contact and contactless.
pub(crate) const SELECTION: u16 = 0x9102;
pub(crate) const SELECTION_CONTACTLESS: u16 = 0x9103;
/// What GET PROCESSING OPTIONS answers with, contact and contactless.
pub(crate) const PROCESSING: u16 = 0x9104;
pub(crate) const PROCESSING_CONTACTLESS: u16 = 0x9204;
/// What the application keeps for itself.
pub(crate) const INTERNAL: u16 = 0x3000;

/// The longest record.
pub(crate) const LONGEST_RECORD: usize = 254;

/// The longest template of SELECT that a DGI of a short command holds; the check knows what an answer takes.
const LONGEST_TEMPLATE: usize = 252;

/// The DGIs of which the first must come before the second (CPS).
pub(crate) const BEFORE: [(u16, u16); 2] = [(KEYS, CHECK_VALUES), (PIN_TRIES, PIN)];

/// The DGIs that a key in the form of its exponent and one in the form of its primes have; a card takes one of them.
pub(crate) const EITHER: [([u16; 2], RangeInclusive<u16>); 2] =
    [([0x8101, 0x8103], 0x8201..=0x8205), ([0x8102, 0x8104], 0x8301..=0x8305)];

const fn open(first: u16, last: u16, most: usize, reads: &'static str) -> Rule {
    Rule {
        identifiers: first..=last,
        lengths: 1..=most,
        content: &[],
        reads,
        needed: false,
        along_with: None,
        personal: false,
        secret: false,
        under: Some(Protection::Clear),
    }
}

const fn closed(
    identifier: u16,
    lengths: RangeInclusive<usize>,
    content: &'static [Shape],
    reads: &'static str,
    along_with: Option<u16>,
    under: Protection,
) -> Rule {
    Rule {
        identifiers: identifier..=identifier,
        lengths,
        content,
        reads,
        needed: false,
        along_with,
        personal: false,
        secret: !matches!(under, Protection::Clear),
        under: Some(under),
    }
}

const fn longer(least: usize, rule: Rule) -> Rule {
    let most = *rule.lengths.end();
    Rule { lengths: least..=most, ..rule }
}

/// Two that the contactless side has together.
const fn with(other: u16, rule: Rule) -> Rule {
    Rule { along_with: Some(other), ..rule }
}

const fn needed(rule: Rule) -> Rule {
    Rule { needed: true, ..rule }
}

/// One part of an RSA key, and the DGI that belongs to it.
const fn part(identifier: u16, content: &'static [Shape; 1], along_with: Option<u16>) -> Rule {
    let (under, reads, lengths) = match content[0] {
        Shape::RsaPart(_, RsaPart::Modulus) => (Protection::Clear, "the modulus of the card's key", 64..=248),
        Shape::RsaPart(_, RsaPart::Exponent) => (Protection::DekPadded, "the private exponent", 64..=248),
        _ => (Protection::DekPadded, "one part of the card's key in the form of its primes", 32..=124),
    };
    closed(identifier, lengths, content, reads, along_with, under)
}

const fn shape(key: RsaKey, part: RsaPart) -> [Shape; 1] {
    [Shape::RsaPart(key, part)]
}

static ICC: [[Shape; 1]; 7] = [
    shape(RsaKey::Icc, RsaPart::Exponent),
    shape(RsaKey::Icc, RsaPart::Modulus),
    shape(RsaKey::Icc, RsaPart::QInverse),
    shape(RsaKey::Icc, RsaPart::ExponentQ),
    shape(RsaKey::Icc, RsaPart::ExponentP),
    shape(RsaKey::Icc, RsaPart::Q),
    shape(RsaKey::Icc, RsaPart::P),
];

static PIN_KEY: [[Shape; 1]; 7] = [
    shape(RsaKey::Pin, RsaPart::Exponent),
    shape(RsaKey::Pin, RsaPart::Modulus),
    shape(RsaKey::Pin, RsaPart::QInverse),
    shape(RsaKey::Pin, RsaPart::ExponentQ),
    shape(RsaKey::Pin, RsaPart::ExponentP),
    shape(RsaKey::Pin, RsaPart::Q),
    shape(RsaKey::Pin, RsaPart::P),
];

/// The DGIs of a payment application.
pub(super) static RULES: [Rule; 24] = [
    longer(2, open(0x0101, 0x1EFF, LONGEST_RECORD, "a record: in files 1 to 10 one template 70")),
    needed(longer(
        10,
        open(INTERNAL, INTERNAL, LONGEST_RECORD, "9F10, 9F58 and 9F59: what the application keeps for itself"),
    )),
    needed(closed(
        KEYS,
        48..=48,
        &[Shape::ApplicationKeys],
        "the application keys",
        Some(CHECK_VALUES),
        Protection::Dek,
    )),
    closed(CHECK_VALUES, 9..=9, &[Shape::CheckValues], "the keys' check values", Some(KEYS), Protection::Clear),
    Rule {
        personal: true,
        ..closed(PIN, 8..=8, &[Shape::PinBlock], "the PIN, one PIN block", Some(PIN_TRIES), Protection::Dek)
    },
    Rule { lengths: 2..=2, ..open(PIN_TRIES, PIN_TRIES, 2, "tries left and limit, one byte each") },
    part(0x8101, &ICC[0], Some(0x8103)),
    part(0x8103, &ICC[1], Some(0x8101)),
    part(0x8201, &ICC[2], Some(0x8202)),
    part(0x8202, &ICC[3], Some(0x8203)),
    part(0x8203, &ICC[4], Some(0x8204)),
    part(0x8204, &ICC[5], Some(0x8205)),
    part(0x8205, &ICC[6], Some(0x8201)),
    part(0x8102, &PIN_KEY[0], Some(0x8104)),
    part(0x8104, &PIN_KEY[1], Some(0x8102)),
    part(0x8301, &PIN_KEY[2], Some(0x8302)),
    part(0x8302, &PIN_KEY[3], Some(0x8303)),
    part(0x8303, &PIN_KEY[4], Some(0x8304)),
    part(0x8304, &PIN_KEY[5], Some(0x8305)),
    part(0x8305, &PIN_KEY[6], Some(0x8301)),
    needed(open(SELECTION, SELECTION, LONGEST_TEMPLATE, "one template A5: the answer to SELECT, contact")),
    with(
        PROCESSING_CONTACTLESS,
        open(
            SELECTION_CONTACTLESS,
            SELECTION_CONTACTLESS,
            LONGEST_TEMPLATE,
            "one template A5: the answer to SELECT, contactless",
        ),
    ),
    needed(open(PROCESSING, PROCESSING, LONGEST_RECORD, "82 and 94: the answer to GET PROCESSING OPTIONS, contact")),
    with(
        SELECTION_CONTACTLESS,
        open(
            PROCESSING_CONTACTLESS,
            PROCESSING_CONTACTLESS,
            LONGEST_RECORD,
            "the answer to GET PROCESSING OPTIONS, contactless",
        ),
    ),
];

/// The DGIs of a directory: of PSE the template of SELECT and records, of PPSE the template alone.
pub(super) static ENVIRONMENT_RULES: [Rule; 2] = [
    needed(open(SELECTION, SELECTION, LONGEST_TEMPLATE, "one template A5: the answer to SELECT")),
    longer(2, open(0x0101, 0x0AFF, LONGEST_RECORD, "a record of the directory: one template 70")),
];
