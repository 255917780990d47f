//! Data elements: where each comes from and how it is written in bytes.

mod lengths;
mod lists;
mod reading;

pub(super) use lengths::Extents;
pub(super) use reading::read_all;

use crate::standard::Shape;

/// A data element: the smallest thing that DGIs are made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Element {
    /// its name, for DGIs and templates to refer to
    pub name: String,
    /// where it has one, it is written as TLV: tag, BER length, value
    pub tag: Option<u32>,
    /// where it comes from
    pub source: Source,
    /// whether a script of the issuer may write it anew on a card in use
    pub rewritable: bool,
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
    /// the card number
    CardNumber(NumberEncoding),
    /// the number that tells cards of one card number apart: 1 byte, two digits
    SequenceNumber,
    /// the first day of the card's validity
    ValidFrom(DateEncoding),
    /// the last day of the card's validity
    ValidTo(DateEncoding),
    /// a PIN as a block of format 2 (ISO 9564-1): of the field's digits, or without a field the one that the profile's
    /// `[pin]` describes
    PinBlock {
        /// the field with the PIN's digits
        field: Option<String>,
    },
    /// number, lengths and SHA-256 of all DGIs before it
    Manifest,
    /// named elements, one after the other
    Template(Vec<String>),
    /// track 2 equivalent data
    Track2 {
        /// three digits, ASCII
        service_code: [u8; 3],
        /// what follows them
        discretionary: Vec<TrackPart>,
    },
    /// the interchange profile
    InterchangeProfile,
    /// the file locator of these files (short file identifiers)
    FileLocator(Vec<u8>),
    /// something of the certificates
    Certificate(CertificatePart),
    /// the card's keys for cryptograms, MACs and encipherment, one after the other
    ApplicationKeys,
    /// their check values, 3 bytes each
    ApplicationKeyCheckValues,
    /// a part of a card's RSA key
    RsaPart {
        /// which key
        key: RsaKey,
        /// which part
        part: RsaPart,
    },
    /// issuer application data: `06`, derivation key index, cryptogram version, `03 00 00 00`
    IssuerApplicationData,
    /// so many random bytes, drawn for this card
    Random(usize),
}

/// How the value of a field is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldEncoding {
    /// the bytes of UTF-8; of a text
    Utf8,
    /// in capital letters of A to Z and what else a name on a payment card may have; of a text
    Transliterated,
    /// one byte a digit; of digits
    Ascii,
    /// two digits a byte, zeros before them to so many bytes; of digits
    Numeric(usize),
    /// two digits a byte, F after them; of digits
    Compressed,
    /// the number that they are, big-endian in so many bytes; of digits
    Binary(usize),
    /// YYYYMMDD, two digits a byte; of a date
    Bcd,
    /// YYMMDD, two digits a byte; of a date
    ShortBcd,
    /// as it is; of a photo
    Raw,
    /// the bytes that it spells; of hexadecimal digits
    Hexadecimal,
}

/// How the card number is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NumberEncoding {
    /// one byte a digit
    Ascii,
    /// two digits a byte, F after them
    Compressed,
}

/// How a day of the validity is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DateEncoding {
    /// YYYYMMDD, 4 bytes
    Bcd,
    /// YYMMDD, 3 bytes
    ShortBcd,
}

/// A part of a track's discretionary data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TrackPart {
    /// the same digits on every card
    Digits(String),
    /// the index of the PVV key, 1 digit
    PinKeyIndex,
    /// the PVV, 4 digits
    PinValue,
    /// the iCVV, 3 digits
    ChipValue,
    /// the CVV of this service code, 3 digits
    StripeValue([u8; 3]),
}

/// Something of the certificates of `[application.certificates]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CertificatePart {
    /// 8F
    AuthorityIndex,
    /// 90
    Issuer,
    /// 92
    IssuerRemainder,
    /// 9F32
    IssuerExponent,
    /// 9F46
    Icc,
    /// 9F48
    IccRemainder,
    /// 9F47
    IccExponent,
    /// 9F2D
    Pin,
    /// 9F2F
    PinRemainder,
    /// 9F2E
    PinExponent,
    /// 93
    SignedData,
}

impl CertificatePart {
    /// Whether the issuer's signature over the card's data is in it, so that it cannot be signed itself.
    #[must_use]
    pub fn is_signed_by_issuer(self) -> bool {
        matches!(self, Self::Icc | Self::Pin | Self::SignedData)
    }
}

/// A card's RSA key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RsaKey {
    /// of dynamic data authentication
    Icc,
    /// that PINs are enciphered under
    Pin,
}

/// A part of an RSA key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RsaPart {
    /// n
    Modulus,
    /// d
    Exponent,
    /// p
    P,
    /// q
    Q,
    /// d mod p - 1
    ExponentP,
    /// d mod q - 1
    ExponentQ,
    /// q^-1 mod p
    QInverse,
}

impl Element {
    /// The field it is made of, if it is made of one.
    #[must_use]
    pub fn field(&self) -> Option<&str> {
        match &self.source {
            Source::Field { field, .. } => Some(field),
            Source::PinBlock { field } => field.as_deref(),
            _ => None,
        }
    }

    /// Whether it tells something about a person.
    pub(super) fn is_personal(&self) -> bool {
        match &self.source {
            Source::Field { .. } | Source::CardNumber(_) | Source::PinBlock { .. } | Source::Track2 { .. } => true,
            Source::Certificate(part) => matches!(part, CertificatePart::Icc | CertificatePart::Pin),
            _ => false,
        }
    }

    pub(super) fn shape(&self) -> Shape {
        if self.tag.is_some() {
            return Shape::Bytes;
        }
        match &self.source {
            Source::Field { encoding, .. } => match encoding {
                FieldEncoding::Utf8 => Shape::Text,
                FieldEncoding::Ascii => Shape::Digits,
                FieldEncoding::Bcd => Shape::Date,
                FieldEncoding::Raw => Shape::Image,
                _ => Shape::Bytes,
            },
            Source::CardNumber(NumberEncoding::Ascii) => Shape::Digits,
            Source::ValidFrom(DateEncoding::Bcd) => Shape::ValidFrom,
            Source::ValidTo(DateEncoding::Bcd) => Shape::ValidTo,
            Source::PinBlock { .. } => Shape::PinBlock,
            Source::Manifest => Shape::Manifest,
            Source::ApplicationKeys => Shape::ApplicationKeys,
            Source::ApplicationKeyCheckValues => Shape::CheckValues,
            Source::RsaPart { key, part } => Shape::RsaPart(*key, *part),
            _ => Shape::Bytes,
        }
    }
}

impl RsaPart {
    const ALL: [(&'static str, Self); 7] = [
        ("modulus", Self::Modulus),
        ("exponent", Self::Exponent),
        ("p", Self::P),
        ("q", Self::Q),
        ("exponent-p", Self::ExponentP),
        ("exponent-q", Self::ExponentQ),
        ("q-inverse", Self::QInverse),
    ];

    /// Whether it is as long as the modulus; the others are half as long.
    #[must_use]
    pub fn is_whole(self) -> bool {
        matches!(self, Self::Modulus | Self::Exponent)
    }
}
