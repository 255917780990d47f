//! Issuer scripts (`EMV B3`): the session keys, MACs and encipherment of the commands by which an issuer changes a
//! payment application in use, inside a transaction that went online.
//!
//! `EMV B2` leaves the session keys to the application. Version 10 varies the card keys by the transaction counter;
//! version 18 derives them from the transaction's cryptogram, as its common session key derivation has it.

use zeroize::Zeroizing;

use super::cryptogram::CryptogramVersion;
use super::derivation;
use super::tdes::{encrypt, encrypt_both, pad_with_mark, retail_mac};

/// Bytes of a script command's MAC.
pub const MAC: usize = 8;

/// The most data that a script command in the short form carries enciphered, beside its MAC: whole blocks of 8 bytes,
/// which hold its length and the mark of its end besides.
pub const LONGEST: usize = (255 - MAC) / 8 * 8 - 2;

/// A session key of one transaction: of MACs out of the card's MAC key, of encipherment out of its encipherment key.
#[must_use]
pub fn session_key(
    version: CryptogramVersion,
    card_key: &[u8; 16],
    counter: u16,
    cryptogram: [u8; 8],
) -> Zeroizing<[u8; 16]> {
    match version {
        CryptogramVersion::Ten => {
            let mut key = Zeroizing::new(*card_key);
            let [high, low] = counter.to_be_bytes();
            for (place, byte) in [(6, high), (7, low), (14, !high), (15, !low)] {
                key[place] ^= byte;
            }
            key
        }
        CryptogramVersion::Eighteen => encrypt_both(card_key, derivation::of_cryptogram(cryptogram)),
    }
}

/// The MAC of a command: over its header with the length that it has with the MAC, counter and cryptogram of the
/// transaction, and the data as it is sent (ISO/IEC 9797-1 MAC algorithm 3, padding method 2).
#[must_use]
pub fn command_mac(key: &[u8; 16], header: [u8; 5], counter: u16, cryptogram: [u8; 8], data: &[u8]) -> [u8; MAC] {
    let message = [&header[..], &counter.to_be_bytes(), &cryptogram, data].concat();
    retail_mac(key, &pad_with_mark(&message))
}

/// Secret `data` of a command enciphered, [`LONGEST`] bytes at most. Version 10 puts its length before it and takes each
/// block of 8 bytes by itself; version 18 chains the blocks. Both fill it up with 80 00.. to whole blocks, always.
#[must_use]
pub fn enciphered(version: CryptogramVersion, key: &[u8; 16], data: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(data.len() + 16);
    if version == CryptogramVersion::Ten {
        out.push(data.len() as u8);
    }
    out.extend_from_slice(data);
    out.push(0x80);
    out.resize(out.len().next_multiple_of(8), 0);
    let (blocks, _) = out.as_chunks_mut::<8>();
    let mut before = [0; 8];
    for block in blocks {
        if version == CryptogramVersion::Eighteen {
            block.iter_mut().zip(before).for_each(|(byte, chained)| *byte ^= chained);
        }
        *block = encrypt(key, *block);
        before = *block;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    // The example of docs/emv-application.md, section 6: both card keys, transaction 001C, its cryptogram.
    const KEY: [u8; 16] =
        [0x01, 0x23, 0x45, 0x67, 0x89, 0xAB, 0xCD, 0xEF, 0xFE, 0xDC, 0xBA, 0x98, 0x76, 0x54, 0x32, 0x10];
    const COUNTER: u16 = 0x001C;
    const CRYPTOGRAM: [u8; 8] = [0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88];
    const PIN: [u8; 8] = [0x24, 0x12, 0x34, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF];

    /// MAC of PUT DATA 9F58 = 05; the enciphered PIN and the MAC of PIN CHANGE.
    fn example(version: CryptogramVersion) -> [String; 4] {
        let key = session_key(version, &KEY, COUNTER, CRYPTOGRAM);
        let put = command_mac(&key, [0x04, 0xDA, 0x9F, 0x58, 0x09], COUNTER, CRYPTOGRAM, &[0x05]);
        let pin = enciphered(version, &key, &PIN);
        let change = command_mac(&key, [0x84, 0x24, 0x00, 0x02, 0x18], COUNTER, CRYPTOGRAM, &pin);
        let mut odd = *key;
        crate::emv::tdes::set_odd_parity(&mut odd);
        [hex::encode_upper(odd), hex::encode_upper(put), hex::encode_upper(pin), hex::encode_upper(change)]
    }

    #[test]
    fn the_example_of_the_card_s_page_is_made_by_both_versions() {
        assert_eq!(
            example(CryptogramVersion::Ten),
            [
                "0123456789ABCDF2FEDCBA987654CDF2",
                "B0329E779C66C618",
                "FDA8B871A2F4C2279AF1EC50A27FAAF3",
                "EE5A587F4C97A6D4",
            ]
        );
        assert_eq!(
            example(CryptogramVersion::Eighteen),
            [
                "2643517CB09B100770F26176FEF40BE6",
                "A9AD120573539E9F",
                "081C43E4AE4A9CBCA076FCCADA6DB0AD",
                "BA0B4D0FEE0885AB",
            ]
        );
    }
}
