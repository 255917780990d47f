//! RSA keys, made by OpenSSL from its own randomness, or taken in.

use openssl::bn::{BigNum, BigNumContext, BigNumRef};
use openssl::error::ErrorStack;
use openssl::pkey::Private;
use openssl::rsa::Rsa;

use super::{pkcs8, secret_number, unavailable};
use crate::{Error, KeyKind, RsaComponents, RsaSize, Secret};

/// A new key: its components as they are kept.
pub(in crate::software) fn generate(size: RsaSize) -> Result<Secret, Error> {
    let made = || Rsa::generate_with_e(size.bits().into(), &*BigNum::from_slice(size.exponent().bytes())?);
    let key = made().map_err(unavailable)?;
    let components = components(&key, size)?;
    // Not every library makes what it was asked for: one that is known rounds 1984 bits to 1920 without a word.
    if key.n().num_bits() != i32::from(size.bits()) || components.size()? != size {
        return Err(Error::Unavailable(format!("OpenSSL made an RSA key of another size than {size}")));
    }
    Secret::take(&mut components.to_bytes()?)
}

/// A clear key, PKCS#8 in DER, if it is one of this size and all its numbers belong together.
pub(in crate::software) fn import(size: RsaSize, clear: &[u8]) -> Result<Secret, Error> {
    let wrong = || Error::KeyValue(KeyKind::Rsa(size));
    let components = pkcs8::read(clear, size).ok_or_else(wrong)?;
    if components.size()? != size || !belong_together(&components).unwrap_or(false) {
        return Err(wrong());
    }
    Secret::take(&mut components.to_bytes()?)
}

fn components(key: &Rsa<Private>, size: RsaSize) -> Result<RsaComponents, Error> {
    let bytes = |number: Option<&BigNumRef>, length: usize| {
        let number = number.ok_or_else(|| Error::Unavailable("OpenSSL made an RSA key without CRT".into()))?;
        number.to_vec_padded(length as i32).map_err(unavailable)
    };
    let (whole, half) = (size.length(), size.half());
    Ok(RsaComponents {
        n: bytes(Some(key.n()), whole)?,
        e: key.e().to_vec(),
        d: bytes(Some(key.d()), whole)?,
        p: bytes(key.p(), half)?,
        q: bytes(key.q(), half)?,
        d_p: bytes(key.dmp1(), half)?,
        d_q: bytes(key.dmq1(), half)?,
        q_inv: bytes(key.iqmp(), half)?,
    })
}

/// That p and q are primes, n their product, and the exponents and q^-1 what they must be. OpenSSL's own check leaves
/// q^-1 behind in memory.
fn belong_together(components: &RsaComponents) -> Result<bool, ErrorStack> {
    let RsaComponents { n, e, d, p: p_bytes, q: q_bytes, d_p, d_q, q_inv } = components;
    let mut scratch = BigNumContext::new_secure()?;
    let (e, d, q_inv) = (secret_number(e)?, secret_number(d)?, secret_number(q_inv)?);
    let (p, q) = (secret_number(p_bytes)?, secret_number(q_bytes)?);
    let mut product = BigNum::new_secure()?;
    product.checked_mul(&p, &q, &mut scratch)?;
    // The number of rounds is OpenSSL's to choose, by the size.
    let mut holds = product == BigNum::from_slice(n)?
        && p.is_prime(0, &mut scratch)?
        && q.is_prime(0, &mut scratch)?
        && are_inverse(&q, &q_inv, &p, &mut scratch)?;
    for (bytes, residue) in [(p_bytes, d_p), (q_bytes, d_q)] {
        let mut order = secret_number(bytes)?;
        order.sub_word(1)?;
        holds = holds
            && are_inverse(&e, &secret_number(residue)?, &order, &mut scratch)?
            && are_inverse(&e, &d, &order, &mut scratch)?;
    }
    Ok(holds)
}

fn are_inverse(
    one: &BigNum,
    other: &BigNum,
    modulus: &BigNum,
    scratch: &mut BigNumContext,
) -> Result<bool, ErrorStack> {
    let mut product = BigNum::new_secure()?;
    product.mod_mul(one, other, modulus, scratch)?;
    Ok(product == BigNum::from_u32(1)?)
}
