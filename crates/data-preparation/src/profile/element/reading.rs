//! How `[[element]]` tables are read.

use super::lists::{object_list, track_2, verification_rules};
use super::{CertificatePart, DateEncoding, Element, FieldEncoding, NumberEncoding, RsaKey, RsaPart, Source};
use crate::profile::fault::{FaultKind, Faults};
use crate::profile::field::{FieldType, OrderField};
use crate::profile::section::{At, Section};

/// What elements are looked up in.
struct Declared<'a, 't> {
    whole: &'a Section<'t>,
    fields: &'a [OrderField],
    /// the elements that stand before the one that is read
    before: &'a [Element],
}

/// The sources as profiles name them, each with the keys it takes besides `name`, `tag` and `source`.
#[derive(Clone, Copy)]
enum Named {
    Field,
    Constant,
    CardNumber,
    SequenceNumber,
    ValidFrom,
    ValidTo,
    PinBlock,
    Manifest,
    Template,
    Track2,
    InterchangeProfile,
    FileLocator,
    ObjectList,
    VerificationRules,
    Certificate(CertificatePart),
    ApplicationKeys,
    CheckValues,
    Rsa(RsaKey),
    IssuerApplicationData,
    Random,
}

impl Named {
    const ALL: [(&'static str, Self); 31] = [
        ("field", Self::Field),
        ("constant", Self::Constant),
        ("card-number", Self::CardNumber),
        ("sequence-number", Self::SequenceNumber),
        ("valid-from", Self::ValidFrom),
        ("valid-to", Self::ValidTo),
        ("pin-block", Self::PinBlock),
        ("manifest", Self::Manifest),
        ("template", Self::Template),
        ("track-2", Self::Track2),
        ("interchange-profile", Self::InterchangeProfile),
        ("file-locator", Self::FileLocator),
        ("object-list", Self::ObjectList),
        ("verification-rules", Self::VerificationRules),
        ("authority-index", Self::Certificate(CertificatePart::AuthorityIndex)),
        ("issuer-certificate", Self::Certificate(CertificatePart::Issuer)),
        ("issuer-remainder", Self::Certificate(CertificatePart::IssuerRemainder)),
        ("issuer-exponent", Self::Certificate(CertificatePart::IssuerExponent)),
        ("icc-certificate", Self::Certificate(CertificatePart::Icc)),
        ("icc-remainder", Self::Certificate(CertificatePart::IccRemainder)),
        ("icc-exponent", Self::Certificate(CertificatePart::IccExponent)),
        ("pin-certificate", Self::Certificate(CertificatePart::Pin)),
        ("pin-remainder", Self::Certificate(CertificatePart::PinRemainder)),
        ("pin-exponent", Self::Certificate(CertificatePart::PinExponent)),
        ("signed-data", Self::Certificate(CertificatePart::SignedData)),
        ("application-keys", Self::ApplicationKeys),
        ("application-key-check-values", Self::CheckValues),
        ("icc-key", Self::Rsa(RsaKey::Icc)),
        ("pin-key", Self::Rsa(RsaKey::Pin)),
        ("issuer-application-data", Self::IssuerApplicationData),
        ("random", Self::Random),
    ];

    fn keys(self) -> &'static [&'static str] {
        match self {
            Self::Field => &["name", "tag", "source", "encoding", "field", "length", "rewritable"],
            Self::Constant => &["name", "tag", "source", "encoding", "value", "rewritable"],
            Self::PinBlock => &["name", "source", "encoding", "field"],
            Self::Manifest => &["name", "source", "encoding"],
            Self::CardNumber | Self::ValidFrom | Self::ValidTo => &["name", "tag", "source", "encoding"],
            Self::Template => &["name", "tag", "source", "elements"],
            Self::Track2 => &["name", "tag", "source", "service-code", "discretionary"],
            Self::FileLocator => &["name", "tag", "source", "files"],
            Self::ObjectList => &["name", "tag", "source", "value"],
            Self::VerificationRules => &["name", "tag", "source", "amount-x", "amount-y", "rules"],
            Self::Rsa(_) => &["name", "source", "part"],
            Self::ApplicationKeys | Self::CheckValues => &["name", "source"],
            Self::Random => &["name", "tag", "source", "length"],
            Self::SequenceNumber | Self::InterchangeProfile | Self::Certificate(_) | Self::IssuerApplicationData => {
                &["name", "tag", "source"]
            }
        }
    }
}

