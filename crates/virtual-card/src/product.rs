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
    /// bytes of each static key on delivery: 16, 24 or 32
    pub key_length: usize,
    /// bytes that a key put later may have; empty: `key_length` alone
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub key_lengths: Vec<usize>,
    /// how many key sets the card holds; with one, new keys can only take its place
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub key_sets: u8,
    /// the protocol of key sets of the other kind, which are put later; none: the card takes no such keys
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub also: Option<ChannelProtocol>,
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
    /// in how many sessions a key set of SCP02 may be used; nothing to the card, but to the issuing center
    #[serde(default, skip_serializing_if = "is_zero")]
    pub scp02_sessions: u32,
    /// whether the transport keys are published test keys; nothing to the card, but the issuing center refuses
    /// them unless the product says so
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub published_transport_keys: bool,
}

/// A secure channel protocol with its parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChannelProtocol {
    /// 0x02 or 0x03
    pub scp: u8,
    /// the protocol's parameter i
    pub i: u8,
}

impl ChannelProtocol {
    /// The kind of its static keys: 3DES for SCP02, AES for SCP03.
    #[must_use]
    pub fn key_kind(self) -> KeyKind {
        if self.scp == 2 { KeyKind::TripleDes } else { KeyKind::Aes }
    }

    /// Whether challenges, cryptograms and MACs have 16 bytes: SCP03 with bit 1 of i (Amd D Table 5-1).
    #[must_use]
    pub fn is_s16(self) -> bool {
        self.scp == 3 && self.i & 0x01 != 0
    }

    /// Whether the card challenge can be computed beforehand: SCP03 bit 5, SCP02 bit 7 of i.
    #[must_use]
    pub fn has_pseudo_random_challenge(self) -> bool {
        self.i & if self.scp == 3 { 0x10 } else { 0x40 } != 0
    }

    fn is_known(self) -> bool {
        match self.scp {
            2 => matches!(self.i, 0x15 | 0x55),
            3 => self.i & !0x71 == 0 && self.i & 0x60 != 0x40,
            _ => false,
        }
    }
}

fn one() -> u8 {
    1
}

fn is_one(count: &u8) -> bool {
    *count == 1
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
fn is_zero(count: &u32) -> bool {
    *count == 0
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

    /// The protocol of the keys it is delivered with.
    #[must_use]
    pub fn protocol(&self) -> ChannelProtocol {
        ChannelProtocol { scp: self.scp, i: self.i }
    }

    /// The protocols of the card, the delivered keys' first.
    pub fn protocols(&self) -> impl Iterator<Item = ChannelProtocol> + use<> {
        [Some(self.protocol()), self.also].into_iter().flatten()
    }

    /// The protocol that key sets of `kind` speak; none where such keys open nothing.
    #[must_use]
    pub fn protocol_of(&self, kind: KeyKind) -> Option<ChannelProtocol> {
        self.protocols().find(|protocol| protocol.key_kind() == kind)
    }

    /// The kind of the keys it is delivered with.
    #[must_use]
    pub fn key_kind(&self) -> KeyKind {
        self.protocol().key_kind()
    }

    /// Whether a key of `length` bytes can be put. A 3DES key has 16.
    #[must_use]
    pub fn takes_key_length(&self, length: usize) -> bool {
        if self.key_lengths.is_empty() { length == self.key_length } else { self.key_lengths.contains(&length) }
    }

    /// Whether the values fit together; the reason where they do not.
    pub(crate) fn check(&self) -> Result<(), &'static str> {
        let name_ok = self.name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        let key_ok = if self.scp == 2 { self.key_length == 16 } else { matches!(self.key_length, 16 | 24 | 32) };
        let rules = [
            (self.format == 1, "format is not 1"),
            (name_ok && !self.name.is_empty(), "name has other than a-z, 0-9 and -"),
            (self.protocol().is_known(), "no such scp and i"),
            (key_ok, "key_length does not fit the scp"),
            (self.key_lengths_fit(), "key_lengths does not fit key_length or the protocols"),
            (self.key_sets > 0, "key_sets is 0"),
            (self.also_fits(), "also is no other protocol, or no such scp and i"),
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

    /// Each once, `key_length` among them; other lengths than 16 are for AES alone.
    fn key_lengths_fit(&self) -> bool {
        let lengths = &self.key_lengths;
        let has_aes = self.protocols().any(|protocol| protocol.scp == 3);
        let known = lengths.iter().all(|length| *length == 16 || has_aes && matches!(length, 24 | 32));
        lengths.is_empty() || known && lengths.is_sorted_by(|a, b| a < b) && lengths.contains(&self.key_length)
    }

    fn also_fits(&self) -> bool {
        self.also.is_none_or(|other| other.is_known() && other.scp != self.scp)
    }
}
