//! Card products: what kind of blank a card is. The file is the card maker's (`products/README.md`); everything
//! about a card that must not be believed from the card itself comes from here.

use cardwright_apdu::{Aid, Command, Response, StatusWord, tlv};
use cardwright_globalplatform::commands::KeyType;
use cardwright_globalplatform::{ChannelParameters, Diversification, KeySize, Protocol, SecurityLevel};
use cardwright_relay::message::Preamble;
use serde::Deserialize;

use crate::flow::Grade;

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

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    format: u32,
    name: String,
    atr: String,
    security_domain: String,
    scp: u8,
    i: u8,
    key_length: usize,
    transport_key_version: u8,
    diversification: Scheme,
    max_failures: u8,
    memory: u32,
    preloaded: Vec<String>,
    store_data_in: StoreDataIn,
    install: Vec<u8>,
    proof: Proof,
    timing: String,
    #[serde(default)]
    published_transport_keys: bool,
    #[serde(default = "one")]
    key_sets: u8,
    #[serde(default)]
    key_lengths: Vec<usize>,
    #[serde(default)]
    also: Option<Also>,
}

/// A second protocol that key sets may speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Also {
    scp: u8,
    i: u8,
}

fn one() -> u8 {
    1
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Scheme {
    Visa2,
    Emv,
    Kdf3,
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

/// What proves that data was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Proof {
    /// an R-MAC on every answer: grade A
    RMac,
    /// nothing in the channel, but afterwards a cryptogram that only the written keys can make: grade B
    Cryptogram,
    /// nothing
    None,
}

impl Proof {
    /// The grade of a card that was proven so.
    #[must_use]
    pub fn grade(self) -> Option<Grade> {
        match self {
            Self::RMac => Some(Grade::A),
            Self::Cryptogram => Some(Grade::B),
            Self::None => None,
        }
    }
}

/// What a card says it is, before anything of it is proven.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardIdentity {
    /// card production life cycle data, 42 bytes, or empty
    pub cplc: Vec<u8>,
    /// key diversification data
    pub kdd: [u8; 10],
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
        crate::flow::key_type(self.protocol)
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
        let same_type = crate::flow::key_type(wanted) == crate::flow::key_type(current);
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

    /// What a terminal asks such a card before OPEN: SELECT, GET DATA (CPLC), INITIALIZE UPDATE.
    #[must_use]
    pub fn preamble(&self) -> Preamble {
        let select = Command::new(0x00, 0xA4, 0x04, 0x00)
            .with_data(self.security_domain.as_bytes())
            .expect("an AID has 16 bytes at most")
            .expecting_all();
        let cplc = Command::new(0x80, 0xCA, 0x9F, 0x7F).expecting_all();
        Preamble {
            product: self.file.name.clone(),
            atr: self.atr.clone().into(),
            commands: vec![select.to_bytes().into(), cplc.to_bytes().into()],
            // whatever key set the card has first: its answer names it, and only those on record are taken
            key_version: 0,
            challenge_length: if self.file.scp == 3 && self.file.i & 0x01 != 0 { 16 } else { 8 },
        }
    }

    /// What the card says it is, from its answers to the preamble.
    ///
    /// # Errors
    /// `ProductFault` where the answers are not those of a card of this product.
    pub fn identify(&self, answers: &[&[u8]]) -> Result<CardIdentity, ProductFault> {
        let fault = |reason: &str| ProductFault(reason.to_owned());
        let [select, cplc, update] = answers else {
            return Err(fault("it does not answer all of SELECT, GET DATA and INITIALIZE UPDATE"));
        };
        let parse = |answer: &[u8]| Response::parse(answer).map_err(|_| fault("an answer without status word"));
        // a locked card is selected with a warning (GPCS §11.9.3.2)
        let select = parse(select)?.status;
        if select != StatusWord::SUCCESS && select != StatusWord(0x6283) {
            return Err(fault("SELECT of the Security Domain was refused"));
        }
        let cplc = parse(cplc)?;
        let cplc = if cplc.status == StatusWord::SUCCESS {
            tlv::find(&cplc.data, 0x9F7F).ok().flatten().map(<[u8]>::to_vec).ok_or_else(|| fault("CPLC"))?
        } else {
            Vec::new()
        };
        let update = parse(update)?;
        let kdd = update.data.first_chunk::<10>().ok_or_else(|| fault("INITIALIZE UPDATE"))?;
        Ok(CardIdentity { cplc, kdd: *kdd })
    }
}

fn bytes(hexadecimal: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> =
        hexadecimal.chars().filter(|c| *c != ' ').map(|c| c.to_digit(16).map(|d| d as u8)).collect::<Option<_>>()?;
    digits.len().is_multiple_of(2).then(|| digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect())
}

fn protocol(file: &File) -> Result<Protocol, String> {
    let size = match file.key_length {
        16 => KeySize::Aes128,
        24 => KeySize::Aes192,
        32 => KeySize::Aes256,
        other => return Err(format!("key_length {other}: must be 16, 24 or 32")),
    };
    match file.scp {
        3 => Protocol::scp03(file.i, size).map_err(|error| error.to_string()),
        2 if file.key_length == 16 => Protocol::scp02(file.i).map_err(|error| error.to_string()),
        2 => Err("key_length must be 16 for SCP02".to_owned()),
        other => Err(format!("scp {other}: must be 2 or 3")),
    }
}

fn check(file: &File, protocol: &Protocol) -> Result<(), &'static str> {
    let has_response_mac = matches!(protocol, Protocol::Scp03 { i, .. } if i.has_response_mac());
    let rules = [
        (!file.name.is_empty(), "name is empty"),
        (matches!(file.transport_key_version, 1..=0x7F | 0xFF), "transport_key_version must be 0x01 to 0x7F, or 0xFF"),
        (file.max_failures > 0, "max_failures must be 1 at least"),
        (file.memory > 0, "memory must be 1 at least"),
        (file.install.contains(&0x04) || file.install.contains(&0x0C), "install must name 0x04 or 0x0C"),
        ((file.diversification == Scheme::Kdf3) == (file.scp == 3), "diversification does not fit the scp"),
        ((file.proof == Proof::RMac) == has_response_mac, "proof and i disagree on whether answers carry a MAC"),
        (!file.timing.is_empty(), "timing is empty"),
        (file.key_sets > 0, "key_sets must be 1 at least"),
        (file.key_lengths.iter().all(|length| matches!(length, 16 | 24 | 32)), "key_lengths may name 16, 24 and 32"),
        (
            file.also.is_none_or(|also| also.scp == 3 && Protocol::scp03(also.i, KeySize::Aes128).is_ok()),
            "also must name scp 3 and an i of it",
        ),
    ];
    rules.into_iter().find(|(holds, _)| !holds).map_or(Ok(()), |(_, reason)| Err(reason))
}