pub(in crate::profile) fn read_all(
    whole: &Section<'_>,
    fields: &[OrderField],
    faults: &mut Faults<'_>,
) -> Vec<Element> {
    let mut elements: Vec<Element> = Vec::new();
    for section in whole.optional_sections("element", faults) {
        let name = section.name("name", faults);
        let tag = read_tag(&section, faults);
        let named = section.choice("source", &Named::ALL, FaultKind::UnknownSource, faults);
        let takes = named.is_some_and(|named| named.keys().contains(&"rewritable"));
        let rewritable = if takes { section.optional_flag("rewritable", faults) } else { Some(false) };
        let declared = Declared { whole, fields, before: &elements };
        let source = named.and_then(|named| declared.source(named, &section, faults));
        let (Some(name), Some(tag), Some(source), Some(rewritable)) = (name, tag, source, rewritable) else { continue };
        if elements.iter().any(|other| other.name == name) {
            let message = format!("`{name}` is already the name of an element");
            faults.add(section.value_span("name"), FaultKind::DuplicateName, message, "give the element another name");
        }
        let constructed = tag.is_some_and(|tag| cardwright_apdu::tlv::Tag(tag).is_constructed());
        if tag.is_some() && constructed != matches!(source, Source::Template(_)) {
            let message = "a template has a constructed tag (bit 20 of its first byte), and no other element has";
            faults.add(section.value_span("tag"), FaultKind::Tag, message, "correct the tag or the source");
            continue;
        }
        elements.push(Element { name, tag, source, rewritable });
    }
    elements
}

/// `Some(None)` where there is no tag.
fn read_tag(section: &Section<'_>, faults: &mut Faults<'_>) -> Option<Option<u32>> {
    if !section.has("tag") {
        return Some(None);
    }
    let bytes = section.hexadecimal("tag", 1..=3, faults)?;
    let read = cardwright_apdu::tlv::read_tag(&bytes).ok().filter(|(_, rest)| rest.is_empty());
    if read.is_none() {
        let message = "that is no tag: its first byte tells how many follow";
        faults.add(section.value_span("tag"), FaultKind::Tag, message, "write it as the standard does: 5A, 9F46, BF0C");
    }
    read.map(|(tag, _)| Some(tag.0))
}

impl Declared<'_, '_> {
    fn source(&self, named: Named, section: &Section<'_>, faults: &mut Faults<'_>) -> Option<Source> {
        section.only(named.keys(), faults);
        match named {
            Named::Field => self.of_field(section, faults),
            Named::Constant => read_constant(section, faults).map(Source::Constant),
            Named::CardNumber => {
                let encodings = [("ascii", NumberEncoding::Ascii), ("compressed", NumberEncoding::Compressed)];
                section.choice("encoding", &encodings, FaultKind::Encoding, faults).map(Source::CardNumber)
            }
            Named::SequenceNumber => Some(Source::SequenceNumber),
            Named::ValidFrom => day(section, faults).map(Source::ValidFrom),
            Named::ValidTo => day(section, faults).map(Source::ValidTo),
            Named::PinBlock => self.pin_block(section, faults),
            Named::Manifest => only_encoding(section, "sha-256", faults).map(|()| Source::Manifest),
            Named::Template => self.template(section, faults).map(Source::Template),
            Named::Track2 => track_2(section, faults),
            Named::InterchangeProfile => Some(Source::InterchangeProfile),
            Named::FileLocator => {
                let files = section.numbers("files", 1..=30, faults)?;
                Some(Source::FileLocator(files.iter().map(|file| *file as u8).collect()))
            }
            Named::ObjectList => object_list(section, faults).map(Source::Constant),
            Named::VerificationRules => verification_rules(section, faults).map(Source::Constant),
            Named::Certificate(part) => Some(Source::Certificate(part)),
            Named::ApplicationKeys => Some(Source::ApplicationKeys),
            Named::CheckValues => Some(Source::ApplicationKeyCheckValues),
            Named::Rsa(key) => {
                let part = section.choice("part", &RsaPart::ALL, FaultKind::UnknownValue, faults)?;
                Some(Source::RsaPart { key, part })
            }
            Named::IssuerApplicationData => Some(Source::IssuerApplicationData),
            Named::Random => {
                let length = section.number("length", 1..=252, FaultKind::OutOfRange, faults)?;
                Some(Source::Random(length as usize))
            }
        }
    }

    fn of_field(&self, section: &Section<'_>, faults: &mut Faults<'_>) -> Option<Source> {
        let field = self.field(section, faults);
        let encoding = section.text("encoding", faults);
        let field = field?;
        let encoding = field_encoding(section, field, &encoding?, faults)?;
        Some(Source::Field { field: field.name.clone(), encoding })
    }

    fn pin_block(&self, section: &Section<'_>, faults: &mut Faults<'_>) -> Option<Source> {
        let encoding = only_encoding(section, "iso-9564-2", faults);
        if !section.has("field") {
            return encoding.map(|()| Source::PinBlock { field: None });
        }
        let field = self.field(section, faults)?;
        if field.field_type != FieldType::Pin {
            let message = format!("a PIN block cannot be made of `{}`, which is no PIN", field.name);
            let remedy = "name a field of type `pin`; for one of type `pin-block` write [pin] and leave out `field`";
            faults.add(section.value_span("field"), FaultKind::Encoding, message, remedy);
        }
        encoding.map(|()| Source::PinBlock { field: Some(field.name.clone()) })
    }

