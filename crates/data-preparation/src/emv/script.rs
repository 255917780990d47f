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

/// The most data that a script command in the short form carries beside its MAC.
pub const LONGEST: usize = 255 - MAC;

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

/// `data` enciphered. Version 10 puts the length before it, fills it up with 80 00.. only where it is no whole number of
/// blocks, and takes each block by itself; version 18 fills it up always, and chains the blocks.
#[must_use]
pub fn enciphered(version: CryptogramVersion, key: &[u8; 16], data: &[u8]) -> Vec<u8> {
    // Room for all of it at once: a buffer that grew would leave a copy in clear behind.
    let mut out = Vec::with_capacity(data.len() + 16);
    if version == CryptogramVersion::Ten {
        out.push(data.len() as u8);
    }
    out.extend_from_slice(data);
    if version == CryptogramVersion::Eighteen || !out.len().is_multiple_of(8) {
        out.push(0x80);
        out.resize(out.len().next_multiple_of(8), 0);
    }
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
