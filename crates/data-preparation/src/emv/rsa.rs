//! RSA as a terminal does it, the public operation, and the card's private parts held against the public key.
//!
//! No private operation is done here: keys are made and used elsewhere. Public operations take as long as their
//! values make them; the checks of private parts do not depend on the parts.

use crypto_bigint::modular::{BoxedMontyForm, BoxedMontyParams};
use crypto_bigint::{BoxedUint, ConcatenatingMul, NonZero, Odd};
use zeroize::Zeroizing;

/// A public key, borrowed. Its modulus has its highest bit set and is odd; its exponent is 3 or 65537.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublicKey<'a> {
    modulus: &'a [u8],
    exponent: &'a [u8],
}

/// What is wrong with an RSA key or a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RsaFault {
    /// the modulus is shorter than 64 bytes, longer than 512, begins with a zero bit or is even
    #[error("a modulus has 64 to 512 bytes, its highest and its lowest bit set")]
    Modulus,
    /// the exponent is neither 03 nor 010001
    #[error("the exponent is 03 or 010001")]
    Exponent,
    /// the block is not as long as the modulus, or not below it
    #[error("the block is not as long as the modulus, or not below it")]
    Block,
    /// a private part is not of its exact length
    #[error("a private part does not have its exact length")]
    PartLength,
    /// a private part is not that of the modulus
    #[error("the private parts are not those of the public key")]
    Part,
}

impl<'a> PublicKey<'a> {
    /// The key of `modulus` and `exponent`, both big-endian.
    ///
    /// # Errors
    /// [`RsaFault::Modulus`], [`RsaFault::Exponent`].
    pub fn new(modulus: &'a [u8], exponent: &'a [u8]) -> Result<Self, RsaFault> {
        let high = modulus.first().is_some_and(|byte| byte & 0x80 != 0);
        let odd = modulus.last().is_some_and(|byte| byte & 0x01 != 0);
        if !(64..=512).contains(&modulus.len()) || !high || !odd {
            return Err(RsaFault::Modulus);
        }
        if !matches!(exponent, [0x03] | [0x01, 0x00, 0x01]) {
            return Err(RsaFault::Exponent);
        }
        Ok(Self { modulus, exponent })
    }

    /// The modulus, as long as the key.
    #[must_use]
    pub fn modulus(&self) -> &'a [u8] {
        self.modulus
    }

    /// The exponent, `03` or `010001`.
    #[must_use]
    pub fn exponent(&self) -> &'a [u8] {
        self.exponent
    }

    /// The public operation on `block`.
    ///
    /// # Errors
    /// [`RsaFault::Block`].
    pub fn recover(&self, block: &[u8]) -> Result<Vec<u8>, RsaFault> {
        // Both are as long as the other and big-endian, so that they compare as numbers.
        if block.len() != self.modulus.len() || block >= self.modulus {
            return Err(RsaFault::Block);
        }
        let parameters = self.parameters()?;
        let base = BoxedMontyForm::new(number(block), &parameters);
        let result = raise(&base, self.squarings()).retrieve().to_be_bytes();
        // Limbs may be longer than the modulus; what stands before it is zero.
        Ok(result[result.len() - block.len()..].to_vec())
    }

    /// The exponent is 2^n + 1: 1 or 16.
    fn squarings(&self) -> usize {
        if self.exponent == [0x03] { 1 } else { 16 }
    }

    fn parameters(&self) -> Result<BoxedMontyParams, RsaFault> {
        let modulus = Option::<Odd<BoxedUint>>::from(number(self.modulus).into_odd()).ok_or(RsaFault::Modulus)?;
        Ok(BoxedMontyParams::new_vartime(modulus))
    }

    fn exponent_number(&self) -> BoxedUint {
        number(self.exponent)
    }

    /// Whether `exponent` (as long as the modulus) undoes what the public key does.
    ///
    /// This is one private operation, on a fixed number: about a millisecond.
    ///
    /// # Errors
    /// [`RsaFault::PartLength`], [`RsaFault::Part`].
    pub fn belongs_to_exponent(&self, exponent: &[u8]) -> Result<(), RsaFault> {
        if exponent.len() != self.modulus.len() {
            return Err(RsaFault::PartLength);
        }
        let parameters = self.parameters()?;
        let sample = BoxedMontyForm::new(number(&sample_of(self.modulus.len())), &parameters);
        let exponent = Zeroizing::new(number(exponent));
        let there = sample.pow(&exponent);
        if raise(&there, self.squarings()).retrieve() == sample.retrieve() { Ok(()) } else { Err(RsaFault::Part) }
    }

    /// Whether `parts` are the key's primes and what belongs to them.
    ///
    /// # Errors
    /// [`RsaFault::PartLength`], [`RsaFault::Part`].
    pub fn belongs_to_parts(&self, parts: &PrivateParts<'_>) -> Result<(), RsaFault> {
        let half = self.modulus.len().div_ceil(2);
        let all = [parts.p, parts.q, parts.d_p, parts.d_q, parts.q_inverse];
        if all.iter().any(|part| part.len() != half) {
            return Err(RsaFault::PartLength);
        }
        let [p, q, d_p, d_q, q_inverse] = all.map(|part| Zeroizing::new(number(part)));
        let product = Zeroizing::new(p.concatenating_mul(&*q));
        let right = *product == number(self.modulus)
            && is_inverse(&d_p, &self.exponent_number(), &minus_one(&p)).ok_or(RsaFault::Part)?
            && is_inverse(&d_q, &self.exponent_number(), &minus_one(&q)).ok_or(RsaFault::Part)?
            && is_inverse(&q_inverse, &q, &p).ok_or(RsaFault::Part)?;
        if right { Ok(()) } else { Err(RsaFault::Part) }
    }
}

