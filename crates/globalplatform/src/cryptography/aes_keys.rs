//! AES of the three key sizes: CBC (GPCS §B.2.1) and CMAC (GPCS §B.2.2, NIST SP 800-38B).

use aes::{Aes128, Aes192, Aes256};
use cipher::{Array, BlockCipherDecrypt, BlockCipherEncrypt, BlockModeDecrypt, BlockModeEncrypt, InnerIvInit, KeyInit};
use cmac::{Cmac, Mac};

use crate::Error;

/// Block length of AES in bytes.
pub(crate) const BLOCK: usize = 16;

/// An AES key ready to encrypt; its schedule is wiped when it is dropped.
pub(crate) enum AesKey {
    Aes128(Aes128),
    Aes192(Aes192),
    Aes256(Aes256),
}

/// Runs one expression for whichever key size is held.
macro_rules! for_each_size {
    ($held:expr, $enum:ident, $key:ident => $body:expr) => {
        match $held {
            $enum::Aes128($key) => $body,
            $enum::Aes192($key) => $body,
            $enum::Aes256($key) => $body,
        }
    };
}

impl AesKey {
    /// A key of 16, 24 or 32 bytes.
    pub(crate) fn new(bytes: &[u8]) -> Result<Self, Error> {
        let wrong = |_| Error::SessionKeyLength { length: bytes.len() };
        Ok(match bytes.len() {
            24 => Self::Aes192(Aes192::new_from_slice(bytes).map_err(wrong)?),
            32 => Self::Aes256(Aes256::new_from_slice(bytes).map_err(wrong)?),
            _ => Self::Aes128(Aes128::new_from_slice(bytes).map_err(wrong)?),
        })
    }

    /// One block under the key.
    pub(crate) fn encrypt_block(&self, block: [u8; BLOCK]) -> [u8; BLOCK] {
        let mut block = Array::from(block);
        for_each_size!(self, AesKey, key => key.encrypt_block(&mut block));
        block.into()
    }

    /// Encrypts whole blocks in place; bytes after the last whole block stay as they are.
    pub(crate) fn cbc_encrypt(&self, iv: [u8; BLOCK], data: &mut [u8]) {
        for_each_size!(self, AesKey, key => cbc_encrypt(key, iv, data));
    }

    /// Decrypts whole blocks in place; bytes after the last whole block stay as they are.
    pub(crate) fn cbc_decrypt(&self, iv: [u8; BLOCK], data: &mut [u8]) {
        for_each_size!(self, AesKey, key => cbc_decrypt(key, iv, data));
    }
}

fn cbc_encrypt<C>(key: C, iv: [u8; BLOCK], data: &mut [u8])
where
    C: BlockCipherEncrypt<BlockSize = cipher::consts::U16>,
{
    let (blocks, _) = Array::slice_as_chunks_mut(data);
    cbc::Encryptor::inner_iv_init(key, &Array::from(iv)).encrypt_blocks(blocks);
}

fn cbc_decrypt<C>(key: C, iv: [u8; BLOCK], data: &mut [u8])
where
    C: BlockCipherDecrypt<BlockSize = cipher::consts::U16>,
{
    let (blocks, _) = Array::slice_as_chunks_mut(data);
    cbc::Decryptor::inner_iv_init(key, &Array::from(iv)).decrypt_blocks(blocks);
}

/// An AES key ready to make CMACs; its schedule is wiped when it is dropped.
pub(crate) enum CmacKey {
    Aes128(Cmac<Aes128>),
    Aes192(Cmac<Aes192>),
    Aes256(Cmac<Aes256>),
}

impl CmacKey {
    /// A key of 16, 24 or 32 bytes.
    pub(crate) fn new(bytes: &[u8]) -> Result<Self, Error> {
        let wrong = |_| Error::SessionKeyLength { length: bytes.len() };
        Ok(match bytes.len() {
            24 => Self::Aes192(Cmac::new_from_slice(bytes).map_err(wrong)?),
            32 => Self::Aes256(Cmac::new_from_slice(bytes).map_err(wrong)?),
            _ => Self::Aes128(Cmac::new_from_slice(bytes).map_err(wrong)?),
        })
    }

    /// The full 16-byte CMAC over `parts` one after the other.
    pub(crate) fn tag(&self, parts: &[&[u8]]) -> [u8; BLOCK] {
        for_each_size!(self, CmacKey, key => {
            let mut mac = key.clone();
            parts.iter().for_each(|part| mac.update(part));
            mac.finalize().into_bytes().into()
        })
    }

    /// Whether `tag`, of 8 or 16 bytes, is how the CMAC over `parts` begins; in constant time.
    pub(crate) fn verify(&self, parts: &[&[u8]], tag: &[u8]) -> bool {
        if tag.len() != 8 && tag.len() != BLOCK {
            return false; // a shorter tag would be easier to guess
        }
        for_each_size!(self, CmacKey, key => {
            let mut mac = key.clone();
            parts.iter().for_each(|part| mac.update(part));
            mac.verify_truncated_left(tag).is_ok()
        })
    }
}
