//! RSA keys as they are described, told and handed on; the arithmetic is the backends'.

use std::fmt;

use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::{Error, KeyKind};

/// A public exponent: the two that cards' certificates have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RsaExponent {
    /// 3
    Three,
    /// 65537, the fourth Fermat number
    F4,
}

impl RsaExponent {
    /// Big-endian, without leading zeros.
    #[must_use]
    pub const fn bytes(self) -> &'static [u8] {
        match self {
            Self::Three => &[3],
            Self::F4 => &[1, 0, 1],
        }
    }
}

/// The size of an RSA key: a modulus of exactly so many bits, the highest of them set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RsaSize {
    bits: u16,
    exponent: RsaExponent,
}

impl RsaSize {
    /// A modulus of `bits`: 512 to 4096, whole bytes.
    ///
    /// # Errors
    /// [`Error::RsaBits`] for any other number.
    pub fn new(bits: u16, exponent: RsaExponent) -> Result<Self, Error> {
        if (512..=4096).contains(&bits) && bits.is_multiple_of(8) {
            Ok(Self { bits, exponent })
        } else {
            Err(Error::RsaBits(bits))
        }
    }

    /// The length of the modulus in bits.
    #[must_use]
    pub const fn bits(self) -> u16 {
        self.bits
    }

    /// The public exponent.
    #[must_use]
    pub const fn exponent(self) -> RsaExponent {
        self.exponent
    }

    /// The length of the modulus in bytes; blocks and signatures are as long.
    #[must_use]
    pub const fn length(self) -> usize {
        self.bits as usize / 8
    }

    /// The length of the primes in bytes.
    #[must_use]
    pub const fn half(self) -> usize {
        self.length().div_ceil(2)
    }
}

impl fmt::Display for RsaSize {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let exponent = match self.exponent {
            RsaExponent::Three => "3",
            RsaExponent::F4 => "65537",
        };
        write!(out, "{} bits, e = {exponent}", self.bits)
    }
}

/// An RSA public key: both numbers big-endian, without leading zeros.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RsaPublicKey {
    /// as long as the key's size says
    pub modulus: Vec<u8>,
    /// `03` or `010001`
    pub exponent: Vec<u8>,
}

/// A new RSA key, sealed as data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedRsa {
    /// what everybody may know
    pub public: RsaPublicKey,
    /// as [`Keystore::encrypt_batch`] gives it; [`Keystore::decrypt_batch`] opens it, to what
    /// [`RsaComponents::from_bytes`] reads
    ///
    /// [`Keystore::encrypt_batch`]: crate::Keystore::encrypt_batch
    /// [`Keystore::decrypt_batch`]: crate::Keystore::decrypt_batch
    pub sealed: Vec<u8>,
}

/// All numbers of an RSA key, big-endian, filled up with zeros in front; wiped when dropped.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct RsaComponents {
    /// the modulus, of its own length
    pub n: Vec<u8>,
    /// the public exponent, `03` or `010001`
    pub e: Vec<u8>,
    /// the private exponent, as long as the modulus
    pub d: Vec<u8>,
    /// the first prime, half as long as the modulus, rounded up, as all that follow
    pub p: Vec<u8>,
    /// the second prime
    pub q: Vec<u8>,
    /// d mod (p - 1)
    pub d_p: Vec<u8>,
    /// d mod (q - 1)
    pub d_q: Vec<u8>,
    /// q^-1 mod p
    pub q_inv: Vec<u8>,
}

const FORMAT: u8 = 1;

/// What stands before the numbers: `format 1 (1 byte) ‖ bits (2, big-endian) ‖ exponent (1: 3 for 3, 4 for 65537)`.
const HEADER: usize = 4;

