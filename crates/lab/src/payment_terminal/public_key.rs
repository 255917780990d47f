//! RSA with a public key and nothing around it, which is how EMV signs and hides PINs (B2 §A2.1, B2 §B2.1).

use openssl::bn::{BigNum, BigNumContext};
use openssl::sha::sha1;

use super::fault::{Certificate, Wrong};

/// A modulus and an exponent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PublicKey {
    modulus: Vec<u8>,
    exponent: Vec<u8>,
}

impl PublicKey {
    /// A key of 64 to 248 bytes that uses all of them, and an exponent of 3 or 65,537 in its shortest form.
    pub(super) fn new(modulus: &[u8], exponent: &[u8]) -> Result<Self, &'static str> {
        if !(64..=248).contains(&modulus.len()) {
            return Err("the modulus is not 64 to 248 bytes long");
        }
        if modulus[0] < 0x80 || modulus.last().is_none_or(|last| last.is_multiple_of(2)) {
            return Err("the modulus does not begin with a bit that is set, or is even");
        }
        if exponent != [3] && exponent != [1, 0, 1] {
            return Err("the exponent is neither 3 nor 65537");
        }
        Ok(Self { modulus: modulus.to_vec(), exponent: exponent.to_vec() })
    }

    /// How many bytes the modulus has.
    pub(super) fn len(&self) -> usize {
        self.modulus.len()
    }

    /// `data` to the power of the exponent, as long as the modulus.
    pub(super) fn apply(&self, data: &[u8]) -> Result<Vec<u8>, Wrong> {
        let (base, exponent) = (BigNum::from_slice(data)?, BigNum::from_slice(&self.exponent)?);
        let mut result = BigNum::new()?;
        let mut context = BigNumContext::new()?;
        result.mod_exp(&base, &exponent, &*BigNum::from_slice(&self.modulus)?, &mut context)?;
        Ok(result.to_vec_padded(self.len() as i32)?)
    }

    /// What was signed, from its format byte to before its hash: `6A format .. hash BC`, the hash over that and
    /// `further`.
    pub(super) fn recover(
        &self,
        which: Certificate,
        format: u8,
        signature: &[u8],
        further: &[&[u8]],
    ) -> Result<Vec<u8>, Wrong> {
        let wrong = |why| Err(Wrong::certificate(which, why));
        if signature.len() != self.len() {
            return wrong("it is not as long as the modulus that it was signed with");
        }
        let recovered = self.apply(signature)?;
        let [0x6A, rest @ .., 0xBC] = &recovered[..] else {
            return wrong("it does not begin with 6A and end with BC");
        };
        let (body, hash) = rest.split_at(rest.len() - 20);
        if body[0] != format {
            return wrong("its format is another");
        }
        if sha1(&[&[body], further].concat().concat()) != hash {
            return wrong("its hash is wrong");
        }
        Ok(body.to_vec())
    }
}
