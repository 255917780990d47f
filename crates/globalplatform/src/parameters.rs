//! What the card product's record says of a secure channel. Nothing in the card's answer authenticates the
//! protocol, `i` or the key version, so they come from here, and an answer that differs is refused.

use cardwright_apdu::Aid;

use crate::Error;

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

    /// The protocol identifier in the card's answer: 02 or 03.
    #[must_use]
    pub fn identifier(&self) -> u8 {
        match self {
            Self::Scp03 { .. } => 0x03,
            Self::Scp02 { .. } => 0x02,
        }
    }

    fn allows(&self, level: SecurityLevel) -> bool {
        match self {
            Self::Scp03 { i, .. } => {
                (i.has_response_mac() || !level.has_response_mac())
                    && (i.has_response_encryption() || !level.has_response_encryption())
            }
            Self::Scp02 { .. } => !level.has_response_mac(),
        }
    }
}

/// What protects commands and responses after EXTERNAL AUTHENTICATE: its P1 (Amd D Table 7-6; GPCS Table E-11).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SecurityLevel {
    /// 01: C-MAC. For load files only: nothing personal goes under it
    CommandMac,
    /// 03: C-MAC and C-DECRYPTION
    CommandEncryption,
    /// 11: C-MAC and R-MAC. For load files only
    CommandMacResponseMac,
    /// 13: C-MAC, C-DECRYPTION and R-MAC
    CommandEncryptionResponseMac,
    /// 33: C-MAC, C-DECRYPTION, R-MAC and R-ENCRYPTION
    ResponseEncryption,
}

impl SecurityLevel {
    /// The level that P1 of EXTERNAL AUTHENTICATE states.
    ///
    /// # Errors
    /// `Error::UnknownLevel` for all but 01, 03, 11, 13, 33: 00 would leave the commands unprotected.
    pub fn from_byte(byte: u8) -> Result<Self, Error> {
        [
            Self::CommandMac,
            Self::CommandEncryption,
            Self::CommandMacResponseMac,
            Self::CommandEncryptionResponseMac,
            Self::ResponseEncryption,
        ]
        .into_iter()
        .find(|level| level.byte() == byte)
        .ok_or(Error::UnknownLevel(byte))
    }

    /// P1 of EXTERNAL AUTHENTICATE.
    #[must_use]
    pub fn byte(self) -> u8 {
        match self {
            Self::CommandMac => 0x01,
            Self::CommandEncryption => 0x03,
            Self::CommandMacResponseMac => 0x11,
            Self::CommandEncryptionResponseMac => 0x13,
            Self::ResponseEncryption => 0x33,
        }
    }

    /// Whether command data is encrypted (C-DECRYPTION).
    #[must_use]
    pub fn has_command_encryption(self) -> bool {
        self.byte() & 0x02 != 0
    }

    /// Whether responses carry an R-MAC.
    #[must_use]
    pub fn has_response_mac(self) -> bool {
        self.byte() & 0x10 != 0
    }

    /// Whether response data is encrypted (R-ENCRYPTION).
    #[must_use]
    pub fn has_response_encryption(self) -> bool {
        self.byte() & 0x20 != 0
    }
}

/// How a channel with a card of one product is opened: everything that must not be believed from the card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelParameters {
    protocol: Protocol,
    key_version: u8,
    level: SecurityLevel,
    security_domain: Aid,
    idle_counter: bool,
}

impl ChannelParameters {
    /// A channel of `protocol` at `level` under the key set `key_version`, opened through the application
    /// `security_domain` (which is the application itself on the direct route).
    ///
    /// # Errors
    /// `Error::LevelNotAllowed` where `i` has not what the level needs; `Error::KeyVersion` unless the version is
    /// 01 to 7F, or FF for a factory key set.
    pub fn new(protocol: Protocol, key_version: u8, level: SecurityLevel, security_domain: Aid) -> Result<Self, Error> {
        if !protocol.allows(level) {
            return Err(Error::LevelNotAllowed { level: level.byte() });
        }
        if !matches!(key_version, 0x01..=0x7F | 0xFF) {
            return Err(Error::KeyVersion(key_version));
        }
        Ok(Self { protocol, key_version, level, security_domain, idle_counter: false })
    }

    /// The same, for a card product whose SCP03 encryption counter does not step on commands without data.
    /// Amd D §6.2.6 says that it steps; some fielded cards differ.
    #[must_use]
    pub fn with_counter_idle_without_data(mut self) -> Self {
        self.idle_counter = true;
        self
    }

    /// The same card and level under another key set.
    ///
    /// # Errors
    /// `Error::KeyVersion`, and `Error::LevelNotAllowed` where `protocol` has not what the level needs.
    pub fn with_key_set(&self, protocol: Protocol, key_version: u8) -> Result<Self, Error> {
        let other = Self::new(protocol, key_version, self.level, self.security_domain)?;
        Ok(Self { idle_counter: self.idle_counter, ..other })
    }

    /// The protocol and its options.
    #[must_use]
    pub fn protocol(&self) -> Protocol {
        self.protocol
    }

    /// The key version number of the key set.
    #[must_use]
    pub fn key_version(&self) -> u8 {
        self.key_version
    }

    /// The security level.
    #[must_use]
    pub fn level(&self) -> SecurityLevel {
        self.level
    }

    /// The AID of the application that opens the channel.
    #[must_use]
    pub fn security_domain(&self) -> Aid {
        self.security_domain
    }

    /// Whether the SCP03 encryption counter stands still on commands without data.
    #[must_use]
    pub fn counter_is_idle_without_data(&self) -> bool {
        self.idle_counter
    }

    /// Length in bytes of challenges and C-MAC: 8, or 16 in SCP03's S16 mode.
    #[must_use]
    pub fn security_length(&self) -> usize {
        match self.protocol {
            Protocol::Scp03 { i, .. } => i.security_length(),
            Protocol::Scp02 { .. } => 8,
        }
    }

    /// How many bytes of plain data a command holds at most once it is wrapped: 247 with C-MAC, 239 where it is
    /// encrypted too, and 239 and 223 in S16 mode.
    #[must_use]
    pub fn command_data_limit(&self) -> usize {
        let block_length = if self.protocol.identifier() == 0x02 { 8 } else { 16 };
        crate::channel::data_limit(self.security_length(), block_length, self.level)
    }
}
