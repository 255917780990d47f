//! Data elements: where each comes from and how it is written in bytes.
//!
//! A further source (generated, derived by the keystore, a certificate) is a further variant of [`Source`], with the
//! value it needs handed to the preparation.

use std::ops::RangeInclusive;

use super::fault::{FaultKind, Faults};
use super::field::{FieldType, OrderField};
use super::section::{At, Section};
use crate::standard::Shape;

/// A data element: the smallest thing that DGIs are made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Element {
    /// its name, for DGIs to refer to
    pub name: String,
    /// where it comes from
    pub source: Source,
}

/// Where a data element comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Source {
    /// a field of the order
    Field {
        /// the field's name
        field: String,
        /// how its value is written
        encoding: FieldEncoding,
    },
    /// the same bytes on every card
    Constant(Vec<u8>),
    /// the first day of the card's validity, BCD
    ValidFrom,
    /// the last day of the card's validity, BCD
    ValidTo,
    /// a PIN as a block of format 2 (ISO 9564-1)
    PinBlock {
        /// the field with the PIN's digits
        field: String,
    },
    /// number, lengths and SHA-256 of all DGIs before it
    Manifest,
}

/// How the value of a field is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldEncoding {
    /// the bytes of UTF-8; of a text
    Utf8,
    /// one byte a digit; of digits
    Ascii,
    /// YYYYMMDD, two digits a byte; of a date
    Bcd,
    /// as it is; of a photo
    Raw,
}

impl Element {
    /// The field it is made of, if it is made of one.
    #[must_use]
    pub fn field(&self) -> Option<&str> {
        match &self.source {
            Source::Field { field, .. } | Source::PinBlock { field } => Some(field),
            _ => None,
        }
    }

    pub(super) fn shape(&self) -> Shape {
        match &self.source {
            Source::Field { encoding: FieldEncoding::Utf8, .. } => Shape::Text,
            Source::Field { encoding: FieldEncoding::Ascii, .. } => Shape::Digits,
            Source::Field { encoding: FieldEncoding::Bcd, .. } => Shape::Date,
            Source::Field { encoding: FieldEncoding::Raw, .. } => Shape::Image,
            Source::Constant(_) => Shape::Bytes,
            Source::ValidFrom => Shape::ValidFrom,
            Source::ValidTo => Shape::ValidTo,
            Source::PinBlock { .. } => Shape::PinBlock,
            Source::Manifest => Shape::Manifest,
        }
    }

    /// Its shortest and longest form in bytes; of a manifest, what the number of DGIs makes it.
    pub(super) fn lengths(&self, fields: &[OrderField], dgis: usize) -> RangeInclusive<usize> {
        match &self.source {
            Source::Field { encoding: FieldEncoding::Bcd, .. } | Source::ValidFrom | Source::ValidTo => 4..=4,
            Source::Field { field, .. } => {
                fields.iter().find(|known| known.name == *field).map_or(0..=0, |known| known.lengths.clone())
            }
            Source::Constant(bytes) => bytes.len()..=bytes.len(),
            Source::PinBlock { .. } => 8..=8,
            Source::Manifest => 1..=1 + crate::manifest::ENTRY * dgis,
        }
    }
}

#[derive(Clone, Copy)]
enum Named {
    Field,
    Constant,
    ValidFrom,
    ValidTo,
    PinBlock,
    Manifest,
}

impl Named {
    const ALL: [(&'static str, Self); 6] = [
        ("field", Self::Field),
        ("constant", Self::Constant),
        ("valid-from", Self::ValidFrom),
        ("valid-to", Self::ValidTo),
        ("pin-block", Self::PinBlock),
        ("manifest", Self::Manifest),
    ];

    fn keys(self) -> &'static [&'static str] {
        match self {
            Self::Field | Self::PinBlock => &["name", "source", "encoding", "field"],
            Self::Constant => &["name", "source", "encoding", "value"],
            Self::ValidFrom | Self::ValidTo | Self::Manifest => &["name", "source", "encoding"],
        }
    }
}

