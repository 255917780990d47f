//! What the card product's record says of a secure channel. Nothing in the card's answer authenticates the
//! protocol, `i` or the key version, so they come from here, and an answer that differs is refused.

use cardwright_apdu::Aid;

use crate::Error;
use crate::protocol::Protocol;
use crate::security_level::SecurityLevel;

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

    /// The same channel, opened with `application` selected instead: its Security Domain answers for it, and a
    /// pseudo-random card challenge is over this AID (Amd D §5.2, §6.2.2.1).
    #[must_use]
    pub fn through(mut self, application: Aid) -> Self {
        self.security_domain = application;
        self
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
