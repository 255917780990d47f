//! The card number: from the order, or assigned from a range.

use std::ops::RangeInclusive;

use super::fault::{FaultKind, Faults};
use super::field::{FieldType, OrderField};
use super::section::Section;
use crate::emv::pan::check_digit;

/// Where a card's number comes from, and what it must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NumberRule {
    /// where it comes from
    pub source: NumberSource,
    /// the digits it begins with; empty where any will do
    pub prefix: String,
    /// how many digits it has
    pub lengths: RangeInclusive<usize>,
    /// whether its last digit is the check digit of ISO/IEC 7812-1
    pub check_digit: bool,
    /// what tells cards of one number apart
    pub sequence: SequenceSource,
}

/// Where a card's number comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NumberSource {
    /// a field of the order: the issuer's host assigns it
    Field(String),
    /// the center assigns it from the range `prefix`, `lengths`, each number once
    Range,
}

/// Where the sequence number of a card number comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SequenceSource {
    /// the same on every card, 0 to 99
    Constant(u8),
    /// a field of the order, one or two digits
    Field(String),
}

impl NumberRule {
    /// The field that brings the number, if the order does.
    #[must_use]
    pub fn field(&self) -> Option<&str> {
        match &self.source {
            NumberSource::Field(field) => Some(field),
            NumberSource::Range => None,
        }
    }

    /// What `number` (ASCII digits) breaks of the rule, if it breaks anything.
    #[must_use]
    pub fn fault_of(&self, number: &[u8]) -> Option<&'static str> {
        let checked = || number.split_last().is_some_and(|(last, before)| check_digit(before) == Some(*last));
        if !number.iter().all(u8::is_ascii_digit) {
            Some("not only digits")
        } else if !self.lengths.contains(&number.len()) {
            Some("another number of digits than the profile says")
        } else if !number.starts_with(self.prefix.as_bytes()) {
            Some("it does not begin with the profile's BIN")
        } else if self.check_digit && !checked() {
            Some("its last digit is not the check digit")
        } else {
            None
        }
    }

    pub(super) fn fields(&self) -> impl Iterator<Item = &str> {
        let sequence = match &self.sequence {
            SequenceSource::Field(field) => Some(field.as_str()),
            SequenceSource::Constant(_) => None,
        };
        self.field().into_iter().chain(sequence)
    }
}

const KEYS: [&str; 6] = ["field", "bin", "length", "check-digit", "sequence", "sequence-field"];

pub(super) fn read(whole: &Section<'_>, fields: &[OrderField], faults: &mut Faults<'_>) -> Option<NumberRule> {
    let section = whole.section("card-number", faults)?;
    section.only(&KEYS, faults);
    let prefix = match section.has("bin") {
        true => section.digits("bin", 1..=11, faults)?.to_owned(),
        false => String::new(),
    };
    let sequence = read_sequence(whole, &section, fields, faults);
    let fixed = section.optional_number("length", 8..=19, FaultKind::CardNumber, faults).map(|length| length as usize);
    let check_digit = section.optional_flag("check-digit", faults);
    let (source, lengths) = match section.has("field") {
        true => {
            let field = digits_field(whole, &section, "field", fields, faults)?;
            (NumberSource::Field(field.name.clone()), fixed.map_or(field.lengths.clone(), |fixed| fixed..=fixed))
        }
        false => (NumberSource::Range, read_range(&section, &prefix, fixed, faults)?),
    };
    if prefix.len() >= *lengths.start() {
        let message = "the BIN leaves no digits for the cards";
        faults.add(section.value_span("bin"), FaultKind::CardNumber, message, "shorten `bin`, or raise `length`");
    } else if let Some(field) = fields.iter().find(|field| is_never_as_long(field, &source, fixed)) {
        let message = format!("no value of the field `{}` has this length", field.name);
        let remedy = "write a length that the field's `min` and `max` allow";
        faults.add(section.value_span("length"), FaultKind::CardNumber, message, remedy);
    }
    Some(NumberRule { source, prefix, lengths, check_digit: check_digit?, sequence: sequence? })
}

/// Whether the field that brings the number cannot bring one of the length that all numbers have.
fn is_never_as_long(field: &OrderField, source: &NumberSource, fixed: Option<usize>) -> bool {
    let brings = matches!(source, NumberSource::Field(name) if *name == field.name);
    brings && fixed.is_some_and(|length| !field.lengths.contains(&length))
}

/// A range has a BIN, a length and the check digit.
fn read_range(
    section: &Section<'_>,
    prefix: &str,
    fixed: Option<usize>,
    faults: &mut Faults<'_>,
) -> Option<RangeInclusive<usize>> {
    if prefix.is_empty() || !section.has("length") {
        let message = "the number comes from no field, and `bin` and `length` give no range";
        let remedy = "name a `field` of the order, or write `bin` and `length`";
        faults.add(section.span(), FaultKind::CardNumber, message, remedy);
    }
    fixed.map(|fixed| fixed..=fixed)
}

fn read_sequence(
    whole: &Section<'_>,
    section: &Section<'_>,
    fields: &[OrderField],
    faults: &mut Faults<'_>,
) -> Option<SequenceSource> {
    if !section.has("sequence-field") {
        let number = section.optional_number("sequence", 0..=99, FaultKind::CardNumber, faults);
        return Some(SequenceSource::Constant(number.unwrap_or_default() as u8));
    }
    if section.has("sequence") {
        let message = "the sequence number comes from two places";
        faults.add(section.value_span("sequence"), FaultKind::CardNumber, message, "remove one of them");
    }
    let field = digits_field(whole, section, "sequence-field", fields, faults)?;
    if field.field_type == FieldType::Digits && *field.lengths.end() > 2 {
        let message = format!("`{}` can be longer than the 2 digits of a sequence number", field.name);
        faults.add(section.value_span("sequence-field"), FaultKind::CardNumber, message, "write max = 2 for it");
    }
    Some(SequenceSource::Field(field.name.clone()))
}

/// The field that `key` names, of digits and required.
fn digits_field<'f>(
    whole: &Section<'_>,
    section: &Section<'_>,
    key: &str,
    fields: &'f [OrderField],
    faults: &mut Faults<'_>,
) -> Option<&'f OrderField> {
    let name = section.text(key, faults)?;
    let field = fields.iter().find(|field| field.name == *name.get_ref());
    match field {
        Some(OrderField { field_type: FieldType::Digits, required: true, .. }) => {}
        Some(_) => {
            let message = format!("a number cannot come from `{}`", name.get_ref());
            let remedy = "name a field of type `digits` that every order must bring";
            faults.add(name.span(), FaultKind::UnknownValue, message, remedy);
        }
        None if whole.declares("field", name.get_ref()) => {}
        None => {
            let message = format!("there is no field `{}`", name.get_ref());
            let remedy = "declare it as a [[field]], or correct the name";
            faults.add(name.span(), FaultKind::UndeclaredField, message, remedy);
        }
    }
    field
}
