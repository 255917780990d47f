//! Elements that are lists: of data objects, of verification rules, of the parts of track 2.

use super::{Source, TrackPart};
use crate::emv::dol::Dol;
use crate::profile::fault::{FaultKind, Faults};
use crate::profile::section::Section;

fn service_code(text: &str) -> Option<[u8; 3]> {
    let digits: [u8; 3] = text.as_bytes().try_into().ok()?;
    digits.iter().all(u8::is_ascii_digit).then_some(digits)
}

pub(super) fn track_2(section: &Section<'_>, faults: &mut Faults<'_>) -> Option<Source> {
    let code = section.digits("service-code", 3..=3, faults).and_then(service_code);
    let texts = section.texts("discretionary", faults)?;
    let mut discretionary = Vec::new();
    for text in &texts {
        let named = *text.get_ref();
        let stripe = named.strip_prefix("stripe-value ").and_then(service_code).map(TrackPart::StripeValue);
        let digits = (!named.is_empty() && named.len() <= 13 && named.bytes().all(|byte| byte.is_ascii_digit()))
            .then(|| TrackPart::Digits(named.to_owned()));
        let part = match named {
            "pin-key-index" => Some(TrackPart::PinKeyIndex),
            "pin-value" => Some(TrackPart::PinValue),
            "chip-value" => Some(TrackPart::ChipValue),
            _ => stripe.or(digits),
        };
        if part.is_none() {
            let message = format!("`{named}` is no part of track 2");
            let remedy = "use pin-key-index, pin-value, chip-value, \"stripe-value 201\" (its service code), or digits";
            faults.add(text.span(), FaultKind::UnknownValue, message, remedy);
        }
        discretionary.extend(part);
    }
    Some(Source::Track2 { service_code: code?, discretionary })
}

/// A data object list: tags, each with a length (`EMV B3`).
pub(super) fn object_list(section: &Section<'_>, faults: &mut Faults<'_>) -> Option<Vec<u8>> {
    let bytes = section.hexadecimal("value", 2..=252, faults)?;
    if Dol::read(&bytes).is_none() {
        let message = "the list does not read: each entry is a primitive tag and one byte of length, not 00";
        let remedy = "compare it tag by tag; together the values have at most 252 bytes";
        faults.add(section.value_span("value"), FaultKind::ObjectList, message, remedy);
    }
    Some(bytes)
}

/// A list of cardholder verification rules: two amounts, then two bytes a rule (`EMV B3`).
pub(super) fn verification_rules(section: &Section<'_>, faults: &mut Faults<'_>) -> Option<Vec<u8>> {
    let mut amount = |key| match section.has(key) {
        true => section.number(key, 0..=u32::MAX, FaultKind::OutOfRange, faults),
        false => Some(0),
    };
    let (x, y) = (amount("amount-x"), amount("amount-y"));
    let rules = section.all_hexadecimal("rules", 2, faults)?;
    if rules.is_empty() || rules.len() > 122 {
        let message = format!("{} rules cannot stand in the list", rules.len());
        faults.add(section.value_span("rules"), FaultKind::VerificationRules, message, "write 1 to 122 rules");
    }
    for rule in &rules {
        let [method, condition] = rule.get_ref()[..] else { continue };
        // Bits 1 to 6 of the method: 00 to 0A and 1E, 1F are EMV's, 20 to 3E those of schemes and issuers.
        let known = matches!(method & 0x3F, 0x00..=0x0A | 0x1E..=0x3E) && method & 0x80 == 0;
        if !known || !matches!(condition, 0x00..=0x09 | 0x80..=0xFF) {
            let message = "that is no verification rule: a method (bits 1 to 7) and a condition (00 to 09, 80 to FF)";
            let remedy = "4203 online PIN, 4103 plain PIN, 4403 enciphered PIN, 1E03 signature, 1F03 none";
            faults.add(rule.span(), FaultKind::VerificationRules, message, remedy);
        }
    }
    let amounts = [x?.to_be_bytes(), y?.to_be_bytes()].concat();
    Some(amounts.into_iter().chain(rules.iter().flat_map(|rule| rule.get_ref().iter().copied())).collect())
}
