//! Card products: what kind of blank a card is. The file is the card maker's (`products/README.md`); everything
//! about a card that must not be believed from the card itself comes from here.

mod file;
mod identity;

use cardwright_apdu::Aid;
use cardwright_globalplatform::commands::KeyType;
use cardwright_globalplatform::{ChannelParameters, Diversification, KeySize, Protocol, SecurityLevel};
use serde::Deserialize;

use file::{File, Scheme, bytes, check, protocol};
pub use identity::CardIdentity;

use crate::proof::Proof;

/// Why a card product is not taken. The text says where and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ProductFault(pub String);

/// A card product, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardProduct {
    file: File,
    atr: Vec<u8>,
    security_domain: Aid,
    preloaded: Vec<Aid>,
    protocol: Protocol,
}

/// From which life-cycle state on an application is given STORE DATA (GPCS §6.7 leaves it open).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StoreDataIn {
    /// INSTALLED or SELECTABLE
    Installed,
    /// SELECTABLE only
    Selectable,
}

impl CardProduct {
    /// Reads a product file.
    ///
    /// # Errors
    /// `ProductFault` with line and reason.
    pub fn from_toml(text: &str) -> Result<Self, ProductFault> {
        let file: File = toml::from_str(text).map_err(|error| ProductFault(error.to_string()))?;
        let fault = |reason: &str| ProductFault(format!("card product {}: {reason}", file.name));
        if file.format != 1 {
            return Err(fault("format must be 1: this program reads no other"));
        }
        let atr = bytes(&file.atr).filter(|atr| (2..=33).contains(&atr.len()));
        let atr = atr.ok_or_else(|| fault("atr must be 2 to 33 bytes in hexadecimal"))?;
        let aid = |text: &str| text.parse::<Aid>().map_err(|error| fault(&format!("AID {text}: {error}")));
        let security_domain = aid(&file.security_domain)?;
        let preloaded = file.preloaded.iter().map(|text| aid(text)).collect::<Result<_, _>>()?;
        let protocol = protocol(&file).map_err(|reason| fault(&reason))?;
        check(&file, &protocol).map_err(fault)?;
        Ok(Self { atr, security_domain, preloaded, protocol, file })
    }

