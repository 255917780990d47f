//! Distinguished names (RFC 5280 §4.1.2.4, X.520).

use cardwright_apdu::tlv::element;

use super::Unfit;
use super::der::{ObjectIdentifier, PRINTABLE_STRING, SEQUENCE, SET, UTF8_STRING, sequence};

/// An attribute of a distinguished name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attribute {
    /// C, two letters
    Country,
    /// O
    Organization,
    /// OU
    OrganizationalUnit,
    /// CN
    CommonName,
    /// serialNumber, of printable characters
    SerialNumber,
}

/// A name in DER.
#[derive(Clone, PartialEq, Eq)]
pub struct DistinguishedName(Vec<u8>);

impl DistinguishedName {
    /// The name of these parts, the widest first.
    ///
    /// # Errors
    /// No part, or a part that is empty, longer than 64 characters, or not of its characters.
    pub fn new(parts: &[(Attribute, &str)]) -> Result<Self, Unfit> {
        if parts.is_empty() {
            return Err(Unfit { element: "name", reason: "it has no part", remedy: "write CN= at least" });
        }
        let relative = parts.iter().map(|(attribute, text)| attribute.to_der(text)).collect::<Result<Vec<_>, _>>()?;
        Ok(Self(sequence(&relative)))
    }

    pub(super) fn to_der(&self) -> &[u8] {
        &self.0
    }
}

impl Attribute {
    fn to_der(self, text: &str) -> Result<Vec<u8>, Unfit> {
        let unfit = |reason| {
            Err(Unfit {
                element: self.title(),
                reason,
                remedy: "correct the name in the profile, or the field's rules",
            })
        };
        let form = match self {
            Self::Country | Self::SerialNumber => PRINTABLE_STRING,
            _ => UTF8_STRING,
        };
        if !(1..=64).contains(&text.chars().count()) || text.chars().any(char::is_control) {
            return unfit("a part of a name is 1 to 64 characters");
        }
        if self == Self::Country && !(text.len() == 2 && text.bytes().all(|letter| letter.is_ascii_uppercase())) {
            return unfit("a country is two capital letters");
        }
        if form == PRINTABLE_STRING && !text.bytes().all(is_printable) {
            return unfit("a serial number is of letters, digits, space and '()+,-./:=?");
        }
        let value = sequence(&[ObjectIdentifier::known(self.identifier()).to_der(), element(form, text.as_bytes())]);
        Ok(element(SET, &value))
    }

    fn identifier(self) -> &'static str {
        match self {
            Self::Country => "2.5.4.6",
            Self::Organization => "2.5.4.10",
            Self::OrganizationalUnit => "2.5.4.11",
            Self::CommonName => "2.5.4.3",
            Self::SerialNumber => "2.5.4.5",
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::Country => "C",
            Self::Organization => "O",
            Self::OrganizationalUnit => "OU",
            Self::CommonName => "CN",
            Self::SerialNumber => "serialNumber",
        }
    }
}

/// The characters of PrintableString (X.680 §41.4).
fn is_printable(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b" '()+,-./:=?".contains(&byte)
}

/// Whether the bytes are a name of one part or more, each a set of one attribute.
pub(super) fn is_name(der: &[u8]) -> bool {
    let Ok(parts) = cardwright_apdu::tlv::read_all(der) else { return false };
    !parts.is_empty()
        && parts.iter().all(|part| {
            part.tag.0 == SET
                && cardwright_apdu::tlv::read_one(part.value).is_ok_and(|attribute| attribute.tag.0 == SEQUENCE)
        })
}
