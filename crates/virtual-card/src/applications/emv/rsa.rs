//! The card's RSA keys: raw private operation in CRT or exponent form, and whether their parts belong together.

use openssl::bn::{BigNum, BigNumContext, BigNumRef};

use super::groupings::Groupings;

/// Bytes of a modulus: 512 to 1984 bits.
const LENGTHS: std::ops::RangeInclusive<usize> = 64..=248;

/// What a key is for, and so in which groupings it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum KeyUse {
    /// 8101, 8103, 8201 to 8205
    Signature,
    /// 8102, 8104, 8301 to 8305
    Pin,
}

impl KeyUse {
    /// Identifier of the private exponent, of the modulus, and those of the CRT parts: q^-1 mod p, d mod q-1,
    /// d mod p-1, q, p (CPS, as docs/emv-application.md has them).
    pub(super) fn identifiers(self) -> (u16, u16, [u16; 5]) {
        match self {
            Self::Signature => (0x8101, 0x8103, [0x8201, 0x8202, 0x8203, 0x8204, 0x8205]),
            Self::Pin => (0x8102, 0x8104, [0x8301, 0x8302, 0x8303, 0x8304, 0x8305]),
        }
    }

    /// Tags of the public exponent and of the modulus' remainder in the records.
    pub(super) fn public_tags(self) -> (u32, u32) {
        match self {
            Self::Signature => (0x9F47, 0x9F48),
            Self::Pin => (0x9F2E, 0x9F2F),
        }
    }

    /// Whether any part of such a key is there, and whether one of the two forms is whole.
    pub(super) fn presence(self, groupings: &Groupings) -> (bool, bool) {
        let (exponent, modulus, parts) = self.identifiers();
        let by_exponent = groupings.has(exponent) && groupings.has(modulus);
        let crt = parts.map(|part| groupings.has(part));
        let any = groupings.has(exponent) || groupings.has(modulus) || crt.contains(&true);
        let only_one = !(groupings.has(exponent) && crt.contains(&true));
        (any, only_one && (by_exponent || !crt.contains(&false)))
    }
}

/// A number that is wiped when it is dropped.
struct Wiped(BigNum);

impl Wiped {
    fn new(bytes: &[u8]) -> Option<Self> {
        let mut number = BigNum::from_slice(bytes).ok()?;
        number.set_const_time();
        Some(Self(number))
    }

    fn zero() -> Option<Self> {
        BigNum::new().ok().map(Self)
    }
}

impl Drop for Wiped {
    fn drop(&mut self) {
        self.0.clear();
    }
}

/// A private key for as long as one command needs it.
pub(super) struct PrivateKey {
    form: Form,
    modulus: BigNum,
}

enum Form {
    Exponent(Wiped),
    Crt(Box<Crt>),
}

struct Crt {
    coefficient: Wiped,
    exponent_q: Wiped,
    exponent_p: Wiped,
    q: Wiped,
    p: Wiped,
}

impl PrivateKey {
    /// The key of `groupings`; `None` where there is none of 512 to 1984 bits, in whole bytes.
    pub(super) fn find(groupings: &Groupings, key_use: KeyUse) -> Option<Self> {
        let (exponent, modulus, parts) = key_use.identifiers();
        let key = match groupings.get(exponent) {
            Some(exponent) => Self {
                form: Form::Exponent(Wiped::new(exponent)?),
                modulus: BigNum::from_slice(groupings.get(modulus)?).ok()?,
            },
            None => Self::from_parts(parts.map(|part| groupings.get(part).and_then(Wiped::new)))?,
        };
        let whole_bytes = key.modulus.num_bits() % 8 == 0 && key.modulus.is_odd();
        (whole_bytes && LENGTHS.contains(&key.length())).then_some(key)
    }

    fn from_parts([coefficient, exponent_q, exponent_p, q, p]: [Option<Wiped>; 5]) -> Option<Self> {
        let (q, p) = (q?, p?);
        let mut modulus = BigNum::new().ok()?;
        modulus.checked_mul(&p.0, &q.0, &mut *context()?).ok()?;
        let (coefficient, exponent_q, exponent_p) = (coefficient?, exponent_q?, exponent_p?);
        Some(Self { form: Form::Crt(Box::new(Crt { coefficient, exponent_q, exponent_p, q, p })), modulus })
    }

    /// Bytes of the modulus.
    pub(super) fn length(&self) -> usize {
        self.modulus.num_bytes() as usize
    }

