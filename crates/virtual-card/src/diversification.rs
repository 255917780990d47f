//! Card keys from a master key and the key diversification data: VISA2, EMV (CPS), KDF3.

use crate::block_cipher::{BlockCipher, aes_cmac};
use crate::product::Diversification;
use crate::secret::Secret;

/// ENC, MAC and DEK of the card with `diversification_data` (10 bytes). VISA2 and EMV take a two-key 3DES master key
/// and give such keys; KDF3 takes an AES key and gives keys of its length. `None` for a key of another length.
#[must_use]
pub fn card_keys(scheme: Diversification, master: &Secret, diversification_data: &[u8; 10]) -> Option<[Secret; 3]> {
    let key = |number| match scheme {
        Diversification::Visa2 => visa2(master, diversification_data, number),
        Diversification::Emv => emv(master, diversification_data, number),
        Diversification::Kdf3 => kdf3(master, diversification_data, number),
    };
    Some([key(1)?, key(2)?, key(3)?])
}

/// 3DES-ECB of `d0 d1 d4 d5 d6 d7 F0 n`, and the same with `0F n`.
fn visa2(master: &Secret, data: &[u8; 10], number: u8) -> Option<Secret> {
    triple_des(master, &[data[0], data[1], data[4], data[5], data[6], data[7]], number)
}

/// 3DES-ECB of the 6 rightmost bytes and `F0 n`, and the same with `0F n` (EMV CPS §4.1).
fn emv(master: &Secret, data: &[u8; 10], number: u8) -> Option<Secret> {
    triple_des(master, &data[4..], number)
}

fn triple_des(master: &Secret, card: &[u8], number: u8) -> Option<Secret> {
    let cipher = BlockCipher::triple_des(master.expose())?;
    let mut derived = [card, &[0xF0, number], card, &[0x0F, number]].concat();
    derived.chunks_exact_mut(8).for_each(|block| cipher.encrypt_block(block));
    Some(Secret::new(derived))
}

/// SP 800-108 in counter mode with AES-CMAC: each block is counter, `00 00 00 k`, `00`, the data.
fn kdf3(master: &Secret, data: &[u8; 10], number: u8) -> Option<Secret> {
    let length = master.expose().len();
    let mut derived = Vec::with_capacity(32);
    for counter in 1..=length.div_ceil(16) as u8 {
        derived.extend_from_slice(&aes_cmac(master.expose(), &[&[counter, 0, 0, 0, number, 0], data])?);
    }
    derived.truncate(length);
    Some(Secret::new(derived))
}
