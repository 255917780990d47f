//! The issuer's side of scripts, computed by OpenSSL.

use cardwright_virtual_card::Card;
use openssl::symm::{Cipher, Crypter, Mode};

use super::answers::*;
use super::card_data::*;
use super::route::{INSTANCE, issued};
use crate::host::split;

/// Keys with two halves that differ, so that a card that mixes them up is found.
const MAC_KEY: [u8; 16] = 0x1123_4567_89AB_CDEF_0EDC_BA98_7654_3210_u128.to_be_bytes();
const ENC_KEY: [u8; 16] = 0x2123_4567_89AB_CDEF_1EDC_BA98_7654_3210_u128.to_be_bytes();

/// Everything of a card with these keys, by cryptogram version.
pub(crate) fn scripted(version: u8) -> Vec<Grouping> {
    let keys = [AC_KEY, MAC_KEY, ENC_KEY];
    let mut all = with(0x3000, internal(version, 2, 3));
    for grouping in &mut all {
        match grouping.identifier {
            0x8000 => grouping.content = keys.concat(),
            0x9000 => grouping.content = keys.iter().flat_map(|key| check_value(key)).collect(),
            _ => {}
        }
    }
    all
}

pub(crate) fn card_of(version: u8) -> Card {
    issued("scp03-i70", &scripted(version))
}

/// The issuer in one transaction.
pub(crate) struct Issuer {
    version: u8,
    counter: [u8; 2],
    cryptogram: [u8; 8],
}

impl Issuer {
    /// A transaction up to its second cryptogram, approved; its issuer.
    pub(crate) fn online(card: &mut Card, version: u8) -> Self {
        let (issuer, _) = Self::asked(card, version);
        assert_eq!(second(card, TC, b"00").kind(), TC);
        issuer
    }

    /// A transaction up to the issuer's authentication, and the ARQC.
    pub(crate) fn asked(card: &mut Card, version: u8) -> (Self, Answer) {
        begin(card);
        let answer = first(card, ARQC);
        assert_eq!(answer.kind(), ARQC);
        let issuer = Self::of(version, &answer);
        let key = match version {
            0x0A => AC_KEY.to_vec(),
            _ => common(&AC_KEY, [&issuer.counter[..], &[0; 6]].concat()),
        };
        assert_eq!(authenticate_issuer(card, &response_1(&key, issuer.cryptogram, b"00")), 0x9000);
        (issuer, answer)
    }

    /// The issuer that has seen this cryptogram.
    pub(crate) fn of(version: u8, answer: &Answer) -> Self {
        Self { version, counter: answer.counter().to_be_bytes(), cryptogram: answer.cryptogram() }
    }

    /// A command with its MAC; the header without Lc.
    pub(crate) fn command(&self, header: &str, data: &[u8]) -> Vec<u8> {
        let begun = [bytes(header), vec![data.len() as u8 + 8]].concat();
        let covered = [&begun[..], &self.counter, &self.cryptogram, data].concat();
        let mac = retail_mac(&self.session_key(&MAC_KEY), covered);
        [&begun[..], data, &mac].concat()
    }

    pub(crate) fn send(&self, card: &mut Card, header: &str, data: &[u8]) -> u16 {
        split(&card.transmit(&self.command(header, data))).1
    }

    /// A PIN block as PIN CHANGE brings it.
    pub(crate) fn enciphered(&self, block: &[u8]) -> Vec<u8> {
        let key = self.session_key(&ENC_KEY);
        match self.version {
            0x0A => des3(&key, &padded([&[block.len() as u8], block].concat())),
            _ => crate::host::triple_des_cbc(&key, &padded(block.to_vec())),
        }
    }

    fn session_key(&self, key: &[u8; 16]) -> Vec<u8> {
        if self.version != 0x0A {
            return common(key, self.cryptogram.to_vec());
        }
        let [high, low] = self.counter;
        let mask = [0, 0, 0, 0, 0, 0, high, low, 0, 0, 0, 0, 0, 0, !high, !low];
        key.iter().zip(mask).map(|(byte, mask)| byte ^ mask).collect()
    }
}

fn common(key: &[u8; 16], diversifier: Vec<u8>) -> Vec<u8> {
    let (mut left, mut right) = (diversifier.clone(), diversifier);
    left[2] = 0xF0;
    right[2] = 0x0F;
    des3(key, &[left, right].concat())
}

fn padded(mut data: Vec<u8>) -> Vec<u8> {
    data.push(0x80);
    data.resize(data.len().next_multiple_of(8), 0);
    data
}

fn retail_mac(key: &[u8], data: Vec<u8>) -> Vec<u8> {
    let single = [&key[..8], &key[..8]].concat();
    let data = padded(data);
    let (before, last) = data.split_last_chunk::<8>().unwrap();
    let chained = before.chunks(8).fold(vec![0; 8], |state, block| des3(&single, &mixed(&state, block)));
    des3(key, &mixed(&chained, last))
}

fn mixed(one: &[u8], other: &[u8]) -> Vec<u8> {
    one.iter().zip(other).map(|(one, other)| one ^ other).collect()
}

/// Triple DES of each block, with a key of 16 bytes.
fn des3(key: &[u8], blocks: &[u8]) -> Vec<u8> {
    let mut crypter = Crypter::new(Cipher::des_ede3(), Mode::Encrypt, &[key, &key[..8]].concat(), None).unwrap();
    crypter.pad(false);
    let mut out = vec![0; blocks.len() + 8];
    let written = crypter.update(blocks, &mut out).unwrap();
    out.truncate(written);
    out
}

/// Byte 3 of the card verification results that the next ARQC carries; the transaction is left there.
pub(crate) fn reported(card: &mut Card) -> u8 {
    begin(card);
    first(card, ARQC).results()[2]
}

/// What READ RECORD answers.
pub(crate) fn record(card: &mut Card, file: u8, number: u8) -> Vec<u8> {
    super::route::select(card, INSTANCE);
    let answer = card.transmit(&[0x00, 0xB2, number, file << 3 | 4, 0x00]);
    let (data, status) = split(&answer);
    assert_eq!(status, 0x9000);
    data.to_vec()
}
