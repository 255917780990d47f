//! RSA-2048 by the system's libcrypto. Primes are drawn from the card's own entropy, so that a card that is replayed
//! makes the same key again; libcrypto's randomness only decides how they are tested and blinded.

use openssl::bn::{BigNum, BigNumContext, BigNumRef};
use openssl::error::ErrorStack;
use openssl::pkey::Private;
use openssl::rsa::{Padding, Rsa, RsaPrivateKeyBuilder};
use zeroize::Zeroizing;

use super::Answer;
use crate::entropy::Entropy;
use crate::secret::Secret;

const MODULUS_BYTES: usize = 256;
const PRIME_BYTES: usize = MODULUS_BYTES / 2;
const EXPONENT: u32 = 65_537;
/// The distance of two primes has more bits than these: they differ within their first 100.
const DISTANCE_BITS: i32 = PRIME_BYTES as i32 * 8 - 100;
/// Rounds of the primality test; 0 leaves them to libcrypto, which knows how many a size needs.
const ROUNDS: i32 = 0;
/// Candidates drawn before a source that hands out no prime is given up: one in some 360 is prime.
const DRAWS: usize = 100_000;

/// A new key: RSAPrivateKey, DER.
pub(super) fn generate(entropy: &mut dyn Entropy) -> Option<Secret> {
    let mut context = BigNumContext::new_secure().ok()?;
    let one = draw_prime(entropy, &mut context)?;
    let other = draw_prime(entropy, &mut context)?;
    let (p, q) = if one > other { (one, other) } else { (other, one) };
    far_enough(&p, &q)?;
    let key = assemble(p, q, &mut context).ok()?;
    key.check_key().ok().filter(|right| *right)?;
    key.private_key_to_der().ok().map(Secret::new)
}

pub(super) fn is_whole(key: &Secret) -> bool {
    load(key).is_some_and(|key| key.size() as usize == MODULUS_BYTES)
}

/// Modulus, 256 bytes, and exponent, in the shortest form.
pub(super) fn public(key: &Secret) -> Option<(Vec<u8>, Vec<u8>)> {
    let key = load(key)?;
    Some((key.n().to_vec(), key.e().to_vec()))
}

/// The private operation on a block of 256 bytes that is numerically below the modulus.
pub(super) fn private_operation(key: &Secret, block: &[u8]) -> Option<Answer> {
    let key = load(key).filter(|_| block.len() == MODULUS_BYTES)?;
    let mut result = Answer::new(vec![0; MODULUS_BYTES]);
    let length = key.private_encrypt(block, &mut result, Padding::NONE).ok()?;
    (length == MODULUS_BYTES).then_some(result)
}

fn load(key: &Secret) -> Option<Rsa<Private>> {
    Rsa::private_key_from_der(key.expose()).ok()
}

/// A prime of 1024 bits whose two highest bits are set, so that the product of two has 2048, and that the exponent
/// does not divide when it is lessened by one.
fn draw_prime(entropy: &mut dyn Entropy, context: &mut BigNumContext) -> Option<BigNum> {
    (0..DRAWS).find_map(|_| {
        let mut bytes = Zeroizing::new([0; PRIME_BYTES]);
        entropy.fill(bytes.as_mut());
        bytes[0] |= 0xC0;
        bytes[PRIME_BYTES - 1] |= 0x01;
        let candidate = BigNum::from_slice(bytes.as_ref()).ok()?;
        let coprime = candidate.mod_word(EXPONENT).ok()? != 1;
        (coprime && candidate.is_prime_fasttest(ROUNDS, context, true).ok()?).then_some(candidate)
    })
}

/// The key of two primes, the larger first.
fn assemble(p: BigNum, q: BigNum, context: &mut BigNumContext) -> Result<Rsa<Private>, ErrorStack> {
    let exponent = BigNum::from_u32(EXPONENT)?;
    let (mut p_less, mut q_less) = (less_one(&p)?, less_one(&q)?);
    let mut multiple = least_common_multiple(&p_less, &q_less, context)?;
    let (mut modulus, mut d) = (BigNum::new()?, BigNum::new_secure()?);
    let (mut d_p, mut d_q, mut q_inverse) = (BigNum::new_secure()?, BigNum::new_secure()?, BigNum::new_secure()?);
    modulus.checked_mul(&p, &q, context)?;
    d.mod_inverse(&exponent, &multiple, context)?;
    d_p.nnmod(&d, &p_less, context)?;
    d_q.nnmod(&d, &q_less, context)?;
    q_inverse.mod_inverse(&q, &p, context)?;
    [&mut p_less, &mut q_less, &mut multiple].into_iter().for_each(|number| number.clear());
    let key = RsaPrivateKeyBuilder::new(modulus, exponent, d)?.set_factors(p, q)?;
    Ok(key.set_crt_params(d_p, d_q, q_inverse)?.build())
}

/// Two primes that agree in their first 100 bits, as two drawn from a broken source do, make no key.
fn far_enough(p: &BigNumRef, q: &BigNumRef) -> Option<()> {
    let mut distance = BigNum::new().ok()?;
    distance.checked_sub(p, q).ok()?;
    (distance.num_bits() > DISTANCE_BITS).then_some(())
}

fn less_one(number: &BigNumRef) -> Result<BigNum, ErrorStack> {
    let mut less = number.to_owned()?;
    less.sub_word(1)?;
    Ok(less)
}

fn least_common_multiple(
    one: &BigNumRef,
    other: &BigNumRef,
    context: &mut BigNumContext,
) -> Result<BigNum, ErrorStack> {
    let (mut product, mut divisor, mut multiple) = (BigNum::new()?, BigNum::new()?, BigNum::new()?);
    product.checked_mul(one, other, context)?;
    divisor.gcd(one, other, context)?;
    multiple.checked_div(&product, &divisor, context)?;
    product.clear();
    Ok(multiple)
}