/// A private key in the form of the Chinese remainder theorem; each part half as long as the modulus, rounded up.
#[derive(Clone, Copy)]
pub struct PrivateParts<'a> {
    /// the first prime
    pub p: &'a [u8],
    /// the second prime
    pub q: &'a [u8],
    /// d mod p - 1
    pub d_p: &'a [u8],
    /// d mod q - 1
    pub d_q: &'a [u8],
    /// the inverse of q mod p
    pub q_inverse: &'a [u8],
}

fn number(bytes: &[u8]) -> BoxedUint {
    BoxedUint::from_be_slice_vartime(bytes)
}

/// `base` to the power 2^squarings + 1.
fn raise(base: &BoxedMontyForm, squarings: usize) -> BoxedMontyForm {
    let mut power = base.square();
    for _ in 1..squarings {
        power = power.square();
    }
    power.mul(base)
}

/// A number below every modulus of `length` bytes, with bits all over it.
fn sample_of(length: usize) -> Vec<u8> {
    let mut sample = vec![0x5A; length];
    sample[0] = 0x2A;
    sample
}

/// `number` - 1, for a number that is odd.
fn minus_one(number: &BoxedUint) -> Zeroizing<BoxedUint> {
    Zeroizing::new(number.wrapping_sub(BoxedUint::one()))
}

/// Whether `a` times `b` is 1 mod `modulus`, and `a` below it. `None` for a modulus of zero.
fn is_inverse(a: &BoxedUint, b: &BoxedUint, modulus: &BoxedUint) -> Option<bool> {
    let modulus = Zeroizing::new(modulus.clone());
    let divisor = Option::<NonZero<BoxedUint>>::from(modulus.to_nz())?;
    let product = Zeroizing::new(a.concatenating_mul(b));
    let rest = Zeroizing::new(product.rem(&divisor));
    Some(bool::from(rest.is_one()) && *a < *modulus)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_wrong_form_are_none() {
        let mut modulus = vec![0x81; 64];
        assert!(PublicKey::new(&modulus, &[3]).is_ok());
        assert_eq!(PublicKey::new(&modulus[..63], &[3]), Err(RsaFault::Modulus));
        assert_eq!(PublicKey::new(&modulus, &[0, 3]), Err(RsaFault::Exponent));
        assert_eq!(PublicKey::new(&modulus, &[1, 0, 3]), Err(RsaFault::Exponent));
        modulus[0] = 0x7F;
        assert_eq!(PublicKey::new(&modulus, &[3]), Err(RsaFault::Modulus));
        modulus[0] = 0x80;
        modulus[63] = 0x80;
        assert_eq!(PublicKey::new(&modulus, &[3]), Err(RsaFault::Modulus));
    }

    #[test]
    fn a_block_as_large_as_the_modulus_is_refused() {
        let modulus = vec![0x81; 64];
        let key = PublicKey::new(&modulus, &[3]).unwrap();
        assert_eq!(key.recover(&modulus), Err(RsaFault::Block));
        assert_eq!(key.recover(&modulus[..63]), Err(RsaFault::Block));
        let mut two = vec![0; 64];
        two[63] = 2;
        assert_eq!(key.recover(&two).unwrap()[63], 8);
        assert_eq!(PublicKey::new(&modulus, &[1, 0, 1]).unwrap().recover(&two).unwrap().len(), 64);
    }
}
