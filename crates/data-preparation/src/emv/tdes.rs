//! Two-key triple DES on values in clear: for reading check values back, and for tests and previews that play the
//! issuer's host. Card data is made with the keystore's verbs.

use des::cipher::{BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};
use des::{Des, TdesEde2};
use zeroize::Zeroizing;

/// `block` encrypted.
#[must_use]
pub fn encrypt(key: &[u8; 16], block: [u8; 8]) -> [u8; 8] {
    let mut block = block.into();
    TdesEde2::new(key.into()).encrypt_block(&mut block);
    block.into()
}

/// The blocks, each encrypted by itself, one after the other: what the derivations of EMV make keys of.
#[must_use]
pub fn encrypt_both(key: &[u8; 16], blocks: [[u8; 8]; 2]) -> Zeroizing<[u8; 16]> {
    let mut out = Zeroizing::new([0; 16]);
    out[..8].copy_from_slice(&encrypt(key, blocks[0]));
    out[8..].copy_from_slice(&encrypt(key, blocks[1]));
    out
}

/// The MAC of `message`, whole blocks of 8 bytes: ISO/IEC 9797-1 MAC algorithm 3, IV 0. Bytes after the last whole
/// block are zeros of padding method 1.
#[must_use]
pub fn retail_mac(key: &[u8; 16], message: &[u8]) -> [u8; 8] {
    let halves: (&[u8; 8], &[u8; 8]) =
        (key.first_chunk().expect("16 bytes begin with 8"), key.last_chunk().expect("16 bytes end with 8"));
    let (first, second) = (Des::new(halves.0.into()), Des::new(halves.1.into()));
    let mut state = des::cipher::Array::from([0_u8; 8]);
    for chunk in message.chunks(8) {
        for (byte, data) in state.iter_mut().zip(chunk) {
            *byte ^= data;
        }
        first.encrypt_block(&mut state);
    }
    second.decrypt_block(&mut state);
    first.encrypt_block(&mut state);
    state.into()
}

/// `message` with padding method 2 of ISO/IEC 9797-1: 80, then zeros to a multiple of 8.
#[must_use]
pub fn pad_with_mark(message: &[u8]) -> Vec<u8> {
    let mut padded = message.to_vec();
    padded.push(0x80);
    padded.resize(padded.len().next_multiple_of(8), 0);
    padded
}

/// The check value of a 3DES key: the first bytes of the encrypted block 00 × 8 (GPCS §B.6).
#[must_use]
pub fn check_value(key: &[u8; 16]) -> [u8; 3] {
    let [first, second, third, ..] = encrypt(key, [0; 8]);
    [first, second, third]
}

/// The check value of an AES key of 16, 24 or 32 bytes: the first bytes of the encrypted block 01 × 16 (GPCS §B.6).
/// `None` for other lengths.
#[must_use]
pub fn aes_check_value(key: &[u8]) -> Option<[u8; 3]> {
    let mut block = [0x01; 16].into();
    match key.len() {
        16 => aes::Aes128::new_from_slice(key).ok()?.encrypt_block(&mut block),
        24 => aes::Aes192::new_from_slice(key).ok()?.encrypt_block(&mut block),
        32 => aes::Aes256::new_from_slice(key).ok()?.encrypt_block(&mut block),
        _ => return None,
    }
    let [first, second, third, ..] = <[u8; 16]>::from(block);
    Some([first, second, third])
}

/// Gives each byte of a DES key an odd number of bits, as EMV wants derived keys (`EMV B2`). The lowest
/// bit of a byte takes no part in DES.
pub fn set_odd_parity(key: &mut [u8]) {
    for byte in key {
        *byte ^= (byte.count_ones() as u8 & 1) ^ 1;
    }
}

/// Whether each byte has an odd number of bits.
#[must_use]
pub fn has_odd_parity(key: &[u8]) -> bool {
    key.iter().all(|byte| byte.count_ones() % 2 == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: [u8; 16] =
        [0x01, 0x23, 0x45, 0x67, 0x89, 0xAB, 0xCD, 0xEF, 0xFE, 0xDC, 0xBA, 0x98, 0x76, 0x54, 0x32, 0x10];

    #[test]
    fn a_mac_of_one_block_is_its_encryption() {
        assert_eq!(retail_mac(&KEY, b"12345678"), encrypt(&KEY, *b"12345678"));
        assert_ne!(retail_mac(&KEY, b"1234567812345678"), encrypt(&KEY, *b"12345678"));
    }

    #[test]
    fn check_values_of_known_keys() {
        // 3DES of zeros under this key: 08D7B4FB629D0885, published in many manuals of security modules.
        assert_eq!(check_value(&KEY), [0x08, 0xD7, 0xB4]);
        // Amd D and GPCS §B.6: the published test key 40..4F under AES.
        let test_key: Vec<u8> = (0x40..0x50).collect();
        assert_eq!(aes_check_value(&test_key), Some([0x50, 0x4A, 0x77]));
        assert_eq!(aes_check_value(&[0; 15]), None);
    }

    #[test]
    fn parity_changes_the_lowest_bits_alone_and_no_check_value() {
        let mut key = [0x00, 0x01, 0xFE, 0xFF, 0x80, 0x7F, 0x10, 0x11, 0, 1, 2, 3, 4, 5, 6, 7];
        let before = check_value(&key);
        assert!(!has_odd_parity(&key));
        set_odd_parity(&mut key);
        assert_eq!(key[..4], [0x01, 0x01, 0xFE, 0xFE]);
        assert!(has_odd_parity(&key));
        assert_eq!(check_value(&key), before);
    }

    #[test]
    fn padding_with_a_mark_is_never_empty() {
        assert_eq!(pad_with_mark(&[1; 8]).len(), 16);
        assert_eq!(pad_with_mark(&[1; 7]), [1, 1, 1, 1, 1, 1, 1, 0x80]);
    }
}
