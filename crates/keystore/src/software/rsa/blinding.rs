//! The blinding of RSA's private operation: what is raised to the secret power is nothing that anybody chose or knows.
//!
//! With a random r, (block · r^e)^d = block^d · r. A new r costs an inverse modulo n, half as much as the operation
//! itself; so a pair is squared for the next operation and drawn anew after 32, as OpenSSL does it. The pair is no part
//! of the key and of no use without the operations' timing.

use std::sync::{Mutex, PoisonError};

use openssl::bn::{BigNum, BigNumContext};
use openssl::error::ErrorStack;

use super::unavailable;
use crate::Error;
use crate::software::RandomSource;

const USES: u32 = 32;

/// A key's next pair of factors, if one was drawn.
#[derive(Default)]
pub(in crate::software) struct Blinding(Mutex<Option<Pair>>);

struct Pair {
    factors: Factors,
    uses: u32,
}

/// Two factors modulo n.
pub(super) struct Factors {
    /// r^e
    pub(super) to_blind: BigNum,
    /// r^-1
    pub(super) to_unblind: BigNum,
}

impl Blinding {
    /// The factors for one operation with the key of this modulus and exponent.
    pub(super) fn next(&self, n: &BigNum, e: &BigNum, random: &dyn RandomSource) -> Result<Factors, Error> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Pair { factors, uses } = match kept.take() {
            Some(pair) if pair.uses < USES => pair,
            _ => Pair { factors: Factors::draw(n, e, random)?, uses: 0 },
        };
        *kept = Some(Pair { factors: factors.squared(n).map_err(unavailable)?, uses: uses + 1 });
        Ok(factors)
    }
}

impl Factors {
    fn draw(n: &BigNum, e: &BigNum, random: &dyn RandomSource) -> Result<Self, Error> {
        let mut bytes = vec![0; n.num_bytes().unsigned_abs() as usize];
        random.fill(&mut bytes)?;
        let draw = || {
            let mut scratch = BigNumContext::new_secure()?;
            let (mut r, mut drawn) = (BigNum::new_secure()?, BigNum::new_secure()?);
            drawn.copy_from_slice(&bytes)?;
            r.nnmod(&drawn, n, &mut scratch)?;
            let (mut to_blind, mut to_unblind) = (BigNum::new_secure()?, BigNum::new_secure()?);
            to_blind.mod_exp(&r, e, n, &mut scratch)?;
            to_unblind.mod_inverse(&r, n, &mut scratch)?;
            Ok(Self { to_blind, to_unblind })
        };
        draw().map_err(unavailable)
    }

    fn squared(&self, n: &BigNum) -> Result<Self, ErrorStack> {
        let mut scratch = BigNumContext::new_secure()?;
        let (mut to_blind, mut to_unblind) = (BigNum::new_secure()?, BigNum::new_secure()?);
        to_blind.mod_sqr(&self.to_blind, n, &mut scratch)?;
        to_unblind.mod_sqr(&self.to_unblind, n, &mut scratch)?;
        Ok(Self { to_blind, to_unblind })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[test]
    fn no_factors_are_used_twice_and_each_blinds_and_unblinds() {
        let (n, e) = (BigNum::from_u32(3233).unwrap(), BigNum::from_u32(17).unwrap());
        let draws = AtomicU32::new(0);
        let random = |bytes: &mut [u8]| {
            bytes.copy_from_slice(&(1000 + draws.fetch_add(1, Ordering::SeqCst)).to_be_bytes()[2..]);
        };
        let (blinding, mut scratch) = (Blinding::default(), BigNumContext::new().unwrap());
        let mut seen = Vec::new();
        for _ in 0..3 * USES {
            let factors = blinding.next(&n, &e, &random).unwrap();
            let (mut root, mut one) = (BigNum::new().unwrap(), BigNum::new().unwrap());
            // d = 2753, the private exponent of 3233 = 61 · 53 and 17
            root.mod_exp(&factors.to_blind, &BigNum::from_u32(2753).unwrap(), &n, &mut scratch).unwrap();
            one.mod_mul(&root, &factors.to_unblind, &n, &mut scratch).unwrap();
            assert_eq!(one, BigNum::from_u32(1).unwrap());
            seen.push(factors.to_blind.to_vec());
        }
        assert_eq!(draws.load(Ordering::SeqCst), 3, "one draw for {USES} operations");
        assert!(seen.windows(2).all(|pair| pair[0] != pair[1]));
    }
}
