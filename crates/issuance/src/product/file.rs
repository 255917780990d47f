//! The file of a card product, as it is written: `products/README.md`.

use cardwright_globalplatform::{KeySize, Protocol};
use serde::Deserialize;

use super::{Proof, StoreDataIn};

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub(super) format: u32,
    pub(super) name: String,
    pub(super) atr: String,
    pub(super) security_domain: String,
    pub(super) scp: u8,
    pub(super) i: u8,
    pub(super) key_length: usize,
    pub(super) transport_key_version: u8,
    pub(super) diversification: Scheme,
    pub(super) max_failures: u8,
    pub(super) memory: u32,
    pub(super) preloaded: Vec<String>,
    pub(super) store_data_in: StoreDataIn,
    pub(super) install: Vec<u8>,
    pub(super) proof: Proof,
    pub(super) timing: String,
    #[serde(default)]
    pub(super) published_transport_keys: bool,
    #[serde(default = "one")]
    pub(super) key_sets: u8,
    #[serde(default)]
    pub(super) key_lengths: Vec<usize>,
    #[serde(default)]
    pub(super) also: Option<Also>,
    #[serde(default)]
    pub(super) scp02_sessions: u32,
}

/// A second protocol that key sets may speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Also {
    pub(super) scp: u8,
    pub(super) i: u8,
}

fn one() -> u8 {
    1
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Scheme {
    Visa2,
    Emv,
    Kdf3,
}

pub(super) fn bytes(hexadecimal: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> =
        hexadecimal.chars().filter(|c| *c != ' ').map(|c| c.to_digit(16).map(|d| d as u8)).collect::<Option<_>>()?;
    digits.len().is_multiple_of(2).then(|| digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect())
}

pub(super) fn protocol(file: &File) -> Result<Protocol, String> {
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

pub(super) fn check(file: &File, protocol: &Protocol) -> Result<(), &'static str> {
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
