//! The one-time code by which a new terminal is let in: a secret, and the fingerprint of the only center it is for.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};

use crate::Error;

/// 16 bytes of secret and 16 of fingerprint, written `CW1-` and 64 hexadecimal digits, groups of four by hyphens.
///
/// It lets a terminal in, once: it is shown to the one who asks for it, and never logged.
#[derive(Clone, PartialEq, Eq)]
pub struct OneTimeCode {
    /// what ENROL carries
    pub secret: [u8; 16],
    /// [`fingerprint`] of the center's authority certificate
    pub fingerprint: [u8; 16],
}

/// The first 16 bytes of SHA-256 over a certificate's DER.
#[must_use]
pub fn fingerprint(certificate: &[u8]) -> [u8; 16] {
    let hash = Sha256::digest(certificate);
    let mut short = [0; 16];
    short.copy_from_slice(&hash[..16]);
    short
}

impl OneTimeCode {
    /// The text that is handed to the person at the terminal.
    #[must_use]
    pub fn to_text(&self) -> String {
        let digits: String = self.secret.iter().chain(&self.fingerprint).map(|byte| format!("{byte:02X}")).collect();
        let groups: Vec<&str> = (0..64).step_by(4).map(|start| &digits[start..start + 4]).collect();
        format!("CW1-{}", groups.join("-"))
    }
}

impl FromStr for OneTimeCode {
    type Err = Error;

    /// Reads the text with or without hyphens and spaces, upper or lower case.
    fn from_str(text: &str) -> Result<Self, Error> {
        let compact: String = text.chars().filter(|sign| !matches!(sign, '-' | ' ')).collect::<String>().to_uppercase();
        let digits = compact.strip_prefix("CW1").ok_or(Error::OneTimeCode)?;
        let nibbles: Option<Vec<u32>> = digits.chars().map(|digit| digit.to_digit(16)).collect();
        let nibbles = nibbles.filter(|nibbles| nibbles.len() == 64).ok_or(Error::OneTimeCode)?;
        let byte = |index: usize| (nibbles[2 * index] << 4 | nibbles[2 * index + 1]) as u8;
        Ok(Self { secret: std::array::from_fn(byte), fingerprint: std::array::from_fn(|index| byte(16 + index)) })
    }
}

/// Shows the fingerprint alone.
impl fmt::Debug for OneTimeCode {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "OneTimeCode(for center {:02x?})", self.fingerprint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_reads_back_in_any_case_and_with_any_grouping() {
        let code = OneTimeCode { secret: [0xA5; 16], fingerprint: fingerprint(b"certificate") };
        let text = code.to_text();
        assert!(text.starts_with("CW1-A5A5-"), "{text}");
        for written in [text.clone(), text.to_lowercase(), text.replace('-', ""), text.replace('-', " ")] {
            assert!(written.parse::<OneTimeCode>().unwrap() == code);
        }
    }

    #[test]
    fn what_is_shorter_longer_or_of_another_version_is_refused() {
        let text = OneTimeCode { secret: [1; 16], fingerprint: [2; 16] }.to_text();
        for wrong in [
            &text[..text.len() - 1],
            &format!("{text}0"),
            "",
            "CW1-",
            &text.replace("CW1", "CW2"),
            &text.replace("02", "0G"),
        ] {
            assert_eq!(wrong.parse::<OneTimeCode>().unwrap_err(), Error::OneTimeCode, "{wrong}");
        }
    }
}
