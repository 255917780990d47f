//! The identity application: who the holder is, the card's number and validity, a photo behind a PIN.

use super::{Rule, Shape};
use crate::check::CheckFault;
use crate::emv::pin_block::Pin;
use crate::{Date, ProtectedDgi, Scope, manifest};

const NAME: u16 = 0x0101;
const NUMBER: u16 = 0x0102;
const VALIDITY: u16 = 0x0103;
const PHOTO: u16 = 0x0201;
const PIN: u16 = 0x0301;
const MANIFEST: u16 = 0x7FFF;

/// The longest photo or further file, in bytes.
const LONGEST_FILE: usize = 16_384;

pub(super) const RULES: [Rule; 7] = [
    Rule {
        identifiers: NAME..=NAME,
        lengths: 1..=100,
        content: &[Shape::Text],
        reads: "the name, one text of 1 to 100 bytes of UTF-8",
        needed: true,
        along_with: None,
        personal: true,
        secret: false,
        under: None,
    },
    Rule {
        identifiers: NUMBER..=NUMBER,
        lengths: 8..=19,
        content: &[Shape::Digits],
        reads: "the card number, 8 to 19 ASCII digits",
        needed: true,
        along_with: None,
        personal: true,
        secret: false,
        under: None,
    },
    Rule {
        identifiers: VALIDITY..=VALIDITY,
        lengths: 8..=8,
        content: &[Shape::ValidFrom, Shape::ValidTo],
        reads: "the validity, a `valid-from` and a `valid-to`",
        needed: true,
        along_with: None,
        personal: true,
        secret: false,
        under: None,
    },
    Rule {
        identifiers: 0x0110..=0x01FF,
        lengths: 1..=LONGEST_FILE,
        content: &[],
        reads: "anything but a PIN and a manifest",
        needed: false,
        along_with: None,
        personal: false,
        secret: false,
        under: None,
    },
    Rule {
        identifiers: PHOTO..=PHOTO,
        lengths: 1..=LONGEST_FILE,
        content: &[Shape::Image],
        reads: "the photo, one image",
        needed: false,
        along_with: Some(PIN),
        personal: true,
        secret: false,
        under: None,
    },
    Rule {
        identifiers: PIN..=PIN,
        lengths: 8..=8,
        content: &[Shape::PinBlock],
        reads: "the PIN, one PIN block",
        needed: false,
        along_with: None,
        personal: true,
        secret: true,
        under: None,
    },
    Rule {
        identifiers: MANIFEST..=MANIFEST,
        lengths: 1..=1 + manifest::MOST * manifest::ENTRY,
        content: &[Shape::Manifest],
        reads: "the manifest and nothing else",
        needed: true,
        along_with: None,
        personal: true,
        secret: false,
        under: None,
    },
];

/// Reads the values of the DGIs, whose identifiers, lengths and completeness are known to be right.
pub(super) fn read_back(dgis: &[ProtectedDgi]) -> Result<(), CheckFault> {
    for grouping in dgis {
        let (identifier, data) = (grouping.dgi().identifier, grouping.dgi().data.as_slice());
        let right = match identifier {
            NAME => std::str::from_utf8(data).is_ok_and(|name| !name.chars().any(char::is_control)),
            NUMBER => data.iter().all(u8::is_ascii_digit),
            VALIDITY => is_period(data),
            PHOTO => is_image(data),
            PIN => data.try_into().is_ok_and(|block| Pin::of_the_card(block).is_ok()),
            _ => true,
        };
        if !right {
            return Err(CheckFault::Value(identifier));
        }
    }
    match dgis.split_last() {
        Some((last, before)) if last.dgi().identifier == MANIFEST => {
            let complete = manifest::names(&last.dgi().data, before.iter().map(ProtectedDgi::dgi));
            if complete { Ok(()) } else { Err(CheckFault::Manifest) }
        }
        _ => Err(CheckFault::ManifestNotLast),
    }
}

/// Reads the groupings of a change, whose identifiers and lengths are known to be right: a stream of its own, whose
/// manifest names what it brings and nothing else.
pub(super) fn read_back_change(dgis: &[ProtectedDgi], scope: Scope) -> Result<(), CheckFault> {
    let is_there = |identifier: u16| dgis.iter().any(|grouping| grouping.dgi().identifier == identifier);
    let needed: &[u16] = match scope {
        Scope::Pin => &[PIN, MANIFEST],
        _ => &[NAME, NUMBER, VALIDITY, MANIFEST],
    };
    if let Some(missing) = needed.iter().find(|identifier| !is_there(**identifier)) {
        return Err(CheckFault::MissingDgi(*missing));
    }
    match scope {
        Scope::Pin if dgis.len() > needed.len() => Err(CheckFault::OutOfScope("more than the PIN")),
        Scope::PersonalData if is_there(PIN) => Err(CheckFault::OutOfScope("a PIN with personal data")),
        _ => read_back(dgis),
    }
}

pub(super) fn card_number(dgis: &[ProtectedDgi]) -> Option<&[u8]> {
    dgis.iter().find(|grouping| grouping.dgi().identifier == NUMBER).map(|grouping| grouping.dgi().data.as_slice())
}

/// Two days in BCD, the second after the first.
fn is_period(data: &[u8]) -> bool {
    let ([from, to], []) = data.as_chunks::<4>() else { return false };
    match (Date::from_bcd(*from), Date::from_bcd(*to)) {
        (Some(from), Some(to)) => from < to,
        _ => false,
    }
}

/// Whether the bytes begin as a JPEG (ISO/IEC 10918-1 §B.1.1.3: SOI, then a marker) or a PNG (ISO/IEC 15948 §5.2) does.
pub(crate) fn is_image(data: &[u8]) -> bool {
    data.starts_with(&[0xFF, 0xD8, 0xFF]) || data.starts_with(b"\x89PNG\r\n\x1A\n")
}
