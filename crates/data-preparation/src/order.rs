//! The fields of one order, read for one profile: what exists here is valid, and cannot be printed.

mod uses;

use std::collections::BTreeMap;
use std::fmt;

use zeroize::Zeroizing;

use crate::profile::{FieldType, OrderField};
use crate::standard::is_image;
use crate::{Date, Error, Profile, Scope, encoding};

/// The values of an order's fields, valid for one profile. Erased when dropped.
pub struct OrderFields {
    values: BTreeMap<String, FieldValue>,
    profile_digest: [u8; 32],
    scope: Scope,
}

/// One value, as the order wrote it. A type of its own because `Zeroizing` can be printed.
struct FieldValue(Zeroizing<Vec<u8>>);

/// One fault of an order. It never holds the value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldFault {
    /// the field or column
    pub field: String,
    /// what was broken
    pub rule: FieldRule,
    /// the reason
    pub message: String,
    /// what the person who took the order can do
    pub remedy: String,
}

impl fmt::Display for FieldFault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {} ({}); {}", self.field, self.message, self.rule.code(), self.remedy)
    }
}

/// What a value can break.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FieldRule {
    /// the profile has no such field
    Unknown,
    /// the column is there twice
    Doubled,
    /// the change that is ordered does not need the field
    NotNeeded,
    /// the field is required and empty or missing
    Required,
    /// shorter or longer than the profile says
    Length,
    /// a character outside the field's set
    Characters,
    /// not a day YYYY-MM-DD
    Date,
    /// neither JPEG nor PNG
    Image,
    /// no card number of the profile's range, or one that was mistyped
    CardNumber,
    /// an offline limit that is over the other
    Limits,
    /// a letter that a payment card cannot have and that no rule writes otherwise, or too many of them
    Transliteration,
}

impl FieldRule {
    /// The code for programs.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Doubled => "doubled",
            Self::NotNeeded => "not-needed",
            Self::Required => "required",
            Self::Length => "length",
            Self::Characters => "characters",
            Self::Date => "date",
            Self::Image => "image",
            Self::CardNumber => "card-number",
            Self::Limits => "limits",
            Self::Transliteration => "transliteration",
        }
    }
}

impl OrderFields {
    /// Reads the fields of one order: `columns` by name, and the bytes of the photo if there is one.
    ///
    /// An empty text is a field that is left out. The column of the photo field may hold the name of its file, which
    /// is not read here; where it does, `photo` must be there.
    ///
    /// # Errors
    /// `Error::Order` with every fault that was found.
    pub fn read<'a>(
        profile: &Profile,
        columns: impl IntoIterator<Item = (&'a str, &'a str)>,
        photo: Option<&[u8]>,
    ) -> Result<Self, Error> {
        let mut faults = Vec::new();
        let texts = by_name(profile, columns, &mut faults);
        let mut values = BTreeMap::new();
        for field in profile.fields() {
            let text = texts.get(field.name.as_str()).copied().unwrap_or_default();
            let bytes = match field.field_type {
                FieldType::Photo => photo.unwrap_or_default(),
                _ => text.as_bytes(),
            };
            let left_out = bytes.is_empty() && text.is_empty() && !field.required;
            match fault_of(field, bytes) {
                _ if left_out => {}
                Some((rule, message, remedy)) => {
                    faults.push(FieldFault { field: field.name.clone(), rule, message, remedy });
                }
                None => {
                    values.insert(field.name.clone(), FieldValue(Zeroizing::new(bytes.to_vec())));
                }
            }
        }
        faults.extend(profile.fields().iter().filter_map(|field| {
            let bytes = values.get(&field.name)?;
            let (rule, message, remedy) = uses::fault(profile, &field.name, &bytes.0)?;
            Some(FieldFault { field: field.name.clone(), rule, message, remedy })
        }));
        faults.extend(uses::limits_fault(profile, |field| Some(values.get(field)?.0.as_slice())));
        if photo.is_some() && !profile.fields().iter().any(|field| field.field_type == FieldType::Photo) {
            match profile.left_out_photo() {
                Some(field) if faults.iter().any(|fault| fault.field == field.name) => {}
                Some(field) => faults.push(not_needed(&field.name, profile.scope())),
                None => faults.push(unknown("photo")),
            }
        }
        let (profile_digest, scope) = (profile.reference().digest, profile.scope());
        if faults.is_empty() { Ok(Self { values, profile_digest, scope }) } else { Err(Error::Order(faults)) }
    }

    /// Those of an order that brings none: of a change that writes nothing about a holder.
    #[must_use]
    pub fn none(profile: &Profile) -> Self {
        let (profile_digest, scope) = (profile.reference().digest, profile.scope());
        Self { values: BTreeMap::new(), profile_digest, scope }
    }

    /// The value of `field` as the order wrote it, if the order brings it: a text's UTF-8, a photo's bytes.
    #[must_use]
    pub fn value(&self, field: &str) -> Option<&[u8]> {
        self.values.get(field).map(|value| value.0.as_slice())
    }

    /// The encoding for sealing an order until it is prepared; erased when dropped.
    #[must_use]
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let values = || self.values.iter().map(|(name, value)| (name.as_str(), value.0.as_slice()));
        encoding::fields_to_bytes(values())
    }

    /// Opens what [`OrderFields::to_bytes`] made, and reads it anew for `profile`.
    ///
    /// # Errors
    /// `Error::OrderEncoding` for other bytes; `Error::Order` where the values do not fit `profile`.
    pub fn reopen(profile: &Profile, bytes: &[u8]) -> Result<Self, Error> {
        let values = encoding::fields_from_bytes(bytes).map_err(|_| Error::OrderEncoding)?;
        let mut photo = None;
        let mut columns = Vec::new();
        for (name, value) in values {
            match profile.field(name).map(|field| field.field_type) {
                Some(FieldType::Photo) => photo = Some(value),
                _ => columns.push((name, std::str::from_utf8(value).map_err(|_| Error::OrderEncoding)?)),
            }
        }
        Self::read(profile, columns, photo)
    }

    /// Reads for `profile` what earlier orders of the same card brought: `before` is what [`OrderFields::to_bytes`] made of
    /// each, the newest first. Of every field of the profile the newest value counts; what it has no field for is left.
    ///
    /// # Errors
    /// `Error::OrderEncoding` for other bytes; `Error::Order` where the values do not fit `profile`, or one is missing.
    pub fn carried(profile: &Profile, before: &[&[u8]]) -> Result<Self, Error> {
        let mut newest: BTreeMap<&str, &[u8]> = BTreeMap::new();
        for bytes in before {
            for (name, value) in encoding::fields_from_bytes(bytes).map_err(|_| Error::OrderEncoding)? {
                if profile.field(name).is_some() {
                    newest.entry(name).or_insert(value);
                }
            }
        }
        Self::reopen(profile, &encoding::fields_to_bytes(newest.iter().map(|(name, value)| (*name, *value))))
    }

    /// Whether they were read for this text of the profile, and for this part of it.
    pub(crate) fn are_for(&self, profile: &Profile) -> bool {
        self.profile_digest == profile.reference().digest && self.scope == profile.scope()
    }
}

