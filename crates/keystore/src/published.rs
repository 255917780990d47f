//! Keys that everybody knows: the default keys of test tokens, printed in manuals and tools.

use crate::{Error, Kcv, KeyKind};

/// Whether a published test key may come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PublishedKeys {
    /// never: the rule
    Refused,
    /// as a transport key: what a new token is delivered with, to be replaced at once. It is a master that only
    /// derives, or a token's own key; nothing of ours is ever sealed, hashed or signed with it.
    AllowedForTransport,
}

/// `GEMXPRESSOSAMPLE`, the second of the manuals' keys.
const SAMPLE: &[u8; 16] = b"GEMXPRESSOSAMPLE";

/// Whether `value` is a published test key: `40 41 42 …` in any size, counted on or begun again after `4F`, 3DES
/// parity bits ignored; or the manuals' sample. The check value finds the first in case it is written otherwise.
#[must_use]
pub fn is_published(kind: KeyKind, value: &[u8], kcv: Option<Kcv>) -> bool {
    let mask = if kind == KeyKind::Tdes2 { 0xFE } else { 0xFF };
    let equals = |expected: &dyn Fn(usize) -> u8| {
        value.iter().enumerate().all(|(index, byte)| byte & mask == expected(index) & mask)
    };
    let known_value = equals(&|index| 0x40 + index as u8)
        || equals(&|index| 0x40 + (index % 16) as u8)
        || equals(&|index| SAMPLE[index % 16]);
    let known_kcv = match kind {
        KeyKind::Tdes2 => kcv == Some(Kcv([0x8B, 0xAF, 0x47])),
        KeyKind::Aes128 => kcv == Some(Kcv([0x50, 0x4A, 0x77])),
        _ => false,
    };
    known_value || known_kcv
}

/// `01 23 .. EF`, forwards and backwards: the key of standards' examples and of manuals of security modules.
const EXAMPLE: [u8; 16] =
    [0x01, 0x23, 0x45, 0x67, 0x89, 0xAB, 0xCD, 0xEF, 0xFE, 0xDC, 0xBA, 0x98, 0x76, 0x54, 0x32, 0x10];

/// Whether `value` is a key of examples: `0123456789ABCDEF` alone, repeated or backwards behind itself, 3DES parity bits
/// ignored. Test vectors are over such keys, so that a keystore takes them; a center at work does not.
#[must_use]
pub fn is_example(kind: KeyKind, value: &[u8]) -> bool {
    let mask = if kind == KeyKind::Tdes2 { 0xFE } else { 0xFF };
    let equals =
        |period: usize| value.iter().enumerate().all(|(index, byte)| byte & mask == EXAMPLE[index % period] & mask);
    equals(8) || equals(16)
}

impl PublishedKeys {
    /// Lets a clear value in, or not. `transports` says whether its purpose may be a transport key's
    /// ([`Purpose::may_transport`], [`WrappedPurpose::may_transport`]).
    ///
    /// # Errors
    /// [`Error::PublishedKey`].
    ///
    /// [`Purpose::may_transport`]: crate::Purpose::may_transport
    /// [`WrappedPurpose::may_transport`]: crate::WrappedPurpose::may_transport
    pub fn admit(self, kind: KeyKind, value: &[u8], kcv: Option<Kcv>, transports: bool) -> Result<(), Error> {
        let allowed = self == Self::AllowedForTransport && transports;
        if is_published(kind, value, kcv) && !allowed { Err(Error::PublishedKey) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keys_of_examples_are_known_whatever_their_parity_bits() {
        let digits = |text: &str| hex::decode(text).unwrap();
        for example in ["0123456789ABCDEFFEDCBA9876543210", "0022446688AACCEEFFDDBB9977553311"] {
            assert!(is_example(KeyKind::Tdes2, &digits(example)), "{example}");
        }
        assert!(is_example(KeyKind::Aes128, &digits("0123456789ABCDEF0123456789ABCDEF")));
        assert!(!is_example(KeyKind::Aes128, &digits("0022446688AACCEEFFDDBB9977553311")), "AES has no parity bits");
        assert!(!is_example(KeyKind::Tdes2, &digits("0123456789ABCDEFFEDCBA9876543214")));
    }
}
