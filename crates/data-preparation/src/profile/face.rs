//! What is printed on a card, where, and what of it people at a base may see.

use super::fault::{FaultKind, Faults};
use super::field::{FieldType, OrderField};
use super::section::Section;
use crate::face::covers_contacts;

/// The size of a card of ISO/IEC 7810, ID-1, in hundredths of a millimetre.
pub const CARD_SIZE: (u16, u16) = (8_560, 5_398);

/// One thing on the card's face.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FaceRule {
    /// what is shown
    pub shows: Shown,
    /// distances from the upper left corner, then the size, in hundredths of a millimetre
    pub left: u16,
    /// distance of the upper edge
    pub top: u16,
    /// width it has at most
    pub width: u16,
    /// height; of a text, that of its line
    pub height: u16,
    /// what a base may see of it
    pub at_base: AtBase,
}

/// What is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shown {
    /// a field of the order: its text, or the photo
    Field(String),
    /// the card number, in groups of four digits
    CardNumber,
    /// the first month of the validity, MM/YY
    ValidFrom,
    /// the last month of the validity, MM/YY
    ValidTo,
    /// the printed verification value (CVV2)
    PrintedValue,
}

/// What a base may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AtBase {
    /// all of it
    Shown,
    /// of a number first 6 and last 4 digits, of other texts the first letter of each word
    Masked,
    /// nothing
    Hidden,
}

const SHOWN: [(&str, Option<Shown>); 5] = [
    ("field", None),
    ("card-number", Some(Shown::CardNumber)),
    ("valid-from", Some(Shown::ValidFrom)),
    ("valid-to", Some(Shown::ValidTo)),
    ("printed-value", Some(Shown::PrintedValue)),
];

pub(super) fn read_all(whole: &Section<'_>, fields: &[OrderField], faults: &mut Faults<'_>) -> Vec<FaceRule> {
    let sections = whole.optional_sections("face", faults);
    sections.iter().filter_map(|section| read(whole, section, fields, faults)).collect()
}

fn read(
    whole: &Section<'_>,
    section: &Section<'_>,
    fields: &[OrderField],
    faults: &mut Faults<'_>,
) -> Option<FaceRule> {
    section.only(&["shows", "field", "left", "top", "width", "height", "at-base"], faults);
    let places: Vec<(&str, usize)> = SHOWN.iter().enumerate().map(|(place, (name, _))| (*name, place)).collect();
    let place = section.choice("shows", &places, FaultKind::UnknownValue, faults);
    let shows = match place.map(|place| SHOWN[place].1.clone()) {
        Some(None) => read_field(whole, section, fields, faults).map(Shown::Field),
        Some(shown) => {
            if section.has("field") {
                let message = "`field` goes with shows = \"field\" alone";
                faults.add(section.value_span("field"), FaultKind::Face, message, "remove `field`");
            }
            shown
        }
        None => None,
    };
    let (card_width, card_height) = CARD_SIZE;
    let mut number = |key, most: u16| section.number(key, 0..=u32::from(most), FaultKind::Face, faults);
    let (left, top) = (number("left", card_width), number("top", card_height));
    let (width, height) = (number("width", card_width), number("height", card_height));
    let at_base = [("shown", AtBase::Shown), ("masked", AtBase::Masked), ("hidden", AtBase::Hidden)];
    let at_base = section.choice("at-base", &at_base, FaultKind::UnknownValue, faults);
    let (left, top, width, height) = (left? as u16, top? as u16, width? as u16, height? as u16);
    if left + width > card_width || top + height > card_height || width == 0 || height == 0 {
        let message = "it is not on the card, which is 8560 wide and 5398 high in hundredths of a millimetre";
        faults.add(section.span(), FaultKind::Face, message, "move it, or make it smaller");
    } else if covers_contacts(left, top, width, height) {
        let message = "it would be printed over the contacts, which take 9.65 to 20.47 mm from the left and 18.63 to 29.15 mm \
                       from above";
        faults.add(section.span(), FaultKind::Face, message, "move it, or make it smaller");
    }
    if shows == Some(Shown::PrintedValue) && at_base.is_some_and(|at_base| at_base != AtBase::Hidden) {
        let message = "the printed verification value is never shown at a base";
        faults.add(section.value_span("at-base"), FaultKind::Protection, message, "write at-base = \"hidden\"");
    }
    Some(FaceRule { shows: shows?, left, top, width, height, at_base: at_base? })
}

fn read_field(
    whole: &Section<'_>,
    section: &Section<'_>,
    fields: &[OrderField],
    faults: &mut Faults<'_>,
) -> Option<String> {
    let name = section.text("field", faults)?;
    let field = fields.iter().find(|field| field.name == *name.get_ref());
    match field.map(|field| field.field_type) {
        Some(FieldType::Pin | FieldType::PinBlock) => {
            let message = "a PIN is never printed on a card";
            faults.add(name.span(), FaultKind::Protection, message, "remove this [[face]]");
        }
        None if !whole.declares("field", name.get_ref()) => {
            let message = format!("there is no field `{}`", name.get_ref());
            let remedy = "declare it as a [[field]], or correct the name";
            faults.add(name.span(), FaultKind::UndeclaredField, message, remedy);
        }
        _ => {}
    }
    field.map(|field| field.name.clone())
}
