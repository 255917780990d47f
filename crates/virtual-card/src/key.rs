//! Keys and key sets of the Security Domain (GPCS §7.2, §11.1.8; Amd D §6.1).

use serde::{Deserialize, Serialize};

use crate::block_cipher::BlockCipher;
use crate::secret::Secret;

/// What a key is used with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyKind {
    /// key type 88 (GPCS Table 11-16)
    Aes,
    /// two-key 3DES, key type 80
    TripleDes,
}

impl KeyKind {
    /// The kind that a key type byte of PUT KEY names: 88, 80, and 82 (3DES in CBC mode).
    #[must_use]
    pub fn from_code(code: u8) -> Option<Self> {
        match code {
            0x88 => Some(Self::Aes),
            0x80 | 0x82 => Some(Self::TripleDes),
            _ => None,
        }
    }

    /// The key type byte.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Aes => 0x88,
            Self::TripleDes => 0x80,
        }
    }

    fn allows(self, length: usize) -> bool {
        match self {
            Self::Aes => matches!(length, 16 | 24 | 32),
            Self::TripleDes => length == 16,
        }
    }
}

/// One key.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Key {
    /// 01 ENC, 02 MAC, 03 DEK
    pub identifier: u8,
    /// algorithm
    pub kind: KeyKind,
    /// 16, 24 or 32 bytes
    pub value: Secret,
}

impl Key {
    /// A key; `None` where the length does not fit the kind.
    #[must_use]
    pub fn new(identifier: u8, kind: KeyKind, value: Secret) -> Option<Self> {
        kind.allows(value.expose().len()).then_some(Self { identifier, kind, value })
    }

    /// The key check value: AES of 16 bytes 01, 3DES of 8 bytes 00, the first 3 bytes (GPCS §B.6).
    #[must_use]
    pub fn check_value(&self) -> [u8; 3] {
        let (cipher, mut block) = match self.kind {
            KeyKind::Aes => (BlockCipher::aes(self.value.expose()), vec![1; 16]),
            KeyKind::TripleDes => (BlockCipher::triple_des(self.value.expose()), vec![0; 8]),
        };
        if let Some(cipher) = cipher {
            cipher.encrypt_block(&mut block);
        }
        [block[0], block[1], block[2]]
    }

    /// Whether the value has a length that its kind allows.
    pub(crate) fn is_whole(&self) -> bool {
        self.kind.allows(self.value.expose().len())
    }

    /// Whether `other` could take this key's place: same algorithm and size (GPCS §11.8.2.3.3).
    #[must_use]
    pub fn has_the_characteristics_of(&self, other: &Self) -> bool {
        self.kind == other.kind && self.value.expose().len() == other.value.expose().len()
    }
}

/// The keys of one version, with the set's sequence counter and its failed authentications.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeySet {
    /// key version number, 01 to 7F, or FF for the set a card is delivered with
    pub version: u8,
    /// in ascending order of identifiers
    pub keys: Vec<Key>,
    /// SCP03: the value last used; SCP02: the value that is used next
    pub sequence_counter: u32,
    /// failed EXTERNAL AUTHENTICATEs since the last that succeeded
    pub failures: u8,
}

/// ENC, MAC and DEK of one set, all there and of one kind and length.
pub(crate) struct ChannelKeys<'a> {
    pub(crate) encryption: &'a [u8],
    pub(crate) mac: &'a [u8],
    pub(crate) data_encryption: &'a [u8],
}

impl KeySet {
    /// A set of ENC, MAC and DEK with its counter at the start; `None` where a length does not fit.
    #[must_use]
    pub fn new(version: u8, kind: KeyKind, [encryption, mac, data_encryption]: [Secret; 3]) -> Option<Self> {
        let keys = vec![Key::new(1, kind, encryption)?, Key::new(2, kind, mac)?, Key::new(3, kind, data_encryption)?];
        Some(Self { version, keys, sequence_counter: 0, failures: 0 })
    }

    /// The key with `identifier`.
    #[must_use]
    pub fn key(&self, identifier: u8) -> Option<&Key> {
        self.keys.iter().find(|key| key.identifier == identifier)
    }

    /// The kind of its keys, if ENC, MAC and DEK are there and alike: such a set opens a channel where the card has a
    /// protocol for the kind (Amd D §7.1.1.3, Table 6-1).
    #[must_use]
    pub fn channel_kind(&self) -> Option<KeyKind> {
        let keys = [self.key(1)?, self.key(2)?, self.key(3)?];
        keys.iter().all(|key| key.has_the_characteristics_of(keys[0])).then_some(keys[0].kind)
    }

    /// The keys of a secure channel, where the set can open one.
    pub(crate) fn channel_keys(&self) -> Option<ChannelKeys<'_>> {
        self.channel_kind()?;
        let [encryption, mac, data_encryption] =
            [self.key(1)?, self.key(2)?, self.key(3)?].map(|key| key.value.expose());
        Some(ChannelKeys { encryption, mac, data_encryption })
    }
}
