//! DER of the few forms that certificates are made of (X.690 §8, §10).

use cardwright_apdu::tlv::element;

use crate::Date;

pub(super) const BOOLEAN: u32 = 0x01;
pub(super) const INTEGER: u32 = 0x02;
pub(super) const BIT_STRING: u32 = 0x03;
pub(super) const OCTET_STRING: u32 = 0x04;
const NULL: u32 = 0x05;
pub(super) const OBJECT_IDENTIFIER: u32 = 0x06;
pub(super) const UTF8_STRING: u32 = 0x0C;
pub(super) const PRINTABLE_STRING: u32 = 0x13;
pub(super) const UTC_TIME: u32 = 0x17;
pub(super) const GENERALIZED_TIME: u32 = 0x18;
pub(super) const SEQUENCE: u32 = 0x30;
pub(super) const SET: u32 = 0x31;

/// An object identifier: its encoding, without tag and length.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectIdentifier(Vec<u8>);

impl ObjectIdentifier {
    /// The identifier that the text spells: `2.16.840.1.101.3.2.1.3.13`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let arc = |part: &str| {
            let plain = !part.is_empty() && part.bytes().all(|digit| digit.is_ascii_digit());
            let shortest = part == "0" || !part.starts_with('0');
            (plain && shortest).then(|| part.parse::<u32>().ok())?
        };
        let arcs: Vec<u32> = text.split('.').map(arc).collect::<Option<_>>()?;
        let [first @ 0..=2, second, rest @ ..] = &arcs[..] else { return None };
        if *first < 2 && *second > 39 || rest.is_empty() {
            return None;
        }
        let mut bytes = Vec::new();
        write_arc(&mut bytes, (first * 40).checked_add(*second)?);
        rest.iter().for_each(|arc| write_arc(&mut bytes, *arc));
        Some(Self(bytes))
    }

    pub(super) fn known(text: &'static str) -> Self {
        Self::parse(text).expect("identifiers that are written out here are right")
    }

    pub(super) fn to_der(&self) -> Vec<u8> {
        element(OBJECT_IDENTIFIER, &self.0)
    }
}

/// Seven bits a byte, the highest bit set on all but the last.
fn write_arc(out: &mut Vec<u8>, arc: u32) {
    let groups = (u32::BITS - arc.leading_zeros()).div_ceil(7).max(1);
    for group in (0..groups).rev() {
        let more = if group == 0 { 0x00 } else { 0x80 };
        out.push((arc >> (7 * group)) as u8 & 0x7F | more);
    }
}

pub(super) fn sequence(parts: &[Vec<u8>]) -> Vec<u8> {
    element(SEQUENCE, &parts.concat())
}

/// NULL.
pub(super) fn null() -> Vec<u8> {
    element(NULL, &[])
}

/// A BIT STRING of whole bytes.
pub(super) fn bit_string(bytes: &[u8]) -> Vec<u8> {
    element(BIT_STRING, &[&[0x00], bytes].concat())
}

/// A context-specific tag around what is a value of its own.
pub(super) fn explicit(number: u8, inner: &[u8]) -> Vec<u8> {
    element(0xA0 | u32::from(number), inner)
}

/// A context-specific tag instead of the value's own.
pub(super) fn implicit(number: u8, value: &[u8]) -> Vec<u8> {
    element(0x80 | u32::from(number), value)
}

/// Named bits, the first of them the highest; zeros at the end are left out.
pub(super) fn named_bits(bits: u16) -> Vec<u8> {
    let bytes = bits.to_be_bytes();
    let kept = if bits == 0 { 0 } else { 2 - usize::from(bytes[1] == 0) };
    let unused = bytes[..kept].last().map_or(0, |last| last.trailing_zeros() as u8);
    element(BIT_STRING, &[&[unused], &bytes[..kept]].concat())
}

/// UTCTime to 2049, GeneralizedTime from 2050 on (RFC 5280 §4.1.2.5).
pub(super) fn time(date: Date, clock: &str) -> Vec<u8> {
    let (year, month, day) = date.parts();
    match year {
        1950..2050 => element(UTC_TIME, format!("{:02}{month:02}{day:02}{clock}Z", year % 100).as_bytes()),
        _ => element(GENERALIZED_TIME, format!("{year:04}{month:02}{day:02}{clock}Z").as_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_identifiers_come_out() {
        for (text, expected) in [
            ("1.2.840.113549.1.1.11", "06092a864886f70d01010b"),
            ("2.5.29.15", "0603551d0f"),
            ("2.16.840.1.101.3.6.8", "060860864801650306 08"),
            ("1.3.6.1.4.1.311.20.2.3", "060a2b060104018237140203"),
            ("2.999.3", "0603883703"),
        ] {
            let found = hex::encode(ObjectIdentifier::parse(text).unwrap().to_der());
            assert_eq!(found, expected.replace(' ', ""), "{text}");
        }
        for wrong in ["", "1", "1.2", "3.1.1", "1.40.1", "1.2.x", "1..2", "1.2.03", "1.2.99999999999"] {
            assert!(ObjectIdentifier::parse(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn bits_and_times_have_their_shortest_form() {
        assert_eq!(named_bits(0x8000), [0x03, 0x02, 0x07, 0x80]);
        assert_eq!(named_bits(0xC000), [0x03, 0x02, 0x06, 0xC0]);
        assert_eq!(named_bits(0x0080), [0x03, 0x03, 0x07, 0x00, 0x80]);
        assert_eq!(time(Date::new(2049, 12, 31).unwrap(), "235959"), b"\x17\x0D491231235959Z");
        assert_eq!(time(Date::new(2050, 1, 1).unwrap(), "000000"), b"\x18\x0F20500101000000Z");
    }
}
