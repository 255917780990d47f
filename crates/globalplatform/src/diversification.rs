//! Diversification of card keys: which computation under a batch's master key gives a card's static keys.
//!
//! Which scheme holds is a property of the card product. The schemes are VISA2, the one of EMV CPS, and KDF3, the
//! counter mode of SP 800-108.

use crate::derivation::{KeyDerivation, StaticKey};
use crate::initialize_update::DIVERSIFICATION_DATA_LENGTH;
use crate::protocol::KeySize;

/// How a card's static keys are made of a master key and the card's key diversification data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Diversification {
    /// Triple DES over the last two bytes of the Issuer Security Domain's AID and the chip's serial number
    Visa2,
    /// Triple DES over the six rightmost bytes of the key diversification data (EMV CPS)
    Emv,
    /// AES-CMAC in counter mode; the card keys have this size
    Kdf3(KeySize),
}

impl Diversification {
    /// The computation under the master key that gives `key` of the card with `diversification_data`.
    ///
    /// # Examples
    /// ```
    /// use cardwright_globalplatform::{Diversification, KeyDerivation, StaticKey};
    /// let derivation = Diversification::Emv.derivation(StaticKey::Mac, &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    /// let blocks = vec![[4, 5, 6, 7, 8, 9, 0xF0, 2], [4, 5, 6, 7, 8, 9, 0x0F, 2]];
    /// assert_eq!(derivation, KeyDerivation::TdesEcb { blocks });
    /// ```
    #[must_use]
    pub fn derivation(self, key: StaticKey, diversification_data: &[u8; DIVERSIFICATION_DATA_LENGTH]) -> KeyDerivation {
        let [a, b, _, _, d4, d5, d6, d7, d8, d9] = *diversification_data;
        match self {
            Self::Visa2 => two_halves([a, b, d4, d5, d6, d7], key),
            Self::Emv => two_halves([d4, d5, d6, d7, d8, d9], key),
            Self::Kdf3(size) => counted(diversification_data, key, size.bytes()),
        }
    }
}

/// The key's left half has F0 behind the card's six bytes, its right half 0F; then the key's number.
fn two_halves(card: [u8; 6], key: StaticKey) -> KeyDerivation {
    let half = |marker| {
        let mut block = [0; 8];
        block[..6].copy_from_slice(&card);
        block[6..].copy_from_slice(&[marker, key.identifier()]);
        block
    };
    KeyDerivation::TdesEcb { blocks: vec![half(0xF0), half(0x0F)] }
}

/// Counter, label of four bytes that ends in the key's number, separator, key diversification data.
fn counted(data: &[u8; DIVERSIFICATION_DATA_LENGTH], key: StaticKey, length: usize) -> KeyDerivation {
    let block = |counter: usize| [&[counter as u8, 0, 0, 0, key.identifier(), 0][..], data].concat();
    KeyDerivation::AesCmac { blocks: (1..=length.div_ceil(16)).map(block).collect(), length }
}
