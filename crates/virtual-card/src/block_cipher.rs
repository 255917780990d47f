//! AES and DES as GlobalPlatform uses them: CBC over whole blocks, CMAC and retail MAC, padding (GPCS §B).

use aes::{Aes128, Aes192, Aes256};
use cipher::{BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};
use cmac::{Cmac, Mac};
use des::{Des, TdesEde2, TdesEde3};

/// A block cipher under a key.
pub(crate) enum BlockCipher {
    Aes128(Aes128),
    Aes192(Aes192),
    Aes256(Aes256),
    /// single DES, for the inner blocks of a retail MAC
    Des(Des),
    /// two-key 3DES, outer and inner key of 8 bytes each
    TripleDes(TdesEde2),
    /// 3DES with three keys of 8 bytes each
    ThreeKeyTripleDes(Box<TdesEde3>),
}

impl BlockCipher {
    /// AES under a key of 16, 24 or 32 bytes; `None` for another length.
    pub(crate) fn aes(key: &[u8]) -> Option<Self> {
        match key.len() {
            16 => Aes128::new_from_slice(key).ok().map(Self::Aes128),
            24 => Aes192::new_from_slice(key).ok().map(Self::Aes192),
            32 => Aes256::new_from_slice(key).ok().map(Self::Aes256),
            _ => None,
        }
    }

    /// Two-key 3DES under a key of 16 bytes (GPCS §B.1); `None` for another length.
    pub(crate) fn triple_des(key: &[u8]) -> Option<Self> {
        TdesEde2::new_from_slice(key).ok().map(Self::TripleDes)
    }

    /// 3DES under three keys, 24 bytes; `None` for another length.
    pub(crate) fn three_key_triple_des(key: &[u8]) -> Option<Self> {
        TdesEde3::new_from_slice(key).ok().map(Box::new).map(Self::ThreeKeyTripleDes)
    }

    /// Single DES under a key of 8 bytes; `None` for another length.
    pub(crate) fn single_des(key: &[u8]) -> Option<Self> {
        Des::new_from_slice(key).ok().map(Self::Des)
    }

    /// 16 for AES, 8 for DES.
    pub(crate) fn block_length(&self) -> usize {
        match self {
            Self::Aes128(_) | Self::Aes192(_) | Self::Aes256(_) => 16,
            Self::Des(_) | Self::TripleDes(_) | Self::ThreeKeyTripleDes(_) => 8,
        }
    }

    /// Encrypts one block in place; a slice of another length is left as it is.
    pub(crate) fn encrypt_block(&self, block: &mut [u8]) {
        match self {
            Self::Aes128(cipher) => encrypt_one(cipher, block),
            Self::Aes192(cipher) => encrypt_one(cipher, block),
            Self::Aes256(cipher) => encrypt_one(cipher, block),
            Self::Des(cipher) => encrypt_one(cipher, block),
            Self::TripleDes(cipher) => encrypt_one(cipher, block),
            Self::ThreeKeyTripleDes(cipher) => encrypt_one(cipher.as_ref(), block),
        }
    }

    /// Decrypts one block in place; a slice of another length is left as it is.
    pub(crate) fn decrypt_block(&self, block: &mut [u8]) {
        match self {
            Self::Aes128(cipher) => decrypt_one(cipher, block),
            Self::Aes192(cipher) => decrypt_one(cipher, block),
            Self::Aes256(cipher) => decrypt_one(cipher, block),
            Self::Des(cipher) => decrypt_one(cipher, block),
            Self::TripleDes(cipher) => decrypt_one(cipher, block),
            Self::ThreeKeyTripleDes(cipher) => decrypt_one(cipher.as_ref(), block),
        }
    }

    /// CBC encryption of whole blocks under `initial`, a block (GPCS §B.1.1, §B.2.1).
    pub(crate) fn encrypt_cbc(&self, initial: &[u8], data: &mut [u8]) {
        let mut previous = initial.to_vec();
        for block in data.chunks_exact_mut(self.block_length()) {
            exclusive_or(block, &previous);
            self.encrypt_block(block);
            previous.copy_from_slice(block);
        }
    }

