//! Triple DES with keys of 16 bytes, and what EMV builds of it (B2 §A1), computed by OpenSSL.

use openssl::hash::{MessageDigest, hash};
use openssl::symm::{Cipher, Crypter, Mode};
use zeroize::Zeroizing;

use super::fault::Wrong;

/// A key of 16 bytes.
pub(super) type Key = Zeroizing<[u8; 16]>;

/// Enciphers whole blocks, each for itself.
pub(super) fn encrypt(key: &[u8; 16], blocks: &[u8]) -> Result<Vec<u8>, Wrong> {
    let three = Zeroizing::new([&key[..], &key[..8]].concat());
    run(&three, Mode::Encrypt, blocks)
}

/// Enciphers whole blocks in a chain that begins with zeros.
pub(super) fn encrypt_chained(key: &[u8; 16], blocks: &[u8]) -> Result<Vec<u8>, Wrong> {
    let mut previous = vec![0; 8];
    let mut out = Vec::with_capacity(blocks.len());
    for block in blocks.chunks_exact(8) {
        let mixed: Vec<u8> = previous.iter().zip(block).map(|(one, other)| one ^ other).collect();
        previous = encrypt(key, &mixed)?;
        out.extend_from_slice(&previous);
    }
    Ok(out)
}

fn run(three: &[u8], mode: Mode, blocks: &[u8]) -> Result<Vec<u8>, Wrong> {
    let mut crypter = Crypter::new(Cipher::des_ede3(), mode, three, None)?;
    crypter.pad(false);
    let mut out = vec![0; blocks.len() + 8];
    let written = crypter.update(blocks, &mut out)?;
    let rest = crypter.finalize(&mut out[written..])?;
    out.truncate(written + rest);
    Ok(out)
}

/// The MAC of ISO/IEC 9797-1 algorithm 3: single DES with the left half, the last block with both (B2 §A1.2.1).
/// `data` is padded already.
pub(super) fn mac(key: &[u8; 16], data: &[u8]) -> Result<[u8; 8], Wrong> {
    let left = Zeroizing::new([&key[..8], &key[..8], &key[..8]].concat());
    let right = Zeroizing::new([&key[8..], &key[8..], &key[8..]].concat());
    let mut state = vec![0; 8];
    for block in data.chunks_exact(8) {
        let mixed: Vec<u8> = state.iter().zip(block).map(|(one, other)| one ^ other).collect();
        state = run(&left, Mode::Encrypt, &mixed)?;
    }
    let last = run(&left, Mode::Encrypt, &run(&right, Mode::Decrypt, &state)?)?;
    last.try_into().map_err(|_| Wrong::Terminal("a MAC is one block".to_owned()))
}

/// `80`, and zeros up to a whole block (ISO/IEC 9797-1 method 2).
pub(super) fn padded(mut data: Vec<u8>) -> Vec<u8> {
    data.push(0x80);
    zero_padded(data)
}

/// Zeros up to a whole block, none where it is one (ISO/IEC 9797-1 method 1).
pub(super) fn zero_padded(mut data: Vec<u8>) -> Vec<u8> {
    data.resize(data.len().next_multiple_of(8), 0);
    data
}

/// Card key, option A (B2 §A1.4.1): the last 16 digits of account number and sequence number.
pub(super) fn card_key_a(master: &[u8; 16], account_number: &[u8], sequence: [u8; 2]) -> Result<Key, Wrong> {
    let digits = [account_number, &sequence].concat();
    let mut last = vec![0; 16usize.saturating_sub(digits.len())];
    last.extend_from_slice(&digits[digits.len().saturating_sub(16)..]);
    card_key(master, &last)
}

/// Card key, option B (B2 §A1.4.2): as A, but of longer account numbers the first 16 digits of their SHA-1.
pub(super) fn card_key_b(master: &[u8; 16], account_number: &[u8], sequence: [u8; 2]) -> Result<Key, Wrong> {
    if account_number.len() <= 16 {
        return card_key_a(master, account_number, sequence);
    }
    let mut digits = [account_number, &sequence].concat();
    if !digits.len().is_multiple_of(2) {
        digits.insert(0, 0);
    }
    let digest = hash(MessageDigest::sha1(), &packed(&digits))?;
    let nibbles: Vec<u8> = super::dictionary::nibbles(&digest).collect();
    let decimal = nibbles.iter().filter(|nibble| **nibble < 10).copied();
    let others = nibbles.iter().filter(|nibble| **nibble >= 10).map(|nibble| nibble - 10);
    let chosen: Vec<u8> = decimal.chain(others).take(16).collect();
    card_key(master, &chosen)
}

/// Session key of a transaction's cryptograms, which its counter makes.
pub(super) fn session_key(card_key: &[u8; 16], counter: u16) -> Result<Key, Wrong> {
    let [high, low] = counter.to_be_bytes();
    common_session_key(card_key, [high, low, 0, 0, 0, 0, 0, 0])
}

/// The common derivation (B2 §A1.3.1): the diversifier with F0 as its third byte, then with 0F.
pub(super) fn common_session_key(card_key: &[u8; 16], diversifier: [u8; 8]) -> Result<Key, Wrong> {
    let (mut left, mut right) = (diversifier, diversifier);
    (left[2], right[2]) = (0xF0, 0x0F);
    odd(encrypt(card_key, &[left, right].concat())?)
}

fn card_key(master: &[u8; 16], digits: &[u8]) -> Result<Key, Wrong> {
    let left = packed(digits);
    let right: Vec<u8> = left.iter().map(|byte| byte ^ 0xFF).collect();
    odd(encrypt(master, &[left, right].concat())?)
}

fn packed(digits: &[u8]) -> Vec<u8> {
    digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

/// A key with odd bytes, as DES has them.
fn odd(bytes: Vec<u8>) -> Result<Key, Wrong> {
    let bytes = Zeroizing::new(bytes);
    let mut key = Zeroizing::new([0; 16]);
    if bytes.len() != key.len() {
        return Err(Wrong::Terminal("a key is two blocks".to_owned()));
    }
    for (to, from) in key.iter_mut().zip(bytes.iter()) {
        *to = from & 0xFE | u8::from((from & 0xFE).count_ones().is_multiple_of(2));
    }
    Ok(key)
}
