//! Card products as data: what kind of blank a card is. One TOML format for card maker and issuing center.

use cardwright_apdu::Aid;
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::hexadecimal;
use crate::key::KeyKind;

/// A card product (`format = 1`). Unknown keys are refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CardProduct {
    /// 1
    pub format: u32,
    /// lower-case letters, digits and hyphens
    pub name: String,
    /// answer to reset
    #[serde(with = "hexadecimal::bytes")]
    pub atr: Vec<u8>,
    /// the Issuer Security Domain's AID
    #[serde(with = "hexadecimal::aid")]
    pub security_domain: Aid,
    /// 0x02 or 0x03
    pub scp: u8,
    /// the protocol's parameter i
    pub i: u8,
    /// bytes of each static key: 16, 24 or 32
    pub key_length: usize,
    /// version of the keys the card is delivered with, 0x01 to 0x7F or 0xFF
    pub transport_key_version: u8,
    /// how these keys are made from a batch's master key
    pub diversification: Diversification,
    /// failed EXTERNAL AUTHENTICATEs that lock a key set
    pub max_failures: u8,
    /// persistent bytes for packages, instances, their data and keys
    pub memory: u32,
    /// AIDs of the packages that are on every blank
    #[serde(with = "hexadecimal::aids")]
    pub preloaded: Vec<Aid>,
    /// from which state on an application is given STORE DATA
    pub store_data_in: StoreDataIn,
    /// values of P1 that INSTALL takes
    pub install: Vec<u8>,
    /// what proves that data was written
    pub proof: Proof,
    /// how long commands take
    pub timing: Timing,
    /// whether the transport keys are published test keys; nothing to the card, but the issuing center refuses
    /// them unless the product says so
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub published_transport_keys: bool,
}

/// How card keys are made from a master key and the key diversification data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Diversification {
    /// VISA2, 3DES
    Visa2,
    /// EMV CPS, 3DES
    Emv,
    /// AES-CMAC in counter mode
    Kdf3,
}

/// From which state on an application is given STORE DATA (GPCS §6.7 leaves it open).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StoreDataIn {
    /// INSTALLED or SELECTABLE
    Installed,
    /// SELECTABLE only
    Selectable,
}

/// What proves that data was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Proof {
    /// answers carry a MAC
    RMac,
    /// answers carry none; whoever writes the card asks its applications for a cryptogram
    Cryptogram,
    /// answers carry none
    None,
}

/// The name of a timing model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Timing {
    /// commands take no time
    None,
    /// a modern chip at 115,200 baud
    #[serde(rename = "modern-115200")]
    Modern115200,
}

impl CardProduct {
    /// Reads a product file.
    ///
    /// # Errors
    /// `Error::Product` with line and reason where the text is no product of format 1.
    pub fn from_toml(text: &str) -> Result<Self, Error> {
        let product: Self = toml::from_str(text).map_err(|error| Error::Product(error.to_string()))?;
        product.check().map_err(|reason| Error::Product(format!("{}: {reason}", product.name)))?;
        Ok(product)
    }

    /// The kind of the static keys: 3DES for SCP02, AES for SCP03.
    #[must_use]
    pub fn key_kind(&self) -> KeyKind {
        if self.scp == 2 { KeyKind::TripleDes } else { KeyKind::Aes }
    }

    /// Whether challenges, cryptograms and MACs have 16 bytes: SCP03 with bit 1 of i (Amd D Table 5-1).
    #[must_use]
    pub fn is_s16(&self) -> bool {
        self.scp == 3 && self.i & 0x01 != 0
    }

    /// Whether the card challenge can be computed beforehand: SCP03 bit 5, SCP02 bit 7 of i.
    #[must_use]
    pub fn has_pseudo_random_challenge(&self) -> bool {
        self.i & if self.scp == 3 { 0x10 } else { 0x40 } != 0
    }

    /// Whether the values fit together; the reason where they do not.
    pub(crate) fn check(&self) -> Result<(), &'static str> {
        let known_i = match self.scp {
            2 => matches!(self.i, 0x15 | 0x55),
            3 => self.i & !0x71 == 0 && self.i & 0x60 != 0x40,
            _ => false,
        };
        let name_ok = self.name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        let key_ok = if self.scp == 2 { self.key_length == 16 } else { matches!(self.key_length, 16 | 24 | 32) };
        let rules = [
            (self.format == 1, "format is not 1"),
            (name_ok && !self.name.is_empty(), "name has other than a-z, 0-9 and -"),
            (known_i, "no such scp and i"),
            (key_ok, "key_length does not fit the scp"),
            (matches!(self.transport_key_version, 1..=0x7F | 0xFF), "transport_key_version is not 1 to 0x7F or 0xFF"),
            (
                (self.diversification == Diversification::Kdf3) == (self.scp == 3),
                "diversification does not fit the scp",
            ),
            (self.max_failures > 0, "max_failures is 0"),
            ((2..=33).contains(&self.atr.len()), "atr is not 2 to 33 bytes"),
            (
                (self.proof == Proof::RMac) == (self.scp == 3 && self.i & 0x20 != 0),
                "proof and i disagree on whether answers carry a MAC",
            ),
        ];
        rules.into_iter().find(|(holds, _)| !holds).map_or(Ok(()), |(_, reason)| Err(reason))
    }
}
