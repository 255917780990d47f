//! How long elements can be, before any card is made.

use std::ops::RangeInclusive;

use cardwright_keystore::RsaSize;

use super::{CertificatePart, DateEncoding, Element, FieldEncoding, NumberEncoding, Source, TrackPart};
use crate::emv::certificate::{CardCertificate, IssuerCertificate};
use crate::profile::field::OrderField;
use crate::profile::number::NumberRule;
use crate::profile::payment::{CertificateRule, PaymentRule};
use crate::{manifest, transliteration};

/// What the lengths of an application's elements depend on.
#[derive(Clone, Copy)]
pub(in crate::profile) struct Extents<'a> {
    pub(in crate::profile) fields: &'a [OrderField],
    pub(in crate::profile) elements: &'a [Element],
    pub(in crate::profile) number: Option<&'a NumberRule>,
    pub(in crate::profile) payment: Option<&'a PaymentRule>,
    /// how many DGIs the application has besides the one in question
    pub(in crate::profile) others: usize,
}

impl<'a> Extents<'a> {
    /// The element called `name`.
    pub(in crate::profile) fn element(&self, name: &str) -> Option<&'a Element> {
        self.elements.iter().find(|element| element.name == name)
    }

    /// The field called `name`.
    pub(in crate::profile) fn field(&self, name: &str) -> Option<&'a OrderField> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// The shortest and the longest form of `element` in bytes, with its tag; 0 where it may vanish.
    pub(in crate::profile) fn lengths(&self, element: &Element) -> RangeInclusive<usize> {
        let (least, most) = self.value_lengths(&element.source).into_inner();
        let Some(tag) = element.tag else { return least..=most };
        let whole = |length: usize| if length == 0 { 0 } else { tag_length(tag) + length_length(length) + length };
        let vanishes = element.field().and_then(|field| self.field(field)).is_some_and(|field| !field.required);
        whole(if vanishes { 0 } else { least })..=whole(most)
    }

    fn value_lengths(&self, source: &Source) -> RangeInclusive<usize> {
        let exactly = |length: usize| length..=length;
        match source {
            Source::Field { field, encoding } => self.field_lengths(field, *encoding),
            Source::Constant(bytes) => exactly(bytes.len()),
            Source::CardNumber(encoding) => {
                let (least, most) = self.number_lengths();
                match encoding {
                    NumberEncoding::Ascii => least..=most,
                    NumberEncoding::Compressed => least.div_ceil(2)..=most.div_ceil(2),
                }
            }
            Source::SequenceNumber => exactly(1),
            Source::ValidFrom(encoding) | Source::ValidTo(encoding) => exactly(match encoding {
                DateEncoding::Bcd => 4,
                DateEncoding::ShortBcd => 3,
            }),
            Source::PinBlock { .. } => exactly(8),
            Source::Manifest => 1..=1 + manifest::ENTRY * self.others,
            Source::Template(names) => {
                let parts = names.iter().filter_map(|name| self.element(name)).map(|element| self.lengths(element));
                let (least, most) = parts.fold((0, 0), |sum, part| (sum.0 + part.start(), sum.1 + part.end()));
                least..=most
            }
            Source::Track2 { discretionary, .. } => {
                let after: usize = 8 + discretionary.iter().map(TrackPart::digits).sum::<usize>();
                let (least, most) = self.number_lengths();
                (least + after).div_ceil(2)..=(most + after).div_ceil(2)
            }
            Source::InterchangeProfile => exactly(2),
            Source::FileLocator(files) => 4 * files.len()..=4 * self.others.max(files.len()),
            Source::Certificate(part) => exactly(self.certificates().map_or(0, |rule| part.length(rule))),
            Source::ApplicationKeys => exactly(48),
            Source::ApplicationKeyCheckValues => exactly(9),
            Source::RsaPart { key, part } => {
                let size = self.certificates().and_then(|rule| rule.size_of(*key));
                exactly(size.map_or(0, |size| if part.is_whole() { size.length() } else { size.half() }))
            }
            Source::IssuerApplicationData => exactly(7),
            Source::Random(length) => exactly(*length),
        }
    }

    fn number_lengths(&self) -> (usize, usize) {
        self.number.map_or((0, 0), |number| number.lengths.clone().into_inner())
    }

    fn certificates(&self) -> Option<&'a CertificateRule> {
        self.payment.and_then(|payment| payment.certificates.as_ref())
    }

    fn field_lengths(&self, field: &str, encoding: FieldEncoding) -> RangeInclusive<usize> {
        let (least, most) = self.field(field).map_or((0, 0), |field| field.lengths.clone().into_inner());
        match encoding {
            FieldEncoding::Bcd => 4..=4,
            FieldEncoding::ShortBcd => 3..=3,
            FieldEncoding::Numeric(length) | FieldEncoding::Binary(length) => length..=length,
            FieldEncoding::Compressed | FieldEncoding::Hexadecimal => least.div_ceil(2)..=most.div_ceil(2),
            // Names that come out shorter or longer are refused when the order is read.
            FieldEncoding::Transliterated => transliteration::LENGTHS,
            FieldEncoding::Utf8 | FieldEncoding::Ascii | FieldEncoding::Raw => least..=most,
        }
    }
}

impl TrackPart {
    fn digits(&self) -> usize {
        match self {
            Self::Digits(digits) => digits.len(),
            Self::PinKeyIndex => 1,
            Self::PinValue => 4,
            Self::ChipValue | Self::StripeValue(_) => 3,
        }
    }
}

impl CertificatePart {
    /// The bytes it has under `rule`; 0 for a remainder that is not needed, or where the key is not there.
    pub(crate) fn length(self, rule: &CertificateRule) -> usize {
        let issuer = rule.issuer_size;
        let remainder = |key: RsaSize, signer: usize, overhead: usize| (key.length() + overhead).saturating_sub(signer);
        let in_card =
            |size: Option<RsaSize>| size.map_or(0, |size| remainder(size, issuer.length(), CardCertificate::OVERHEAD));
        let exponent = |size: Option<RsaSize>| size.map_or(0, |size| size.exponent().bytes().len());
        let signed = |size: Option<RsaSize>| size.map_or(0, |_| issuer.length());
        match self {
            Self::AuthorityIndex => 1,
            Self::Issuer => rule.authority_length,
            Self::IssuerRemainder => remainder(issuer, rule.authority_length, IssuerCertificate::OVERHEAD),
            Self::IssuerExponent => exponent(Some(issuer)),
            Self::Icc => signed(rule.icc),
            Self::IccRemainder => in_card(rule.icc),
            Self::IccExponent => exponent(rule.icc),
            Self::Pin => signed(rule.pin),
            Self::PinRemainder => in_card(rule.pin),
            Self::PinExponent => exponent(rule.pin),
            Self::SignedData => rule.authentication_code.map_or(0, |_| issuer.length()),
        }
    }
}

fn tag_length(tag: u32) -> usize {
    (4 - tag.leading_zeros() as usize / 8).max(1)
}

fn length_length(length: usize) -> usize {
    match length {
        0..=0x7F => 1,
        0x80..=0xFF => 2,
        _ => 3,
    }
}