impl RsaComponents {
    /// Reads what [`RsaComponents::to_bytes`] gave.
    ///
    /// # Errors
    /// [`Error::Damaged`] for anything else.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let size = Self::size_of(bytes)?;
        if bytes.len() != Self::encoded_length(size) {
            return Err(DAMAGED);
        }
        let mut rest = &bytes[HEADER..];
        let mut next = |length: usize| {
            let (number, left) = rest.split_at(length);
            rest = left;
            number.to_vec()
        };
        let (whole, half) = (size.length(), size.half());
        let (n, d) = (next(whole), next(whole));
        let [p, q, d_p, d_q, q_inv] = [(); 5].map(|()| next(half));
        Ok(Self { n, e: size.exponent().bytes().to_vec(), d, p, q, d_p, d_q, q_inv })
    }

    /// `format 1 (1 byte) ‖ bits (2) ‖ exponent (1: 3 for 3, 4 for 65537) ‖ n ‖ d ‖ p ‖ q ‖ d_p ‖ d_q ‖ q_inv`.
    ///
    /// # Errors
    /// [`Error::KeyValue`] where the numbers have not the lengths that the modulus asks for.
    pub fn to_bytes(&self) -> Result<Zeroizing<Vec<u8>>, Error> {
        let size = self.size()?;
        let Self { n, d, p, q, d_p, d_q, q_inv, .. } = self;
        // The whole length at once: a vector that grows leaves copies behind.
        let mut bytes = Zeroizing::new(Vec::with_capacity(Self::encoded_length(size)));
        bytes.push(FORMAT);
        bytes.extend_from_slice(&size.bits().to_be_bytes());
        bytes.push(exponent_code(size.exponent()));
        for number in [n, d, p, q, d_p, d_q, q_inv] {
            bytes.extend_from_slice(number);
        }
        Ok(bytes)
    }

    /// The size of the key.
    ///
    /// # Errors
    /// [`Error::KeyValue`] where the numbers have not the lengths that the modulus asks for.
    pub fn size(&self) -> Result<RsaSize, Error> {
        let exponent = [RsaExponent::Three, RsaExponent::F4].into_iter().find(|known| known.bytes() == self.e);
        let bits = u16::try_from(self.n.len() * 8).unwrap_or(u16::MAX);
        let size = RsaSize::new(bits, exponent.unwrap_or(RsaExponent::F4))?;
        let halves = [&self.p, &self.q, &self.d_p, &self.d_q, &self.q_inv];
        let fits = self.n[0] & 0x80 != 0
            && exponent.is_some()
            && self.d.len() == size.length()
            && halves.iter().all(|number| number.len() == size.half());
        if fits { Ok(size) } else { Err(Error::KeyValue(KeyKind::Rsa(size))) }
    }

    /// The public key.
    #[must_use]
    pub fn public(&self) -> RsaPublicKey {
        RsaPublicKey { modulus: self.n.clone(), exponent: self.e.clone() }
    }

    /// How many bytes [`RsaComponents::to_bytes`] gives for a key of `size`.
    pub(crate) const fn encoded_length(size: RsaSize) -> usize {
        HEADER + 2 * size.length() + 5 * size.half()
    }

    /// The size that the first bytes of an encoded key tell.
    pub(crate) fn size_of(bytes: &[u8]) -> Result<RsaSize, Error> {
        let Some((&[FORMAT, high, low, exponent], [first, ..])) = bytes.split_first_chunk::<HEADER>() else {
            return Err(DAMAGED);
        };
        let exponent =
            [RsaExponent::Three, RsaExponent::F4].into_iter().find(|known| exponent_code(*known) == exponent);
        let size = RsaSize::new(u16::from_be_bytes([high, low]), exponent.ok_or(DAMAGED)?).map_err(|_| DAMAGED)?;
        if first & 0x80 == 0 { Err(DAMAGED) } else { Ok(size) }
    }
}

const DAMAGED: Error = Error::Damaged("an RSA key in it is none");

/// The exponent in files and sealed keys: these numbers never change.
const fn exponent_code(exponent: RsaExponent) -> u8 {
    match exponent {
        RsaExponent::Three => 3,
        RsaExponent::F4 => 4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn components(bits: u16, exponent: RsaExponent) -> RsaComponents {
        let size = RsaSize::new(bits, exponent).unwrap();
        let whole = |fill| vec![fill; size.length()];
        let half = |fill| vec![fill; size.half()];
        let e = exponent.bytes().to_vec();
        RsaComponents {
            n: whole(0x80),
            e,
            d: whole(2),
            p: half(3),
            q: half(4),
            d_p: half(5),
            d_q: half(6),
            q_inv: half(7),
        }
    }

    #[test]
    fn a_size_is_whole_bytes_between_its_limits_and_nothing_else_is_one() {
        for bits in [512, 520, 1152, 1976, 1984, 4096] {
            let size = RsaSize::new(bits, RsaExponent::Three).unwrap();
            assert_eq!((size.length() * 8, size.half()), (bits.into(), (bits as usize).div_ceil(16)));
        }
        for wrong in [0, 504, 511, 513, 1023, 4095, 4104, u16::MAX] {
            assert!(RsaSize::new(wrong, RsaExponent::F4).is_err(), "{wrong}");
        }
    }

    #[test]
    fn components_read_back_and_nothing_else_is_read() {
        for (bits, exponent) in [(512, RsaExponent::Three), (1976, RsaExponent::F4), (4096, RsaExponent::Three)] {
            let encoded = components(bits, exponent).to_bytes().unwrap();
            let read = RsaComponents::from_bytes(&encoded).unwrap();
            assert_eq!(read.size().unwrap(), RsaSize::new(bits, exponent).unwrap());
            assert!(read.q_inv.iter().all(|byte| *byte == 7) && *read.to_bytes().unwrap() == *encoded);
            for length in 0..encoded.len() {
                assert!(RsaComponents::from_bytes(&encoded[..length]).is_err(), "{length} bytes");
            }
            assert!(RsaComponents::from_bytes(&[&encoded[..], &[0]].concat()).is_err());
            for (place, value) in [(0, 2), (1, 0xFF), (2, encoded[2] ^ 1), (3, 5), (4, 0x7F)] {
                let mut changed = encoded.to_vec();
                changed[place] = value;
                assert!(RsaComponents::from_bytes(&changed).is_err(), "byte {place}");
            }
        }
    }

    #[test]
    fn numbers_of_other_lengths_than_the_modulus_asks_for_are_no_key() {
        let changes: [fn(&mut RsaComponents); 6] = [
            |key| key.n[0] = 0x7F,
            |key| key.e = vec![5],
            |key| key.d.truncate(143),
            |key| key.p.push(0),
            |key| key.q_inv.truncate(71),
            |key| key.n.clear(),
        ];
        for (number, change) in changes.iter().enumerate() {
            let mut key = components(1152, RsaExponent::Three);
            change(&mut key);
            assert!(key.to_bytes().is_err(), "change {number}");
        }
    }
}
