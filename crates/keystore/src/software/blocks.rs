//! Blocks: enciphered for tokens, exchanged with other parties, and hashed by the retail MAC.

use cipher::{BlockCipherEncrypt, KeyInit};
use des::Des;

use super::block_cipher::{BlockCipher, aes, tdes};
use super::resolve::Resolved;
use crate::{BlockMechanism, Enciphering, Error, KeyKind, Secret};

/// `item`'s data enciphered.
pub(super) fn encipher(key: &Resolved, item: &Enciphering<'_>) -> Result<Vec<u8>, Error> {
    let cipher = cipher_of(key, item)?;
    let mut bytes = item.data.to_vec();
    match item.mechanism {
        BlockMechanism::AesCbcZeroIv => cipher.encrypt_cbc_zero_iv(&mut bytes),
        BlockMechanism::AesEcb | BlockMechanism::TdesEcb => cipher.encrypt_ecb(&mut bytes),
    }
    Ok(bytes)
}

/// `item`'s data deciphered; of single blocks only, since CBC is for tokens.
pub(super) fn decipher(key: &Resolved, item: &Enciphering<'_>) -> Result<Secret, Error> {
    let cipher = cipher_of(key, item)?;
    let mut bytes = item.data.to_vec();
    cipher.decrypt_ecb(&mut bytes);
    Secret::take(&mut bytes)
}

fn cipher_of(key: &Resolved, item: &Enciphering<'_>) -> Result<BlockCipher, Error> {
    let (kind, value) = (key.kind, key.value.expose());
    let (cipher, allowed) = match item.mechanism {
        BlockMechanism::AesCbcZeroIv => (aes(kind, value, "AES-CBC")?, "16, 32, 48 … up to 4096"),
        BlockMechanism::AesEcb => (aes(kind, value, "AES-ECB")?, "16, 32, 48 … up to 4096"),
        BlockMechanism::TdesEcb => (tdes(kind, value, "3DES-ECB")?, "8, 16, 24 … up to 4096"),
    };
    let length = item.data.len();
    let whole = length.is_multiple_of(cipher.block_length()) && (1..=Secret::MAX_LENGTH).contains(&length);
    if whole { Ok(cipher) } else { Err(Error::Length { what: "blocks to encipher or decipher", length, allowed }) }
}

/// ISO/IEC 9797-1 MAC algorithm 3 of whole blocks, IV 0: CBC under the key's first half, and the last block enciphered
/// under both halves.
pub(super) fn retail_mac(key: &[u8], message: &[u8]) -> Result<[u8; 8], Error> {
    let (blocks, []) = message.as_chunks::<8>() else { return Err(no_whole_blocks(message)) };
    let (last, others) = blocks.split_last().ok_or_else(|| no_whole_blocks(message))?;
    let first_half = Des::new_from_slice(&key[..8]).map_err(|_| Error::KeyValue(KeyKind::Tdes2))?;
    let whole = tdes(KeyKind::Tdes2, key, "a retail MAC")?;
    let mut mac = [0; 8];
    for block in others {
        add(&mut mac, block);
        first_half.encrypt_block((&mut mac).into());
    }
    add(&mut mac, last);
    whole.encrypt(&mut mac);
    Ok(mac)
}

fn add(mac: &mut [u8; 8], block: &[u8; 8]) {
    mac.iter_mut().zip(block).for_each(|(byte, added)| *byte ^= added);
}

fn no_whole_blocks(message: &[u8]) -> Error {
    Error::Length { what: "a message for a retail MAC", length: message.len(), allowed: "8, 16, 24 …" }
}
