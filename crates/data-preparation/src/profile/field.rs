//! The fields that an order brings: their names, types and limits.

use std::ops::RangeInclusive;

use super::fault::{FaultKind, Faults};
use super::section::Section;
use crate::emv::pin_block::Pin;

/// The columns that every order has: no field of a profile can bear their names.
const RESERVED: [&str; 7] = ["reference", "base", "profile", "kind", "customer", "taken_by", "date"];

/// The longest photo in bytes.
pub(crate) const LONGEST_PHOTO: u32 = 16_384;

/// A field that orders bring.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderField {
    /// the name of the column
    pub name: String,
    /// what its values are
    pub field_type: FieldType,
    /// shortest and longest value: bytes of UTF-8 for a text, digits, bytes of a photo; 10 for a date, 16 for a PIN block
    pub lengths: RangeInclusive<usize>,
    /// whether every order must bring it
    pub required: bool,
}

/// What the values of a field are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldType {
    /// characters of a set
    Text(Charset),
    /// the digits 0 to 9
    Digits,
    /// a day, YYYY-MM-DD
    Date,
    /// a JPEG or PNG image
    Photo,
    /// the digits of a PIN
    Pin,
    /// a PIN block under a zone key: 16 hexadecimal digits
    PinBlock,
    /// bytes, as hexadecimal digits
    Hexadecimal,
}

/// The characters a text may hold. None holds control characters or marks that change the writing direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Charset {
    /// every other character of Unicode
    Unicode,
    /// the printable characters of ASCII
    Ascii,
    /// A to Z, 0 to 9, space, `.`, `-`, `/`, `'`: what embossers take
    Embossing,
}

impl Charset {
    /// Whether the set holds `character`.
    #[must_use]
    pub fn holds(self, character: char) -> bool {
        match self {
            Self::Unicode => !character.is_control() && !is_direction_mark(character),
            Self::Ascii => matches!(character, ' '..='~'),
            Self::Embossing => matches!(character, 'A'..='Z' | '0'..='9' | ' ' | '.' | '-' | '/' | '\''),
        }
    }
}

/// Marks that make a text read differently from how it is stored, and line separators.
fn is_direction_mark(character: char) -> bool {
    matches!(character, '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}')
}

/// The types as profiles name them, before their character set is known.
#[derive(Clone, Copy, PartialEq)]
enum Named {
    Text,
    Digits,
    Date,
    Photo,
    Pin,
    PinBlock,
    Hexadecimal,
}

impl Named {
    const ALL: [(&'static str, Self); 7] = [
        ("text", Self::Text),
        ("digits", Self::Digits),
        ("date", Self::Date),
        ("photo", Self::Photo),
        ("pin", Self::Pin),
        ("pin-block", Self::PinBlock),
        ("hexadecimal", Self::Hexadecimal),
    ];

    /// The lengths that values of the type can have at all.
    fn lengths(self) -> RangeInclusive<usize> {
        match self {
            Self::Text => 1..=1024,
            Self::Digits => 1..=64,
            Self::Date => 10..=10,
            Self::Photo => 1..=LONGEST_PHOTO as usize,
            Self::Pin => Pin::DIGITS,
            Self::PinBlock => 16..=16,
            Self::Hexadecimal => 2..=504,
        }
    }
}

pub(super) fn read_all(whole: &Section<'_>, faults: &mut Faults<'_>) -> Vec<OrderField> {
    let mut fields: Vec<OrderField> = Vec::new();
    for section in whole.sections("field", faults) {
        let Some(field) = read(&section, faults) else { continue };
        let second_photo =
            field.field_type == FieldType::Photo && fields.iter().any(|other| other.field_type == FieldType::Photo);
        if fields.iter().any(|other| other.name == field.name) || RESERVED.contains(&field.name.as_str()) {
            let message =
                format!("`{}` is already the name of a field or of a column that every order has", field.name);
            faults.add(section.value_span("name"), FaultKind::DuplicateName, message, "give the field another name");
        } else if second_photo {
            let message = "an order brings one photo at most";
            faults.add(section.value_span("type"), FaultKind::DuplicateName, message, "remove one of the photo fields");
        }
        fields.push(field);
    }
    fields
}

fn read(section: &Section<'_>, faults: &mut Faults<'_>) -> Option<OrderField> {
    section.only(&["name", "type", "min", "max", "required", "charset"], faults);
    let name = section.name("name", faults);
    let named = section.choice("type", &Named::ALL, FaultKind::UnknownValue, faults);
    let required = section.flag("required", faults);
    let charset = read_charset(section, named, faults);
    let lengths = named.and_then(|named| read_lengths(section, named, faults));
    let field_type = match named? {
        Named::Text => FieldType::Text(charset?),
        Named::Digits => FieldType::Digits,
        Named::Date => FieldType::Date,
        Named::Photo => FieldType::Photo,
        Named::Pin => FieldType::Pin,
        Named::PinBlock => FieldType::PinBlock,
        Named::Hexadecimal => FieldType::Hexadecimal,
    };
    Some(OrderField { name: name?, field_type, lengths: lengths?, required: required? })
}

fn read_charset(section: &Section<'_>, named: Option<Named>, faults: &mut Faults<'_>) -> Option<Charset> {
    if named == Some(Named::Text) {
        let sets = [("unicode", Charset::Unicode), ("ascii", Charset::Ascii), ("embossing", Charset::Embossing)];
        return section.choice("charset", &sets, FaultKind::UnknownValue, faults);
    }
    if named.is_some() && section.has("charset") {
        let message = "only a text has a character set";
        faults.add(section.value_span("charset"), FaultKind::Encoding, message, "remove `charset`");
    }
    None
}

fn read_lengths(section: &Section<'_>, named: Named, faults: &mut Faults<'_>) -> Option<RangeInclusive<usize>> {
    let possible = named.lengths();
    if matches!(named, Named::Date | Named::PinBlock) {
        if let Some(key) = ["min", "max"].into_iter().find(|key| section.has(key)) {
            let message = "a date and a PIN block have no `min` and `max`";
            faults.add(section.value_span(key), FaultKind::LengthRange, message, "remove them");
            return None;
        }
        return Some(possible);
    }
    let limits = *possible.start() as u32..=*possible.end() as u32;
    let min = section.number("min", limits.clone(), FaultKind::LengthRange, faults);
    let max = section.number("max", limits, FaultKind::LengthRange, faults);
    let (min, max) = (min?, max?);
    if min > max {
        let message = format!("the shortest value ({min}) is longer than the longest ({max})");
        faults.add(section.value_span("min"), FaultKind::LengthRange, message, "exchange `min` and `max`");
        return None;
    }
    Some(min as usize..=max as usize)
}