    /// A template names elements that stand before it, so that none can hold itself.
    fn template(&self, section: &Section<'_>, faults: &mut Faults<'_>) -> Option<Vec<String>> {
        if !section.has("tag") {
            faults.add(section.span(), FaultKind::MissingKey, "a template has no `tag`", "add `tag`");
            return None;
        }
        let names = section.texts("elements", faults)?;
        for name in &names {
            if self.before.iter().any(|element| element.name == *name.get_ref()) {
                continue;
            }
            // One that stands before and could not be read is told already.
            let place = self.whole.span_of("element", name.get_ref());
            if place.as_ref().is_some_and(|place| place.start >= section.span().start) {
                let message = format!("`{}` is not declared before the template", name.get_ref());
                faults.add(name.span(), FaultKind::Order, message, "move its [[element]] before this one");
            } else if place.is_none() {
                let message = format!("there is no element `{}`", name.get_ref());
                let remedy = "declare it as an [[element]], or correct the name";
                faults.add(name.span(), FaultKind::UndeclaredElement, message, remedy);
            }
        }
        Some(names.iter().map(|name| (*name.get_ref()).to_owned()).collect())
    }

    fn field(&self, section: &Section<'_>, faults: &mut Faults<'_>) -> Option<&OrderField> {
        let name = section.text("field", faults)?;
        let found = self.fields.iter().find(|field| field.name == *name.get_ref());
        if found.is_none() && !self.whole.declares("field", name.get_ref()) {
            let message = format!("there is no field `{}`", name.get_ref());
            let remedy = "declare it as a [[field]], or correct the name";
            faults.add(name.span(), FaultKind::UndeclaredField, message, remedy);
        }
        found
    }
}

fn day(section: &Section<'_>, faults: &mut Faults<'_>) -> Option<DateEncoding> {
    let encodings = [("bcd", DateEncoding::Bcd), ("yymmdd", DateEncoding::ShortBcd)];
    section.choice("encoding", &encodings, FaultKind::Encoding, faults)
}

fn field_encoding(
    section: &Section<'_>,
    field: &OrderField,
    named: &At<&str>,
    faults: &mut Faults<'_>,
) -> Option<FieldEncoding> {
    let most = *field.lengths.end();
    let (numeric, binary) = (FieldEncoding::Numeric(most.div_ceil(2)), FieldEncoding::Binary(bytes_for(most)));
    let known: &[(&str, FieldEncoding)] = match field.field_type {
        FieldType::Text(_) => &[("utf-8", FieldEncoding::Utf8), ("transliterated", FieldEncoding::Transliterated)],
        FieldType::Digits => &[
            ("ascii", FieldEncoding::Ascii),
            ("compressed", FieldEncoding::Compressed),
            ("numeric", numeric),
            ("binary", binary),
        ],
        FieldType::Date => &[("bcd", FieldEncoding::Bcd), ("yymmdd", FieldEncoding::ShortBcd)],
        FieldType::Photo => &[("raw", FieldEncoding::Raw)],
        FieldType::Hexadecimal => &[("hex", FieldEncoding::Hexadecimal)],
        FieldType::Pin | FieldType::PinBlock => {
            let message = "a PIN is written as a PIN block only";
            let remedy = "use source = \"pin-block\", encoding = \"iso-9564-2\"";
            faults.add(named.span(), FaultKind::Encoding, message, remedy);
            return None;
        }
    };
    let found = known.iter().find(|(name, _)| name == named.get_ref()).map(|(_, encoding)| *encoding);
    if found.is_none() {
        let names: Vec<String> = known.iter().map(|(name, _)| format!("encoding = \"{name}\"")).collect();
        let message = format!("`{}` cannot be written as `{}`", field.name, named.get_ref());
        faults.add(named.span(), FaultKind::Encoding, message, format!("use {}", names.join(" or ")));
    }
    if section.has("length") && !matches!(found, Some(FieldEncoding::Numeric(_) | FieldEncoding::Binary(_))) {
        let message = "`length` goes with the encodings `numeric` and `binary` alone";
        faults.add(section.value_span("length"), FaultKind::Encoding, message, "remove `length`");
        return None;
    }
    let found = found?;
    let (FieldEncoding::Numeric(least) | FieldEncoding::Binary(least)) = found else { return Some(found) };
    let length = section.optional_number("length", least as u32..=32, FaultKind::LengthRange, faults);
    let length = length.map_or(least, |length| length as usize);
    Some(match found {
        FieldEncoding::Numeric(_) => FieldEncoding::Numeric(length),
        _ => FieldEncoding::Binary(length),
    })
}

/// The bytes that every number of so many decimal digits fits: 10^digits is under 256^bytes, and 5 bytes hold 12 digits.
fn bytes_for(digits: usize) -> usize {
    (digits * 5).div_ceil(12)
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
