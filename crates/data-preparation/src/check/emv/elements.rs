//! Each element by itself: known, of its length and format, in its place, there once; and those that must be there.

use super::view::{Found, View, identifiers};
use super::{EmvFault, Interface};
use crate::emv::elements::{MANDATORY_IN_RECORDS, NEVER_IN_RECORDS, element_of, is_proprietary};
use crate::emv::tlv;

/// What an FCI template may hold (CPS; `EMV B1`).
const IN_TEMPLATE: [u32; 7] = [0x50, 0x87, 0x5F2D, 0x9F38, 0x9F11, 0x9F12, 0xBF0C];

/// What stands in FCI templates and answers, and never in records.
const NOT_IN_RECORDS: [u32; 12] = [0x4F, 0x50, 0x82, 0x84, 0x87, 0x88, 0x94, 0x9D, 0x5F2D, 0x9F10, 0x9F12, 0x9F38];

pub(super) fn check(view: &View<'_>) -> Result<(), EmvFault> {
    for (position, element) in view.records.iter().enumerate() {
        let never = NEVER_IN_RECORDS.contains(&element.tag) || NOT_IN_RECORDS.contains(&element.tag);
        if never || is_constructed(element.tag) {
            return Err(EmvFault::Misplaced { dgi: element.dgi, tag: element.tag });
        }
        is_right(element)?;
        is_first(element, &view.records[..position])?;
    }
    for (position, element) in view.template.iter().enumerate() {
        if !IN_TEMPLATE.contains(&element.tag) {
            return Err(EmvFault::Misplaced { dgi: element.dgi, tag: element.tag });
        }
        is_first(element, &view.template[..position])?;
        if element.tag == 0xBF0C { check_discretionary(element)? } else { is_right(element)? }
    }
    check_template(view)?;
    check_mandatory(view)
}

/// Whether a known element has its length and format, and an unknown one is a scheme's or an issuer's.
pub(super) fn is_right(element: &Found<'_>) -> Result<(), EmvFault> {
    let Found { dgi, tag, value } = *element;
    let Some(known) = element_of(tag) else {
        return match value.len() {
            _ if !is_proprietary(tag) => Err(EmvFault::UnknownElement { dgi, tag }),
            1..=252 => Ok(()),
            length => Err(EmvFault::ElementLength { dgi, tag, length }),
        };
    };
    if !known.lengths.contains(&value.len()) {
        return Err(EmvFault::ElementLength { dgi, tag, length: value.len() });
    }
    let meaningful = match tag {
        0x5F20 | 0x9F0B => value.iter().all(|byte| is_of_a_name(*byte)),
        0x5F2D => value.len().is_multiple_of(2) && value.iter().all(u8::is_ascii_lowercase),
        0x5F30 | 0x5F28 | 0x9F42 => value[0] < 0x10,
        0x9F11 => (0x01..=0x16).contains(&value[0]),
        0x9F4A => value == [0x82],
        _ => true,
    };
    match (known.format.fits(value), meaningful) {
        (true, true) => Ok(()),
        (true, false) if tag == 0x9F4A => Err(EmvFault::ElementValue { dgi, tag }),
        _ => Err(EmvFault::ElementFormat { dgi, tag }),
    }
}

pub(super) fn is_first(element: &Found<'_>, before: &[Found<'_>]) -> Result<(), EmvFault> {
    match before.iter().any(|earlier| earlier.tag == element.tag) {
        true => Err(EmvFault::DoubledElement { dgi: element.dgi, tag: element.tag }),
        false => Ok(()),
    }
}

/// Terminals write the name into track 1, whose own signs it cannot hold.
fn is_of_a_name(byte: u8) -> bool {
    (0x20..=0x7E).contains(&byte) && !matches!(byte, b'%' | b'^' | b'?')
}

fn is_constructed(tag: u32) -> bool {
    cardwright_apdu::tlv::Tag(tag).is_constructed()
}

/// Issuer discretionary data of an FCI: elements that can be walked through.
fn check_discretionary(element: &Found<'_>) -> Result<(), EmvFault> {
    tlv::walk(element.value, &mut |_, _| ()).map_err(|_| EmvFault::Template(element.dgi))
}

fn check_template(view: &View<'_>) -> Result<(), EmvFault> {
    let missing = |tag, why| Err(EmvFault::MissingElement { interface: view.interface, tag, why });
    if view.in_template(0x50).is_none() {
        return missing(0x50, "the FCI must name the application");
    }
    if view.in_template(0x9F12).is_some() && view.in_template(0x9F11).is_none() {
        return missing(0x9F11, "the preferred name (9F12) needs a character set");
    }
    if view.in_template(0x9F12).is_none() && view.in_template(0x9F11).is_some() {
        return missing(0x9F12, "a character set (9F11) is named for it");
    }
    let (template, _) = identifiers(view.interface);
    match view.in_template(0x87) {
        Some([rank]) if rank & 0x70 != 0 => Err(EmvFault::ElementValue { dgi: template, tag: 0x87 }),
        _ => Ok(()),
    }
}

/// Over the air, schemes do without data object lists, and with track 2 in the place of the number.
fn check_mandatory(view: &View<'_>) -> Result<(), EmvFault> {
    match view.interface {
        Interface::Contact => {
            let why = "every application must have it in its records";
            MANDATORY_IN_RECORDS.into_iter().try_for_each(|tag| view.needed(tag, why).map(drop))
        }
        Interface::Contactless if view.record(0x5A).is_some() => Ok(()),
        Interface::Contactless => view.needed(0x57, "a record must hold it, or the card number (5A)").map(drop),
    }
}