pub(super) fn read_all(whole: &Section<'_>, fields: &[OrderField], faults: &mut Faults<'_>) -> Vec<Element> {
    let mut elements: Vec<Element> = Vec::new();
    for section in whole.sections("element", faults) {
        let name = section.name("name", faults);
        let source = read_source(whole, &section, fields, faults);
        let (Some(name), Some(source)) = (name, source) else { continue };
        if elements.iter().any(|other| other.name == name) {
            let message = format!("`{name}` is already the name of an element");
            faults.add(section.value_span("name"), FaultKind::DuplicateName, message, "give the element another name");
        }
        elements.push(Element { name, source });
    }
    elements
}

fn read_source(
    whole: &Section<'_>,
    section: &Section<'_>,
    fields: &[OrderField],
    faults: &mut Faults<'_>,
) -> Option<Source> {
    let named = section.choice("source", &Named::ALL, FaultKind::UnknownSource, faults)?;
    section.only(named.keys(), faults);
    match named {
        Named::Field => {
            let field = declared_field(whole, section, fields, faults);
            let encoding = section.text("encoding", faults);
            let field = field?;
            let encoding = field_encoding(field, &encoding?, faults)?;
            Some(Source::Field { field: field.name.clone(), encoding })
        }
        Named::PinBlock => {
            let encoding = only_encoding(section, "iso-9564-2", faults);
            let field = declared_field(whole, section, fields, faults)?;
            if field.field_type != FieldType::Pin {
                let message = format!("a PIN block cannot be made of `{}`, which is no PIN", field.name);
                faults.add(section.value_span("field"), FaultKind::Encoding, message, "name a field of type `pin`");
            }
            encoding.map(|()| Source::PinBlock { field: field.name.clone() })
        }
        Named::Constant => read_constant(section, faults).map(Source::Constant),
        Named::ValidFrom => only_encoding(section, "bcd", faults).map(|()| Source::ValidFrom),
        Named::ValidTo => only_encoding(section, "bcd", faults).map(|()| Source::ValidTo),
        Named::Manifest => only_encoding(section, "sha-256", faults).map(|()| Source::Manifest),
    }
}

fn declared_field<'f>(
    whole: &Section<'_>,
    section: &Section<'_>,
    fields: &'f [OrderField],
    faults: &mut Faults<'_>,
) -> Option<&'f OrderField> {
    let name = section.text("field", faults)?;
    let found = fields.iter().find(|field| field.name == *name.get_ref());
    if found.is_none() && !whole.declares("field", name.get_ref()) {
        let message = format!("there is no field `{}`", name.get_ref());
        faults.add(name.span(), FaultKind::UndeclaredField, message, "declare it as a [[field]], or correct the name");
    }
    found
}

fn field_encoding(field: &OrderField, named: &At<&str>, faults: &mut Faults<'_>) -> Option<FieldEncoding> {
    let (only, encoding) = match field.field_type {
        FieldType::Text(_) => ("utf-8", FieldEncoding::Utf8),
        FieldType::Digits => ("ascii", FieldEncoding::Ascii),
        FieldType::Date => ("bcd", FieldEncoding::Bcd),
        FieldType::Photo => ("raw", FieldEncoding::Raw),
        FieldType::Pin => {
            let message = "a PIN is written as a PIN block only";
            faults.add(
                named.span(),
                FaultKind::Encoding,
                message,
                "use source = \"pin-block\", encoding = \"iso-9564-2\"",
            );
            return None;
        }
    };
    if *named.get_ref() == only {
        return Some(encoding);
    }
    let message = format!("`{}` cannot be written as `{}`", field.name, named.get_ref());
    faults.add(named.span(), FaultKind::Encoding, message, format!("use encoding = \"{only}\""));
    None
}

fn only_encoding(section: &Section<'_>, only: &str, faults: &mut Faults<'_>) -> Option<()> {
    section.choice("encoding", &[(only, ())], FaultKind::Encoding, faults)
}

fn read_constant(section: &Section<'_>, faults: &mut Faults<'_>) -> Option<Vec<u8>> {
    let hexadecimal = section.choice("encoding", &[("utf-8", false), ("hex", true)], FaultKind::Encoding, faults)?;
    if hexadecimal {
        return section.hexadecimal("value", 1..=u16::MAX as usize, faults);
    }
    section.text("value", faults).map(|text| text.get_ref().as_bytes().to_vec())
}
