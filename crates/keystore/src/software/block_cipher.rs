//! AES and 3DES, one block at a time.

use aes::{Aes128, Aes192, Aes256};
use cipher::{BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};
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
            KeyKind::Hmac256 | KeyKind::P256 | KeyKind::Rsa(_) => return Err(Error::Unsuitable { kind, what }),
        }
        .map_err(|_| Error::KeyValue(kind))
    }

    pub(super) fn block_length(&self) -> usize {
        if matches!(self, Self::Tdes2(_)) { 8 } else { 16 }
    }

    /// Encrypts one block in place.
    pub(super) fn encrypt(&self, block: &mut [u8]) {
        match self {
            Self::Aes128(cipher) => cipher.encrypt_block(block.try_into().expect(WHOLE)),
            Self::Aes192(cipher) => cipher.encrypt_block(block.try_into().expect(WHOLE)),
            Self::Aes256(cipher) => cipher.encrypt_block(block.try_into().expect(WHOLE)),
            Self::Tdes2(cipher) => cipher.encrypt_block(block.try_into().expect(WHOLE)),
        }
    }

    /// Decrypts one block in place.
    pub(super) fn decrypt(&self, block: &mut [u8]) {
        match self {
            Self::Aes128(cipher) => cipher.decrypt_block(block.try_into().expect(WHOLE)),
            Self::Aes192(cipher) => cipher.decrypt_block(block.try_into().expect(WHOLE)),
            Self::Aes256(cipher) => cipher.decrypt_block(block.try_into().expect(WHOLE)),
            Self::Tdes2(cipher) => cipher.decrypt_block(block.try_into().expect(WHOLE)),
        }
    }

    /// Encrypts whole blocks in place: CBC, IV 0 (SP 800-38A).
    pub(super) fn encrypt_cbc_zero_iv(&self, bytes: &mut [u8]) {
        let mut before: Option<&[u8]> = None;
        for block in bytes.chunks_exact_mut(self.block_length()) {
            for (byte, chained) in block.iter_mut().zip(before.unwrap_or(&[])) {
                *byte ^= chained;
            }
            self.encrypt(block);
            before = Some(block);
        }
    }

    /// Encrypts whole blocks in place, each by itself (SP 800-38A).
    pub(super) fn encrypt_ecb(&self, bytes: &mut [u8]) {
        bytes.chunks_exact_mut(self.block_length()).for_each(|block| self.encrypt(block));
    }

    /// Decrypts whole blocks in place, each by itself (SP 800-38A).
    pub(super) fn decrypt_ecb(&self, bytes: &mut [u8]) {
        bytes.chunks_exact_mut(self.block_length()).for_each(|block| self.decrypt(block));
    }
}

const WHOLE: &str = "callers hand in whole blocks";

/// AES and nothing else.
pub(super) fn aes(kind: KeyKind, key: &[u8], what: &'static str) -> Result<BlockCipher, Error> {
    if kind.is_aes() { BlockCipher::new(kind, key, what) } else { Err(Error::Unsuitable { kind, what }) }
}

/// 3DES and nothing else.
pub(super) fn tdes(kind: KeyKind, key: &[u8], what: &'static str) -> Result<BlockCipher, Error> {
    if kind == KeyKind::Tdes2 { BlockCipher::new(kind, key, what) } else { Err(Error::Unsuitable { kind, what }) }
}