    /// The private operation on a block as long as the modulus. `None`: it is not below the modulus.
    pub(super) fn apply(&self, block: &[u8]) -> Option<Vec<u8>> {
        let input = Wiped::new(block)?;
        if block.len() != self.length() || input.0 >= self.modulus {
            return None;
        }
        let result = self.power(&input.0)?;
        result.0.to_vec_padded(i32::try_from(self.length()).ok()?).ok()
    }

    fn power(&self, input: &BigNumRef) -> Option<Wiped> {
        let mut context = context()?;
        let mut result = Wiped::zero()?;
        match &self.form {
            Form::Exponent(exponent) => {
                result.0.mod_exp(input, &exponent.0, &self.modulus, &mut context).ok()?;
            }
            Form::Crt(crt) => {
                let modulo_p = residue_power(input, &crt.exponent_p, &crt.p, &mut context)?;
                let modulo_q = residue_power(input, &crt.exponent_q, &crt.q, &mut context)?;
                let mut difference = Wiped::zero()?;
                difference.0.mod_sub(&modulo_p.0, &modulo_q.0, &crt.p.0, &mut context).ok()?;
                let mut factor = Wiped::zero()?;
                factor.0.mod_mul(&difference.0, &crt.coefficient.0, &crt.p.0, &mut context).ok()?;
                let mut product = Wiped::zero()?;
                product.0.checked_mul(&factor.0, &crt.q.0, &mut context).ok()?;
                result.0.checked_add(&product.0, &modulo_q.0).ok()?;
            }
        }
        Some(result)
    }

    /// Whether the parts belong to one key with the public exponent `exponent` (3 or 65537) whose modulus ends in
    /// `remainder` and is `modulus`, where these are given.
    pub(super) fn is_consistent(&self, exponent: &[u8], remainder: Option<&[u8]>, modulus: Option<&[u8]>) -> bool {
        let modulus_found = self.modulus.to_vec();
        let ends = remainder.is_none_or(|remainder| modulus_found.ends_with(remainder));
        let equal = modulus.is_none_or(|modulus| modulus_found == modulus);
        let known_exponent = matches!(exponent, [0x03] | [0x01, 0x00, 0x01]);
        ends && equal && known_exponent && self.parts_agree(exponent).unwrap_or(false)
    }

    /// d e = 1 modulo p-1 and q-1, and the coefficient inverts q; of d alone that it undoes e on a few numbers.
    fn parts_agree(&self, exponent: &[u8]) -> Option<bool> {
        let public = BigNum::from_slice(exponent).ok()?;
        let mut context = context()?;
        if let Form::Crt(crt) = &self.form {
            let undone_p = inverts(&crt.exponent_p, &public, &less_one(&crt.p)?, &mut context)?;
            let undone_q = inverts(&crt.exponent_q, &public, &less_one(&crt.q)?, &mut context)?;
            let coefficient = inverts(&crt.coefficient, &crt.q.0, &crt.p, &mut context)?;
            if !(undone_p && undone_q && coefficient) {
                return Some(false);
            }
        }
        for number in [2, 3, 0x1234_5678] {
            let number = BigNum::from_u32(number).ok()?;
            let mut again = BigNum::new().ok()?;
            again.mod_exp(&self.power(&number)?.0, &public, &self.modulus, &mut context).ok()?;
            if again != number {
                return Some(false);
            }
        }
        Some(true)
    }
}

fn context() -> Option<BigNumContext> {
    BigNumContext::new_secure().ok()
}

fn residue_power(base: &BigNumRef, exponent: &Wiped, modulus: &Wiped, context: &mut BigNumContext) -> Option<Wiped> {
    let mut residue = Wiped::zero()?;
    residue.0.checked_rem(base, &modulus.0, context).ok()?;
    let mut result = Wiped::zero()?;
    result.0.mod_exp(&residue.0, &exponent.0, &modulus.0, context).ok()?;
    Some(result)
}

fn less_one(number: &Wiped) -> Option<Wiped> {
    let one = BigNum::from_u32(1).ok()?;
    let mut less = Wiped::zero()?;
    less.0.checked_sub(&number.0, &one).ok()?;
    Some(less)
}

fn inverts(one: &Wiped, other: &BigNumRef, modulus: &Wiped, context: &mut BigNumContext) -> Option<bool> {
    let mut product = Wiped::zero()?;
    product.0.mod_mul(&one.0, other, &modulus.0, context).ok()?;
    Some(product.0 == BigNum::from_u32(1).ok()?)
}
