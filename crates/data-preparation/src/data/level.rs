//! The level of the secure channel, and the card number as people may see it.

use minicbor::{Decode, Encode};

/// The level of a secure channel: what protects the commands and the answers (Amd D Table 7-6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum SecurityLevel {
    /// 01: C-MAC
    #[n(1)]
    CommandMac,
    /// 03: C-MAC and C-DECRYPTION
    #[n(3)]
    CommandEncryption,
    /// 11: C-MAC and R-MAC
    #[n(17)]
    CommandMacResponseMac,
    /// 13: C-MAC, C-DECRYPTION and R-MAC
    #[n(19)]
    CommandEncryptionResponseMac,
    /// 33: C-MAC, C-DECRYPTION, R-MAC and R-ENCRYPTION
    #[n(51)]
    CommandEncryptionResponseEncryption,
}

impl SecurityLevel {
    /// The level byte of EXTERNAL AUTHENTICATE.
    #[must_use]
    pub fn byte(self) -> u8 {
        match self {
            Self::CommandMac => 0x01,
            Self::CommandEncryption => 0x03,
            Self::CommandMacResponseMac => 0x11,
            Self::CommandEncryptionResponseMac => 0x13,
            Self::CommandEncryptionResponseEncryption => 0x33,
        }
    }

    /// Whether commands are encrypted, so that personal data may travel.
    #[must_use]
    pub fn encrypts_commands(self) -> bool {
        self.byte() & 0x02 != 0
    }
}

/// The card number (ASCII digits) as people may see it: first 6 and last 4 of 13 or more digits; of fewer, only the
/// last 4, because 10 shown digits of 11 would be the number itself.
#[must_use]
pub fn masked(number: &[u8]) -> String {
    let shown_first = if number.len() >= 13 { 6 } else { 0 };
    let last = number.len().saturating_sub(4);
    let shown = |(at, digit): (usize, &u8)| if at < shown_first || at >= last { char::from(*digit) } else { '*' };
    number.iter().enumerate().map(shown).collect()
}

#[cfg(test)]
mod tests {
    use super::masked;

    #[test]
    fn a_short_number_is_not_given_away_by_its_two_ends() {
        assert_eq!(masked(b"4111111111111111"), "411111******1111");
        assert_eq!(masked(b"1234567890123"), "123456***0123");
        assert_eq!(masked(b"123456789012"), "********9012");
        assert_eq!(masked(b"12345678"), "****5678");
        assert_eq!(masked(b""), "");
    }
}
