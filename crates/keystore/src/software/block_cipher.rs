//! AES and 3DES, one block at a time.

use aes::{Aes128, Aes192, Aes256};
use cipher::{BlockCipherEncrypt, KeyInit};
use des::TdesEde2;

use crate::{Error, KeyKind};

/// A block cipher with its key.
pub(super) enum BlockCipher {
    Aes128(Aes128),
    Aes192(Aes192),
    Aes256(Aes256),
    Tdes2(TdesEde2),
}

impl BlockCipher {
    pub(super) fn new(kind: KeyKind, key: &[u8], what: &'static str) -> Result<Self, Error> {
        match kind {
            KeyKind::Aes128 => Aes128::new_from_slice(key).map(Self::Aes128),
            KeyKind::Aes192 => Aes192::new_from_slice(key).map(Self::Aes192),
            KeyKind::Aes256 => Aes256::new_from_slice(key).map(Self::Aes256),
            KeyKind::Tdes2 => TdesEde2::new_from_slice(key).map(Self::Tdes2),
            KeyKind::Hmac256 | KeyKind::P256 => return Err(Error::Unsuitable { kind, what }),
        }
        .map_err(|_| Error::KeyValue(kind))
    }

    pub(super) fn block_length(&self) -> usize {
        if matches!(self, Self::Tdes2(_)) { 8 } else { 16 }
    }

    /// Encrypts one block in place.
    pub(super) fn encrypt(&self, block: &mut [u8]) {
        const WHOLE: &str = "callers hand in whole blocks";
        match self {
            Self::Aes128(cipher) => cipher.encrypt_block(block.try_into().expect(WHOLE)),
            Self::Aes192(cipher) => cipher.encrypt_block(block.try_into().expect(WHOLE)),
            Self::Aes256(cipher) => cipher.encrypt_block(block.try_into().expect(WHOLE)),
            Self::Tdes2(cipher) => cipher.encrypt_block(block.try_into().expect(WHOLE)),
        }
    }
}

/// 3DES and nothing else.
pub(super) fn tdes(kind: KeyKind, key: &[u8], what: &'static str) -> Result<BlockCipher, Error> {
    if kind == KeyKind::Tdes2 { BlockCipher::new(kind, key, what) } else { Err(Error::Unsuitable { kind, what }) }
}
