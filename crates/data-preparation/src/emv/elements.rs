//! The data elements of EMV (`EMV B3`): for each tag its name, how its bytes are read, how many there are.

use std::ops::RangeInclusive;

/// How the bytes of an element are to be read (`EMV B3`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// b: any bits
    Binary,
    /// n: decimal digits two a byte, zeros on the left
    Numeric,
    /// cn: decimal digits two a byte, F on the right
    CompressedNumeric,
    /// an: letters and digits
    Alphanumeric,
    /// ans: characters of the common set of ISO/IEC 8859, 20 to 7E
    Text,
    /// ans in the character set that 9F11 names: 20 to 7E and A0 to FF
    LocalText,
}

impl Format {
    /// Whether `value` is of this format.
    #[must_use]
    pub fn fits(self, value: &[u8]) -> bool {
        match self {
            Self::Binary => true,
            Self::Numeric => value.iter().all(|byte| byte >> 4 < 10 && byte & 0x0F < 10),
            Self::CompressedNumeric => super::digits::unpack(value).is_some(),
            Self::Alphanumeric => value.iter().all(u8::is_ascii_alphanumeric),
            Self::Text => value.iter().all(|byte| (0x20..=0x7E).contains(byte)),
            Self::LocalText => value.iter().all(|byte| matches!(byte, 0x20..=0x7E | 0xA0..=0xFF)),
        }
    }
}

/// A data element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Element {
    /// its tag
    pub tag: u32,
    /// its name, for messages
    pub name: &'static str,
    /// how its bytes are to be read
    pub format: Format,
    /// how many there may be
    pub lengths: RangeInclusive<usize>,
}

const fn element(tag: u32, name: &'static str, format: Format, first: usize, last: usize) -> Element {
    Element { tag, name, format, lengths: first..=last }
}

use Format::{Alphanumeric, Binary, CompressedNumeric, LocalText, Numeric, Text};

/// All primitive elements that cards keep, by tag.
pub static ELEMENTS: [Element; 64] = [
    element(0x42, "issuer identification number", Numeric, 3, 3),
    element(0x4F, "application identifier", Binary, 5, 16),
    element(0x50, "application label", Text, 1, 16),
    element(0x57, "track 2 equivalent data", Binary, 11, 19),
    element(0x5A, "card number", CompressedNumeric, 6, 10),
    element(0x82, "application interchange profile", Binary, 2, 2),
    element(0x84, "dedicated file name", Binary, 5, 16),
    element(0x87, "application priority indicator", Binary, 1, 1),
    element(0x88, "short file identifier", Binary, 1, 1),
    element(0x8C, "CDOL1", Binary, 2, 252),
    element(0x8D, "CDOL2", Binary, 2, 252),
    element(0x8E, "CVM list", Binary, 10, 252),
    element(0x8F, "certification authority public key index", Binary, 1, 1),
    element(0x90, "issuer public key certificate", Binary, 64, 248),
    element(0x92, "issuer public key remainder", Binary, 1, 248),
    element(0x93, "signed static application data", Binary, 64, 248),
    element(0x94, "application file locator", Binary, 4, 252),
    element(0x97, "TDOL", Binary, 2, 252),
    element(0x9D, "directory definition file name", Binary, 5, 16),
    element(0x5F20, "cardholder name", Text, 2, 26),
    element(0x5F24, "application expiration date", Numeric, 3, 3),
    element(0x5F25, "application effective date", Numeric, 3, 3),
    element(0x5F28, "issuer country code", Numeric, 2, 2),
    element(0x5F2D, "language preference", Alphanumeric, 2, 8),
    element(0x5F30, "service code", Numeric, 2, 2),
    element(0x5F34, "PAN sequence number", Numeric, 1, 1),
    element(0x5F50, "issuer URL", Text, 1, 252),
    element(0x5F53, "international bank account number", Alphanumeric, 1, 34),
    element(0x5F54, "bank identifier code", Alphanumeric, 8, 11),
    element(0x5F55, "issuer country code, two letters", Alphanumeric, 2, 2),
    element(0x5F56, "issuer country code, three letters", Alphanumeric, 3, 3),
    element(0x9F05, "application discretionary data", Binary, 1, 32),
    element(0x9F07, "application usage control", Binary, 2, 2),
    element(0x9F08, "application version number", Binary, 2, 2),
    element(0x9F0A, "application selection registered proprietary data", Binary, 1, 252),
    element(0x9F0B, "cardholder name, extended", Text, 27, 45),
    element(0x9F0D, "issuer action code, default", Binary, 5, 5),
    element(0x9F0E, "issuer action code, denial", Binary, 5, 5),
    element(0x9F0F, "issuer action code, online", Binary, 5, 5),
    element(0x9F10, "issuer application data", Binary, 1, 32),
    element(0x9F11, "issuer code table index", Numeric, 1, 1),
    element(0x9F12, "application preferred name", LocalText, 1, 16),
    element(0x9F14, "lower consecutive offline limit", Binary, 1, 1),
    element(0x9F19, "token requestor identifier", Numeric, 6, 6),
    element(0x9F1F, "track 1 discretionary data", Text, 1, 79),
    element(0x9F20, "track 2 discretionary data", CompressedNumeric, 1, 19),
    element(0x9F23, "upper consecutive offline limit", Binary, 1, 1),
    element(0x9F24, "payment account reference", Alphanumeric, 29, 29),
    element(0x9F25, "last 4 digits of the card number", Numeric, 2, 2),
    element(0x9F2A, "kernel identifier", Binary, 1, 8),
    element(0x9F2D, "PIN encipherment public key certificate", Binary, 64, 248),
    element(0x9F2E, "PIN encipherment public key exponent", Binary, 1, 3),
    element(0x9F2F, "PIN encipherment public key remainder", Binary, 1, 248),
    element(0x9F32, "issuer public key exponent", Binary, 1, 3),
    element(0x9F38, "PDOL", Binary, 2, 252),
    element(0x9F42, "application currency code", Numeric, 2, 2),
    element(0x9F44, "application currency exponent", Numeric, 1, 1),
    element(0x9F45, "data authentication code", Binary, 2, 2),
    element(0x9F46, "card public key certificate", Binary, 64, 248),
    element(0x9F47, "card public key exponent", Binary, 1, 3),
    element(0x9F48, "card public key remainder", Binary, 1, 248),
    element(0x9F49, "DDOL", Binary, 2, 252),
    element(0x9F4F, "log format", Binary, 2, 252),
    element(0x9F4A, "static data authentication tag list", Binary, 1, 252),
];

