//! The security level of a channel: what protects each command and each response.

use crate::Error;

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
