//! Distinguished names (RFC 5280 §4.1.2.4, X.520).

use cardwright_apdu::tlv;

use super::Unfit;
use super::der::{ObjectIdentifier, PRINTABLE_STRING, SEQUENCE, SET, UTF8_STRING, sequence};
use crate::profile::NameAttribute;

/// A name in DER.
#[derive(Clone, PartialEq, Eq)]
pub struct DistinguishedName(Vec<u8>);

impl DistinguishedName {
    /// The name of these parts, the widest first.
    ///
    /// # Errors
    /// No part, or a part that is empty, longer than 64 characters, or not of its characters.
    pub fn new(parts: &[(NameAttribute, &str)]) -> Result<Self, Unfit> {
        if parts.is_empty() {
            return Err(Unfit { element: "name", reason: "it has no part", remedy: "write CN= at least" });
        }
        let relative =
            parts.iter().map(|(attribute, text)| attribute_to_der(*attribute, text)).collect::<Result<Vec<_>, _>>()?;
        Ok(Self(sequence(&relative)))
    }

    pub(super) fn to_der(&self) -> &[u8] {
        &self.0
    }
}

fn attribute_to_der(attribute: NameAttribute, text: &str) -> Result<Vec<u8>, Unfit> {
    let (element, identifier) = known(attribute);
    let unfit = |reason| {
        let remedy = "correct the name in the profile, or the rules of the field";
        Err(Unfit { element, reason, remedy })
    };
    let form = match attribute {
        NameAttribute::Country | NameAttribute::SerialNumber => PRINTABLE_STRING,
        _ => UTF8_STRING,
    };
    if !(1..=64).contains(&text.chars().count()) || text.chars().any(char::is_control) {
        return unfit("a part of a name is 1 to 64 characters");
    }
    let is_country = text.len() == 2 && text.bytes().all(|letter| letter.is_ascii_uppercase());
    if attribute == NameAttribute::Country && !is_country {
        return unfit("a country is two capital letters");
    }
    if form == PRINTABLE_STRING && !text.bytes().all(is_printable) {
        return unfit("a serial number is of letters, digits, space and '()+,-./:=?");
    }
    let value = sequence(&[ObjectIdentifier::known(identifier).to_der(), tlv::element(form, text.as_bytes())]);
    Ok(tlv::element(SET, &value))
}

/// The attribute's short name, and its identifier (X.520).
fn known(attribute: NameAttribute) -> (&'static str, &'static str) {
    match attribute {
        NameAttribute::Country => ("C", "2.5.4.6"),
        NameAttribute::Organization => ("O", "2.5.4.10"),
        NameAttribute::OrganizationalUnit => ("OU", "2.5.4.11"),
        NameAttribute::CommonName => ("CN", "2.5.4.3"),
        NameAttribute::SerialNumber => ("serialNumber", "2.5.4.5"),
    }
}

/// The characters of PrintableString (X.680 §41.4).
fn is_printable(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b" '()+,-./:=?".contains(&byte)
}

/// Whether the bytes are a name of one part or more, each a set of one attribute.
pub(super) fn is_name(der: &[u8]) -> bool {
    let Ok(parts) = tlv::read_all(der) else { return false };
    !parts.is_empty()
        && parts.iter().all(|part| {
            part.tag.0 == SET && tlv::read_one(part.value).is_ok_and(|attribute| attribute.tag.0 == SEQUENCE)
        })
}