    /// Its unique name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.file.name
    }

    /// Its answer to reset.
    #[must_use]
    pub fn atr(&self) -> &[u8] {
        &self.atr
    }

    /// Version of the keys the card is delivered with.
    #[must_use]
    pub fn transport_key_version(&self) -> u8 {
        self.file.transport_key_version
    }

    /// Version of the issuer's keys: the next one that can be named; 01 after 7F and after the factory's FF.
    #[must_use]
    pub fn issuer_key_version(&self) -> u8 {
        match self.file.transport_key_version {
            0x7F | 0xFF => 0x01,
            version => version + 1,
        }
    }

    /// How the maker derives a card's transport keys from a batch's master key.
    #[must_use]
    pub fn diversification(&self) -> Diversification {
        match (self.file.diversification, self.protocol) {
            (Scheme::Visa2, _) => Diversification::Visa2,
            (Scheme::Kdf3, Protocol::Scp03 { key_size, .. }) => Diversification::Kdf3(key_size),
            (Scheme::Emv | Scheme::Kdf3, _) => Diversification::Emv,
        }
    }

    /// Type and length of the static keys that the card is delivered with.
    #[must_use]
    pub fn key_type(&self) -> KeyType {
        KeyType::of(self.protocol)
    }

    /// Whether a key set can be put beside the one that is there; otherwise it takes its place, and is of the same type
    /// and length (GPCS §11.8.2.3).
    #[must_use]
    pub fn has_spare_key_set(&self) -> bool {
        self.file.key_sets > 1
    }

    /// The protocol of a key set that a change of keys asks for: `16`, `24` or `32` for keys of that length, `scp03/32`
    /// where they shall speak the product's second protocol.
    ///
    /// # Errors
    /// `ProductFault` where the product cannot hold such keys, or the text asks for none.
    pub fn changed_protocol(&self, argument: &str, current: Protocol) -> Result<Protocol, ProductFault> {
        let fault = |reason: &str| ProductFault(format!("card product {}: {reason}", self.file.name));
        let (other, length) = match argument.split_once('/') {
            Some(("scp03", length)) => (true, length),
            Some(_) => return Err(fault("keys are asked for as 16, 24, 32, or scp03/16, scp03/24, scp03/32")),
            None => (false, argument),
        };
        let size = [KeySize::Aes128, KeySize::Aes192, KeySize::Aes256]
            .into_iter()
            .find(|size| size.bytes().to_string() == length);
        let size = size.ok_or_else(|| fault("keys have 16, 24 or 32 bytes"))?;
        let allowed = size.bytes() == self.file.key_length || self.file.key_lengths.contains(&size.bytes());
        if !allowed {
            return Err(fault("its keys cannot have that length; see its key_lengths"));
        }
        let wanted = match (other, self.file.also, current) {
            (true, Some(also), _) => Protocol::scp03(also.i, size).map_err(|error| fault(&error.to_string()))?,
            (true, None, Protocol::Scp03 { i, .. }) | (false, _, Protocol::Scp03 { i, .. }) => {
                Protocol::Scp03 { i, key_size: size }
            }
            (true, None, _) => return Err(fault("it has no second protocol; see its key also")),
            (false, _, Protocol::Scp02 { i }) if size == KeySize::Aes128 => Protocol::Scp02 { i },
            (false, _, Protocol::Scp02 { .. }) => return Err(fault("keys of SCP02 have 16 bytes")),
        };
        let same_type = KeyType::of(wanted) == KeyType::of(current);
        if same_type || self.has_spare_key_set() {
            Ok(wanted)
        } else {
            Err(fault("it has no room for keys of another length beside the old ones; see its key_sets"))
        }
    }

    /// The secure channel protocol.
    #[must_use]
    pub fn protocol(&self) -> Protocol {
        self.protocol
    }

    /// AID of the Issuer Security Domain.
    #[must_use]
    pub fn security_domain(&self) -> Aid {
        self.security_domain
    }

    /// Whether what a card answers to INITIALIZE UPDATE under a new key set can be computed beforehand.
    #[must_use]
    pub fn has_foreseeable_challenges(&self) -> bool {
        matches!(self.protocol, Protocol::Scp03 { i, .. } if i.has_pseudo_random_challenge())
    }

    /// Whether INSTALL is taken with this P1.
    #[must_use]
    pub fn installs(&self, role: u8) -> bool {
        self.file.install.contains(&role)
    }

    /// From which state on an application is given STORE DATA.
    #[must_use]
    pub fn store_data_in(&self) -> StoreDataIn {
        self.file.store_data_in
    }

    /// What proves that data was written.
    #[must_use]
    pub fn proof(&self) -> Proof {
        self.file.proof
    }

    /// Whether the card is used without contacts: readers give such cards an answer to reset of this form (PC/SC part 3).
    #[must_use]
    pub fn is_contactless(&self) -> bool {
        matches!(self.atr[..], [0x3B, 0x80..=0x8F, 0x80, 0x01, ..])
    }

    /// Whether published test keys may be this product's transport keys.
    #[must_use]
    pub fn allows_published_transport_keys(&self) -> bool {
        self.file.published_transport_keys
    }

    /// Whether the package is on every blank of this product.
    #[must_use]
    pub fn has_preloaded(&self, package: Aid) -> bool {
        self.preloaded.contains(&package)
    }

    /// Whether a card of `other` is asked, opened and keyed as one of this product: only then may the one text take
    /// the other's place while cards of it are there.
    #[must_use]
    pub fn opens_cards_like(&self, other: &Self) -> bool {
        let opening = |product: &Self| {
            (product.atr.clone(), product.security_domain, product.protocol, product.file.transport_key_version)
        };
        opening(self) == opening(other) && self.diversification() == other.diversification()
    }

    /// Openings that may be intended and not proven in a row before the card is put aside:
    /// min(3, the product's own limit) - 1, and 1 at least.
    #[must_use]
    pub fn tries_allowed(&self) -> u8 {
        self.file.max_failures.min(3).saturating_sub(1).max(1)
    }

    /// Sessions in which a key set of SCP02 may be used; 0 where the product does not say that it may at all.
    #[must_use]
    pub fn scp02_sessions(&self) -> u32 {
        self.file.scp02_sessions
    }

    /// The channel under the key set `key_version`.
    ///
    /// # Errors
    /// `ProductFault` where the product cannot do `level`.
    pub fn channel(
        &self,
        protocol: Protocol,
        key_version: u8,
        level: SecurityLevel,
    ) -> Result<ChannelParameters, ProductFault> {
        ChannelParameters::new(protocol, key_version, level, self.security_domain)
            .map_err(|error| ProductFault(format!("card product {}: {error}", self.file.name)))
    }
}
