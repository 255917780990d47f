//! Secure channel protocols and their options: SCP03's `i` (Amd D Table 5-1), SCP02's (GPCS Table E-1).

use crate::Error;
use crate::security_level::SecurityLevel;

/// The length of a key set's AES keys (Amd D §6.1: all keys of a set have one length).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeySize {
    /// 16 bytes
    Aes128,
    /// 24 bytes
    Aes192,
    /// 32 bytes
    Aes256,
}

impl KeySize {
    /// Length in bytes.
    #[must_use]
    pub fn bytes(self) -> usize {
        match self {
            Self::Aes128 => 16,
            Self::Aes192 => 24,
            Self::Aes256 => 32,
        }
    }
}

/// A parameter `i` that SCP03 defines (Amd D Table 5-1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Scp03Options(u8);

impl Scp03Options {
    /// `i` as the card states it, for example `0x70`.
    ///
    /// # Errors
    /// `Error::UnknownImplementation` for bits 80, 08, 04, 02, and for 40 (R-ENCRYPTION) without 20 (R-MAC).
    pub fn new(i: u8) -> Result<Self, Error> {
        let unknown = i & 0b1000_1110 != 0 || i & 0b0110_0000 == 0b0100_0000;
        if unknown { Err(Error::UnknownImplementation { protocol: 0x03, i }) } else { Ok(Self(i)) }
    }

    /// The byte.
    #[must_use]
    pub fn byte(self) -> u8 {
        self.0
    }

    /// Whether challenges, cryptograms and MACs are of 16 bytes (bit 01) rather than 8.
    #[must_use]
    pub fn is_s16(self) -> bool {
        self.0 & 0x01 != 0
    }

    /// Whether the card challenge is pseudo-random (bit 10), and so can be computed beforehand.
    #[must_use]
    pub fn has_pseudo_random_challenge(self) -> bool {
        self.0 & 0x10 != 0
    }

    /// Whether the card makes R-MACs (bit 20).
    #[must_use]
    pub fn has_response_mac(self) -> bool {
        self.0 & 0x20 != 0
    }

    /// Whether the card encrypts responses (bit 40).
    #[must_use]
    pub fn has_response_encryption(self) -> bool {
        self.0 & 0x40 != 0
    }

    /// Length in bytes of challenges, cryptograms, C-MAC and R-MAC: 8 (S8 mode) or 16 (S16 mode).
    #[must_use]
    pub fn security_length(self) -> usize {
        if self.is_s16() { 16 } else { 8 }
    }
}

/// The two implementations of SCP02 that are met (GPCS §E.1.1): explicit initiation, C-MAC on the modified
/// command, ICV encryption, three keys, no R-MAC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scp02Options {
    /// `i` = 15: random card challenge
    Random,
    /// `i` = 55: the well-known pseudo-random algorithm for the card challenge
    PseudoRandom,
}

impl Scp02Options {
    /// `i` as the card product states it: the card's answer does not carry it.
    ///
    /// # Errors
    /// `Error::UnknownImplementation` for all but `0x15` and `0x55`.
    pub fn new(i: u8) -> Result<Self, Error> {
        match i {
            0x15 => Ok(Self::Random),
            0x55 => Ok(Self::PseudoRandom),
            _ => Err(Error::UnknownImplementation { protocol: 0x02, i }),
        }
    }

    /// The parameter's value.
    #[must_use]
    pub fn byte(self) -> u8 {
        match self {
            Self::Random => 0x15,
            Self::PseudoRandom => 0x55,
        }
    }
}

/// A secure channel protocol with its options.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// Secure Channel Protocol '03' (Amd D)
    Scp03 {
        /// the parameter `i`
        i: Scp03Options,
        /// length of the static keys
        key_size: KeySize,
    },
    /// Secure Channel Protocol '02' (GPCS Appendix E), deprecated: only where a card product has no other
    Scp02 {
        /// the parameter `i`
        i: Scp02Options,
    },
}

impl Protocol {
    /// SCP03 with `i` and static keys of `key_size`.
    ///
    /// # Errors
    /// `Error::UnknownImplementation`, as [`Scp03Options::new`].
    pub fn scp03(i: u8, key_size: KeySize) -> Result<Self, Error> {
        Ok(Self::Scp03 { i: Scp03Options::new(i)?, key_size })
    }

    /// SCP02 with `i`.
    ///
    /// # Errors
    /// `Error::UnknownImplementation`, as [`Scp02Options::new`].
    pub fn scp02(i: u8) -> Result<Self, Error> {
        Ok(Self::Scp02 { i: Scp02Options::new(i)? })
    }

    /// Protocol identifier, i and length of the keys, as a column or a file holds them.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; 3] {
        match self {
            Self::Scp03 { i, key_size } => [0x03, i.byte(), key_size.bytes() as u8],
            Self::Scp02 { i } => [0x02, i.byte(), 16],
        }
    }

    /// Reads what [`Protocol::to_bytes`] made.
    ///
    /// # Errors
    /// `Error::UnknownImplementation` for what is none.
    pub fn from_bytes([identifier, i, length]: [u8; 3]) -> Result<Self, Error> {
        let size = [KeySize::Aes128, KeySize::Aes192, KeySize::Aes256];
        let size = size.into_iter().find(|size| size.bytes() == usize::from(length));
        match (identifier, size) {
            (0x03, Some(size)) => Self::scp03(i, size),
            (0x02, Some(KeySize::Aes128)) => Self::scp02(i),
            _ => Err(Error::UnknownImplementation { protocol: identifier, i }),
        }
    }

    /// The protocol identifier in the card's answer: 02 or 03.
    #[must_use]
    pub fn identifier(&self) -> u8 {
        match self {
            Self::Scp03 { .. } => 0x03,
            Self::Scp02 { .. } => 0x02,
        }
    }

    pub(crate) fn allows(&self, level: SecurityLevel) -> bool {
        match self {
            Self::Scp03 { i, .. } => {
                (i.has_response_mac() || !level.has_response_mac())
                    && (i.has_response_encryption() || !level.has_response_encryption())
            }
            Self::Scp02 { .. } => !level.has_response_mac(),
        }
    }
}
