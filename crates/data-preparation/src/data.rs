//! Personalization data: what preparation makes, what is sealed, and what the card is written from.

use cardwright_apdu::{Aid, Dgi};
use minicbor::{Decode, Encode};
use zeroize::Zeroize;

use crate::Standard;
use crate::encoding;

/// Everything one card is personalized with. Neither printable nor copyable; erased when dropped.
///
/// Its encoding is CBOR with integer keys: see `docs/profiles.md`.
#[derive(Encode, Decode)]
#[cbor(map)]
pub struct PersonalizationData {
    #[n(0)]
    pub(crate) format: encoding::Format,
    /// the profile it was made by
    #[n(1)]
    pub profile: ProfileReference,
    /// the level of the secure channel that the data must travel under
    #[n(2)]
    pub security_level: SecurityLevel,
    /// the card number as people may see it: see [`masked`]
    #[n(3)]
    pub masked_number: String,
    /// the applications, in the order of their commit points
    #[n(4)]
    pub applications: Vec<Application>,
}

/// The text of the profile that data was made by.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct ProfileReference {
    /// the profile's name
    #[n(0)]
    pub name: String,
    /// the profile's version
    #[n(1)]
    pub version: u32,
    /// SHA-256 of the profile's text
    #[cbor(n(2), with = "minicbor::bytes")]
    pub digest: [u8; 32],
}

/// One application of a card and its data.
#[derive(Encode, Decode)]
#[cbor(map)]
pub struct Application {
    /// which card application reads the data
    #[n(0)]
    pub standard: Standard,
    /// AID of the load file (package)
    #[cbor(n(1), with = "encoding::aid")]
    pub package: Aid,
    /// AID of the module in it
    #[cbor(n(2), with = "encoding::aid")]
    pub module: Aid,
    /// AID that the application is selected by
    #[cbor(n(3), with = "encoding::aid")]
    pub instance: Aid,
    /// what INSTALL hands to the application: the value of tag C9 (GPCS §11.5.2.3.7)
    #[cbor(n(4), with = "minicbor::bytes")]
    pub install_parameters: Vec<u8>,
    /// privileges, 1 or 3 bytes (GPCS §11.1.2)
    #[cbor(n(5), with = "minicbor::bytes")]
    pub privileges: Vec<u8>,
    /// the data groupings in the order in which the card must receive them
    #[n(6)]
    pub dgis: Vec<ProtectedDgi>,
    /// when the commit point may be passed
    #[n(7)]
    pub activation: Activation,
    /// the command that makes the application usable
    #[n(8)]
    pub commit_point: CommitPoint,
}

/// A data grouping with how it must travel. Erased when dropped.
#[derive(Encode, Decode)]
pub struct ProtectedDgi {
    #[cbor(n(0), with = "encoding::dgi")]
    dgi: Dgi,
    /// what protects it besides the secure channel
    #[n(1)]
    pub protection: Protection,
    /// whether it tells something about a person: such data goes only under command encryption
    #[n(2)]
    pub personal: bool,
}

impl ProtectedDgi {
    pub(crate) fn new(dgi: Dgi, protection: Protection, personal: bool) -> Self {
        Self { dgi, protection, personal }
    }

    /// The grouping, its data in clear.
    #[must_use]
    pub fn dgi(&self) -> &Dgi {
        &self.dgi
    }
}

impl Drop for ProtectedDgi {
    fn drop(&mut self) {
        self.dgi.data.zeroize();
    }
}

/// What protects a DGI besides the secure channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Protection {
    /// the secure channel alone
    #[n(0)]
    Clear,
    /// encrypted under the data encryption key as well (GPCS §11.11.3.2; Amd D §6.2.8)
    #[n(1)]
    Dek,
}

/// When the commit point may be passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Activation {
    /// only after the center has verified and stored the proof of the writing: one more round trip
    #[n(0)]
    AfterProof,
    /// at the end of the script that writes the data
    #[n(1)]
    InScript,
}

/// The command that makes an application usable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum CommitPoint {
    /// INSTALL \[for make selectable\] (GPCS §11.5.2.3.3)
    #[n(0)]
    MakeSelectable,
}

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
