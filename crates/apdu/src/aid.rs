//! Application identifiers (ISO/IEC 7816-4 §12.2.3).

use std::fmt;
use std::str::FromStr;

use crate::Error;

/// An application identifier: 5 to 16 bytes, the first 5 of them the provider's RID.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Aid {
    bytes: [u8; 16],
    length: u8,
}

impl Aid {
    /// The Issuer Security Domain's default AID (GPCS §H.1.3: RID A000000151).
    pub const ISSUER_SECURITY_DOMAIN: Self =
        Self { bytes: [0xA0, 0, 0, 1, 0x51, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], length: 8 };

    /// An AID of `bytes`.
    ///
    /// # Errors
    /// `Error::Length` unless there are 5 to 16 bytes.
    pub fn new(bytes: &[u8]) -> Result<Self, Error> {
        if !(5..=16).contains(&bytes.len()) {
            return Err(Error::Length { what: "AID", length: bytes.len(), allowed: "5 to 16" });
        }
        let mut held = [0; 16];
        held[..bytes.len()].copy_from_slice(bytes);
        Ok(Self { bytes: held, length: bytes.len() as u8 })
    }

    /// The 5 to 16 bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.length)]
    }

    /// Whether `partial` (0 to 16 bytes) selects this AID: it is a prefix of it (ISO/IEC 7816-4 §11.2.2).
    #[must_use]
    pub fn is_selected_by(&self, partial: &[u8]) -> bool {
        self.as_bytes().starts_with(partial)
    }
}

impl fmt::Display for Aid {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_bytes().iter().try_for_each(|byte| write!(out, "{byte:02X}"))
    }
}

impl fmt::Debug for Aid {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Aid({self})")
    }
}

impl FromStr for Aid {
    type Err = Error;

    /// Reads an even number of hexadecimal digits, upper or lower case.
    fn from_str(text: &str) -> Result<Self, Error> {
        if !text.len().is_multiple_of(2) || !text.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(Error::Invalid("an AID is written as an even number of hexadecimal digits"));
        }
        let digit = |byte: u8| (byte as char).to_digit(16).unwrap_or_default() as u8;
        let bytes: Vec<u8> = text.as_bytes().chunks_exact(2).map(|pair| digit(pair[0]) << 4 | digit(pair[1])).collect();
        Self::new(&bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_form_reads_back_and_the_limits_hold() {
        let aid: Aid = "a000000151000000".parse().unwrap();
        assert_eq!(aid, Aid::ISSUER_SECURITY_DOMAIN);
        assert_eq!(aid.to_string(), "A000000151000000");
        assert!(aid.is_selected_by(&[]) && aid.is_selected_by(&[0xA0, 0, 0, 1, 0x51]));
        assert!(!aid.is_selected_by(&[0xA1]));
        for wrong in ["", "A0000001", "A00000015", "A0000001510000000000000000000000FF", "A0000001ZZ"] {
            assert!(wrong.parse::<Aid>().is_err(), "{wrong}");
        }
        assert!("é0000000".parse::<Aid>().is_err());
    }
}
