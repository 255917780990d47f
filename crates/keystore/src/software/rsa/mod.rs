//! RSA: the raw private operation, done with the big numbers of OpenSSL's libcrypto.
//!
//! A key's numbers stand in locked memory, and are OpenSSL's only for the length of a call. OpenSSL's own RSA objects
//! are not kept from call to call: with the Montgomery forms of p and q, which they hold beside the numbers, p and q
//! would stand in ordinary memory, swapped and dumped, for as long as the keystore is open. Nor are they made for each
//! call: the blinding that each sets up anew, an inverse modulo n, takes half as long as the operation itself. So the
//! operation is put together here from OpenSSL's constant-time exponentiations (CRT, RFC 8017 §5.1.2), and only the
//! [`Blinding`] is kept, which tells nothing of the key. Reading the numbers for a call takes some microseconds of the
//! half millisecond that 1976 bits take.
//!
//! What OpenSSL wipes: numbers marked secure when they are freed, its scratch numbers and tables always. The test
//! `remains` looks for p, q and all others in the process's memory.

mod blinding;
mod making;
mod pkcs8;

use openssl::bn::{BigNum, BigNumContext};
use openssl::error::ErrorStack;
use openssl::rsa::Rsa;

pub(super) use blinding::Blinding;
pub(super) use making::{generate, import};

use super::RandomSource;
use crate::{Error, RsaComponents, RsaPublicKey};

/// `block` to the power of d, with the key whose components `value` are.
pub(super) fn private(
    value: &[u8],
    blinding: &Blinding,
    random: &dyn RandomSource,
    block: &[u8],
) -> Result<Vec<u8>, Error> {
    let components = RsaComponents::from_bytes(value)?;
    if block.len() != components.n.len() || block >= components.n.as_slice() {
        let allowed = "as many as the modulus has, and a number below it,";
        return Err(Error::Length { what: "a block for an RSA key", length: block.len(), allowed });
    }
    PrivateKey::new(&components)?.raw(blinding, random, block)
}

/// The public half of the key whose components `value` are.
pub(super) fn public(value: &[u8]) -> Result<RsaPublicKey, Error> {
    Ok(RsaComponents::from_bytes(value)?.public())
}

/// The same as SubjectPublicKeyInfo, DER (RFC 3279 §2.3.1).
pub(super) fn subject_public_key_info(value: &[u8]) -> Result<Vec<u8>, Error> {
    let RsaPublicKey { modulus, exponent } = public(value)?;
    let encoded = || {
        let (n, e) = (BigNum::from_slice(&modulus)?, BigNum::from_slice(&exponent)?);
        Rsa::from_public_components(n, e)?.public_key_to_der()
    };
    encoded().map_err(unavailable)
}

/// The numbers of a key, for one call.
struct PrivateKey {
    n: BigNum,
    e: BigNum,
    p: BigNum,
    q: BigNum,
    d_p: BigNum,
    d_q: BigNum,
    q_inv: BigNum,
}

impl PrivateKey {
    fn new(components: &RsaComponents) -> Result<Self, Error> {
        let RsaComponents { n, e, p, q, d_p, d_q, q_inv, .. } = components;
        let read = || {
            let (p, q, q_inv) = (secret_number(p)?, secret_number(q)?, secret_number(q_inv)?);
            let (d_p, d_q) = (secret_number(d_p)?, secret_number(d_q)?);
            Ok(Self { n: BigNum::from_slice(n)?, e: BigNum::from_slice(e)?, p, q, d_p, d_q, q_inv })
        };
        read().map_err(unavailable)
    }