    /// CBC decryption of whole blocks under `initial`, a block.
    pub(crate) fn decrypt_cbc(&self, initial: &[u8], data: &mut [u8]) {
        let mut previous = initial.to_vec();
        for block in data.chunks_exact_mut(self.block_length()) {
            let encrypted = block.to_vec();
            self.decrypt_block(block);
            exclusive_or(block, &previous);
            previous = encrypted;
        }
    }
}

fn encrypt_one<C: BlockCipherEncrypt>(cipher: &C, block: &mut [u8]) {
    if let Ok(block) = block.try_into() {
        cipher.encrypt_block(block);
    }
}

fn decrypt_one<C: BlockCipherDecrypt>(cipher: &C, block: &mut [u8]) {
    if let Ok(block) = block.try_into() {
        cipher.decrypt_block(block);
    }
}

fn exclusive_or(block: &mut [u8], other: &[u8]) {
    block.iter_mut().zip(other).for_each(|(byte, other)| *byte ^= other);
}

/// AES-CMAC, all 16 bytes (NIST SP 800-38B). `None` for a key that is no AES key.
pub(crate) fn aes_cmac(key: &[u8], parts: &[&[u8]]) -> Option<[u8; 16]> {
    fn run<M: Mac + cmac::KeyInit>(key: &[u8], parts: &[&[u8]]) -> Option<[u8; 16]> {
        let mut mac = <M as cmac::KeyInit>::new_from_slice(key).ok()?;
        parts.iter().for_each(|part| mac.update(part));
        mac.finalize().into_bytes().as_slice().try_into().ok()
    }
    match key.len() {
        16 => run::<Cmac<Aes128>>(key, parts),
        24 => run::<Cmac<Aes192>>(key, parts),
        32 => run::<Cmac<Aes256>>(key, parts),
        _ => None,
    }
}

/// Retail MAC: single DES chained to the last block, 3DES on it (GPCS §B.1.2.2, ISO 9797-1 algorithm 3).
/// `data` is padded with 80 00 .. here; `initial` is the chaining block.
pub(crate) fn retail_mac(key: &[u8], initial: [u8; 8], data: &[u8]) -> Option<[u8; 8]> {
    retail_mac_of_blocks(key, initial, &pad(data, 8))
}

/// The same over whole blocks, one or more, that are padded already.
pub(crate) fn retail_mac_of_blocks(key: &[u8], initial: [u8; 8], padded: &[u8]) -> Option<[u8; 8]> {
    let inner = BlockCipher::single_des(key.get(..8)?)?;
    let outer = BlockCipher::triple_des(key)?;
    let (before, last) = padded.split_last_chunk::<8>()?;
    let mut chained = initial;
    for block in before.chunks_exact(8) {
        exclusive_or(&mut chained, block);
        inner.encrypt_block(&mut chained);
    }
    exclusive_or(&mut chained, last);
    outer.encrypt_block(&mut chained);
    Some(chained)
}

/// Full 3DES MAC with initial value zero (GPCS §B.1.2.1); `data` is padded here.
pub(crate) fn full_triple_des_mac(key: &[u8], data: &[u8]) -> Option<[u8; 8]> {
    let mut padded = pad(data, 8);
    BlockCipher::triple_des(key)?.encrypt_cbc(&[0; 8], &mut padded);
    padded.last_chunk().copied()
}

/// `data`, 80 and as many 00 as fill the block (GPCS §B.1.3, §B.2.3).
pub(crate) fn pad(data: &[u8], block: usize) -> Vec<u8> {
    let mut padded = data.to_vec();
    padded.push(0x80);
    padded.resize(padded.len().next_multiple_of(block), 0);
    padded
}

/// What stands before 80 00 ..; `None` where there is no such padding within the last block.
pub(crate) fn unpad(padded: &[u8], block: usize) -> Option<&[u8]> {
    let end = padded.iter().rposition(|byte| *byte != 0)?;
    let whole = padded.len().is_multiple_of(block) && padded.len() - end <= block;
    (whole && padded[end] == 0x80).then(|| &padded[..end])
}