/// The tags that a record must never hold: the card answers them itself, and two answers would differ.
pub const NEVER_IN_RECORDS: [u32; 5] = [0x9F36, 0x9F13, 0x9F17, 0x9F26, 0x9F27];

/// The tags that no script of an issuer writes: the number, what the certificates and the card's keys are made of, what
/// must agree with them, and what scripts are asked for by.
pub const NEVER_BY_SCRIPT: [u32; 13] =
    [0x5A, 0x5F34, 0x57, 0x5F24, 0x5F25, 0x8C, 0x8D, 0x90, 0x93, 0x9F46, 0x9F47, 0x9F2D, 0x9F2E];

/// The tags that must stand in the records of an application (`EMV B3`).
pub const MANDATORY_IN_RECORDS: [u32; 4] = [0x5A, 0x5F24, 0x8C, 0x8D];

/// The element of `tag`, if EMV or this table knows it.
#[must_use]
pub fn element_of(tag: u32) -> Option<&'static Element> {
    ELEMENTS.iter().find(|element| element.tag == tag)
}

/// Whether `tag` is one that schemes and issuers use as they like: 9F50 to 9F7F (schemes) and the private class.
#[must_use]
pub fn is_proprietary(tag: u32) -> bool {
    let first = tag.to_be_bytes().into_iter().find(|byte| *byte != 0).unwrap_or_default();
    (0x9F50..=0x9F7F).contains(&tag) || first >= 0xC0 || (0x9F_81_00..=0x9F_FF_7F).contains(&tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_tag_is_in_the_table_twice() {
        for (position, element) in ELEMENTS.iter().enumerate() {
            assert!(ELEMENTS[..position].iter().all(|before| before.tag != element.tag), "{:X}", element.tag);
            assert!(!is_proprietary(element.tag), "{:X}", element.tag);
        }
    }

    #[test]
    fn formats_tell_digits_from_letters() {
        assert!(Numeric.fits(&[0x31, 0x12]) && !Numeric.fits(&[0x3A]));
        assert!(CompressedNumeric.fits(&[0x12, 0x3F]) && !CompressedNumeric.fits(&[0xF1]));
        assert!(Text.fits(b"O'NEIL/A") && !Text.fits("Zoë".as_bytes()) && !Text.fits(&[0x1F]));
        assert!(LocalText.fits(&[0xE9]) && !LocalText.fits(&[0x85]));
        assert!(Alphanumeric.fits(b"ende") && !Alphanumeric.fits(b"en de"));
    }

    #[test]
    fn scheme_tags_are_proprietary_and_emvs_own_are_not() {
        assert!(is_proprietary(0x9F6C) && is_proprietary(0xDF01) && is_proprietary(0xC1));
        assert!(!is_proprietary(0x9F4F) && !is_proprietary(0x5A) && !is_proprietary(0x9F80));
    }
}