fn by_name<'a>(
    profile: &Profile,
    columns: impl IntoIterator<Item = (&'a str, &'a str)>,
    faults: &mut Vec<FieldFault>,
) -> BTreeMap<&'a str, &'a str> {
    let mut texts = BTreeMap::new();
    for (name, text) in columns {
        if let (Some(_), text) = (profile.left_out(name), text) {
            if !text.is_empty() {
                faults.push(not_needed(name, profile.scope()));
            }
        } else if profile.field(name).is_none() {
            faults.push(unknown(name));
        } else if texts.insert(name, text).is_some() {
            faults.push(FieldFault {
                field: name.to_owned(),
                rule: FieldRule::Doubled,
                message: "the column is there twice".to_owned(),
                remedy: "remove one of the columns".to_owned(),
            });
        }
    }
    texts
}

fn unknown(name: &str) -> FieldFault {
    FieldFault {
        field: name.to_owned(),
        rule: FieldRule::Unknown,
        message: "the profile has no such field".to_owned(),
        remedy: "remove it, or choose the profile that asks for it".to_owned(),
    }
}

fn not_needed(name: &str, scope: Scope) -> FieldFault {
    FieldFault {
        field: name.to_owned(),
        rule: FieldRule::NotNeeded,
        message: format!("a change of {scope} does not write it"),
        remedy: "leave it empty, or order the change that writes it".to_owned(),
    }
}

type Broken = (FieldRule, String, String);

/// What `bytes` break of the rules of `field`.
fn fault_of(field: &OrderField, bytes: &[u8]) -> Option<Broken> {
    if bytes.is_empty() {
        return Some((FieldRule::Required, "there is no value".to_owned(), "ask the customer for it".to_owned()));
    }
    // The form before the length: "not a digit" tells a person more than "too long".
    form_fault(field, bytes).or_else(|| {
        let (least, most) = field.lengths.clone().into_inner();
        let unit = match field.field_type {
            FieldType::Digits | FieldType::Pin | FieldType::PinBlock | FieldType::Hexadecimal => "digits",
            _ => "bytes",
        };
        let message = format!("{} {unit}, where {least} to {most} are allowed", bytes.len());
        let remedy = match field.field_type {
            FieldType::Photo => "make the image smaller",
            FieldType::Text(_) => "shorten or complete the text; letters outside ASCII count 2 to 4 bytes",
            _ => "compare it with what the customer gave",
        };
        (!field.lengths.contains(&bytes.len())).then(|| (FieldRule::Length, message, remedy.to_owned()))
    })
}

fn form_fault(field: &OrderField, bytes: &[u8]) -> Option<Broken> {
    let text = || std::str::from_utf8(bytes).unwrap_or("\u{0}"); // only a photo is not text: it came in as one
    let (rule, message, remedy) = match field.field_type {
        FieldType::Text(charset) => {
            let at = text().chars().position(|character| !charset.holds(character));
            let edge = text().trim() != text();
            match at {
                Some(at) => {
                    let message = format!("character {} is outside the field's character set", at + 1);
                    return Some((
                        FieldRule::Characters,
                        message,
                        "write it with the characters of the set".to_owned(),
                    ));
                }
                None if edge => (FieldRule::Characters, "it begins or ends with a space", "remove the space"),
                None => return None,
            }
        }
        FieldType::Digits | FieldType::Pin if !bytes.iter().all(u8::is_ascii_digit) => {
            (FieldRule::Characters, "not only digits", "write the digits 0 to 9, without spaces or hyphens")
        }
        FieldType::PinBlock | FieldType::Hexadecimal if !is_hexadecimal(bytes) => {
            (FieldRule::Characters, "not whole bytes in hexadecimal", "write two digits of 0 to 9 and A to F a byte")
        }
        FieldType::Date if text().parse::<Date>().is_err() => {
            (FieldRule::Date, "not a day of the calendar", "write YYYY-MM-DD")
        }
        FieldType::Photo if !is_image(bytes) => {
            (FieldRule::Image, "neither JPEG nor PNG", "save the image as JPEG or PNG")
        }
        _ => return None,
    };
    Some((rule, message.to_owned(), remedy.to_owned()))
}

fn is_hexadecimal(digits: &[u8]) -> bool {
    digits.len().is_multiple_of(2) && digits.iter().all(u8::is_ascii_hexdigit)
}
