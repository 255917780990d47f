//! PUT KEY (GPCS §11.8). Key values come in encrypted under the DEK, with their check values; they are never here.

use super::managing;
use crate::Error;
use crate::derivation::StaticKey;
use crate::plan::{Content, PlannedCommand};
use crate::protocol::{KeySize, Protocol};

/// Key type and length (GPCS Table 11-16).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyType {
    /// 80: two-key triple DES, 16 bytes
    TripleDes,
    /// 88: AES of 16 bytes
    Aes128,
    /// 88: AES of 24 bytes
    Aes192,
    /// 88: AES of 32 bytes
    Aes256,
}

impl KeyType {
    /// Type and length of the keys of `protocol`.
    #[must_use]
    pub fn of(protocol: Protocol) -> Self {
        match protocol {
            Protocol::Scp02 { .. } => Self::TripleDes,
            Protocol::Scp03 { key_size: KeySize::Aes128, .. } => Self::Aes128,
            Protocol::Scp03 { key_size: KeySize::Aes192, .. } => Self::Aes192,
            Protocol::Scp03 { key_size: KeySize::Aes256, .. } => Self::Aes256,
        }
    }

    fn code(self) -> u8 {
        if self == Self::TripleDes { 0x80 } else { 0x88 }
    }

    fn key_length(self) -> usize {
        match self {
            Self::TripleDes | Self::Aes128 => 16,
            Self::Aes192 => 24,
            Self::Aes256 => 32,
        }
    }

    /// The allowed lengths of the key once it is encrypted: a 24-byte key is padded to whole AES blocks
    /// (Amd D §6.2.8); a triple DES DEK takes it as it is.
    fn takes_encrypted_length(self, length: usize) -> bool {
        length == self.key_length() || (self == Self::Aes192 && length == 32)
    }
}

/// How the component block of an AES key is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AesKeyBlock {
    /// `88 11 10 …`: with the key's length in front (GPCS Table 11-70); the form that all cards of Amd D know
    WithLength,
    /// `88 10 …`: the encrypted value alone (GPCS Table 11-71), where no padding was needed
    ValueAlone,
}

/// A key as it is sent: encrypted, with its check value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncryptedKey {
    key_type: KeyType,
    encrypted: Vec<u8>,
    check_value: [u8; 3],
}

impl EncryptedKey {
    /// A key of `key_type` whose value is `encrypted` under the DEK, and its key check value (GPCS §B.6).
    ///
    /// # Errors
    /// `Error::Argument` where the encrypted value has not the length of such a key.
    pub fn new(key_type: KeyType, encrypted: Vec<u8>, check_value: [u8; 3]) -> Result<Self, Error> {
        if !key_type.takes_encrypted_length(encrypted.len()) {
            let found = encrypted.len();
            return Err(Error::Argument { what: "encrypted key", found, allowed: "16, 24 or 32, as the key is" });
        }
        Ok(Self { key_type, encrypted, check_value })
    }

    /// The key check value.
    #[must_use]
    pub fn check_value(&self) -> [u8; 3] {
        self.check_value
    }

    /// Key type, component block behind its length, check value behind its length (GPCS Table 11-68).
    fn write(&self, out: &mut Vec<u8>, form: AesKeyBlock) {
        let padded = self.encrypted.len() != self.key_type.key_length();
        let with_length = self.key_type != KeyType::TripleDes && (padded || form == AesKeyBlock::WithLength);
        out.push(self.key_type.code());
        if with_length {
            out.push(self.encrypted.len() as u8 + 1);
            out.push(self.key_type.key_length() as u8);
        } else {
            out.push(self.encrypted.len() as u8);
        }
        out.extend_from_slice(&self.encrypted);
        out.push(self.check_value.len() as u8);
        out.extend_from_slice(&self.check_value);
    }
}

/// A whole key set: ENC, MAC and DEK, all of one type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncryptedKeySet {
    keys: [EncryptedKey; 3],
}

impl EncryptedKeySet {
    /// The keys in the order ENC, MAC, DEK.
    ///
    /// # Errors
    /// `Error::Content` where they are not of one type (Amd D §6.1).
    pub fn new(keys: [EncryptedKey; 3]) -> Result<Self, Error> {
        if keys.iter().any(|key| key.key_type != keys[0].key_type) {
            return Err(Error::Content { what: "a key set", problem: "its keys differ in type or length" });
        }
        Ok(Self { keys })
    }

    /// The keys in the order ENC, MAC, DEK.
    #[must_use]
    pub fn keys(&self) -> &[EncryptedKey; 3] {
        &self.keys
    }
}

/// PUT KEY of a whole key set, which the card takes or leaves as one (GPCS §11.8.2.3.3). `replaced` names the key
/// version that it replaces, `None` adds a new one; a replacement cannot change size or algorithm. A factory set, FF,
/// cannot be named.
///
/// # Errors
/// `Error::KeyVersion` unless both versions are 01 to 7F.
pub fn put_keys(
    replaced: Option<u8>,
    new_version: u8,
    keys: &EncryptedKeySet,
    form: AesKeyBlock,
) -> Result<PlannedCommand, Error> {
    let multiple = 0x80 | StaticKey::Enc.identifier();
    command(replaced, new_version, multiple, keys.keys(), form)
}

/// PUT KEY of one key.
///
/// # Errors
/// `Error::KeyVersion`, as [`put_keys`]; `Error::Argument` for an identifier over 7F.
pub fn put_key(
    replaced: Option<u8>,
    new_version: u8,
    identifier: u8,
    key: &EncryptedKey,
    form: AesKeyBlock,
) -> Result<PlannedCommand, Error> {
    if identifier > 0x7F {
        return Err(Error::Argument { what: "key identifier", found: identifier.into(), allowed: "00 to 7F" });
    }
    command(replaced, new_version, identifier, std::slice::from_ref(key), form)
}

fn command(
    replaced: Option<u8>,
    new_version: u8,
    p2: u8,
    keys: &[EncryptedKey],
    form: AesKeyBlock,
) -> Result<PlannedCommand, Error> {
    for version in replaced.into_iter().chain([new_version]) {
        if !(0x01..=0x7F).contains(&version) {
            return Err(Error::KeyVersion(version));
        }
    }
    let mut data = vec![new_version];
    keys.iter().for_each(|key| key.write(&mut data, form));
    Ok(managing(0xD8, replaced.unwrap_or(0x00), p2, data)?.carrying(Content::Personal))
}

/// Compares the answer to PUT KEY with what was sent: key version, then the check values (GPCS §11.8.3.1).
///
/// # Errors
/// `Error::KeyCheck` with what differs.
pub fn check_put_key_answer(new_version: u8, keys: &[EncryptedKey], response_data: &[u8]) -> Result<(), Error> {
    let (version, check_values) = response_data.split_at_checked(1).unwrap_or_default();
    same("the key version", &[new_version], version)?;
    let sent: Vec<u8> = keys.iter().flat_map(|key| key.check_value).collect();
    same("the key check values", &sent, check_values)
}

fn same(field: &'static str, expected: &[u8], found: &[u8]) -> Result<(), Error> {
    if expected == found {
        return Ok(());
    }
    let text = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02X}")).collect();
    Err(Error::KeyCheck { field, expected: text(expected), found: text(found) })
}
