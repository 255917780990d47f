//! Data object lists and the list of cardholder verification methods.

use super::view::View;
use super::{EmvFault, Interface};
use crate::emv::dol::Dol;

/// The data object lists in records.
const LISTS: [u32; 4] = [0x8C, 0x8D, 0x97, 0x9F49];

/// Unpredictable number.
pub(crate) const UNPREDICTABLE: u32 = 0x9F37;

/// What every cryptogram is made of: amounts, country, verification results, currency, date, type, number.
pub(crate) const IN_CRYPTOGRAMS: [(u32, u8); 8] =
    [(0x9F02, 6), (0x9F03, 6), (0x9F1A, 2), (0x95, 5), (0x5F2A, 2), (0x9A, 3), (0x9C, 1), (UNPREDICTABLE, 4)];

/// The issuer's answer is known by its response code.
const RESPONSE_CODE: (u32, u8) = (0x8A, 2);

pub(super) fn check(view: &View<'_>) -> Result<(), EmvFault> {
    for element in view.records.iter().filter(|element| LISTS.contains(&element.tag)) {
        if Dol::read(element.value).is_none() {
            return Err(EmvFault::ElementValue { dgi: element.dgi, tag: element.tag });
        }
    }
    for element in view.template.iter().filter(|element| element.tag == 0x9F38) {
        if Dol::read(element.value).is_none() {
            return Err(EmvFault::ElementValue { dgi: element.dgi, tag: element.tag });
        }
    }
    for element in view.records.iter().filter(|element| element.tag == 0x8E) {
        if !is_method_list(element.value) {
            return Err(EmvFault::ElementValue { dgi: element.dgi, tag: element.tag });
        }
    }
    check_cryptogram_lists(view)?;
    check_unpredictable(view)
}

/// The card makes its cryptograms of values that the terminal gives it: CDOL1 must ask for each, CDOL2 for the answer.
fn check_cryptogram_lists(view: &View<'_>) -> Result<(), EmvFault> {
    let asks = |tag, (wanted, length)| {
        view.record(tag).and_then(Dol::read).is_none_or(|list| list.wants(wanted) == Some(length))
    };
    if view.interface == Interface::Contactless {
        return Ok(());
    }
    if let Some((missing, _)) = IN_CRYPTOGRAMS.iter().find(|element| !asks(0x8C, **element)) {
        return Err(EmvFault::NotAskedFor { list: 0x8C, missing: *missing });
    }
    if asks(0x8D, RESPONSE_CODE) { Ok(()) } else { Err(EmvFault::NotAskedFor { list: 0x8D, missing: RESPONSE_CODE.0 }) }
}

/// A signature over a number that the terminal did not choose proves nothing: the lists must ask for it.
fn check_unpredictable(view: &View<'_>) -> Result<(), EmvFault> {
    let asks = |tag| view.record(tag).and_then(Dol::read).is_none_or(|list| list.wants(UNPREDICTABLE).is_some());
    let dynamic = if view.offers(0x21) { &[0x9F49][..] } else { &[] };
    let combined = if view.offers(0x01) { &[0x8C, 0x8D][..] } else { &[] };
    match dynamic.iter().chain(combined).find(|tag| !asks(**tag)) {
        Some(tag) => Err(EmvFault::InterchangeProfile {
            interface: view.interface,
            tag: *tag,
            why: "dynamic authentication needs the unpredictable number (9F37) in the list",
        }),
        None => Ok(()),
    }
}

/// Two amounts, then rules of two bytes: method and condition (`EMV B3`).
fn is_method_list(value: &[u8]) -> bool {
    let Some((_, rules)) = value.split_at_checked(8) else { return false };
    let (rules, []) = rules.as_chunks::<2>() else { return false };
    !rules.is_empty() && rules.iter().all(|[method, condition]| is_method(*method) && is_condition(*condition))
}

/// A method of EMV, of the scheme (20 to 2F) or of the issuer (30 to 3E); bit 7: go on to the next rule where it fails.
fn is_method(byte: u8) -> bool {
    byte & 0x80 == 0 && matches!(byte & 0x3F, 0x00..=0x05 | 0x1E | 0x1F | 0x20..=0x3E)
}

/// A condition of EMV, or of schemes (80 to FF).
fn is_condition(byte: u8) -> bool {
    matches!(byte, 0x00..=0x09 | 0x80..=0xFF)
}

/// What the methods of a list need.
#[derive(Default)]
pub(super) struct Methods {
    /// a PIN that the card verifies, sent in clear
    pub(super) plain_pin: bool,
    /// a PIN that the card verifies, enciphered
    pub(super) enciphered_pin: bool,
    /// an amount in the application's currency
    pub(super) amount: bool,
}

impl Methods {
    /// The needs of the list in `view`, if there is one. Where the list does not read, none.
    pub(super) fn of(view: &View<'_>) -> Self {
        let rules = view.record(0x8E).and_then(|list| list.get(8..)).unwrap_or_default();
        let mut needs = Self::default();
        for [method, condition] in rules.as_chunks::<2>().0 {
            needs.plain_pin |= matches!(method & 0x3F, 0x01 | 0x03);
            needs.enciphered_pin |= matches!(method & 0x3F, 0x04 | 0x05);
            needs.amount |= matches!(condition, 0x06..=0x09);
        }
        needs
    }

    /// Whether the card verifies a PIN itself.
    pub(super) fn offline_pin(&self) -> bool {
        self.plain_pin || self.enciphered_pin
    }
}

/// A fault for a method without its means.
pub(super) fn without_means(interface: Interface, method: &'static str, missing: &'static str) -> EmvFault {
    EmvFault::VerificationMeans { interface, method, missing }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_needs_amounts_rules_and_known_methods() {
        let list = |rules: &[u8]| [&[0; 8][..], rules].concat();
        assert!(is_method_list(&list(&[0x41, 0x03, 0x42, 0x01, 0x1F, 0x03])));
        for wrong in [&[][..], &[0x41], &[0x3F, 0x00], &[0x81, 0x00], &[0x06, 0x00], &[0x01, 0x0A]] {
            assert!(!is_method_list(&list(wrong)), "{wrong:02X?}");
        }
        assert!(!is_method_list(&[0; 7]));
    }
}