    /// A power that is no root of `block` never comes out: with one that is right modulo p and wrong modulo q, anybody
    /// could factor n.
    fn raw(&self, blinding: &Blinding, random: &dyn RandomSource, block: &[u8]) -> Result<Vec<u8>, Error> {
        let factors = blinding.next(&self.n, &self.e, random)?;
        let compute = || {
            let mut scratch = BigNumContext::new_secure()?;
            let block = BigNum::from_slice(block)?;
            let mut blinded = BigNum::new_secure()?;
            blinded.mod_mul(&block, &factors.to_blind, &self.n, &mut scratch)?;
            let power = self.power(&blinded, &mut scratch)?;
            let mut result = BigNum::new_secure()?;
            result.mod_mul(&power, &factors.to_unblind, &self.n, &mut scratch)?;
            let mut check = BigNum::new()?;
            check.mod_exp(&result, &self.e, &self.n, &mut scratch)?;
            if check == block { result.to_vec_padded(self.n.num_bytes()).map(Some) } else { Ok(None) }
        };
        let wrong = || Error::Unavailable("an RSA operation gave a wrong result, which was thrown away".into());
        compute().map_err(unavailable)?.ok_or_else(wrong)
    }

    /// `base` to the power of d, by its residues (RFC 8017 §5.1.2).
    fn power(&self, base: &BigNum, scratch: &mut BigNumContext) -> Result<BigNum, ErrorStack> {
        let modulo_p = residue_power(base, &self.d_p, &self.p, scratch)?;
        let modulo_q = residue_power(base, &self.d_q, &self.q, scratch)?;
        let (mut difference, mut factor) = (BigNum::new_secure()?, BigNum::new_secure()?);
        difference.mod_sub(&modulo_p, &modulo_q, &self.p, scratch)?;
        factor.mod_mul(&difference, &self.q_inv, &self.p, scratch)?;
        let (mut product, mut sum) = (BigNum::new_secure()?, BigNum::new_secure()?);
        product.checked_mul(&factor, &self.q, scratch)?;
        sum.checked_add(&product, &modulo_q)?;
        Ok(sum)
    }
}

/// In constant time, as the exponent is marked.
fn residue_power(
    base: &BigNum,
    exponent: &BigNum,
    prime: &BigNum,
    scratch: &mut BigNumContext,
) -> Result<BigNum, ErrorStack> {
    let (mut residue, mut power) = (BigNum::new_secure()?, BigNum::new_secure()?);
    residue.nnmod(base, prime, scratch)?;
    power.mod_exp(&residue, exponent, prime, scratch)?;
    Ok(power)
}

/// A number that OpenSSL wipes when it is freed, and computes with in constant time.
fn secret_number(bytes: &[u8]) -> Result<BigNum, ErrorStack> {
    let mut number = BigNum::new_secure()?;
    number.copy_from_slice(bytes)?;
    number.set_const_time();
    Ok(number)
}

fn unavailable(error: ErrorStack) -> Error {
    Error::Unavailable(format!("OpenSSL: {error}"))
}

#[cfg(test)]
mod tests {
    use super::super::SystemRandomness;
    use super::*;
    use crate::{RsaExponent, RsaSize};

    #[test]
    fn a_wrong_result_is_never_handed_out() {
        let size = RsaSize::new(1024, RsaExponent::Three).unwrap();
        let components = RsaComponents::from_bytes(generate(size).unwrap().expose()).unwrap();
        let block = [0x2A; 128];
        let result = |key: &PrivateKey| key.raw(&Blinding::default(), &SystemRandomness, &block);
        assert_eq!(result(&PrivateKey::new(&components).unwrap()).unwrap().len(), 128, "the control");
        let faults: [fn(&mut PrivateKey); 5] = [
            |key| key.d_p.add_word(2).unwrap(),
            |key| key.d_q.sub_word(2).unwrap(),
            |key| key.q_inv.add_word(1).unwrap(),
            |key| key.p.add_word(2).unwrap(),
            |key| key.q.sub_word(2).unwrap(),
        ];
        for (number, fault) in faults.iter().enumerate() {
            let mut key = PrivateKey::new(&components).unwrap();
            fault(&mut key);
            assert!(matches!(result(&key), Err(Error::Unavailable(_))), "fault {number}");
        }
    }
}
