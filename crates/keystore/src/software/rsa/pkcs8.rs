//! PKCS#8 (RFC 5208 §5) with an RSA key in it (RFC 8017 §A.1.2), as far as one is handed in at a ceremony. Read here and
//! not by OpenSSL, whose reader leaves copies of the key in memory that nobody wipes.

use std::mem::take;

use zeroize::Zeroizing;

use crate::{RsaComponents, RsaSize};

const INTEGER: u8 = 0x02;
const OCTET_STRING: u8 = 0x04;
const SEQUENCE: u8 = 0x30;

/// rsaEncryption, 1.2.840.113549.1.1.1, with NULL parameters (RFC 3279 §2.3.1).
const ALGORITHM: &[u8] = &[0x06, 9, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 1, 1, 5, 0];

/// The key in `der`, its numbers as long as `size` asks for; `None` for anything else.
pub(super) fn read(der: &[u8], size: RsaSize) -> Option<RsaComponents> {
    let mut outer = Reader(der);
    let mut info = Reader(outer.element(SEQUENCE)?);
    let version = info.number(1)?;
    let algorithm = info.element(SEQUENCE)?;
    let mut octets = Reader(info.element(OCTET_STRING)?);
    let mut key = Reader(octets.element(SEQUENCE)?);
    // Attributes may follow the key in its information; nothing else may follow anything.
    let alone = outer.0.is_empty() && octets.0.is_empty();
    if *version != [0] || algorithm != ALGORITHM || !alone || *key.number(1)? != [0] {
        return None;
    }
    let (whole, half) = (size.length(), size.half());
    let (mut n, mut e) = (key.number(whole)?, key.number(size.exponent().bytes().len())?);
    let mut d = key.number(whole)?;
    let mut next = || key.number(half);
    let (mut p, mut q, mut d_p, mut d_q, mut q_inv) = (next()?, next()?, next()?, next()?, next()?);
    key.0.is_empty().then(|| RsaComponents {
        n: take(&mut n),
        e: take(&mut e),
        d: take(&mut d),
        p: take(&mut p),
        q: take(&mut q),
        d_p: take(&mut d_p),
        d_q: take(&mut d_q),
        q_inv: take(&mut q_inv),
    })
}

/// What is left to read.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// The contents of the next element, which has this tag (X.690 §8.1, §10.1).
    fn element(&mut self, tag: u8) -> Option<&'a [u8]> {
        let ([found, first], rest) = self.0.split_first_chunk()?;
        let (length, rest) = match *first {
            0..=0x7F => (usize::from(*first), rest),
            0x81 => rest.split_first().map(|(length, rest)| (usize::from(*length), rest))?,
            0x82 => rest.split_first_chunk().map(|(length, rest)| (u16::from_be_bytes(*length).into(), rest))?,
            _ => return None,
        };
        let (contents, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        (*found == tag).then_some(contents)
    }

    /// The next number, not negative, filled up to `length`.
    fn number(&mut self, length: usize) -> Option<Zeroizing<Vec<u8>>> {
        let contents = self.element(INTEGER)?;
        let start = contents.iter().position(|byte| *byte != 0).unwrap_or(contents.len());
        let padding = length.checked_sub(contents.len() - start)?;
        (contents.first()? & 0x80 == 0).then(|| Zeroizing::new([&vec![0; padding], &contents[start..]].concat()))
    }
}
